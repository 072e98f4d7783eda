//! Hundreds of real swarms in one process: what the node has of the DHT, over memory instead of sockets.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::time::Duration;

use futures::StreamExt;
use kith_protocol::day_record::{DayKey, DayRecord};
use libp2p::core::transport::MemoryTransport;
use libp2p::core::{Transport, upgrade};
use libp2p::identity::Keypair;
use libp2p::kad;
use libp2p::swarm::behaviour::toggle::Toggle;
use libp2p::swarm::{NetworkBehaviour, SwarmEvent};
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
        let mut dht = Dht::new(keypair.public().to_peer_id(), |_| true, crate::driver::now);
        dht.serve(true);
        Self::run(keypair, Some(dht), None)
    }

    /// Who knows of other liars only, shows something else than was put there, and keeps nothing.
    pub fn start_liar(keypair: &Keypair) -> Self {
        let mut config = kad::Config::new(PROTOCOL);
        config.set_kbucket_inserts(kad::BucketInserts::Manual).set_periodic_bootstrap_interval(None);
        config.set_record_filtering(kad::StoreInserts::FilterBoth);
        let mut liar = kad::Behaviour::with_config(keypair.public().to_peer_id(), Liar, config);
        liar.set_mode(Some(kad::Mode::Server));
        Self::run(keypair, None, Some(liar))
    }

    fn run(keypair: &Keypair, dht: Option<Dht>, liar: Option<kad::Behaviour<Liar>>) -> Self {
        let peer = keypair.public().to_peer_id();
        let transport = MemoryTransport::default()
            .upgrade(upgrade::Version::V1Lazy)
            .authenticate(noise::Config::new(keypair).unwrap())
            .multiplex(yamux::Config::default())
            .boxed();
        let identify = identify::Config::new("/kith/1".into(), keypair.public()).with_hide_listen_addrs(true);
        let behaviour = Behaviour { identify: identify::Behaviour::new(identify), dht: dht.into(), liar: liar.into() };
        let config = libp2p::swarm::Config::with_tokio_executor()
            .with_idle_connection_timeout(Duration::from_secs(10))
            .with_max_negotiating_inbound_streams(256)
            .with_notify_handler_buffer_size(NonZeroUsize::new(32).unwrap());
        let mut swarm = Swarm::new(transport, behaviour, peer, config);
        swarm.listen_on("/memory/0".parse().unwrap()).unwrap();
        let address = loop {
            // A memory address is there at once.
            if let Some(SwarmEvent::NewListenAddr { address, .. }) =
                futures::FutureExt::now_or_never(swarm.next()).flatten()
            {
                break address;
            }
        };
        swarm.add_external_address(address.clone());
        let (commands, inbox) = mpsc::unbounded_channel();
        tokio::spawn(Life { swarm, walks: BTreeMap::new(), joining: Vec::new(), has_joined: false }.live(inbox));
        Self { peer, address, commands }
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
                if let Some(dht) = self.swarm.behaviour_mut().dht.as_mut().filter(|_| super::super::keeps_a_part(&info))
                {
                    dht.meet(peer_id, info.listen_addrs);
                }
            }
            SwarmEvent::Behaviour(BehaviourEvent::Dht(event)) => self.heard(event),
            _ => {}
        }
    }

    fn heard(&mut self, event: kad::Event) {
        let Some(dht) = self.swarm.behaviour_mut().dht.as_mut() else { return };
        if let kad::Event::InboundRequest {
            request: kad::InboundRequest::PutRecord { source, record: Some(record), .. },
        } = &event
        {
            dht.keep(source, record);
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
