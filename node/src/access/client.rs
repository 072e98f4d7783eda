//! Who is on the other end of a request, also behind a proxy.
//!
//! Only `X-Forwarded-For` and `X-Forwarded-Proto` are read, and only from a proxy that was named. `Forwarded` is not:
//! a proxy that writes the one passes the other on as its client sent it, and then the client could choose.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

use axum::http::HeaderMap;

/// Proxies behind each other; more are made up.
const HOPS: usize = 16;

/// The other end of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// Its address.
    pub address: SocketAddr,
    /// How it came in.
    pub entrance: Entrance,
}

/// How a connection came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entrance {
    /// Plain HTTP, where that is what is spoken.
    Plain,
    /// TLS of our own.
    Tls,
    /// Plain HTTP where TLS is spoken: it gets to know how to trust this node, and nothing else.
    Lobby,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The address, as far as it can be known.
    pub address: IpAddr,
    /// True if the way to the browser is TLS.
    pub secure: bool,
}

/// A proxy, or a network of them, whose word on the client counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proxy {
    address: IpAddr,
    prefix: u8,
}

/// Why a text names no proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a proxy is given as an address or a network, such as 127.0.0.1 or 10.0.0.0/8")]
pub struct BadProxy;

impl FromStr for Proxy {
    type Err = BadProxy;

    fn from_str(text: &str) -> Result<Self, BadProxy> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u8>().map_err(|_| BadProxy)?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| BadProxy)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(most);
        if prefix > most { Err(BadProxy) } else { Ok(Self { address, prefix }) }
    }
}

impl Proxy {
    /// True if the address is it, or in it.
    pub fn holds(&self, address: IpAddr) -> bool {
        let bits = |address: IpAddr| match address {
            IpAddr::V4(address) => (u128::from(address.to_bits()) << 96, 32),
            IpAddr::V6(address) => (address.to_bits(), 128),
        };
        let ((own, size), (other, other_size)) = (bits(self.address), bits(address));
        let different = u32::from(self.prefix).checked_sub((own ^ other).leading_zeros());
        size == other_size && different.is_none_or(|bits| bits == 0)
    }
}

impl Caller {
    /// Who sent a request with these headers over a connection from `peer`; without one it came from this process.
    pub fn of(peer: Option<Peer>, headers: &HeaderMap, proxies: &[Proxy]) -> Self {
        let Some(peer) = peer else { return Self { address: Ipv4Addr::LOCALHOST.into(), secure: false } };
        let trusted = |address: IpAddr| proxies.iter().any(|proxy| proxy.holds(address));
        let is_tls = peer.entrance == Entrance::Tls;
        let next = peer.address.ip().to_canonical();
        if !trusted(next) {
            return Self { address: next, secure: is_tls };
        }
        let proto = headers.get("x-forwarded-proto").and_then(|value| value.to_str().ok());
        let secure = is_tls || proto.is_some_and(|proto| proto.trim().eq_ignore_ascii_case("https"));
        Self { address: first_untrusted(next, headers, trusted), secure }
    }
}

/// The rightmost hop that is no proxy of ours: what stands left of it was written by whoever that is.
fn first_untrusted(peer: IpAddr, headers: &HeaderMap, trusted: impl Fn(IpAddr) -> bool) -> IpAddr {
    let lines: Vec<&str> = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok()).collect();
    let hops = lines.iter().rev().flat_map(|line| line.rsplit(',')).take(HOPS);
    let mut last = peer;
    for hop in hops {
        let Some(address) = hop_address(hop.trim()) else { return last };
        last = address;
        if !trusted(address) {
            return address;
        }
    }
    last
}

fn hop_address(hop: &str) -> Option<IpAddr> {
    let address = hop.parse::<IpAddr>().ok().or_else(|| Some(hop.parse::<SocketAddr>().ok()?.ip()))?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(peer: &str, headers: &[(&'static str, &str)], proxies: &[&str]) -> Caller {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let proxies: Vec<Proxy> = proxies.iter().map(|proxy| proxy.parse().unwrap()).collect();
        Caller::of(Some(Peer { address: peer.parse().unwrap(), entrance: Entrance::Plain }), &map, &proxies)
    }

    #[test]
    fn mallory_cannot_write_where_she_comes_from() {
        let forged = [("x-forwarded-for", "127.0.0.1"), ("forwarded", "for=127.0.0.1"), ("x-forwarded-proto", "https")];
        let seen = caller("203.0.113.9:4000", &forged, &[]);
        assert_eq!(seen, Caller { address: "203.0.113.9".parse().unwrap(), secure: false });
        let seen = caller("203.0.113.9:4000", &forged, &["10.0.0.0/8"]);
        assert_eq!(seen.address.to_string(), "203.0.113.9");
        // Through the proxy, what she wrote herself stands left of what the proxy added.
        let seen = caller("10.1.2.3:80", &[("x-forwarded-for", "127.0.0.1, 203.0.113.9")], &["10.0.0.0/8"]);
        assert_eq!(seen.address.to_string(), "203.0.113.9");
        let seen = caller("10.1.2.3:80", &[("forwarded", "for=127.0.0.1")], &["10.0.0.0/8"]);
        assert_eq!(seen.address.to_string(), "10.1.2.3", "a header that no proxy of ours writes");
    }

    #[test]
    fn a_named_proxy_is_believed_and_proxies_behind_each_other_are_passed() {
        let seen = caller(
            "127.0.0.1:9",
            &[("x-forwarded-for", "198.51.100.7"), ("x-forwarded-for", "10.9.9.9"), ("x-forwarded-proto", "https")],
            &["127.0.0.1", "10.0.0.0/8"],
        );
        assert_eq!(seen, Caller { address: "198.51.100.7".parse().unwrap(), secure: true });
        let seen = caller("[::ffff:127.0.0.1]:9", &[("x-forwarded-for", "[2001:db8::1]:5000")], &["127.0.0.1"]);
        assert_eq!(seen.address.to_string(), "2001:db8::1");
        let seen = caller("127.0.0.1:9", &[("x-forwarded-for", "unknown")], &["127.0.0.1"]);
        assert!(seen.address.is_loopback());
    }

    #[test]
    fn a_proxy_is_an_address_or_a_network() {
        for bad in ["", "proxy.example", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/x"] {
            assert!(bad.parse::<Proxy>().is_err(), "{bad}");
        }
        let all: Proxy = "0.0.0.0/0".parse().unwrap();
        assert!(all.holds("203.0.113.9".parse().unwrap()) && !all.holds("2001:db8::1".parse().unwrap()));
        let half: Proxy = "10.0.0.0/9".parse().unwrap();
        assert!(half.holds("10.127.0.1".parse().unwrap()) && !half.holds("10.128.0.1".parse().unwrap()));
    }
}
