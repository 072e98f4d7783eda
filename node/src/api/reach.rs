//! From where this node can be reached, in words, and what to do about it.

use std::net::SocketAddrV4;

use kith_protocol::address::{Hint, Host, Reach};

use super::Api;
use super::model::name_of;
use super::node::{Finding, Health};
use crate::network::{Trial, Tried};

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
    /// Several looked, and did not.
    Closed,
    /// A router may stand in front of it.
    ByIp6,
    Nearby,
    Relayed,
}

fn known(hint: &Hint, tried: &Tried) -> Known {
    let trial = match hint.host {
        Host::Ip4(ip) => tried.get(&SocketAddrV4::new(ip, hint.port)).copied(),
        Host::Ip6(_) | Host::Dns(_) => None,
    };
    match (hint.reach, trial, &hint.host) {
        (Reach::Relayed(_) | Reach::FrontDoor, ..) => Known::Relayed,
        (_, Some(Trial::Closed), _) => Known::Closed,
        (Reach::Lan, ..) => Known::Nearby,
        (Reach::Direct, Some(Trial::NotYet), _) => Known::Untried,
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
    let (everywhere, untried, closed) = (all(Known::Everywhere), all(Known::Untried), all(Known::Closed));
    let is_reached = everywhere.is_some() || untried.is_some() || !relays.is_empty();
    let advice = match (&closed, is_reached) {
        (Some(_), _) => Some(format!("open TCP and UDP port {} in the firewall", port_of(hints, tried))),
        (None, true) => None,
        (None, false) => Some(format!(
            "nobody else can write to you first: forward port {}, TCP and UDP, on your router to this machine, or meet \
             somebody whose node is reached from everywhere; it will pass on what is for you",
            first.port
        )),
    };
    let said = [
        everywhere.map(|all| format!("reached from everywhere at {all}")),
        untried.map(|all| format!("at {all}, to which everybody can route; not tried by anybody yet")),
        closed.map(|all| format!("others tried {all} and did not get in")),
        all(Known::ByIp6).map(|all| format!("by IPv6 at {all}, if your router lets others in")),
        (!relays.is_empty()).then(|| format!("reached through the node of {}", relays.join(" and of "))),
        all(Known::Nearby).map(|all| format!("in the local network at {all}")),
    ];
    let health = if advice.is_none() { Health::Good } else { Health::Warning };
    let said: Vec<String> = said.into_iter().flatten().collect();
    Finding::new(SUBJECT, health, said.join("; "), advice.as_deref())
}

/// The port that a firewall closes.
fn port_of(hints: &[Hint], tried: &Tried) -> u16 {
    hints.iter().find(|hint| known(hint, tried) == Known::Closed).map_or(0, |hint| hint.port)
}

#[cfg(test)]
mod tests {
    use kith_protocol::address::Transports;

    use super::*;

    fn at(ip: [u8; 4], reach: Reach) -> Hint {
        Hint { reach, host: Host::Ip4(ip.into()), port: 7517, transports: Transports::Both }
    }

    fn server() -> [Hint; 1] {
        [at([203, 0, 113, 9], Reach::Direct)]
    }

    fn found(trial: Trial) -> Tried {
        Tried::from([("203.0.113.9:7517".parse().unwrap(), trial)])
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
        let [nobody, somebody] = [Trial::NotYet, Trial::Reached].map(found);
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
    fn a_server_behind_a_closed_firewall_is_told_which_port_to_open_whoever_passes_things_on() {
        let (hints, tried) = ([at([203, 0, 113, 9], Reach::Lan)], found(Trial::Closed));
        let closed = say(&hints, &[], &tried);
        assert_eq!(
            (closed.health, closed.finding.as_str(), closed.advice.as_deref()),
            (
                Health::Warning,
                "others tried 203.0.113.9:7517 and did not get in",
                Some("open TCP and UDP port 7517 in the firewall")
            )
        );
        assert_eq!(say_relays(&hints, &[], &tried).health, Health::Warning);
        let relayed = say(&hints, &["Bo Lindqvist".to_owned()], &tried);
        assert!(relayed.health == Health::Warning && relayed.finding.ends_with("through the node of Bo Lindqvist"));
    }
}
