//! TCP with Noise and Yamux, QUIC, names by DNS; and the porch, where handshakes wait.

use std::collections::HashMap;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures::future::{AbortHandle, Abortable, BoxFuture, FutureExt};
use libp2p::core::Transport;
use libp2p::core::muxing::StreamMuxerBox;
use libp2p::core::transport::timeout::TransportTimeout;
use libp2p::core::transport::{Boxed, DialOpts, ListenerId, TransportError, TransportEvent};
use libp2p::core::upgrade::Version;
use libp2p::identity::Keypair;
use libp2p::{Multiaddr, PeerId, dns, noise, relay, tcp, yamux};
use tokio::time::Instant;

use super::brisk::{Brisk, FAREWELL};
use super::crowd::{Crowd, Source};
use super::quic::Quic;
use super::tcp::Tcp;
use super::{Limits, NetworkError};

type Connection = (PeerId, StreamMuxerBox);

/// All the transports of a node.
pub(super) fn build(
    keypair: &Keypair,
    limits: &Limits,
    relayed: relay::client::Transport,
) -> Result<Boxed<Connection>, NetworkError> {
    let resolving = match dns::tokio::Transport::system(plain(keypair, limits)?) {
        Ok(transport) => transport.boxed(),
        Err(error) => {
            tracing::warn!(%error, "names cannot be resolved; addresses with numbers still work");
            plain(keypair, limits)?
        }
    };
    let relayed = relayed
        .upgrade(Version::V1Lazy)
        .authenticate(noise::Config::new(keypair).map_err(|e| NetworkError::Key(e.to_string()))?)
        .multiplex(mux(limits))
        .map(|(peer, muxer), _| (peer, StreamMuxerBox::new(Brisk::new(muxer, FAREWELL))));
    // Before names are resolved: the name in such an address is that of the relay.
    let all = relayed.or_transport(resolving).map(|either, _| either.into_inner()).boxed();
    let porch = Porch { inner: all, waiting: Arc::new(Mutex::new(Handshakes::new(limits.handshakes))) };
    Ok(TransportTimeout::new(porch, limits.handshake).boxed())
}

fn plain(keypair: &Keypair, limits: &Limits) -> Result<Boxed<Connection>, NetworkError> {
    let tcp = Tcp::new(tcp::Config::new().nodelay(true))
        .upgrade(Version::V1Lazy)
        .authenticate(noise::Config::new(keypair).map_err(|e| NetworkError::Key(e.to_string()))?)
        .multiplex(mux(limits))
        .map(|(peer, muxer), _| (peer, StreamMuxerBox::new(Brisk::new(muxer, FAREWELL))));
    let quic = Quic::new(keypair, limits)?;
    Ok(tcp.or_transport(quic).map(|either, _| either.into_inner()).boxed())
}

fn mux(limits: &Limits) -> yamux::Config {
    let mut mux = yamux::Config::default();
    // Both protocols, identify and ping, both ways.
    mux.set_max_num_streams(2 * limits.streams + 8);
    mux
}

/// A transport that bounds the handshakes of incoming connections.
///
/// libp2p's own limit refuses the newcomer, so whoever holds that many sockets open keeps everybody else out.
/// Here the oldest of the busiest source is given up instead.
struct Porch {
    inner: Boxed<Connection>,
    waiting: Arc<Mutex<Handshakes>>,
}

struct Handshakes {
    crowd: Crowd<u64>,
    abort: HashMap<u64, AbortHandle>,
    next: u64,
}

impl Handshakes {
    fn new(most: usize) -> Self {
        Self { crowd: Crowd::new(most), abort: HashMap::new(), next: 0 }
    }

    fn begin(&mut self, source: Source, abort: AbortHandle) -> u64 {
        let key = self.next;
        self.next += 1;
        self.abort.insert(key, abort);
        if let Some(leaver) = self.crowd.admit(key, source, Instant::now())
            && let Some(abort) = self.abort.remove(&leaver)
        {
            tracing::debug!(waiting = self.crowd.len(), "too many handshakes; one is given up");
            abort.abort();
        }
        key
    }

    fn end(&mut self, key: u64) {
        self.crowd.leave(&key);
        self.abort.remove(&key);
    }
}

fn lock(waiting: &Mutex<Handshakes>) -> MutexGuard<'_, Handshakes> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes a handshake off the list however it ends.
struct Place {
    key: u64,
    waiting: Arc<Mutex<Handshakes>>,
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.waiting).end(self.key);
    }
}

impl Porch {
    fn bounded(
        waiting: &Arc<Mutex<Handshakes>>,
        source: Source,
        handshake: impl Future<Output = io::Result<Connection>> + Send + 'static,
    ) -> BoxFuture<'static, io::Result<Connection>> {
        let (abort, registration) = AbortHandle::new_pair();
        let key = lock(waiting).begin(source, abort);
        let place = Place { key, waiting: waiting.clone() };
        async move {
            let _place = place;
            Abortable::new(handshake, registration)
                .await
                .unwrap_or_else(|_| Err(io::ErrorKind::ConnectionAborted.into()))
        }
        .boxed()
    }
}

impl Transport for Porch {
    type Output = Connection;
    type Error = io::Error;
    type ListenerUpgrade = BoxFuture<'static, io::Result<Connection>>;
    type Dial = <Boxed<Connection> as Transport>::Dial;

    fn listen_on(&mut self, id: ListenerId, address: Multiaddr) -> Result<(), TransportError<io::Error>> {
        self.inner.listen_on(id, address)
    }

    fn remove_listener(&mut self, id: ListenerId) -> bool {
        self.inner.remove_listener(id)
    }

    fn dial(&mut self, address: Multiaddr, opts: DialOpts) -> Result<Self::Dial, TransportError<io::Error>> {
        self.inner.dial(address, opts)
    }

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<TransportEvent<Self::ListenerUpgrade, io::Error>> {
        let event = futures::ready!(Pin::new(&mut self.inner).poll(cx));
        Poll::Ready(match event {
            TransportEvent::Incoming { listener_id, upgrade, local_addr, send_back_addr } => {
                let source = Source::of_incoming(&local_addr, &send_back_addr);
                let upgrade = Self::bounded(&self.waiting, source, upgrade);
                TransportEvent::Incoming { listener_id, upgrade, local_addr, send_back_addr }
            }
            other => other.map_upgrade(|upgrade| upgrade.boxed()),
        })
    }
}
