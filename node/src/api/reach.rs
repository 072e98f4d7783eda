//! From where this node can be reached, in words, and what to do about it.

use kith_protocol::address::{Hint, Host, Reach};

use super::Api;
use super::model::name_of;
use super::node::{Finding, Health};

const SUBJECT: &str = "address";

/// What the doctor says of it.
pub(super) fn finding(api: &Api) -> Finding {
    if !api.has_network {
        return Finding::new(SUBJECT, Health::Good, "not looked at while no node runs", None);
    }
    let status = api.handle.status();
    let relays: Vec<_> = status.relays.iter().filter_map(|relay| name_of(api.handle.view(), *relay)).collect();
    say(&status.hints, &relays)
}

/// One of two people must be reachable; which way is good enough is said here.
fn say(hints: &[Hint], relays: &[String]) -> Finding {
    let all = |is_meant: &dyn Fn(&Hint) -> bool| {
        hints.iter().filter(|hint| is_meant(hint)).map(ToString::to_string).collect::<Vec<_>>()
    };
    let is_ip6 = |hint: &Hint| matches!(hint.host, Host::Ip6(_));
    let everywhere = all(&|hint| hint.reach == Reach::Direct && !is_ip6(hint));
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
    fn a_server_is_reached_from_everywhere() {
        let server = say(&[at([203, 0, 113, 9], Reach::Direct)], &[]);
        assert_eq!(
            (server.health, server.finding.as_str()),
            (Health::Good, "reached from everywhere at 203.0.113.9:7517")
        );
    }
}
