//! Hundreds of real swarms in one process: what the node has of the DHT, over memory instead of sockets.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::time::Duration;

use futures::StreamExt;
use kith_protocol::day_record::{DayKey, DayRecord};
use kith_protocol::limits::PRESENCE_RECORD;
use libp2p::core::transport::{ListenerId, MemoryTransport, TransportEvent};
use libp2p::core::{Transport, upgrade};
use libp2p::identity::Keypair;
use libp2p::kad;
use libp2p::swarm::behaviour::toggle::Toggle;
use libp2p::swarm::{DialError, NetworkBehaviour, SwarmEvent};
use libp2p::{Multiaddr, PeerId, Swarm, identify, noise, yamux};
use tokio::sync::{mpsc, oneshot};

use super::super::{Dht, Found, PROTOCOL, Ticket};
use super::liar::Liar;

#[derive(NetworkBehaviour)]
struct Behaviour {
    identify: identify::Behaviour,
    dht: Toggle<Dht>,
    liar: Toggle<kad::Behaviour<Liar>>,
}

/// What a walk took.
#[derive(Clone, Debug)]
pub struct Walked {
    pub found: Found,
    pub requests: u32,
}

enum Command {
    Meet(PeerId, Multiaddr),
    Join(oneshot::Sender<()>),
    Post(Box<DayRecord>, oneshot::Sender<Walked>),
    Seek(DayKey, oneshot::Sender<Walked>),
    Table(oneshot::Sender<Vec<PeerId>>),
    Places(PeerId, oneshot::Sender<usize>),
    Saw(oneshot::Sender<Saw>),
}

/// What it saw of others, and did about them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Saw {
    /// Records that it was given to keep.
    pub given: usize,
    /// Of these, such as said who put them there, or had another length than all have.
    pub telling: usize,
    /// The most addresses that anybody named of themselves.
    pub named: usize,
    /// The most addresses of one peer that were in its table at once.
    pub known: usize,
    /// The most addresses that it tried at once and in vain.
    pub tried: usize,
}

/// One of them.
#[derive(Clone)]
pub struct Node {
    pub peer: PeerId,
    pub address: Multiaddr,
    commands: mpsc::UnboundedSender<Command>,
}

impl Node {
    /// Who does as all do.
    pub fn start(keypair: &Keypair) -> Self {
        let mut dht = Dht::new(keypair.public().to_peer_id(), |_| true, crate::machine::now);
        dht.serve(true);
        Self::run(keypair, Some(dht), None, 1)
    }

    /// Who knows of other liars only, shows something else than was put there, and keeps nothing.
    pub fn start_liar(keypair: &Keypair) -> Self {
        Self::start_boaster(keypair, 1)
    }

    /// A liar who is at so many addresses, and names all of them.
    pub fn start_boaster(keypair: &Keypair, places: usize) -> Self {
        let mut config = kad::Config::new(PROTOCOL);
        config.set_kbucket_inserts(kad::BucketInserts::Manual).set_periodic_bootstrap_interval(None);
        config.set_record_filtering(kad::StoreInserts::FilterBoth);
        let mut liar = kad::Behaviour::with_config(keypair.public().to_peer_id(), Liar, config);
        liar.set_mode(Some(kad::Mode::Server));
        Self::run(keypair, None, Some(liar), places)
    }

    fn run(keypair: &Keypair, dht: Option<Dht>, liar: Option<kad::Behaviour<Liar>>, places: usize) -> Self {
        let peer = keypair.public().to_peer_id();
        let transport = MemoryTransport::default()
            .upgrade(upgrade::Version::V1Lazy)
            .authenticate(noise::Config::new(keypair).unwrap())
            .multiplex(yamux::Config::default())
            .boxed();
        let identify = identify::Config::new("/kith/1".into(), keypair.public())
            .with_hide_listen_addrs(places == 1)
            .with_cache_size(0);
        let behaviour = Behaviour { identify: identify::Behaviour::new(identify), dht: dht.into(), liar: liar.into() };
        let config = libp2p::swarm::Config::with_tokio_executor()
            .with_idle_connection_timeout(Duration::from_secs(10))
            .with_max_negotiating_inbound_streams(256)
            .with_notify_handler_buffer_size(NonZeroUsize::new(32).unwrap());
        let mut swarm = Swarm::new(transport, behaviour, peer, config);
        let mut addresses = Vec::new();
        for _ in 0..places {
            swarm.listen_on("/memory/0".parse().unwrap()).unwrap();
        }
        while addresses.len() < places {
            // A memory address is there at once.
            if let Some(SwarmEvent::NewListenAddr { address, .. }) =
                futures::FutureExt::now_or_never(swarm.next()).flatten()
            {
                addresses.push(address);
            }
        }
        let address = addresses.swap_remove(0);
        swarm.add_external_address(address.clone());
        let (commands, inbox) = mpsc::unbounded_channel();
        let (walks, joining) = (BTreeMap::new(), Vec::new());
        tokio::spawn(Life { swarm, walks, joining, has_joined: false, saw: Saw::default() }.live(inbox));
        Self { peer, address, commands }
    }

    /// Somebody who takes what is sent there, and says nothing, as long as the listener is kept.
    pub async fn deaf() -> (Self, MemoryTransport) {
        let mut listener = MemoryTransport::default();
        listener.listen_on(ListenerId::next(), "/memory/0".parse().unwrap()).unwrap();
        let event = std::future::poll_fn(|cx| Pin::new(&mut listener).poll(cx)).await;
        let TransportEvent::NewAddress { listen_addr: address, .. } = event else { panic!("an address") };
        let (commands, _) = mpsc::unbounded_channel();
        (Self { peer: PeerId::random(), address, commands }, listener)
    }

