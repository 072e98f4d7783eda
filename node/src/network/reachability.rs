//! Whether others can reach this node, as far as its own addresses tell.
//!
//! An IPv6 address can be routed to, but most home routers let nobody in whom nobody inside spoke to first. So a node with
//! nothing else passes things on for others, who notice if they cannot reach it, and looks for relays itself.

use std::collections::BTreeSet;

use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;

use super::addresses;

/// The addresses that anybody can route to.
pub(super) fn public(listening: &BTreeSet<Multiaddr>) -> BTreeSet<Multiaddr> {
    listening.iter().filter(|address| addresses::is_public(address)).cloned().collect()
}

/// True if others may not be able to reach this node by itself.
pub(super) fn needs_relays(listening: &BTreeSet<Multiaddr>) -> bool {
    !public(listening).iter().any(|address| matches!(address.iter().next(), Some(Protocol::Ip4(_))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(addresses: &[&str]) -> BTreeSet<Multiaddr> {
        addresses.iter().map(|address| address.parse().unwrap()).collect()
    }

    #[test]
    fn a_home_needs_relays_and_a_server_does_not() {
        let server = at(&["/ip4/203.0.113.9/tcp/7517", "/ip4/10.0.0.1/tcp/7517"]);
        assert!(!needs_relays(&server));
        assert_eq!(public(&server), at(&["/ip4/203.0.113.9/tcp/7517"]));
        let home = at(&["/ip4/192.168.1.4/tcp/7517", "/ip6/2001:db8::1/udp/7517/quic-v1"]);
        assert!(needs_relays(&home), "a router may stand in front of the IPv6 address");
        assert_eq!(public(&home), at(&["/ip6/2001:db8::1/udp/7517/quic-v1"]));
    }
}
