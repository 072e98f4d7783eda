//! From where this node can be reached, in words, and what to do about it.

use std::net::SocketAddrV4;

use kith_protocol::address::{Hint, Host, Reach};

use super::Api;
use super::finding::{Finding, Health};
use super::model::{name_of, when};
use crate::network::{Found, Trial, Tried};

const SUBJECT: &str = "address";
const RELAY: &str = "relay";

/// What the doctor says of it: where the node is, and through whom.
pub(super) fn findings(api: &Api) -> [Finding; 2] {
    if !api.has_network {
        let unknown = |subject| Finding::new(subject, Health::Good, "not looked at while no node runs", None);
        return [unknown(SUBJECT), unknown(RELAY)];
    }
    let status = api.handle.status();
    let relays: Vec<_> = status.relays.iter().filter_map(|relay| name_of(api.handle.view(), *relay)).collect();
    let tried = api.handle.tried();
    [say(&status.hints, &relays, &tried), say_relays(&status.hints, &relays, &tried)]
}

/// What is known of one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Everywhere,
    /// Anybody can route there; nobody has looked whether they get in.
    Untried,
    /// One looked, and did not.
    Doubtful,
    /// Several looked, and did not.
    Closed,
    /// A router may stand in front of it.
    ByIp6,
    Nearby,
    Relayed,
}

fn found(hint: &Hint, tried: &Tried) -> Option<Found> {
    match hint.host {
        Host::Ip4(ip) => tried.get(&SocketAddrV4::new(ip, hint.port)).copied(),
        Host::Ip6(_) | Host::Dns(_) => None,
    }
}

fn known(hint: &Hint, tried: &Tried) -> Known {
    let trial = found(hint, tried).map(|found| found.trial);
    match (hint.reach, trial, &hint.host) {
        (Reach::Relayed(_) | Reach::FrontDoor, ..) => Known::Relayed,
        (_, Some(Trial::Closed), _) => Known::Closed,
        (Reach::Lan, ..) => Known::Nearby,
        (Reach::Direct, Some(Trial::NotYet), _) => Known::Untried,
        (Reach::Direct, Some(Trial::Doubtful), _) => Known::Doubtful,
        (Reach::Direct, _, Host::Ip6(_)) => Known::ByIp6,
        (Reach::Direct, ..) => Known::Everywhere,
    }
}

/// One may be lost at any time, so two are good.
fn say_relays(hints: &[Hint], relays: &[String], tried: &Tried) -> Finding {
    let has = |what| hints.iter().any(|hint| known(hint, tried) == what);
    match relays {
        [] if has(Known::Everywhere) => Finding::new(
            RELAY,
            Health::Good,
            "none is needed, and this node passes things on for contacts who need one",
            None,
        ),
        [] if has(Known::Untried) => {
            Finding::new(RELAY, Health::Good, "none is looked for unless others try this node and do not get in", None)
        }
        [] => {
            let advice = "a contact whose node is reached from everywhere serves as one by itself: meet somebody who runs \
                          theirs on a server, or run yours on one";
            Finding::new(RELAY, Health::Warning, "nobody's node passes on what is for you", Some(advice))
        }
        [only] => {
            let advice =
                "it may be off one day: a second contact whose node is reached from everywhere makes up for it";
            Finding::new(RELAY, Health::Good, format!("the node of {only}, and no second one"), Some(advice))
        }
        several => Finding::new(RELAY, Health::Good, format!("the nodes of {}", several.join(" and of ")), None),
    }
}

