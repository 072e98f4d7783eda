//! The network: the only user of libp2p.
//!
//! It knows no people, only locators, shared secrets and sessions, and it never touches a store. One task owns
//! the swarm; the driver speaks with it through two bounded channels: [`Effect`]s go in by [`Network`], [`Event`]s
//! come out of the receiver that [`start`] returns. See `outlet.rs` for why the two cannot lock each other up.
//!
//! ```text
//! transport   TCP + Noise + Yamux, DNS; bounds the handshakes under way
//! brisk       a connection that is over soon after it is closed
//! quic        QUIC, and whose handshakes are taken up
//! gate        bounds connections: strangers are few and short-lived, peers with a session are not displaced
//! calls       dial, and hello as its initiator          hellos   doors, and hello as its responder
//! sessions    who may send letters                      letters  letters and answers, both ways
//! relays      being reached through others          relaying passing things on for others
//! probing     asking others whether they reach us       careful  bounds on dials that others ask for
//! circuits    what may pass over a relay            reachability  which of the two this node does
//! hosts       finding nodes that hold mailboxes     errands   leaving parcels there
//! mailboxes   our own mailboxes there               keeping   what is said to the host of one
//! holding     mailboxes of others at ours           pace      how much one may ask for in a minute
//! budget      how much is passed on in a day
//! punching    a direct connection in the place of a relayed one
//! identifying what this node is, said where somebody is connected directly
//! dht         records of where contacts are today   carrying putting and looking there, by others and for others
//! lan         contacts on the networks that we are on
//! mapping     having a router pass our port on      trials      whether others get in where we listen
//! outlet      events to the driver, without waiting     task     the loop that joins them
//! ```

mod addresses;
mod behaviour;
mod brisk;
mod budget;
mod calls;
mod careful;
mod carrying;
mod circuits;
mod crowd;
mod dht;
mod dialling;
mod errands;
mod event;
mod frame;
mod gate;
mod hello_codec;
mod hellos;
mod holding;
mod hosts;
mod identifying;
mod keeping;
mod lan;
mod letter_codec;
mod letters;
mod limits;
mod mailbox_codec;
mod mailbox_events;
mod mailboxes;
mod mapping;
mod outlet;
mod pace;
mod peer;
mod probing;
mod punching;
mod quic;
mod reachability;
mod relaying;
mod relays;
mod sessions;
mod task;
mod tcp;
mod transport;
mod trials;

#[cfg(test)]
mod tests;

use std::num::NonZeroU8;

use kith_protocol::address::Hint;
use kith_protocol::crypto::sign::SecretSeed;
use kith_protocol::engine::Effect;
use kith_protocol::hello::SharedSecret;
use kith_protocol::id::{Locator, PeerId};
use libp2p::Swarm;
use libp2p::identity::{Keypair, ed25519};
use tokio::sync::{mpsc, oneshot, watch};

pub use addresses::{hint, listen_on, ways_to, written};
pub use budget::{Budget, PassedOn};
pub use event::{CallFailure, Event};
pub use libp2p::Multiaddr;
pub use limits::Limits;
pub use mapping::PortMapping;
pub use peer::number;
pub use trials::{Found, Trial, Tried};

use behaviour::Behaviour;
use letter_codec::OpenSessions;
use outlet::Outlet;
use sessions::Sessions;
use task::{Command, Task};

use crate::mailbox::Holder;

/// The port that a node listens on if nothing else is asked for; one number for TCP and QUIC, easy to forward on
/// a home router.
pub const PORT: u16 = 7517;

/// What a network starts with.
#[derive(Clone, Debug)]
pub struct Config {
    /// The seed of the node's libp2p key, which is not the key of any person.
    pub keypair_seed: SecretSeed,
    /// Where to listen; see [`listen_on`]. Nowhere is allowed: such a node only calls.
    pub listen: Vec<Multiaddr>,
    /// The bounds.
    pub limits: Limits,
    /// What holds mailboxes for others; `None` if they are to look elsewhere.
    pub holder: Option<Holder>,
}

/// What is shared with a node, which is known once a handshake has told which one it is.
pub type SecretWith = Box<dyn Fn(&PeerId) -> Option<SharedSecret> + Send>;

/// Why a network did not start, or did not take an effect.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// The seed gives no key that the transports take.
    #[error("the node's key cannot be used: {0}")]
    Key(String),
    /// An address cannot be listened on: it is in use, not ours, or of an unknown kind.
    #[error("cannot listen on {address}: {reason}")]
    Listen {
        /// The address.
        address: Multiaddr,
        /// What the system said.
        reason: String,
    },
    /// There is no tokio runtime here to run on.
    #[error("the network needs a tokio runtime")]
    NoRuntime,
    /// The network was shut down.
    #[error("the network is shut down")]
    Stopped,
}

