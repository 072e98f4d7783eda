//! Where a node listens for others.
//!
//! Where its owner asked it to, there and nowhere else: whoever wants to be reached by a VPN alone is not to be found
//! everywhere because the VPN came up late. Else on the usual port; else on any, as contacts are told of a new one.

use std::net::{Ipv4Addr, Ipv6Addr, TcpListener, UdpSocket};

use kith_protocol::crypto::sign::SecretSeed;

use super::{NodeError, NodeOptions, PORT};
use crate::home::Settings;
use crate::mailbox::Holder;
use crate::network::{self, Limits, Multiaddr, Network, NetworkError, listen_on};

/// How many free ports are tried when the wanted one is taken.
const PORTS: usize = 8;

pub(super) type Started = (Network, tokio::sync::mpsc::Receiver<network::Event>);

/// Where to listen.
#[derive(Debug, PartialEq, Eq)]
enum Places {
    /// At all of these, or the node does not start.
    Asked(Vec<Multiaddr>),
    /// At the first of these that is free, or on any port.
    Usual(Vec<Vec<Multiaddr>>),
}

/// Starts the network. The settings say afterwards where it listens, and what was asked for.
pub(super) fn start(
    seed: SecretSeed,
    options: &NodeOptions,
    settings: &mut Settings,
    holder: Option<Holder>,
) -> Result<Started, NodeError> {
    let usual = options.limits.clone();
    let limits = Limits { passed_on: settings.relay_at_most.unwrap_or(usual.passed_on), ..usual };
    let start = |listen: Vec<Multiaddr>| {
        let (keypair_seed, holder, limits) = (seed.clone(), holder.clone(), limits.clone());
        network::start(network::Config { keypair_seed, listen, limits, holder })
    };
    let (listen, started) = match places(options, settings) {
        Places::Asked(asked) => {
            let started = start(asked.clone())?;
            settings.asked_listen = Some(asked.clone());
            (asked, started)
        }
        Places::Usual(places) => {
            let found = on_one_of(places, start)?;
            settings.asked_listen = None;
            found
        }
    };
    settings.listen = listen.iter().map(Multiaddr::to_string).collect();
    Ok(started)
}

fn places(options: &NodeOptions, settings: &Settings) -> Places {
    let last: Vec<Multiaddr> = settings.listen.iter().filter_map(|address| address.parse().ok()).collect();
    // A home of before does not tell what was asked for from what was free; but what is chosen here has one form.
    let is_chosen = last.is_empty() || port(&last).is_some_and(|port| everywhere(port).contains(&last));
    let asked = if !options.listen.is_empty() {
        Some(options.listen.clone())
    } else if options.listens_as_usual {
        None
    } else {
        settings.asked_listen.clone().or_else(|| (!is_chosen).then(|| last.clone()))
    };
    if let Some(asked) = asked {
        return Places::Asked(asked);
    }
    // The port of last time comes after the usual one, which was taken once and need not be for ever.
    let [usual, by_ip4] = everywhere(PORT);
    let is_other = is_chosen && !last.is_empty() && last != usual && last != by_ip4;
    Places::Usual([usual, by_ip4].into_iter().chain(is_other.then_some(last)).collect())
}

/// The port that is named first.
fn port(listen: &[Multiaddr]) -> Option<u16> {
    listen.first()?.to_string().split('/').nth(4)?.parse().ok()
}

fn on_one_of(
    places: Vec<Vec<Multiaddr>>,
    start: impl Fn(Vec<Multiaddr>) -> Result<Started, NetworkError>,
) -> Result<(Vec<Multiaddr>, Started), NodeError> {
    for listen in places {
        match start(listen.clone()) {
            Ok(started) => return Ok((listen, started)),
            Err(NetworkError::Listen { address, reason }) => tracing::warn!(%address, reason, "trying another port"),
            Err(error) => return Err(error.into()),
        }
    }
    for _ in 0..PORTS {
        for listen in everywhere(free_port()?) {
            if let Ok(started) = start(listen.clone()) {
                return Ok((listen, started));
            }
        }
    }
    Err(NodeError::NoPort)
}

