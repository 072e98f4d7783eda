//! Having a router pass our port on, by the protocol that home routers speak (UPnP, Internet Gateway Device).
//!
//! ```text
//! caretaker   the task: finds a router, asks, looks again   opening   the ports that it opened
//! networks    where a router may be                         hunt      routers of one network, one by one
//! search      who says that they are one                    gateway   what a router can be asked to do
//! asking      a question, and bounds on its answer          xml       what stands in an answer
//! ```
//!
//! A router that restarts forgets what it opened, and its line may have another address afterwards. Of the first it tells
//! everybody on the network (SSDP), where a firewall lets that in, of the second only who subscribed. So it is looked at
//! once a minute instead, by reading alone, and asked to open something only if that is not open.
//!
//! A router is whoever says so on the local network, so its word counts for nothing but a try: what it claims is an
//! address that others test as they do any (`probing.rs`), and nothing is asked but at the address that spoke. The
//! library for this goes wherever an answer points and reads whatever comes from there, as long as it comes.

mod asking;
mod caretaker;
mod gateway;
mod hunt;
mod networks;
mod opening;
mod search;
mod xml;

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use super::Limits;
use super::task::Task;
use caretaker::Caretaker;

/// How long the end of a node waits for a router to close what it opened.
const FAREWELL: Duration = Duration::from_secs(3);

/// What a router does for this node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PortMapping {
    /// It is not asked, as the owner of the node wants it.
    #[default]
    NotWanted,
    /// Nothing has to be opened: the node listens on this machine alone, or where everybody reaches it.
    NotNeeded,
    /// It is wanted, and this machine does not say in which networks it is.
    NoNetworks,
    /// It is being looked for.
    Asking,
    /// There is none, or none that opens ports.
    NoRouter,
    /// It does not open the port.
    Refused {
        /// Its address at home.
        router: Ipv4Addr,
        /// What it said, in words.
        why: String,
    },
    /// It has no address that others could dial, so a port of it leads nowhere.
    BehindAnother {
        /// Its address at home.
        router: Ipv4Addr,
        /// What it takes for its address outside, if it names any.
        outside: Option<Ipv4Addr>,
    },
    /// It says that it passes on what comes to these ports of its own.
    Open {
        /// Its address at home.
        router: Ipv4Addr,
        /// By TCP.
        tcp: Vec<SocketAddrV4>,
        /// By UDP.
        udp: Vec<SocketAddrV4>,
    },
}

impl PortMapping {
    /// Where others may reach us because of it.
    fn addresses(&self) -> Vec<Multiaddr> {
        let Self::Open { tcp, udp, .. } = self else { return Vec::new() };
        let at = |socket: &SocketAddrV4| Multiaddr::from(*socket.ip());
        let by_tcp = tcp.iter().map(|socket| at(socket).with(Protocol::Tcp(socket.port())));
        let by_udp = udp.iter().map(|socket| at(socket).with(Protocol::Udp(socket.port())).with(Protocol::QuicV1));
        by_udp.chain(by_tcp).collect()
    }
}

/// How long a port is asked for, and how often a router that opened it is looked at.
#[derive(Clone, Copy)]
struct Care {
    lease: Duration,
    look: Duration,
}

/// What the network's task holds of it.
pub(super) struct Mapping {
    care: Care,
    listening: watch::Sender<BTreeSet<Multiaddr>>,
    standing: watch::Sender<PortMapping>,
    told: watch::Receiver<PortMapping>,
    running: Option<(JoinHandle<()>, oneshot::Sender<()>)>,
}

impl Mapping {
    pub(super) fn new(limits: &Limits) -> Self {
        let (standing, told) = watch::channel(PortMapping::default());
        let care = Care { lease: limits.port_lease, look: limits.port_look };
        Self { care, listening: watch::Sender::default(), standing, told, running: None }
    }

    /// What there is to know, at any time.
    pub(super) fn standing(&self) -> watch::Receiver<PortMapping> {
        self.told.clone()
    }

    /// Waits for news.
    pub(super) async fn next(&mut self) -> PortMapping {
        match self.told.changed().await {
            Ok(()) => self.told.borrow_and_update().clone(),
            Err(_) => std::future::pending().await,
        }
    }

    /// From now on a router is asked.
    pub(super) fn begin(&mut self) {
        if self.running.is_some() {
            return;
        }
        match Caretaker::new(self.listening.subscribe(), self.standing.clone(), self.care) {
            Ok(caretaker) => {
                self.standing.send_replace(PortMapping::Asking);
                let (stop, stopped) = oneshot::channel();
                self.running = Some((tokio::spawn(caretaker.run(stopped)), stop));
            }
            Err(error) => {
                self.standing.send_replace(PortMapping::NoNetworks);
                tracing::warn!(%error, "no router is asked to pass our port on");
            }
        }
    }

    /// Where this node listens.
    pub(super) fn listen(&self, listening: &BTreeSet<Multiaddr>) {
        self.listening.send_replace(listening.clone());
    }

    /// Gives back what was opened.
    pub(super) async fn end(&mut self) {
        let Some((mut caretaker, stop)) = self.running.take() else { return };
        // It may have ended by itself.
        let _ = stop.send(());
        if tokio::time::timeout(FAREWELL, &mut caretaker).await.is_err() {
            tracing::debug!("the router did not close our port in time");
            caretaker.abort();
        }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        if let Some((caretaker, _)) = &self.running {
            caretaker.abort();
        }
    }
}

impl Task {
    /// What a router claims is tested as whatever others claim to see.
    pub(super) fn on_mapping(&mut self, standing: &PortMapping) {
        self.try_mapped(standing.addresses());
    }
}
