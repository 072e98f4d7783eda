//! What the router does for the node's port, in words.

use std::net::SocketAddrV4;

use kith_protocol::address::{Hint, Host, Reach};

use super::Api;
use super::finding::{Finding, Health};
use crate::network::PortMapping;

const SUBJECT: &str = "router";

/// What the doctor says of it.
pub(super) fn finding(api: &Api) -> Option<Finding> {
    let standing = api.port_mapping.as_ref()?.borrow().clone();
    Some(say(&standing, &api.handle.status().hints))
}

/// Whether others reach the node in the end is said of its address; here nothing is worse than a word of advice.
fn say(standing: &PortMapping, hints: &[Hint]) -> Finding {
    let good = |finding: &str, advice| Finding::new(SUBJECT, Health::Good, finding, advice);
    let by_hand = "if it is yours: turn UPnP on in it, or forward the port by hand";
    match standing {
        PortMapping::NotWanted => good("not asked to open a port", Some("kith up --port-mapping on asks it")),
        PortMapping::NoNetworks => {
            good("not looked for: this machine does not say in which networks it is", Some("forward the port by hand"))
        }
        PortMapping::NotNeeded => good("nothing that it would have to open", None),
        PortMapping::Asking => good("being looked for", None),
        PortMapping::NoRouter => good("none here opens ports for the programs at home (UPnP)", Some(by_hand)),
        PortMapping::Refused { router, why } => {
            good(&format!("the router at {router} does not open the port: {why}"), Some(by_hand))
        }
        PortMapping::BehindAnother { router, outside } => {
            let advice = "forward the port by hand on both, if both are yours; else ask your provider for an address of your \
                          own, or have the nodes of contacts pass things on";
            let finding = match outside {
                Some(outside) => format!(
                    "your router, at {router}, is itself behind another one: its outer address {outside} leads to nobody, so \
                     a port of it would not help"
                ),
                None => format!(
                    "your router, at {router}, has no outer address that leads to it: it is itself behind another one, or \
                     without a line"
                ),
            };
            good(&finding, Some(advice))
        }
        PortMapping::Open { tcp, udp, .. } => {
            let is_reached = hints.iter().any(|hint| is_one_of(hint, tcp) || is_one_of(hint, udp));
            let tried =
                if is_reached { "and others came in by it" } else { "and nobody outside has come in by it so far" };
            good(&format!("opened {}, {tried}", ports(tcp, udp)), None)
        }
    }
}

fn is_one_of(hint: &Hint, opened: &[SocketAddrV4]) -> bool {
    let Host::Ip4(ip) = hint.host else { return false };
    hint.reach == Reach::Direct && opened.contains(&SocketAddrV4::new(ip, hint.port))
}

fn ports(tcp: &[SocketAddrV4], udp: &[SocketAddrV4]) -> String {
    let all = |ports: &[SocketAddrV4]| ports.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match (tcp, udp) {
        (tcp, udp) if tcp == udp => format!("{} for TCP and UDP", all(tcp)),
        (tcp, []) => format!("{} for TCP", all(tcp)),
        ([], udp) => format!("{} for UDP", all(udp)),
        (tcp, udp) => format!("{} for TCP and {} for UDP", all(tcp), all(udp)),
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use kith_protocol::address::Transports;

    use super::*;

    const ROUTER: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 1);

    #[test]
    fn what_the_router_says_counts_once_others_came_in() {
        let at: Vec<SocketAddrV4> = vec!["203.0.113.9:7518".parse().unwrap()];
        let open = PortMapping::Open { router: ROUTER, tcp: at.clone(), udp: at };
        let claimed = say(&open, &[]);
        let claim = "opened 203.0.113.9:7518 for TCP and UDP, and nobody outside has come in by it so far";
        assert_eq!(claimed.finding, claim);
        let host = Host::Ip4([203, 0, 113, 9].into());
        let hint = Hint { reach: Reach::Direct, host, port: 7518, transports: Transports::Both };
        assert!(say(&open, &[hint]).finding.ends_with("and others came in by it"));
    }

    #[test]
    fn a_router_behind_another_one_is_told_from_one_that_says_no() {
        let behind = say(&PortMapping::BehindAnother { router: ROUTER, outside: Some([10, 0, 0, 7].into()) }, &[]);
        assert!(
            behind
                .finding
                .starts_with("your router, at 192.168.1.1, is itself behind another one: its outer address 10.0.0.7")
        );
        let refused = say(&PortMapping::Refused { router: ROUTER, why: "it refuses, with error 606".to_owned() }, &[]);
        assert_eq!(refused.finding, "the router at 192.168.1.1 does not open the port: it refuses, with error 606");
        assert!(refused.advice.is_some() && say(&PortMapping::NoRouter, &[]).advice.is_some());
    }
}