/// One of two people must be reachable; which way is good enough is said here.
fn say(hints: &[Hint], relays: &[String], tried: &Tried) -> Finding {
    let Some(first) = hints.first() else {
        return Finding::new(SUBJECT, Health::Bad, "the node listens nowhere", Some("look at kith up --listen"));
    };
    let all = |what| {
        let meant = hints.iter().filter(|hint| known(hint, tried) == what);
        Some(meant.map(ToString::to_string).collect::<Vec<_>>().join(", ")).filter(|all| !all.is_empty())
    };
    let (everywhere, untried) = (all(Known::Everywhere), all(Known::Untried));
    let is_reached = everywhere.is_some() || untried.is_some() || !relays.is_empty();
    let advice = match firewall_advice(hints, tried) {
        None if !is_reached => Some(format!(
            "nobody else can write to you first: forward port {}, TCP and UDP, on your router to this machine, or meet \
             somebody whose node is reached from everywhere; it will pass on what is for you",
            first.port
        )),
        advice => advice,
    };
    let not_sure = last_tried(Known::Doubtful, hints, tried);
    let not_open = last_tried(Known::Closed, hints, tried);
    let said = [
        everywhere.map(|all| format!("reached from everywhere at {all}")),
        untried.map(|all| format!("at {all}, to which everybody can route; not tried by anybody yet")),
        all(Known::Doubtful)
            .map(|all| format!("one node tried {all} and did not get in; another one is wanted to be sure{not_sure}")),
        all(Known::Closed).map(|all| format!("others tried {all} and did not get in{not_open}")),
        all(Known::ByIp6).map(|all| format!("by IPv6 at {all}, if your router lets others in")),
        (!relays.is_empty()).then(|| format!("reached through the node of {}", relays.join(" and of "))),
        all(Known::Nearby).map(|all| format!("in the local network at {all}")),
    ];
    let health = if advice.is_none() { Health::Good } else { Health::Warning };
    let said: Vec<String> = said.into_iter().flatten().collect();
    Finding::new(SUBJECT, health, said.join("; "), advice.as_deref())
}

/// What to do about a firewall that is in the way, or may be.
fn firewall_advice(hints: &[Hint], tried: &Tried) -> Option<String> {
    let port = |what| hints.iter().find(|hint| known(hint, tried) == what).map(|hint| hint.port);
    let closed = port(Known::Closed).map(|port| format!("open TCP and UDP port {port} in the firewall"));
    let doubtful = || {
        port(Known::Doubtful)
            .map(|port| format!("see whether the firewall lets in what comes to TCP and UDP port {port}"))
    };
    closed.or_else(doubtful).map(|advice| format!("{advice}; a restart of the node tries at once"))
}

/// When somebody last tried those of which this is known.
fn last_tried(what: Known, hints: &[Hint], tried: &Tried) -> String {
    let meant = hints.iter().filter(|hint| known(hint, tried) == what);
    let last = meant.filter_map(|hint| found(hint, tried)?.last).max();
    last.map_or_else(String::new, |last| format!(" (last tried {})", when(last)))
}

#[cfg(test)]
mod tests {
    use kith_protocol::address::Transports;
    use kith_protocol::time::Timestamp;

    use super::*;

    fn at(ip: [u8; 4], reach: Reach) -> Hint {
        Hint { reach, host: Host::Ip4(ip.into()), port: 7517, transports: Transports::Both }
    }

    fn server() -> [Hint; 1] {
        [at([203, 0, 113, 9], Reach::Direct)]
    }

    const LAST: Timestamp = Timestamp::from_secs(1_800_000_000);

    fn all_found(trial: Trial) -> Tried {
        let last = (trial != Trial::NotYet).then_some(LAST);
        Tried::from([("203.0.113.9:7517".parse().unwrap(), Found { trial, last })])
    }

    #[test]
    fn a_home_is_told_what_to_do_until_somebody_passes_things_on() {
        let home = [at([192, 168, 1, 4], Reach::Lan)];
        let alone = say(&home, &[], &Tried::new());
        assert_eq!(
            (alone.health, alone.finding.as_str()),
            (Health::Warning, "in the local network at 192.168.1.4:7517")
        );
        assert!(alone.advice.unwrap().contains("forward port 7517"));
        let relayed = say(&home, &["Bo Lindqvist".to_owned(), "Dee Wong".to_owned()], &Tried::new());
        assert_eq!((relayed.health, relayed.advice), (Health::Good, None));
        assert!(relayed.finding.starts_with("reached through the node of Bo Lindqvist and of Dee Wong; in the"));
    }