/// A handle on a running network; clones are handles on the same one. It shuts down when the last is dropped.
#[derive(Clone, Debug)]
pub struct Network {
    me: PeerId,
    commands: mpsc::Sender<Command>,
    budget: Budget,
    mapping: watch::Receiver<PortMapping>,
    surroundings: Surroundings,
}

/// What a network learns of where it is, as it stands at any time.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// What others found who tried where it listens.
    pub tried: watch::Receiver<Tried>,
    /// Why nobody can be looked for on local networks, though that is wanted.
    pub deaf: watch::Receiver<Option<String>>,
}

/// Starts a network on the current tokio runtime and begins to listen.
///
/// # Errors
/// If an address cannot be listened on, or outside a runtime.
pub fn start(config: Config) -> Result<(Network, mpsc::Receiver<Event>), NetworkError> {
    let runtime = tokio::runtime::Handle::try_current().map_err(|_| NetworkError::NoRuntime)?;
    let Assembled { network, task, commands, held, events } = assemble(config)?;
    runtime.spawn(task.run(commands, held));
    Ok((network, events))
}

/// A network that does not run yet.
struct Assembled {
    network: Network,
    task: Task,
    /// What its handles ask of the task.
    commands: mpsc::Receiver<Command>,
    /// What the holder of mailboxes answers.
    held: holding::Answered,
    /// For the driver.
    events: mpsc::Receiver<Event>,
}

fn assemble(config: Config) -> Result<Assembled, NetworkError> {
    let Config { mut keypair_seed, listen, limits, holder } = config;
    let keypair = keypair(&mut keypair_seed)?;
    let me = peer::from_libp2p(&keypair.public().to_peer_id()).ok_or_else(|| NetworkError::Key("no Ed25519".into()))?;
    let (open, admitted) = (OpenSessions::default(), relaying::Admitted::default());
    let budget = Budget::new(limits.passed_on);
    let (relayed_transport, relayed) = libp2p::relay::client::new(keypair.public().to_peer_id());
    let mut swarm = Swarm::new(
        transport::build(&keypair, &limits, relayed_transport)?,
        Behaviour::new(&keypair, &limits, relayed, (admitted.clone(), budget.clone()), open.clone()),
        keypair.public().to_peer_id(),
        swarm_config(&limits),
    );
    let listeners = listen.into_iter().map(|address| listen_at(&mut swarm, address)).collect::<Result<_, _>>()?;
    let (outlet, events) = mpsc::channel(limits.channel);
    let (sender, commands) = mpsc::channel(limits.channel);
    let (holding, held) = holding::Holding::new(&limits, holder);
    let mapping = mapping::Mapping::new(&limits);
    let standing = mapping.standing();
    let trials = trials::Trials::new();
    let lan = lan::Lan::new();
    let surroundings = Surroundings { tried: trials.standing(), deaf: lan.trouble() };
    let task = Task {
        swarm,
        outlet: Outlet::new(outlet, limits.parked),
        me,
        calls: calls::Calls::default(),
        hellos: hellos::Hellos::default(),
        sessions: Sessions::new(&limits, open),
        letters: letters::Letters::default(),
        circuits: circuits::Circuits::default(),
        relays: relays::Relays::default(),
        relaying: relaying::Relaying::new(&limits, admitted, budget.clone()),
        hosts: hosts::Hosts::default(),
        errands: errands::Errands::default(),
        mailboxes: mailboxes::Mailboxes::default(),
        holding,
        carrying: carrying::Carrying::new(&limits),
        lan,
        mapping,
        listeners,
        listening: std::collections::BTreeSet::new(),
        confirmed: reachability::Confirmed::default(),
        trials,
        limits,
    };
    let network = Network { me, commands: sender, budget, mapping: standing, surroundings };
    Ok(Assembled { network, task, commands, held, events })
}

/// Wipes the seed.
fn keypair(seed: &mut SecretSeed) -> Result<Keypair, NetworkError> {
    let secret = ed25519::SecretKey::try_from_bytes(&mut seed.0).map_err(|e| NetworkError::Key(e.to_string()))?;
    Ok(ed25519::Keypair::from(secret).into())
}