/// All interfaces by IPv6 and IPv4; and by IPv4 alone, for machines that have nothing else. IPv6 comes first: whether its
/// port is free is looked at for both together.
fn everywhere(port: u16) -> [Vec<Multiaddr>; 2] {
    let by_ip4 = listen_on(Ipv4Addr::UNSPECIFIED.into(), port);
    [[listen_on(Ipv6Addr::UNSPECIFIED.into(), port), by_ip4.clone()].concat(), by_ip4]
}

/// A port that is free for TCP and UDP at this moment.
fn free_port() -> Result<u16, NodeError> {
    for _ in 0..PORTS {
        let Ok(tcp) = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)) else { continue };
        let Ok(address) = tcp.local_addr() else { continue };
        if UdpSocket::bind((Ipv4Addr::UNSPECIFIED, address.port())).is_ok() {
            return Ok(address.port());
        }
    }
    Err(NodeError::NoPort)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(addresses: &[&str]) -> Vec<Multiaddr> {
        addresses.iter().map(|address| address.parse().unwrap()).collect()
    }

    fn texts(listen: &[Multiaddr]) -> Vec<String> {
        listen.iter().map(Multiaddr::to_string).collect()
    }

    fn usual(also: &[Vec<Multiaddr>]) -> Places {
        Places::Usual([&everywhere(PORT)[..], also].concat())
    }

    /// What a start without options makes of what an earlier one wrote down.
    fn after(listen: &[Multiaddr], asked_listen: Option<Vec<Multiaddr>>) -> Places {
        let settings = Settings { listen: texts(listen), asked_listen, ..Settings::default() };
        places(&NodeOptions::default(), &settings)
    }

    #[test]
    fn a_port_that_was_free_once_is_tried_after_the_usual_one() {
        assert_eq!(after(&[], None), usual(&[]));
        for listen in everywhere(40_123) {
            assert_eq!(after(&listen, None), usual(&[listen]));
        }
        for listen in everywhere(PORT) {
            assert_eq!(after(&listen, None), usual(&[]));
        }
    }

    #[test]
    fn what_was_asked_for_is_not_widened() {
        let vpn = at(&["/ip4/10.8.0.2/tcp/7517", "/ip4/10.8.0.2/udp/7517/quic-v1"]);
        assert_eq!(after(&vpn, Some(vpn.clone())), Places::Asked(vpn.clone()));
        let [_, by_ip4] = everywhere(40_123);
        assert_eq!(after(&by_ip4, Some(by_ip4.clone())), Places::Asked(by_ip4), "it was asked for this very port");
        // Homes of before have one list for both.
        assert_eq!(after(&vpn, None), Places::Asked(vpn));
        for asked in [&["/ip4/0.0.0.0/tcp/9000"][..], &["/ip4/0.0.0.0/tcp/9000", "/ip4/0.0.0.0/udp/9000/quic-v1"]] {
            assert_eq!(after(&at(asked), None), Places::Asked(at(asked)));
        }
    }

    #[test]
    fn what_is_asked_for_now_counts_and_can_be_taken_back() {
        let (vpn, lan) = (at(&["/ip4/10.8.0.2/tcp/7517"]), at(&["/ip4/192.168.1.4/tcp/7517"]));
        let settings = Settings { listen: texts(&vpn), asked_listen: Some(vpn), ..Settings::default() };
        let now = NodeOptions { listen: lan.clone(), ..NodeOptions::default() };
        assert_eq!(places(&now, &settings), Places::Asked(lan));
        let back = NodeOptions { listens_as_usual: true, ..NodeOptions::default() };
        assert_eq!(places(&back, &settings), usual(&[]));
    }
}
