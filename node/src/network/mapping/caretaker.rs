//! The task that finds a router, has it open our ports, and asks again before it forgets.
//!
//! It is a task of its own, so that a router that takes its time keeps nobody from their letters.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use futures::{StreamExt, stream};
use if_watch::tokio::IfWatcher;
use if_watch::{IfEvent, Ipv4Net};
use libp2p::Multiaddr;
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

use super::gateway::{Gateway, Kind, Refusal};
use super::hunt::routers;
use super::networks::Networks;
use super::opening::{Opening, Port};
use super::{Care, PortMapping};
use crate::network::addresses;

/// After a change of the networks more changes come, which are waited for.
const SETTLING: Duration = Duration::from_millis(200);
/// The longest pause before routers are looked for again. The first is that between two looks; it is doubled each time.
const PAUSE_LAST: Duration = Duration::from_secs(60 * 60);
/// Pauses that are not doubled when a router is missed that opened our ports: it is being restarted, or its line is down.
const STEADY: u32 = 15;

pub(super) struct Caretaker {
    listening: watch::Receiver<BTreeSet<Multiaddr>>,
    standing: watch::Sender<PortMapping>,
    care: Care,
    watcher: IfWatcher,
    watches: bool,
    networks: Networks,
    opening: Option<Opening>,
    /// What is open still from an address that was ours on a network that we are not on now.
    left: Option<Opening>,
    /// How far the ports outside were from ours the last time.
    shift: u16,
    next: Option<Instant>,
    pause: Duration,
    /// Pauses before they grow.
    steady: u32,
}

impl Caretaker {
    pub(super) fn new(
        listening: watch::Receiver<BTreeSet<Multiaddr>>,
        standing: watch::Sender<PortMapping>,
        care: Care,
    ) -> std::io::Result<Self> {
        Ok(Self {
            listening,
            standing,
            care,
            watcher: IfWatcher::new()?,
            watches: true,
            networks: Networks::default(),
            opening: None,
            left: None,
            shift: 0,
            next: Some(Instant::now() + SETTLING),
            pause: care.look,
            steady: 0,
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
                    Some(Ok(change)) => self.on_change(&change),
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

    fn on_change(&mut self, change: &IfEvent) {
        if self.networks.note(change) {
            self.look_soon();
        }
    }

    fn look_soon(&mut self) {
        (self.pause, self.next) = (self.care.look, Some(Instant::now() + SETTLING));
    }

    async fn tend(&mut self) {
        let wanted = self.networks.ports(&self.listening.borrow_and_update());
        self.give_back_left().await;
        if !self.keep(&wanted).await {
            self.look(wanted).await;
        }
        self.next = self.pause().map(|pause| Instant::now() + pause);
    }

    /// How long to wait before the next look, if something else does not come first.
    fn pause(&mut self) -> Option<Duration> {
        match &*self.standing.borrow() {
            PortMapping::NotWanted | PortMapping::NoNetworks | PortMapping::NotNeeded => None,
            PortMapping::Open { .. } => Some(self.care.look.min(self.opening.as_ref()?.until_renewal())),
            PortMapping::Asking
            | PortMapping::NoRouter
            | PortMapping::Refused { .. }
            | PortMapping::BehindAnother { .. } => {
                let pause = self.pause;
                if self.steady == 0 {
                    self.pause = (pause * 2).min(PAUSE_LAST);
                }
                self.steady = self.steady.saturating_sub(1);
                Some(pause)
            }
        }
    }

    /// Looks after what is opened, or gives it up. False if a router has to be looked for.
    async fn keep(&mut self, wanted: &[(Ipv4Net, BTreeSet<Port>)]) -> bool {
        let Some(opening) = &mut self.opening else { return false };
        let is_wanted =
            wanted.iter().any(|(network, ports)| network.addr() == opening.gateway.us && *ports == opening.inside);
        if is_wanted {
            match opening.tend().await {
                Ok(is_anew) if is_outside(opening.address) => {
                    self.settle(is_anew);
                    return true;
                }
                Ok(_) => {}
                // It may be restarting, or be slow for once: what it has open may stay so.
                Err(Refusal::Silent(error)) => {
                    tracing::debug!(router = %opening.gateway.at, %error, "the router that opened our port is silent");
                    return false;
                }
                Err(error) => {
                    tracing::info!(router = %opening.gateway.at, %error, "the router does not pass our port on any more");
                }
            }
        }
        self.give_back().await;
        false
    }

    /// Closes what is opened. It waits if we are not on that network now, or have another address there.
    async fn give_back(&mut self) {
        let Some(opening) = &mut self.opening else { return };
        if self.networks.has(opening.gateway.us) {
            opening.close().await;
            self.opening = None;
        } else {
            self.left = self.opening.take();
            self.give_back_left().await;
        }
    }

    /// Closes what was left open, once we have an address on that network again.
    async fn give_back_left(&mut self) {
        let Some(left) = &mut self.left else { return };
        let own = self.networks.own_beside(*left.gateway.at.ip());
        let is_over = match own {
            Some(own) => left.close_from(own).await,
            None => left.is_over(),
        };
        if is_over {
            self.left = None;
        }
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
                    Ok(()) => return self.settle(true),
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
        if let Some(before) = self.opening.take_if(|before| before.gateway.at.ip() != gateway.at.ip()) {
            self.left = Some(before);
        }
        let opened =
            self.opening.insert(Opening::planned(gateway, outside, ports, self.shift, self.care.lease)).open().await;
        if opened.is_err() {
            self.opening = None;
        }
        opened
    }

    /// Says what is open. What is opened anew is said again: others try it, unless they came in there before.
    fn settle(&mut self, is_anew: bool) {
        let Some(opening) = &self.opening else { return };
        let all: Vec<Port> = opening.outside().collect();
        let at = |wanted: Kind| {
            let ports = all.iter().filter(|(kind, _)| *kind == wanted);
            ports.map(|(_, port)| SocketAddrV4::new(opening.address, *port)).collect()
        };
        let open = PortMapping::Open { router: *opening.gateway.at.ip(), tcp: at(Kind::Tcp), udp: at(Kind::Udp) };
        (self.pause, self.shift, self.steady) = (self.care.look, opening.shift(), STEADY);
        if is_anew {
            tracing::debug!(?open, "the router opened our ports");
            self.standing.send_replace(open);
        } else {
            self.say(open);
        }
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
