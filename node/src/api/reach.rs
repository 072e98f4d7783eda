//! From where this node can be reached, in words, and what to do about it.

use kith_protocol::address::{Hint, Host, Reach};

use super::Api;
use super::model::name_of;
use super::node::{Finding, Health};

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
    [say(&status.hints, &relays), say_relays(&status.hints, &relays)]
}

fn is_everywhere(hint: &Hint) -> bool {
    hint.reach == Reach::Direct && !matches!(hint.host, Host::Ip6(_))
}

/// One may be lost at any time, so two are good.
fn say_relays(hints: &[Hint], relays: &[String]) -> Finding {
    match relays {
        [] if hints.iter().any(is_everywhere) => Finding::new(
            RELAY,
            Health::Good,
            "none is needed, and this node passes things on for contacts who need one",
            None,
        ),
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
fn say(hints: &[Hint], relays: &[String]) -> Finding {
    let all = |is_meant: &dyn Fn(&Hint) -> bool| {
        hints.iter().filter(|hint| is_meant(hint)).map(ToString::to_string).collect::<Vec<_>>()
    };
    let is_ip6 = |hint: &Hint| matches!(hint.host, Host::Ip6(_));
    let everywhere = all(&is_everywhere);
    let by_ip6 = all(&|hint| hint.reach == Reach::Direct && is_ip6(hint));
    let nearby = all(&|hint| hint.reach == Reach::Lan);
    if hints.is_empty() {
        return Finding::new(SUBJECT, Health::Bad, "the node listens nowhere", Some("look at kith up --listen"));
    }
    let mut said = Vec::new();
    if !everywhere.is_empty() {
        said.push(format!("reached from everywhere at {}", everywhere.join(", ")));
    }
    if !by_ip6.is_empty() {
        said.push(format!("by IPv6 at {}, if your router lets others in", by_ip6.join(", ")));
    }
    if !relays.is_empty() {
        said.push(format!("reached through the node of {}", relays.join(" and of ")));
    }
    if !nearby.is_empty() {
        said.push(format!("in the local network at {}", nearby.join(", ")));
    }
    let is_reached = !everywhere.is_empty() || !relays.is_empty();
    let port = hints.first().map_or(0, |hint| hint.port);
    let advice = format!(
        "nobody else can write to you first: forward port {port}, TCP and UDP, on your router to this machine, or meet \
         somebody whose node is reached from everywhere; it will pass on what is for you"
    );
    let health = if is_reached { Health::Good } else { Health::Warning };
    Finding::new(SUBJECT, health, said.join("; "), (!is_reached).then_some(&advice))
}

#[cfg(test)]
mod tests {
    use kith_protocol::address::Transports;

    use super::*;

    fn at(ip: [u8; 4], reach: Reach) -> Hint {
        Hint { reach, host: Host::Ip4(ip.into()), port: 7517, transports: Transports::Both }
    }

    #[test]
    fn a_home_is_told_what_to_do_until_somebody_passes_things_on() {
        let home = [at([192, 168, 1, 4], Reach::Lan)];
        let alone = say(&home, &[]);
        assert_eq!(
            (alone.health, alone.finding.as_str()),
            (Health::Warning, "in the local network at 192.168.1.4:7517")
        );
        assert!(alone.advice.unwrap().contains("forward port 7517"));
        let relayed = say(&home, &["Bo Lindqvist".to_owned(), "Dee Wong".to_owned()]);
        assert_eq!((relayed.health, relayed.advice), (Health::Good, None));
        assert!(relayed.finding.starts_with("reached through the node of Bo Lindqvist and of Dee Wong; in the"));
    }

    #[test]
    fn whoever_needs_a_relay_is_told_whose_it_is_or_where_to_find_one() {
        let home = [at([192, 168, 1, 4], Reach::Lan)];
        let alone = say_relays(&home, &[]);
        assert!(alone.health == Health::Warning && alone.advice.unwrap().contains("meet somebody"));
        let one = say_relays(&home, &["Bo Lindqvist".to_owned()]);
        assert_eq!((one.health, one.finding.as_str()), (Health::Good, "the node of Bo Lindqvist, and no second one"));
        let two = say_relays(&home, &["Bo Lindqvist".to_owned(), "Dee Wong".to_owned()]);
        assert_eq!((two.finding.as_str(), two.advice), ("the nodes of Bo Lindqvist and of Dee Wong", None));
        assert_eq!(say_relays(&[at([203, 0, 113, 9], Reach::Direct)], &[]).health, Health::Good);
    }

    #[test]
    fn a_server_is_reached_from_everywhere() {
        let server = say(&[at([203, 0, 113, 9], Reach::Direct)], &[]);
        assert_eq!(
            (server.health, server.finding.as_str()),
            (Health::Good, "reached from everywhere at 203.0.113.9:7517")
        );
    }
}
