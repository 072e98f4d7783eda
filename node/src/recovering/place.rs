//! An address as a person reads it out to another: where the node of a contact is.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use kith_protocol::address::{Hint, Reach};
use kith_protocol::id::PeerId;

use crate::network::{Multiaddr, PORT, hint, listen_on, ways_to};

/// Where a node is, and which one if that was said, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Where to dial.
    pub hints: Vec<Hint>,
    /// Who must be there.
    pub peer: Option<PeerId>,
}

/// What was given is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no address of a node")]
pub struct NoPlace;

impl FromStr for Place {
    type Err = NoPlace;

    /// An IP address with or without a port, a name with one, or what `kith status` shows of the addresses of a node.
    fn from_str(text: &str) -> Result<Self, NoPlace> {
        let text = text.trim();
        if text.starts_with('/') {
            let (hint, peer) = text.parse().ok().as_ref().and_then(ways_to).ok_or(NoPlace)?;
            // A relay has to be told whom it is asked for.
            let is_whole = peer.is_some() || !matches!(hint.reach, Reach::Relayed(_));
            return is_whole.then(|| Self { hints: vec![hint], peer }).ok_or(NoPlace);
        }
        let multiaddrs = multiaddrs(text).ok_or(NoPlace)?;
        let hints: Vec<Hint> = multiaddrs.iter().filter_map(hint).collect();
        if hints.is_empty() { Err(NoPlace) } else { Ok(Self { hints, peer: None }) }
    }
}

/// Both transports of what was given.
fn multiaddrs(text: &str) -> Option<Vec<Multiaddr>> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    if let Ok(ip) = bare.parse::<IpAddr>() {
        return Some(listen_on(ip, PORT));
    }
    if let Ok(socket) = text.parse::<SocketAddr>() {
        // What a hint says has no room for the interface that leads to an address within one link.
        let has_scope = matches!(socket, SocketAddr::V6(socket) if socket.scope_id() != 0);
        return (socket.port() != 0 && !has_scope).then(|| listen_on(socket.ip(), socket.port()));
    }
    let (name, port) = text.rsplit_once(':')?;
    let (name, port) = (name.trim_end_matches('.'), port.parse::<u16>().ok().filter(|port| *port != 0)?);
    // What ends in a number was to be an address of numbers.
    let is_named = name.rsplit('.').next().is_some_and(|last| last.bytes().any(|byte| !byte.is_ascii_digit()));
    let is_name = is_named && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
    let ways = [format!("/dns/{name}/udp/{port}/quic-v1"), format!("/dns/{name}/tcp/{port}")];
    is_name.then(|| ways.iter().filter_map(|way| way.parse().ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::written;

    const BO: &str = "12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp";
    const RELAY: &str = "12D3KooWHdiAxVd8uMQR1hGWXccidmfCwLqcMpGwR6QcTP6QRMuD";

    fn read(text: &str) -> String {
        match text.parse::<Place>() {
            Ok(Place { hints, peer }) => {
                let hints: Vec<String> = hints.iter().map(|hint| format!("{hint} {:?}", hint.transports)).collect();
                format!("{}{}", hints.join(", "), if peer.is_some() { ", who is known" } else { "" })
            }
            Err(NoPlace) => "no".to_owned(),
        }
    }

    #[test]
    fn addresses_are_read_as_people_give_them() {
        let both = "192.0.2.7:7517 Quic, 192.0.2.7:7517 Tcp";
        assert_eq!(read("192.0.2.7"), both);
        assert_eq!(read("  192.0.2.7:7517\n"), both);
        assert_eq!(read("192.0.2.7:4001"), both.replace("7517", "4001"));
        assert_eq!(read("2001:db8::7"), "[2001:db8::7]:7517 Quic, [2001:db8::7]:7517 Tcp");
        assert_eq!(read("[2001:db8::7]:80"), "[2001:db8::7]:80 Quic, [2001:db8::7]:80 Tcp");
        assert_eq!(read("bo.example:7517"), "bo.example:7517 Quic, bo.example:7517 Tcp");
        assert_eq!(read("/ip4/192.0.2.7/tcp/7517"), "192.0.2.7:7517 Tcp");
        assert_eq!(read("/dns/bo.example/udp/7517/quic-v1"), "bo.example:7517 Quic");
    }

    #[test]
    fn an_address_may_say_whose_it_is_and_through_a_relay_it_must() {
        let (bo, relay) = (BO, RELAY);
        let direct = format!("/ip4/192.0.2.7/tcp/7517/p2p/{bo}");
        assert_eq!(read(&direct), "192.0.2.7:7517 Tcp, who is known");
        let relayed = format!("/ip4/192.0.2.9/udp/7517/quic-v1/p2p/{relay}/p2p-circuit/p2p/{bo}");
        assert_eq!(read(&relayed), "192.0.2.9:7517 Quic, who is known");
        let place: Place = relayed.parse().unwrap();
        assert!(matches!(place.hints[0].reach, Reach::Relayed(_)));
        assert_eq!(read(&format!("/ip4/192.0.2.9/udp/7517/quic-v1/p2p/{relay}/p2p-circuit")), "no");
        assert_eq!(read(&format!("/ip4/192.0.2.9/udp/7517/quic-v1/p2p-circuit/p2p/{bo}")), "no");
    }

    #[test]
    fn what_the_status_shows_is_read() {
        let direct = Place::from_str("192.0.2.9").unwrap().hints.remove(0);
        let relayed: Place = format!("/ip4/192.0.2.9/tcp/7517/p2p/{RELAY}/p2p-circuit/p2p/{BO}").parse().unwrap();
        let bo = relayed.peer.unwrap();
        assert_eq!(written(&direct, &bo), "192.0.2.9:7517");
        assert_eq!(written(&relayed.hints[0], &bo).parse(), Ok(relayed));
    }

    #[test]
    fn what_is_no_address_is_none() {
        for text in ["", "bo", "bo.png", "bo.example", "bo.example:", "bo.example:0", "bo.example:99999", ":7517"] {
            assert_eq!(read(text), "no", "{text}");
        }
        for text in ["KITH:AAAA", "https://bo.example/c#AAAA", "http://bo.example:80", "bö.example:80", "/ip4", "/"] {
            assert_eq!(read(text), "no", "{text}");
        }
        for text in ["192.0.2.7:0", "[192.0.2.7", "[fe80::1%3]:7517", "fe80::1%3", "192.0.2:80", "192.0.2.7:7517:1"] {
            assert_eq!(read(text), "no", "{text}");
        }
        assert_eq!(read(&format!("{}:80", "a".repeat(65))), "no");
        assert_eq!(read("/ip4/192.0.2.7/tcp/7517/ws"), "no");
    }
}
