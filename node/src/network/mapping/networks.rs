//! The networks that this machine is in, as far as a home's router may be on them, and our ports there.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use if_watch::{IfEvent, IpNet, Ipv4Net};
use libp2p::Multiaddr;

use super::gateway::Kind;
use super::opening::Port;
use crate::network::{addresses, reachability};

/// Networks on which a router is looked for at once. A machine with containers has dozens.
const NETWORKS: usize = 8;
/// Ports that are opened: by both transports at two.
const PORTS: usize = 4;

/// Private networks of IPv4, by our address there.
#[derive(Default)]
pub(super) struct Networks {
    all: BTreeMap<Ipv4Addr, Ipv4Net>,
}

impl Networks {
    /// An address of this machine came or went. False if that has nothing to do with a router at home.
    pub(super) fn note(&mut self, change: &IfEvent) -> bool {
        match change {
            IfEvent::Up(IpNet::V4(network)) if network.addr().is_private() => {
                self.all.insert(network.addr(), *network);
            }
            IfEvent::Down(IpNet::V4(network)) => drop(self.all.remove(&network.addr())),
            _ => return false,
        }
        true
    }

    /// True if the address is ours.
    pub(super) fn has(&self, own: Ipv4Addr) -> bool {
        self.all.contains_key(&own)
    }

    /// Our address on the network that this one is on.
    pub(super) fn own_beside(&self, ip: Ipv4Addr) -> Option<Ipv4Addr> {
        self.all.values().find(|network| network.contains(&ip)).map(Ipv4Net::addr)
    }

    /// Our ports on each network that a home may have, if it has to open any.
    pub(super) fn ports(&self, listening: &BTreeSet<Multiaddr>) -> Vec<(Ipv4Net, BTreeSet<Port>)> {
        if !reachability::needs_relays(listening) {
            return Vec::new();
        }
        let ports = |network: &Ipv4Net| {
            let here = listening.iter().filter(|at| addresses::socket(at).is_some_and(|at| at.ip() == network.addr()));
            let port = |at: &Multiaddr| {
                let kind = if addresses::is_tcp(at) { Kind::Tcp } else { Kind::Udp };
                addresses::socket(at).map(|at| (kind, at.port()))
            };
            here.filter_map(port).take(PORTS).collect::<BTreeSet<_>>()
        };
        let all = self.all.values().map(|network| (*network, ports(network)));
        let mut all: Vec<_> = all.filter(|(_, ports)| !ports.is_empty()).collect();
        all.sort_by_key(|(network, _)| strangeness(network.addr()));
        all.truncate(NETWORKS);
        all
    }
}

/// How far the networks of homes are from this: containers and virtual machines have those of the last kind.
fn strangeness(own: Ipv4Addr) -> u8 {
    match own.octets() {
        [192, ..] => 0,
        [10, ..] => 1,
        _ => 2,
    }
}
