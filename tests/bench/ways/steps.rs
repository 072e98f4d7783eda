//! The steps of bare libp2p that each way needs, over loopback.

use std::path::Path;
use std::time::{Duration, Instant};

use futures::StreamExt;
use kith_node::network::Multiaddr;
use libp2p::swarm::{NetworkBehaviour, SwarmEvent};
use libp2p::{PeerId, identity, noise, relay, tcp, yamux};

use super::{LETTER, Way};
use crate::bare::{Appends, Relayed, Wire};

/// Where the steps lead: somebody who echoes, another one behind a relay, and a file.
pub struct Steps {
    /// A relay of the library's own, which serves everybody.
    pub relay: PeerId,
    /// Where it is.
    pub relay_at: Multiaddr,
    wire: Wire,
    to_owner: PeerId,
    behind: Relayed,
    appends: Appends,
}

impl Steps {
    /// Everything but who begins with nothing is there afterwards. The file lies in `folder`.
    pub async fn start(folder: &Path) -> Self {
        let (relay, relay_at) = relay_for_all().await;
        let (mut wire, appends) = (Wire::start().await, Appends::new(folder));
        let behind = Relayed::start(relay, &relay_at).await;
        let to_owner = wire.dial().await;
        Self { relay, relay_at, wire, to_owner, behind, appends }
    }

    /// Somebody begins with nothing; how long it takes until the bytes are where they are to be: back again or, by mailbox,
    /// synced and handed on.
    pub async fn take(&mut self, way: Way) -> Duration {
        match way {
            Way::Directly => self.directly().await,
            Way::ThroughRelay => self.behind.cold_echo(LETTER).await,
            Way::ByMailbox => self.by_mailbox().await,
        }
    }

    /// Ends the listener.
    pub fn stop(self) {
        self.wire.stop();
    }

    async fn directly(&self) -> Duration {
        let begun = Instant::now();
        let mut caller = self.wire.another_caller();
        let peer = caller.dial().await;
        caller.echo(&peer, LETTER).await;
        begun.elapsed()
    }

    async fn by_mailbox(&mut self) -> Duration {
        let begun = Instant::now();
        self.directly().await;
        self.appends.append();
        self.wire.echo(&self.to_owner, LETTER).await;
        begun.elapsed()
    }
}

async fn relay_for_all() -> (PeerId, Multiaddr) {
    #[derive(NetworkBehaviour)]
    struct Relay {
        relay: relay::Behaviour,
    }
    let generous = relay::Config {
        max_reservations: 1024,
        max_circuits: 1024,
        max_circuits_per_peer: 1024,
        reservation_rate_limiters: Vec::new(),
        circuit_src_rate_limiters: Vec::new(),
        ..relay::Config::default()
    };
    let key = identity::Keypair::generate_ed25519();
    let me = key.public().to_peer_id();
    let mut swarm = libp2p::SwarmBuilder::with_existing_identity(key)
        .with_tokio()
        .with_tcp(tcp::Config::default().nodelay(true), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_behaviour(|_| Relay { relay: relay::Behaviour::new(me, generous) })
        .unwrap()
        .with_swarm_config(|config| config.with_idle_connection_timeout(Duration::from_secs(3600)))
        .build();
    swarm.behaviour_mut().relay.set_status(Some(relay::Status::Enable));
    swarm.listen_on("/ip4/127.0.0.1/tcp/0".parse().unwrap()).unwrap();
    let address = loop {
        if let SwarmEvent::NewListenAddr { address, .. } = swarm.select_next_some().await {
            break address;
        }
    };
    swarm.add_external_address(address.clone());
    tokio::spawn(async move { while swarm.next().await.is_some() {} });
    (me, address)
}