    pub fn meets(&self, other: &Self) {
        self.say(Command::Meet(other.peer, other.address.clone()));
    }

    /// Waits until it has asked around, which whoever knows few does by itself.
    pub async fn has_joined(&self) {
        self.ask(Command::Join).await;
    }

    pub async fn posts(&self, record: DayRecord) -> Walked {
        self.ask(|answer| Command::Post(Box::new(record), answer)).await
    }

    pub async fn seeks(&self, key: DayKey) -> Walked {
        self.ask(|answer| Command::Seek(key, answer)).await
    }

    /// Whom it has in its tables.
    pub async fn table(&self) -> Vec<PeerId> {
        self.ask(Command::Table).await
    }

    /// At how many addresses it would look for somebody.
    pub async fn places_of(&self, other: PeerId) -> usize {
        self.ask(|answer| Command::Places(other, answer)).await
    }

    pub async fn saw(&self) -> Saw {
        self.ask(Command::Saw).await
    }

    fn say(&self, command: Command) {
        assert!(self.commands.send(command).is_ok(), "the swarm runs");
    }

    async fn ask<R>(&self, command: impl FnOnce(oneshot::Sender<R>) -> Command) -> R {
        let (answer, answered) = oneshot::channel();
        self.say(command(answer));
        answered.await.expect("every walk ends")
    }
}

struct Life {
    swarm: Swarm<Behaviour>,
    walks: BTreeMap<Ticket, oneshot::Sender<Walked>>,
    joining: Vec<oneshot::Sender<()>>,
    has_joined: bool,
    saw: Saw,
}

impl Life {
    async fn live(mut self, mut inbox: mpsc::UnboundedReceiver<Command>) {
        loop {
            tokio::select! {
                event = self.swarm.select_next_some() => self.happened(event),
                command = inbox.recv() => match command {
                    Some(command) => self.does(command),
                    None => return,
                },
            }
        }
    }

    fn does(&mut self, command: Command) {
        let Behaviour { dht, liar, .. } = self.swarm.behaviour_mut();
        match (command, dht.as_mut(), liar.as_mut()) {
            (Command::Meet(peer, address), Some(dht), _) => dht.meet(peer, [address]),
            (Command::Meet(peer, address), _, Some(liar)) => drop(liar.add_address(&peer, address)),
            (Command::Join(done), ..) => {
                self.joining.push(done);
                self.joins();
            }
            (Command::Post(record, answer), Some(dht), _) => drop(self.walks.insert(dht.post(*record), answer)),
            (Command::Seek(key, answer), Some(dht), _) => drop(self.walks.insert(dht.seek(key), answer)),
            (Command::Table(answer), Some(dht), _) => {
                let peers = dht
                    .kad
                    .kbuckets()
                    .flat_map(|bucket| bucket.iter().map(|entry| *entry.node.key.preimage()).collect::<Vec<_>>());
                let _ = answer.send(peers.collect());
            }
            (Command::Places(other, answer), Some(dht), _) => {
                let places = dht.kad.kbucket(other).and_then(|bucket| {
                    let entry = bucket.iter().find(|entry| *entry.node.key.preimage() == other)?;
                    Some(entry.node.value.len())
                });
                let _ = answer.send(places.unwrap_or_default());
            }
            (Command::Saw(answer), ..) => drop(answer.send(self.saw)),
            _ => panic!("a liar does nothing by itself"),
        }
    }

    fn joins(&mut self) {
        if self.has_joined {
            for done in self.joining.drain(..) {
                let _ = done.send(());
            }
        }
    }

    fn happened(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::Behaviour(BehaviourEvent::Identify(identify::Event::Received { peer_id, info, .. })) => {
                self.saw.named = self.saw.named.max(info.listen_addrs.len());
                if let Some(dht) = self.swarm.behaviour_mut().dht.as_mut().filter(|_| super::super::keeps_a_part(&info))
                {
                    dht.meet(peer_id, info.listen_addrs);
                }
            }
            SwarmEvent::Behaviour(BehaviourEvent::Dht(event)) => self.heard(event),
            SwarmEvent::OutgoingConnectionError { error: DialError::Transport(tried), .. } => {
                self.saw.tried = self.saw.tried.max(tried.len());
            }
            _ => {}
        }
    }

    fn heard(&mut self, event: kad::Event) {
        let Some(dht) = self.swarm.behaviour_mut().dht.as_mut() else { return };
        if let kad::Event::InboundRequest {
            request: kad::InboundRequest::PutRecord { source, record: Some(record), .. },
        } = &event
        {
            self.saw.given += 1;
            let is_like_all = record.publisher.is_none() && record.value.len() == PRESENCE_RECORD;
            self.saw.telling += usize::from(!is_like_all);
            dht.keep(source, record);
        }
        if let kad::Event::RoutingUpdated { addresses, .. } = &event {
            self.saw.known = self.saw.known.max(addresses.len());
        }
        let (mut requests, mut joined) = (0, false);
        if let kad::Event::OutboundQueryProgressed { stats, step, result, .. } = &event {
            requests = stats.num_requests();
            if matches!(result, kad::QueryResult::Bootstrap(_)) && step.last {
                joined = true;
            }
        }
        if let Some((ticket, found)) = dht.digest(event)
            && let Some(answer) = self.walks.remove(&ticket)
        {
            let _ = answer.send(Walked { found, requests });
        }
        self.has_joined |= joined;
        self.joins();
    }
}
