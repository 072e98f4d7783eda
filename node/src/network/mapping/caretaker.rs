//! The task that finds a router, has it open our ports, and asks again before it forgets.
//!
//! It is a task of its own, so that a router that takes its time keeps nobody from their letters.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use futures::{StreamExt, stream};
use if_watch::tokio::IfWatcher;
use if_watch::{IfEvent, IpNet, Ipv4Net};
use libp2p::Multiaddr;
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

use super::PortMapping;
use super::gateway::{Gateway, Kind, Refusal};
use super::hunt::routers;
use super::opening::{Opening, Port};
use crate::network::{addresses, reachability};

/// After a change of the networks more changes come, which are waited for.
const SETTLING: Duration = Duration::from_millis(200);
/// Between two looks at a router that has opened our ports: it may have been restarted, or got another address.
const RENEWAL: Duration = Duration::from_secs(10 * 60);
/// The first pause before routers are looked for again; doubled each time.
const PAUSE_FIRST: Duration = Duration::from_secs(60);
/// The longest such pause.
const PAUSE_LAST: Duration = Duration::from_secs(60 * 60);
/// Networks on which a router is looked for at once. A machine with containers has dozens.
const NETWORKS: usize = 8;
/// Ports that are opened: by both transports at two.
const PORTS: usize = 4;

pub(super) struct Caretaker {
    listening: watch::Receiver<BTreeSet<Multiaddr>>,
    standing: watch::Sender<PortMapping>,
    watcher: IfWatcher,
    watches: bool,
    networks: BTreeMap<Ipv4Addr, Ipv4Net>,
    opening: Option<Opening>,
    /// How far the ports outside were from ours the last time.
    shift: u16,
    next: Option<Instant>,
    pause: Duration,
}

impl Caretaker {
    pub(super) fn new(
        listening: watch::Receiver<BTreeSet<Multiaddr>>,
        standing: watch::Sender<PortMapping>,
    ) -> std::io::Result<Self> {
        Ok(Self {
            listening,
            standing,
            watcher: IfWatcher::new()?,
            watches: true,
            networks: BTreeMap::new(),
            opening: None,
            shift: 0,
            next: Some(Instant::now() + SETTLING),
            pause: PAUSE_FIRST,
        })
    }

    /// Runs until it is told to stop, and gives back what was opened.
    pub(super) async fn run(mut self, mut stop: oneshot::Receiver<()>) {
        loop {
            let next = self.next;
            tokio::select! {
                _ = &mut stop => break,
                changed = self.listening.changed() => match changed {
                    Ok(()) => self.look_soon(),
                    Err(_) => break,
                },
                change = self.watcher.next(), if self.watches => match change {
                    Some(Ok(change)) => self.on_change(change),
                    Some(Err(_)) | None => {
                        tracing::warn!("changes of the networks here are not seen any more; a restart looks for a router again");
                        self.watches = false;
                    }
                },
                () = tokio::time::sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => tokio::select! {
                    // A router may take its time.
                    _ = &mut stop => break,
                    () = self.tend() => {}
                },
            }
        }
        self.give_back().await;
    }

    fn on_change(&mut self, change: IfEvent) {
        match change {
            IfEvent::Up(IpNet::V4(network)) if network.addr().is_private() => {
                self.networks.insert(network.addr(), network);
            }
            IfEvent::Down(IpNet::V4(network)) => drop(self.networks.remove(&network.addr())),
            _ => return,
        }
        self.look_soon();
    }

    fn look_soon(&mut self) {
        (self.pause, self.next) = (PAUSE_FIRST, Some(Instant::now() + SETTLING));
    }

