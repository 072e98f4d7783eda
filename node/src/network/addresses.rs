//! Addresses: a [`Hint`] in a code or a letter, a multiaddr in libp2p.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use kith_protocol::address::{Hint, Host, Reach, Transports};
use kith_protocol::id::PeerId as KithPeer;
use kith_protocol::limits;
use kith_protocol::text::Line;
use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId};

use super::peer;

/// The multiaddrs to listen on so that both transports share one port, which is what a [`Hint`] can say in one
/// entry. With port 0 the system chooses two different ones.
pub fn listen_on(ip: IpAddr, port: u16) -> Vec<Multiaddr> {
    let host = match ip {
        IpAddr::V4(ip) => Host::Ip4(ip),
        IpAddr::V6(ip) => Host::Ip6(ip),
    };
    dialled(&Hint { reach: Reach::Direct, host, port, transports: Transports::Both })
}

/// What to dial for a hint, in the order in which to try.
///
/// Where both transports are offered the second has its turn after the head start of the first. Nearby, TCP is first:
/// on loopback it had the session open in about half of the time of QUIC (2 ms against 4 ms), whose TLS handshake
/// takes more computing than Noise. Far away QUIC is first: it saves two round trips, which weigh more than
/// computing as soon as one takes more than a millisecond.
pub(super) fn dialled(hint: &Hint) -> Vec<Multiaddr> {
    let (tcp, quic) = (with_tcp(hint), with_quic(hint));
    match (hint.transports, hint.reach) {
        (Transports::Tcp, _) => vec![tcp],
        (Transports::Quic, _) => vec![quic],
        (Transports::Both, Reach::Lan) => vec![tcp, quic],
        (Transports::Both, Reach::Direct | Reach::FrontDoor | Reach::Relayed(_)) => vec![quic, tcp],
    }
}

/// What to dial to reach a peer through the relay of a hint; nothing if the hint names none.
pub(super) fn dialled_through(hint: &Hint, peer: PeerId) -> Vec<Multiaddr> {
    let Reach::Relayed(relay) = &hint.reach else { return Vec::new() };
    let Some(relay) = peer::to_libp2p(relay) else { return Vec::new() };
    let whole =
        |address: Multiaddr| address.with(Protocol::P2p(relay)).with(Protocol::P2pCircuit).with(Protocol::P2p(peer));
    dialled(hint).into_iter().map(whole).collect()
}

/// The relay that an address leads through.
pub(super) fn relay_of(address: &Multiaddr) -> Option<PeerId> {
    let mut before = None;
    for part in address {
        match part {
            Protocol::P2p(peer) => before = Some(peer),
            Protocol::P2pCircuit => return before,
            _ => {}
        }
    }
    None
}

/// Where the relay is that an address leads through.
pub(super) fn place_of_relay(address: &Multiaddr) -> Option<Multiaddr> {
    let before = || address.iter().take_while(|part| *part != Protocol::P2pCircuit);
    is_relayed(address).then(|| before().collect())
}

/// True if the address leads through a relay.
pub(super) fn is_relayed(address: &Multiaddr) -> bool {
    address.iter().any(|part| part == Protocol::P2pCircuit)
}

/// True if anybody can route to the address.
pub(super) fn is_public(address: &Multiaddr) -> bool {
    hint(address).is_some_and(|hint| hint.reach == Reach::Direct)
}

/// True for numbers that lead to nobody on the internet: this machine, groups, DS-Lite (RFC 6333), benchmarks (RFC 2544).
pub(super) fn is_reserved(ip: Ipv4Addr) -> bool {
    matches!(ip.octets(), [0 | 224.., ..] | [192, 0, 0, _] | [198, 18..=19, ..])
}

/// True if strangers may have this node dial there: a number, since a name may mean anything, and no number that means
/// this machine, a group, or an address of the other kind.
pub(super) fn is_somewhere_public(address: &Multiaddr) -> bool {
    let is_one = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => !is_reserved(ip),
        IpAddr::V6(ip) => {
            let is_other = ip.to_ipv4_mapped().is_some() || ip.segments().starts_with(&[0x64, 0xff9b]);
            !ip.is_unspecified() && !ip.is_multicast() && !is_other
        }
    };
    is_public(address) && socket(address).is_some_and(|socket| is_one(socket.ip()))
}

/// True if both name the same place, whoever is expected there.
pub(super) fn is_same_place(one: &Multiaddr, other: &Multiaddr) -> bool {
    place(one) == place(other)
}

/// The place that an address names, whoever is expected there.
pub(super) fn place(address: &Multiaddr) -> Multiaddr {
    address.iter().filter(|part| !matches!(part, Protocol::P2p(_))).collect()
}

/// True if the multiaddr is for TCP.
pub(super) fn is_tcp(address: &Multiaddr) -> bool {
    address.iter().any(|part| matches!(part, Protocol::Tcp(_)))
}

