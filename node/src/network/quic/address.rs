//! Addresses of QUIC: `/ip4/203.0.113.9/udp/7517/quic-v1`, and whom one expects there.

use std::net::{IpAddr, SocketAddr};

use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;

/// The socket that an address names; `None` for what is not QUIC of version 1 at a number.
pub(super) fn socket(address: &Multiaddr) -> Option<SocketAddr> {
    let mut parts = address.iter();
    let ip: IpAddr = match parts.next()? {
        Protocol::Ip4(ip) => ip.into(),
        Protocol::Ip6(ip) => ip.into(),
        _ => return None,
    };
    let (Some(Protocol::Udp(port)), Some(Protocol::QuicV1)) = (parts.next(), parts.next()) else { return None };
    parts.all(|part| matches!(part, Protocol::P2p(_))).then(|| SocketAddr::new(ip, port))
}

/// The address of a socket.
pub(super) fn of(socket: SocketAddr) -> Multiaddr {
    Multiaddr::empty().with(socket.ip().into()).with(Protocol::Udp(socket.port())).with(Protocol::QuicV1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quic_at_a_number_names_a_socket() {
        for (address, names) in [
            ("/ip4/203.0.113.9/udp/7517/quic-v1", Some("203.0.113.9:7517")),
            ("/ip6/2001:db8::9/udp/1/quic-v1", Some("[2001:db8::9]:1")),
            (
                "/ip4/203.0.113.9/udp/7517/quic-v1/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN",
                Some("203.0.113.9:7517"),
            ),
            ("/ip4/203.0.113.9/tcp/7517", None),
            ("/ip4/203.0.113.9/udp/7517", None),
            ("/ip4/203.0.113.9/udp/7517/quic", None),
            ("/ip4/203.0.113.9/udp/7517/quic-v1/webtransport", None),
            (
                "/ip4/203.0.113.9/udp/7517/quic-v1/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN/p2p-circuit",
                None,
            ),
            ("/dns4/relay.example/udp/7517/quic-v1", None),
        ] {
            let socket = socket(&address.parse().unwrap());
            assert_eq!(socket, names.map(|names| names.parse().unwrap()), "{address}");
        }
        let back = of("[2001:db8::9]:7517".parse().unwrap());
        assert_eq!(back.to_string(), "/ip6/2001:db8::9/udp/7517/quic-v1");
    }
}