fn listen_at(
    swarm: &mut Swarm<Behaviour>,
    address: Multiaddr,
) -> Result<libp2p::core::transport::ListenerId, NetworkError> {
    let refused =
        |error: &dyn std::error::Error| NetworkError::Listen { address: address.clone(), reason: innermost(error) };
    if addresses::is_tcp(&address)
        && let Some(socket) = addresses::socket(&address)
    {
        // libp2p shares a TCP port with whoever else agrees to share it (SO_REUSEPORT), so a second node on the same port
        // would take half of the first one's connections. The standard library's socket does not share.
        std::net::TcpListener::bind(socket).map_err(|error| refused(&error))?;
    }
    swarm.listen_on(address.clone()).map_err(|error| refused(&error))
}

/// What the system said: the transports wrap it in errors that say nothing themselves.
fn innermost(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => innermost(source),
        None => error.to_string(),
    }
}

/// Addresses of one peer that are dialled at the same time: all that it tells when a hole is to be punched (`careful`).
const DIALS: NonZeroU8 = NonZeroU8::new(20).unwrap();

fn swarm_config(limits: &Limits) -> libp2p::swarm::Config {
    libp2p::swarm::Config::with_tokio_executor()
        .with_idle_connection_timeout(limits.idle)
        .with_max_negotiating_inbound_streams(limits.streams)
        .with_dial_concurrency_factor(DIALS)
        // The protocol's name goes out together with the request instead of a round trip ahead of it: each of our
        // streams speaks one protocol, so there is nothing to negotiate.
        .with_substream_upgrade_protocol_override(libp2p::core::upgrade::Version::V1Lazy)
}

impl Network {
    /// This node's peer id.
    pub fn peer_id(&self) -> PeerId {
        self.me
    }

    /// What it may pass on for others.
    pub const fn budget(&self) -> &Budget {
        &self.budget
    }

    /// What a router does for it; what is received changes as that does.
    pub const fn port_mapping(&self) -> &watch::Receiver<PortMapping> {
        &self.mapping
    }

    /// What it learns of where it is.
    pub const fn surroundings(&self) -> &Surroundings {
        &self.surroundings
    }

    /// Has a router on the local network pass our port on from now on, if there is one that does.
    ///
    /// # Errors
    /// If the network is shut down.
    pub async fn open_ports(&self) -> Result<(), NetworkError> {
        self.commands.send(Command::OpenPorts).await.map_err(|_| NetworkError::Stopped)
    }

    /// Hands an effect over, waiting while the channel is full.
    ///
    /// # Errors
    /// If the network is shut down.
    pub async fn run(&self, effect: Effect) -> Result<(), NetworkError> {
        self.commands.send(Command::Run(Box::new(effect))).await.map_err(|_| NetworkError::Stopped)
    }

    /// Dials these addresses and says hello under what is shared with whoever is there: who lost everything knows nobody's
    /// secret, and nobody's id. Ends as an [`Effect::Call`] by this name does; of `peer` alone, if that is known.
    ///
    /// # Errors
    /// If the network is shut down.
    pub async fn call_whoever(
        &self,
        name: Locator,
        secret: SecretWith,
        peer: Option<PeerId>,
        addresses: Vec<Hint>,
    ) -> Result<(), NetworkError> {
        let call = Command::CallWhoever { name, secret, peer, addresses };
        self.commands.send(call).await.map_err(|_| NetworkError::Stopped)
    }

    /// Hands an effect over from a plain thread, waiting while the channel is full. This cannot lock up: the
    /// network's task takes effects whether or not anybody reads its events.
    ///
    /// # Errors
    /// If the network is shut down.
    ///
    /// # Panics
    /// Within an asynchronous task; use [`Network::run`] there.
    pub fn run_blocking(&self, effect: Effect) -> Result<(), NetworkError> {
        self.commands.blocking_send(Command::Run(Box::new(effect))).map_err(|_| NetworkError::Stopped)
    }

    /// Closes listeners and connections, and returns when the ports are free again. Other handles are of no use
    /// afterwards.
    pub async fn shutdown(self) {
        let (done, is_done) = oneshot::channel();
        if self.commands.send(Command::Shutdown(done)).await.is_ok() {
            // The task drops its end when it was already on its way out; then there is nothing to wait for.
            let _ = is_done.await;
        }
    }

    #[cfg(test)]
    async fn strangers(&self) -> usize {
        let (count, strangers) = oneshot::channel();
        self.commands.send(Command::Strangers(count)).await.expect("the network runs");
        strangers.await.expect("the network answers")
    }
}