    #[test]
    fn whoever_needs_a_relay_is_told_whose_it_is_or_where_to_find_one() {
        let home = [at([192, 168, 1, 4], Reach::Lan)];
        let alone = say_relays(&home, &[], &Tried::new());
        assert!(alone.health == Health::Warning && alone.advice.unwrap().contains("meet somebody"));
        let one = say_relays(&home, &["Bo Lindqvist".to_owned()], &Tried::new());
        assert_eq!((one.health, one.finding.as_str()), (Health::Good, "the node of Bo Lindqvist, and no second one"));
        let two = say_relays(&home, &["Bo Lindqvist".to_owned(), "Dee Wong".to_owned()], &Tried::new());
        assert_eq!((two.finding.as_str(), two.advice), ("the nodes of Bo Lindqvist and of Dee Wong", None));
        assert_eq!(say_relays(&server(), &[], &Tried::new()).health, Health::Good);
    }

    #[test]
    fn a_server_is_reached_from_everywhere_once_somebody_got_in() {
        let [nobody, somebody] = [Trial::NotYet, Trial::Reached].map(all_found);
        let new = say(&server(), &[], &nobody);
        assert_eq!(new.health, Health::Good);
        assert!(new.finding.ends_with("not tried by anybody yet") && !new.finding.contains("reached"));
        assert_eq!(say_relays(&server(), &[], &nobody).health, Health::Good);
        let reached = say(&server(), &[], &somebody);
        assert_eq!(
            (reached.health, reached.finding.as_str()),
            (Health::Good, "reached from everywhere at 203.0.113.9:7517")
        );
        assert!(say_relays(&server(), &[], &somebody).finding.starts_with("none is needed"));
        // The router's address, where others got in: it is nothing that the node itself listens on.
        assert!(say(&server(), &[], &Tried::new()).finding.starts_with("reached from everywhere"));
    }

    #[test]
    fn a_server_where_one_did_not_get_in_is_told_to_look_at_its_firewall() {
        let tried = all_found(Trial::Doubtful);
        let doubtful = say(&server(), &[], &tried);
        assert_eq!(doubtful.health, Health::Warning);
        let expected =
            "one node tried 203.0.113.9:7517 and did not get in; another one is wanted to be sure (last tried ";
        assert!(doubtful.finding.starts_with(expected), "{}", doubtful.finding);
        let advice = doubtful.advice.unwrap();
        assert!(advice.starts_with("see whether the firewall lets in") && advice.contains("7517"), "{advice}");
        assert_eq!(say_relays(&server(), &[], &tried).health, Health::Warning);
        let relayed = say(&server(), &["Bo Lindqvist".to_owned()], &tried);
        assert!(relayed.health == Health::Warning && relayed.finding.ends_with("through the node of Bo Lindqvist"));
    }

    #[test]
    fn a_server_behind_a_closed_firewall_is_told_which_port_to_open_whoever_passes_things_on() {
        let (hints, tried) = ([at([203, 0, 113, 9], Reach::Lan)], all_found(Trial::Closed));
        let closed = say(&hints, &[], &tried);
        let last = when(LAST);
        assert_eq!(
            (closed.health, closed.finding, closed.advice.as_deref()),
            (
                Health::Warning,
                format!("others tried 203.0.113.9:7517 and did not get in (last tried {last})"),
                Some("open TCP and UDP port 7517 in the firewall; a restart of the node tries at once")
            )
        );
        assert_eq!(say_relays(&hints, &[], &tried).health, Health::Warning);
        let relayed = say(&hints, &["Bo Lindqvist".to_owned()], &tried);
        assert!(relayed.health == Health::Warning && relayed.finding.ends_with("through the node of Bo Lindqvist"));
    }
}