/// The UDP sockets among the addresses that this node listens on.
pub(super) fn udp_sockets<'a>(listening: impl Iterator<Item = &'a Multiaddr>) -> Vec<SocketAddr> {
    // An address within one link cannot be bound without naming the interface.
    let is_bindable = |socket: &SocketAddr| !matches!(socket.ip(), IpAddr::V6(ip) if ip.is_unicast_link_local());
    listening.filter(|address| !is_tcp(address)).filter_map(socket).filter(is_bindable).collect()
}

/// The socket address that a multiaddr with a numeric host begins with.
pub(super) fn socket(address: &Multiaddr) -> Option<SocketAddr> {
    let hint = hint(address)?;
    match hint.host {
        Host::Ip4(ip) => Some((ip, hint.port).into()),
        Host::Ip6(ip) => Some((ip, hint.port).into()),
        Host::Dns(_) => None,
    }
}

fn with_host(hint: &Hint) -> Multiaddr {
    Multiaddr::from(match &hint.host {
        Host::Ip4(ip) => Protocol::Ip4(*ip),
        Host::Ip6(ip) => Protocol::Ip6(*ip),
        Host::Dns(name) => Protocol::Dns(name.as_str().to_owned().into()),
    })
}

fn with_tcp(hint: &Hint) -> Multiaddr {
    with_host(hint).with(Protocol::Tcp(hint.port))
}

fn with_quic(hint: &Hint) -> Multiaddr {
    with_host(hint).with(Protocol::Udp(hint.port)).with(Protocol::QuicV1)
}

/// The hint for one multiaddr; `None` if it is of a kind that no hint names.
pub fn hint(address: &Multiaddr) -> Option<Hint> {
    if is_relayed(address) {
        return None;
    }
    let mut parts = address.iter();
    let host = match parts.next()? {
        Protocol::Ip4(ip) => Host::Ip4(ip),
        Protocol::Ip6(ip) => Host::Ip6(ip),
        Protocol::Dns(name) | Protocol::Dns4(name) | Protocol::Dns6(name) => Host::Dns(Line::new(&name).ok()?),
        _ => return None,
    };
    let (port, transports) = match (parts.next()?, parts.next(), parts.next()) {
        (Protocol::Tcp(port), None | Some(Protocol::P2p(_)), None) => (port, Transports::Tcp),
        (Protocol::Udp(port), Some(Protocol::QuicV1), None | Some(Protocol::P2p(_))) => (port, Transports::Quic),
        _ => return None,
    };
    Some(Hint { reach: reach(&host), host, port, transports })
}

/// The hint for an address that may say whose it is, and may lead through a relay; with who must answer.
pub fn ways_to(address: &Multiaddr) -> Option<(Hint, Option<KithPeer>)> {
    let whose = match address.iter().last()? {
        Protocol::P2p(peer) => Some(peer::from_libp2p(&peer)?),
        _ => None,
    };
    let Some(place) = place_of_relay(address) else { return Some((hint(address)?, whose)) };
    let relay = peer::from_libp2p(&relay_of(address)?)?;
    Some((Hint { reach: Reach::Relayed(relay), ..hint(&place)? }, whose))
}

/// A hint as a person reads it out or sends it to another: [`ways_to`] reads what leads through a relay to `node`.
pub fn written(hint: &Hint, node: &KithPeer) -> String {
    let through = || peer::to_libp2p(node).and_then(|node| dialled_through(hint, node).into_iter().next());
    through().map_or_else(|| hint.to_string(), |way| way.to_string())
}

/// The hints for the addresses that this node listens on: TCP and QUIC on one port become one hint, addresses
/// that anybody can route to come first, loopback is named only if there is nothing else, and there are at most
/// [`limits::ADDRESSES`](kith_protocol::limits::ADDRESSES).
pub(super) fn own_hints<'a>(listening: impl Iterator<Item = &'a Multiaddr>) -> Vec<Hint> {
    let mut at: BTreeMap<(u8, Host, u16), Hint> = BTreeMap::new();
    // Nobody can dial an IPv6 address within one link without naming an interface of their own.
    let is_of_use = |hint: &Hint| !matches!(hint.host, Host::Ip6(ip) if ip.is_unicast_link_local());
    for hint in listening.filter_map(hint).filter(is_of_use) {
        let transports = hint.transports;
        at.entry((distance(&hint.host), hint.host.clone(), hint.port))
            .and_modify(|other| {
                if other.transports != transports {
                    other.transports = Transports::Both;
                }
            })
            .or_insert(hint);
    }
    let has_other = at.keys().any(|(distance, ..)| *distance < LOOPBACK);
    let useful = at.into_iter().filter(|((distance, ..), _)| !has_other || *distance < LOOPBACK);
    useful.map(|(_, hint)| hint).take(limits::ADDRESSES).collect()
}

fn reach(host: &Host) -> Reach {
    if distance(host) == 0 { Reach::Direct } else { Reach::Lan }
}

/// The distance of addresses that only this machine can use.
const LOOPBACK: u8 = 3;