    /// Our ports on each network that a home may have.
    fn wanted(&mut self) -> Vec<(Ipv4Net, BTreeSet<Port>)> {
        let listening = self.listening.borrow_and_update().clone();
        if !reachability::needs_relays(&listening) {
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
        let all = self.networks.values().map(|network| (*network, ports(network)));
        let mut all: Vec<_> = all.filter(|(_, ports)| !ports.is_empty()).collect();
        all.sort_by_key(|(network, _)| strangeness(network.addr()));
        all.truncate(NETWORKS);
        all
    }

    async fn tend(&mut self) {
        let wanted = self.wanted();
        self.keep(&wanted).await;
        if self.opening.is_none() {
            self.look(wanted).await;
        }
        let standing = self.standing.borrow().clone();
        let pause = match standing {
            // Something changes first.
            PortMapping::NotWanted | PortMapping::NoNetworks | PortMapping::NotNeeded => None,
            PortMapping::Open { .. } => Some(RENEWAL),
            PortMapping::Asking
            | PortMapping::NoRouter
            | PortMapping::Refused { .. }
            | PortMapping::BehindAnother { .. } => {
                let pause = self.pause;
                self.pause = (pause * 2).min(PAUSE_LAST);
                Some(pause)
            }
        };
        self.next = pause.map(|pause| Instant::now() + pause);
    }

    /// Renews what is opened, or gives it up.
    async fn keep(&mut self, wanted: &[(Ipv4Net, BTreeSet<Port>)]) {
        let Some(opening) = &mut self.opening else { return };
        let is_wanted =
            wanted.iter().any(|(network, ports)| network.addr() == opening.gateway.us && *ports == opening.inside);
        if is_wanted {
            match opening.renew().await {
                Ok(()) if is_outside(opening.address) => return self.settle(),
                Ok(()) => {}
                Err(error) => {
                    tracing::info!(router = %opening.gateway.at, %error, "the router does not pass our port on any more")
                }
            }
        }
        self.give_back().await;
    }

    /// Closes what is opened, from the address that we have now on that network.
    async fn give_back(&mut self) {
        let Some(opening) = &mut self.opening else { return };
        if !self.networks.contains_key(&opening.gateway.us)
            && let Some(network) = self.networks.values().find(|network| network.contains(opening.gateway.at.ip()))
        {
            opening.gateway.us = network.addr();
        }
        opening.close().await;
        self.opening = None;
    }

    /// Looks for routers on all networks, and has the first one open our ports that does.
    async fn look(&mut self, wanted: Vec<(Ipv4Net, BTreeSet<Port>)>) {
        if wanted.is_empty() {
            return self.say(PortMapping::NotNeeded);
        }
        if *self.standing.borrow() == PortMapping::NotNeeded {
            self.say(PortMapping::Asking);
        }
        let all = wanted.into_iter().map(|(network, ports)| routers(network).map(move |found| (found, ports.clone())));
        let mut all = stream::select_all(all.map(Box::pin));
        let (mut worst, mut has_refused) = (PortMapping::NoRouter, false);
        while let Some(((gateway, outside), ports)) = all.next().await {
            let router = *gateway.at.ip();
            match outside {
                Ok(outside) if is_outside(outside) => match self.open(gateway, outside, ports).await {
                    Ok(()) => return self.settle(),
                    Err(refusal) => {
                        tracing::info!(%router, %refusal, "the router does not open our port");
                        (worst, has_refused) = (PortMapping::Refused { router, why: refusal.to_string() }, true);
                    }
                },
                // It may be a line that is not in use.
                Ok(outside) if !has_refused => {
                    let outside = Some(outside).filter(|outside| !outside.is_unspecified());
                    worst = PortMapping::BehindAnother { router, outside };
                }
                Err(refusal) if worst == PortMapping::NoRouter => {
                    worst = PortMapping::Refused { router, why: refusal.to_string() };
                }
                Ok(_) | Err(_) => {}
            }
        }
        self.say(worst);
    }

    /// What is opened is held here while it is being opened: the end may come at any time.
    async fn open(&mut self, gateway: Gateway, outside: Ipv4Addr, ports: BTreeSet<Port>) -> Result<(), Refusal> {
        let opened = self.opening.insert(Opening::planned(gateway, outside, ports, self.shift)).open().await;
        if opened.is_err() {
            self.opening = None;
        }
        opened
    }

    fn settle(&mut self) {
        let Some(opening) = &self.opening else { return };
        let all: Vec<Port> = opening.outside().collect();
        let at = |wanted: Kind| {
            let ports = all.iter().filter(|(kind, _)| *kind == wanted);
            ports.map(|(_, port)| SocketAddrV4::new(opening.address, *port)).collect()
        };
        let open = PortMapping::Open { router: *opening.gateway.at.ip(), tcp: at(Kind::Tcp), udp: at(Kind::Udp) };
        (self.pause, self.shift) = (PAUSE_FIRST, opening.shift());
        self.say(open);
    }

    fn say(&self, standing: PortMapping) {
        self.standing.send_if_modified(|before| {
            let is_news = *before != standing;
            if is_news {
                tracing::debug!(?standing, "ports on the router");
                *before = standing;
            }
            is_news
        });
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

/// True if others can route to the address, as far as it shows.
fn is_outside(ip: Ipv4Addr) -> bool {
    let at = Multiaddr::from(ip).with(libp2p::multiaddr::Protocol::Tcp(1));
    !addresses::is_reserved(ip) && addresses::is_public(&at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_router_behind_another_one_has_no_address_that_leads_to_it() {
        let home = ["10.0.0.1", "192.168.1.1", "172.16.3.4", "100.64.0.1", "169.254.1.1", "127.0.0.1", "0.0.0.0"];
        let special = ["224.0.0.1", "192.0.0.2", "198.19.0.1", "240.0.0.1", "255.255.255.255"];
        for inside in home.into_iter().chain(special) {
            assert!(!is_outside(inside.parse().unwrap()), "{inside}");
        }
        assert!(is_outside("203.0.113.9".parse().unwrap()) && is_outside("100.128.0.1".parse().unwrap()));
    }
}
