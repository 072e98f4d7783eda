//! Who may wait at a door when more come than there is room for.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};

use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;
use tokio::time::Instant;

use super::addresses;

/// What one attacker can hardly have many of: an IPv4 address or the /64 that an IPv6 customer is given, of a [network]
/// that may be theirs as a whole. `None` for what has no address.
///
/// [network]: Source::network
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Source(Option<IpAddr>);

impl Source {
    /// The source of a connection that came to us at `local`. Of who comes through a relay only the relay can be told.
    pub(super) fn of_incoming(local: &Multiaddr, from: &Multiaddr) -> Self {
        Self::of(if addresses::is_relayed(local) { local } else { from })
    }

    /// The source of a connection from this address.
    pub(super) fn of(address: &Multiaddr) -> Self {
        let ip = address.iter().find_map(|part| match part {
            Protocol::Ip4(ip) => Some(ip.into()),
            Protocol::Ip6(ip) => Some(ip.into()),
            _ => None,
        });
        ip.map_or(Self(None), Self::of_ip)
    }

    /// The source of what comes from this number.
    pub(super) fn of_ip(ip: IpAddr) -> Self {
        Self(Some(match ip {
            IpAddr::V4(_) => ip,
            IpAddr::V6(ip) => first_bits(ip, 64),
        }))
    }

    /// The network around it: the /48 that IPv6 customers get who ask for many addresses, or the one IPv4 address.
    pub(super) fn network(self) -> Self {
        Self(self.0.map(|ip| match ip {
            IpAddr::V4(_) => ip,
            IpAddr::V6(ip) => first_bits(ip, 48),
        }))
    }
}

fn first_bits(ip: Ipv6Addr, bits: u32) -> IpAddr {
    Ipv6Addr::from_bits(ip.to_bits() & !(u128::MAX >> bits)).into()
}

struct Waiting<K> {
    key: K,
    source: Source,
    since: Instant,
    credited: bool,
}

/// A bounded number of things that wait, in the order in which they came.
///
/// When there is one too many, one leaves: of those without credit the oldest one from the network that has most, and there
/// from the source that has most. So a flood from few addresses displaces only itself, and a flood from many must renew
/// itself faster than an honest peer needs for its round trips.
pub(super) struct Crowd<K> {
    waiting: BTreeMap<u64, Waiting<K>>,
    places: HashMap<K, u64>,
    next: u64,
    most: usize,
}

impl<K: Copy + Eq + Hash> Crowd<K> {
    /// Room for `most` at once.
    pub(super) fn new(most: usize) -> Self {
        Self { waiting: BTreeMap::new(), places: HashMap::new(), next: 0, most }
    }

    /// Lets one in; returns who must leave for it, which may be itself.
    pub(super) fn admit(&mut self, key: K, source: Source, since: Instant) -> Option<K> {
        self.places.insert(key, self.next);
        self.waiting.insert(self.next, Waiting { key, source, since, credited: false });
        self.next += 1;
        let leaver = (self.waiting.len() > self.most).then(|| self.least_missed()).flatten()?;
        self.leave(&leaver);
        Some(leaver)
    }

    /// Takes one out; false if it was not there.
    pub(super) fn leave(&mut self, key: &K) -> bool {
        self.places.remove(key).is_some_and(|place| self.waiting.remove(&place).is_some())
    }

    /// True if it is in.
    pub(super) fn has(&self, key: &K) -> bool {
        self.places.contains_key(key)
    }

    /// Notes that one has shown a secret of ours: it leaves only when all the others have.
    pub(super) fn credit(&mut self, key: &K) {
        if let Some(one) = self.places.get(key).and_then(|place| self.waiting.get_mut(place)) {
            one.credited = true;
        }
    }