/// 0 if anybody can route there, 1 within a local network, 2 within the interface, 3 within the machine.
fn distance(host: &Host) -> u8 {
    match host {
        Host::Dns(_) => 0,
        Host::Ip4(ip) if ip.is_loopback() => LOOPBACK,
        Host::Ip4(ip) if ip.is_link_local() => 2,
        // RFC 1918, and RFC 6598 which carriers use behind their NAT.
        Host::Ip4(ip) if ip.is_private() || matches!(ip.octets(), [100, 64..=127, ..]) => 1,
        Host::Ip4(_) => 0,
        Host::Ip6(ip) if ip.is_loopback() => LOOPBACK,
        Host::Ip6(ip) if ip.is_unicast_link_local() => 2,
        Host::Ip6(ip) if ip.is_unique_local() => 1,
        Host::Ip6(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Multiaddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_hint_comes_back_from_every_multiaddr_it_dials() {
        for host in ["/ip4/203.0.113.9", "/ip6/2001:db8::1", "/dns/kith.example", "/ip4/192.168.1.4"] {
            for transport in ["/tcp/4001", "/udp/4001/quic-v1"] {
                let address = at(&format!("{host}{transport}"));
                assert_eq!(dialled(&hint(&address).unwrap()), [address]);
            }
        }
        let me = PeerId::random();
        let through = at(&format!("/ip4/1.2.3.4/tcp/1/p2p/{me}/p2p-circuit"));
        assert_eq!((hint(&through), is_public(&through)), (None, false), "the address of a relay is not ours");
        for other in ["/ip4/1.2.3.4/udp/1", "/ip4/1.2.3.4/tcp/1/ws", "/memory/1", "/ip4/1.2.3.4"] {
            assert_eq!(hint(&at(other)), None, "{other}");
        }
    }

    #[test]
    fn strangers_have_nobody_dialled_but_by_a_number_that_leads_outside() {
        let refused = [
            "/ip4/192.168.1.1/tcp/80",
            "/ip4/127.0.0.1/tcp/80",
            "/ip4/0.0.0.0/tcp/80",
            "/ip4/224.0.0.251/tcp/80",
            "/ip4/255.255.255.255/tcp/80",
            "/ip4/192.0.0.2/tcp/80",
            "/ip6/::1/tcp/80",
            "/ip6/::/tcp/80",
            "/ip6/::ffff:192.168.1.1/tcp/80",
            "/ip6/64:ff9b::a00:1/tcp/80",
            "/ip6/ff02::1/tcp/80",
            "/ip6/fe80::1/tcp/80",
            "/dns/router.example/tcp/80",
        ];
        for address in refused {
            assert!(!is_somewhere_public(&at(address)), "{address}");
        }
        for address in ["/ip4/203.0.113.9/tcp/7517", "/ip6/2001:db8::9/udp/7517/quic-v1"] {
            assert!(is_somewhere_public(&at(address)), "{address}");
        }
    }

    #[test]
    fn tcp_goes_first_nearby_and_quic_far_away() {
        for (host, tcp_first) in [("192.168.1.4", true), ("127.0.0.1", true), ("203.0.113.9", false)] {
            let hints = own_hints(listen_on(host.parse().unwrap(), 4001).iter());
            let first = hints.iter().flat_map(dialled).next().unwrap();
            assert_eq!(is_tcp(&first), tcp_first, "{host}: {first}");
        }
    }

    #[test]
    fn both_transports_on_one_port_are_one_hint_and_far_reaching_ones_come_first() {
        let listening = [
            at("/ip4/127.0.0.1/tcp/4001"),
            at("/ip4/192.168.1.4/udp/4001/quic-v1"),
            at("/ip4/192.168.1.4/tcp/4001"),
            at("/ip4/169.254.3.3/tcp/4001"),
            at("/ip6/fd00::1/tcp/4001"),
            at("/ip6/fe80::1/tcp/4001"),
            at("/ip6/2001:db8::1/tcp/4001"),
            at("/ip6/2001:db8::1/udp/4002/quic-v1"),
        ];
        let hints = own_hints(listening.iter());
        let seen: Vec<_> = hints.iter().map(|h| (h.to_string(), h.reach, h.transports)).collect();
        let expected = [
            ("[2001:db8::1]:4001", Reach::Direct, Transports::Tcp),
            ("[2001:db8::1]:4002", Reach::Direct, Transports::Quic),
            ("192.168.1.4:4001", Reach::Lan, Transports::Both),
            ("[fd00::1]:4001", Reach::Lan, Transports::Tcp),
            ("169.254.3.3:4001", Reach::Lan, Transports::Tcp),
        ];
        assert_eq!(seen, expected.map(|(at, reach, transports)| (at.to_owned(), reach, transports)));
    }

    #[test]
    fn loopback_is_named_only_if_there_is_nothing_else() {
        let hints = own_hints(listen_on([127, 0, 0, 1].into(), 4001).iter());
        assert_eq!(hints.iter().map(Hint::to_string).collect::<Vec<_>>(), ["127.0.0.1:4001"]);
    }

    #[test]
    fn at_most_as_many_hints_as_a_person_may_have() {
        let listening: Vec<_> = (1..=40).map(|port| at(&format!("/ip4/10.0.0.1/tcp/{port}"))).collect();
        assert_eq!(own_hints(listening.iter()).len(), limits::ADDRESSES);
    }
}
