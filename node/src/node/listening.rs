//! Where a node listens for others.
//!
//! Where its owner asked it to, there and nowhere else: whoever wants to be reached by a VPN alone is not to be found
//! everywhere because the VPN came up late. Else on the port of last time, which codes and routers lead to; else on the
//! usual one; else on any, as contacts are told of a new one.

use std::net::{Ipv4Addr, Ipv6Addr, TcpListener, UdpSocket};

use kith_protocol::crypto::sign::SecretSeed;

use super::{NodeError, NodeOptions};
use crate::api::OtherPort;
use crate::home::Settings;
use crate::mailbox::Holder;
use crate::network::{self, Limits, Multiaddr, Network, NetworkError, PORT, listen_on};

/// How many free ports are tried when the wanted one is taken.
const PORTS: usize = 8;

pub(super) type Started = (Network, tokio::sync::mpsc::Receiver<network::Event>);

/// Where to listen.
#[derive(Debug, PartialEq, Eq)]
enum Places {
    /// At all of these, or the node does not start.
    Asked(Vec<Multiaddr>),
    /// Everywhere, at the first of these ports that is free, or at any.
    Usual(Vec<u16>),
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
        Places::Usual(ports) => {
            let found = on_one_of(ports, start)?;
            settings.asked_listen = None;
            found
        }
    };
    settings.listen = listen.iter().map(Multiaddr::to_string).collect();
    Ok(started)
}

fn places(options: &NodeOptions, settings: &Settings) -> Places {
    let last = last(settings);
    // A home of before does not tell what was asked for from what was free; but what is chosen here has one form.
    let chosen = port(&last).filter(|port| everywhere(*port).contains(&last));
    let is_chosen = last.is_empty() || chosen.is_some();
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
    // Two homes on one machine would exchange ports if the usual one came before that of last time, and what leads to one
    // of them would lead to the other. Who takes back what was said wants the usual one.
    let mut ports = vec![PORT];
    if let Some(last) = chosen.filter(|last| *last != PORT) {
        ports.insert(usize::from(options.listens_as_usual), last);
    }
    Places::Usual(ports)
}

/// Where it listens, if the usual port was taken once; the settings are those of a node that started.
pub(super) fn instead_of_usual(settings: &Settings) -> Option<OtherPort> {
    let port = port(&last(settings)).filter(|port| settings.asked_listen.is_none() && *port != PORT)?;
    Some(OtherPort { port, listen: settings.listen.clone() })
}

fn last(settings: &Settings) -> Vec<Multiaddr> {
    settings.listen.iter().filter_map(|address| address.parse().ok()).collect()
}

/// The port that is named first.
fn port(listen: &[Multiaddr]) -> Option<u16> {
    listen.first()?.to_string().split('/').nth(4)?.parse().ok()
}

fn on_one_of(
    ports: Vec<u16>,
    start: impl Fn(Vec<Multiaddr>) -> Result<Started, NetworkError>,
) -> Result<(Vec<Multiaddr>, Started), NodeError> {
    for listen in ports.into_iter().flat_map(everywhere) {
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

    /// What a start without options makes of what an earlier one wrote down.
    fn after(listen: &[Multiaddr], asked_listen: Option<Vec<Multiaddr>>) -> Places {
        let settings = Settings { listen: texts(listen), asked_listen, ..Settings::default() };
        places(&NodeOptions::default(), &settings)
    }

    #[test]
    fn the_port_of_last_time_comes_first_so_that_two_homes_do_not_exchange_theirs() {
        assert_eq!(after(&[], None), Places::Usual(vec![PORT]));
        for listen in everywhere(40_123) {
            assert_eq!(after(&listen, None), Places::Usual(vec![40_123, PORT]));
        }
        for listen in everywhere(PORT) {
            assert_eq!(after(&listen, None), Places::Usual(vec![PORT]));
        }
    }

    #[test]
    fn a_port_that_stands_in_for_the_usual_one_is_told_and_one_that_was_asked_for_is_not() {
        let of = |listen: &[Multiaddr], asked_listen| {
            instead_of_usual(&Settings { listen: texts(listen), asked_listen, ..Settings::default() })
        };
        for listen in everywhere(40_123) {
            let other = OtherPort { port: 40_123, listen: texts(&listen) };
            assert_eq!(of(&listen, None), Some(other));
            assert_eq!(of(&listen, Some(listen.clone())), None);
        }
        for listen in everywhere(PORT) {
            assert_eq!(of(&listen, None), None);
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
        assert_eq!(places(&back, &settings), Places::Usual(vec![PORT]));
        let [free, _] = everywhere(40_123);
        let settings = Settings { listen: texts(&free), ..Settings::default() };
        assert_eq!(places(&back, &settings), Places::Usual(vec![PORT, 40_123]), "the usual one is free again");
    }
}