    /// Who waits longest, and since when.
    pub(super) fn oldest(&self) -> Option<(K, Instant)> {
        self.waiting.first_key_value().map(|(_, one)| (one.key, one.since))
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    fn least_missed(&self) -> Option<K> {
        let others = || self.waiting.values().filter(|one| !one.credited);
        let network = busiest(others().map(|one| one.source.network()));
        let from_there = || others().filter(|one| Some(one.source.network()) == network);
        let source = busiest(from_there().map(|one| one.source));
        let first = from_there().find(|one| Some(one.source) == source);
        first.or_else(|| self.waiting.values().next()).map(|one| one.key)
    }
}

/// What is there most often; of several the one that comes first.
fn busiest(all: impl Iterator<Item = Source> + Clone) -> Option<Source> {
    let mut times: HashMap<Source, usize> = HashMap::new();
    for one in all.clone() {
        *times.entry(one).or_default() += 1;
    }
    let most = times.values().copied().max();
    all.into_iter().find(|one| times.get(one).copied() == most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(ip: &str) -> Source {
        Source::of(&format!("/ip4/{ip}/tcp/1").parse().unwrap())
    }

    #[test]
    fn a_flood_from_one_address_displaces_only_itself() {
        let now = Instant::now();
        let mut crowd = Crowd::new(4);
        assert_eq!(crowd.admit("chi", from("10.0.0.1"), now), None);
        for _ in 0..3 {
            crowd.leave(&"mallory");
        }
        let mallory = ["m1", "m2", "m3", "m4", "m5"];
        let left: Vec<_> = mallory.iter().filter_map(|m| crowd.admit(*m, from("10.0.0.9"), now)).collect();
        assert_eq!(left, ["m1", "m2"]);
        assert!(crowd.leave(&"chi"));
    }

    #[test]
    fn who_has_shown_a_secret_stays_longest() {
        let now = Instant::now();
        let mut crowd = Crowd::new(2);
        crowd.admit("chi", from("10.0.0.1"), now);
        crowd.credit(&"chi");
        assert_eq!(crowd.admit("m1", from("10.0.0.1"), now), None);
        assert_eq!(crowd.admit("m2", from("10.0.0.1"), now), Some("m1"));
        crowd.credit(&"m2");
        assert_eq!(crowd.admit("m3", from("10.0.0.1"), now), Some("m3"));
        assert_eq!(crowd.len(), 2);
    }

    #[test]
    fn the_addresses_of_one_ipv6_customer_are_one_source() {
        let of = |ip: &str| Source::of(&format!("/ip6/{ip}/udp/1/quic-v1").parse().unwrap());
        assert_eq!(of("2001:db8:0:1::5"), of("2001:db8:0:1:ffff::1"));
        assert_ne!(of("2001:db8:0:1::5"), of("2001:db8:0:2::5"));
        assert_eq!(of("2001:db8:0:1::5").network(), of("2001:db8:0:2::5").network());
        assert_ne!(of("2001:db8:0:1::5").network(), of("2001:db8:1:1::5").network());
        assert_ne!(from("10.0.0.1").network(), from("10.0.0.2").network());
    }

    #[test]
    fn a_flood_from_all_of_a_large_network_displaces_only_what_comes_from_there_and_least_who_has_one_address() {
        let now = Instant::now();
        let of = |ip: &str| Source::of_ip(ip.parse().unwrap());
        let mut crowd = Crowd::new(6);
        crowd.admit("chi", of("2001:db8:7:1::1"), now);
        crowd.admit("neighbour", of("2001:db8:9:ffff::1"), now);
        let mallory = ["m1", "m2", "m3", "m4"].into_iter().zip(["1::1", "1::2", "2::1", "2::2"]);
        mallory.for_each(|(name, at)| assert_eq!(crowd.admit(name, of(&format!("2001:db8:9:{at}")), now), None));
        let more = ["m5", "m6"].map(|name| crowd.admit(name, of("2001:db8:9:3::1"), now));
        assert_eq!(more, [Some("m1"), Some("m3")]);
        assert!(crowd.leave(&"chi") && crowd.leave(&"neighbour"));
    }
}
