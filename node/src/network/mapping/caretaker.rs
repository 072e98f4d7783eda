//! The task that finds a router, has it open our ports, and asks again before it forgets.
//!
//! It is a task of its own, so that a router that takes its time keeps nobody from their letters.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use futures::StreamExt;
use futures::future::join_all;
use if_watch::tokio::IfWatcher;
use if_watch::{IfEvent, IpNet, Ipv4Net};
use libp2p::Multiaddr;
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

use super::PortMapping;
use super::gateway::{Gateway, Kind, Refusal};
use super::opening::{Opening, Port};
use super::search::Search;
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
/// Machines on one network that say they are routers and are asked.
const ROUTERS: usize = 4;

/// What there is to know of the router on one network.
enum Found {
    Nobody,
    Silent(Gateway, Refusal),
    Router(Gateway, Ipv4Addr),
}

pub(super) struct Caretaker {
    listening: watch::Receiver<BTreeSet<Multiaddr>>,
    standing: watch::Sender<PortMapping>,
    watcher: IfWatcher,
    watches: bool,
    networks: BTreeMap<Ipv4Addr, Ipv4Net>,
    opening: Option<Opening>,
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
                () = tokio::time::sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => self.tend().await,
            }
        }
        if let Some(opening) = self.opening {
            opening.close().await;
        }
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
        all.filter(|(_, ports)| !ports.is_empty()).take(NETWORKS).collect()
    }

    async fn tend(&mut self) {
        let wanted = self.wanted();
        if let Some(opening) = self.opening.take() {
            self.keep(opening, &wanted).await;
        }
        if self.opening.is_none() {
            self.look(wanted).await;
        }
        let standing = self.standing.borrow().clone();
        let pause = match standing {
            // Something changes first.
            PortMapping::NotWanted | PortMapping::NotNeeded => None,
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
    async fn keep(&mut self, mut opening: Opening, wanted: &[(Ipv4Net, BTreeSet<Port>)]) {
        let is_wanted =
            wanted.iter().any(|(network, ports)| network.addr() == opening.gateway.us && *ports == opening.inside);
        if !is_wanted {
            return opening.close().await;
        }
        match opening.renew().await {
            Ok(()) if is_outside(opening.address) => self.settle(opening),
            Ok(()) => opening.close().await,
            Err(error) => {
                tracing::info!(router = %opening.gateway.at, %error, "the router does not pass our port on any more")
            }
        }
    }

    /// Looks for a router on all networks, and has the first one open our ports that can.
    async fn look(&mut self, wanted: Vec<(Ipv4Net, BTreeSet<Port>)>) {
        if wanted.is_empty() {
            return self.say(PortMapping::NotNeeded);
        }
        if matches!(*self.standing.borrow(), PortMapping::NotWanted | PortMapping::NotNeeded) {
            self.say(PortMapping::Asking);
        }
        let found = join_all(wanted.iter().map(|(network, _)| find(*network))).await;
        let mut worst = PortMapping::NoRouter;
        for (found, (_, ports)) in found.into_iter().zip(wanted) {
            let (gateway, refusal) = match found {
                Found::Nobody => continue,
                Found::Silent(gateway, refusal) => (gateway, refusal),
                Found::Router(gateway, outside) if !is_outside(outside) => {
                    let outside = Some(outside).filter(|outside| !outside.is_unspecified());
                    worst = PortMapping::BehindAnother { router: *gateway.at.ip(), outside };
                    continue;
                }
                Found::Router(gateway, outside) => match Opening::open(gateway.clone(), outside, ports).await {
                    Ok(opening) => return self.settle(opening),
                    Err(refusal) => (gateway, refusal),
                },
            };
            tracing::info!(router = %gateway.at, %refusal, "the router does not open our port");
            worst = PortMapping::Refused { router: *gateway.at.ip(), why: refusal.to_string() };
        }
        self.say(worst);
    }

    fn settle(&mut self, opening: Opening) {
        let all: Vec<Port> = opening.outside().collect();
        let at = |wanted: Kind| {
            let ports = all.iter().filter(|(kind, _)| *kind == wanted);
            ports.map(|(_, port)| SocketAddrV4::new(opening.address, *port)).collect()
        };
        let open = PortMapping::Open { router: *opening.gateway.at.ip(), tcp: at(Kind::Tcp), udp: at(Kind::Udp) };
        self.pause = PAUSE_FIRST;
        self.opening = Some(opening);
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

/// Looks for a router on one network.
async fn find(network: Ipv4Net) -> Found {
    let mut search = match Search::begin(network).await {
        Ok(search) => search,
        Err(error) => {
            tracing::debug!(own = %network.addr(), %error, "no router can be looked for on a network");
            return Found::Nobody;
        }
    };
    let mut found = Found::Nobody;
    let mut asked = 0;
    while asked < ROUTERS
        && let Some(location) = search.next().await
    {
        asked += 1;
        let described = Gateway::describes(network.addr(), &location).await;
        for gateway in described.unwrap_or_default() {
            match gateway.outside().await {
                Ok(outside) if is_outside(outside) => return Found::Router(gateway, outside),
                // It may be a line that is not in use.
                Ok(outside) => found = Found::Router(gateway, outside),
                Err(refusal) if matches!(found, Found::Nobody) => found = Found::Silent(gateway, refusal),
                Err(_) => {}
            }
        }
    }
    found
}

/// True if others can route to the address, as far as it shows.
fn is_outside(ip: Ipv4Addr) -> bool {
    let is_special = ip.is_unspecified() || ip.is_multicast() || ip.is_broadcast() || matches!(ip.octets(), [0, ..]);
    !is_special && addresses::is_public(&Multiaddr::from(ip).with(libp2p::multiaddr::Protocol::Tcp(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_router_behind_another_one_has_no_address_that_leads_to_it() {
        for inside in
            ["10.0.0.1", "192.168.1.1", "172.16.3.4", "100.64.0.1", "169.254.1.1", "127.0.0.1", "0.0.0.0", "224.0.0.1"]
        {
            assert!(!is_outside(inside.parse().unwrap()), "{inside}");
        }
        assert!(is_outside("203.0.113.9".parse().unwrap()) && is_outside("100.128.0.1".parse().unwrap()));
    }
}
