//! One socket on which others come in, and the addresses that it has.

use std::collections::{HashSet, VecDeque};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures::future::FutureExt;
use futures::stream::{BoxStream, Stream, StreamExt};
use if_watch::IfEvent;
use if_watch::tokio::IfWatcher;
use libp2p::core::transport::{ListenerId, TransportEvent};
use quinn::Incoming;
use tokio::time::Instant;

use super::super::crowd::Source;
use super::door::{Door, Verdict};
use super::socket::Socket;
use super::{Error, Handshake, address, muxer};

type Event = TransportEvent<Handshake, Error>;

/// How many who come in are looked at before others have their turn.
const AT_ONCE: usize = 64;

pub(super) struct Listener {
    id: ListenerId,
    socket: Socket,
    bound: SocketAddr,
    door: Door,
    incoming: BoxStream<'static, Incoming>,
    /// The networks of the machine, if it listens on all of them.
    networks: Option<IfWatcher>,
    /// Where it can be reached.
    at: HashSet<IpAddr>,
    said: VecDeque<Event>,
    is_closed: bool,
    waker: Option<Waker>,
}

impl Listener {
    /// Listens on a socket that takes connections.
    ///
    /// # Errors
    ///
    /// The system does not say where the socket is bound, or what networks there are.
    pub(super) fn new(id: ListenerId, socket: Socket, door: Door) -> io::Result<Self> {
        let bound = socket.endpoint().local_addr()?;
        let networks = bound.ip().is_unspecified().then(IfWatcher::new).transpose()?;
        let incoming = futures::stream::unfold(socket.endpoint().clone(), |endpoint| async {
            endpoint.accept().await.map(|incoming| (incoming, endpoint))
        });
        door.counts(socket.strays());
        let mut listener = Self {
            id,
            socket,
            bound,
            door,
            incoming: incoming.boxed(),
            networks,
            at: HashSet::new(),
            said: VecDeque::new(),
            is_closed: false,
            waker: None,
        };
        if !listener.is_everywhere() {
            let up = listener.reached_at(bound.ip());
            listener.said.push_back(up);
        }
        Ok(listener)
    }

    pub(super) fn id(&self) -> ListenerId {
        self.id
    }

    pub(super) const fn socket(&self) -> &Socket {
        &self.socket
    }

    /// Whether it listens on all networks of the machine.
    pub(super) fn is_everywhere(&self) -> bool {
        self.bound.ip().is_unspecified()
    }

    /// Whether a call to this address can go out from here.
    pub(super) fn can_call(&self, to: IpAddr) -> bool {
        let is_alike = to.is_ipv4() == self.bound.is_ipv4();
        let leads_there =
            if to.is_loopback() { self.at.iter().any(IpAddr::is_loopback) } else { !self.bound.ip().is_loopback() };
        !self.is_closed && is_alike && leads_there
    }

    /// Closes the socket and all connections on it.
    pub(super) fn close(&mut self) {
        if std::mem::replace(&mut self.is_closed, true) {
            return;
        }
        self.socket.endpoint().close(muxer::OVER, &[]);
        self.said.push_back(TransportEvent::ListenerClosed { listener_id: self.id, reason: Ok(()) });
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn reached_at(&mut self, ip: IpAddr) -> Event {
        self.at.insert(ip);
        let listen_addr = address::of(SocketAddr::new(ip, self.bound.port()));
        TransportEvent::NewAddress { listener_id: self.id, listen_addr }
    }

    /// What changed in the networks of the machine and concerns this socket.
    fn poll_networks(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        let Some(networks) = &mut self.networks else { return Poll::Pending };
        loop {
            let (ip, is_up) = match futures::ready!(networks.poll_if_event(cx)) {
                Ok(IfEvent::Up(network)) => (network.addr(), true),
                Ok(IfEvent::Down(network)) => (network.addr(), false),
                Err(error) => {
                    // It would say so for ever, and nobody would be let in any more.
                    self.networks = None;
                    return Poll::Ready(TransportEvent::ListenerError { listener_id: self.id, error: error.into() });
                }
            };
            if ip.is_ipv4() != self.bound.is_ipv4() {
                continue;
            }
            if is_up {
                return Poll::Ready(self.reached_at(ip));
            }
            self.at.remove(&ip);
            let listen_addr = address::of(SocketAddr::new(ip, self.bound.port()));
            return Poll::Ready(TransportEvent::AddressExpired { listener_id: self.id, listen_addr });
        }
    }

    /// Takes up who comes in, or does not.
    fn meet(&self, incoming: Incoming) -> Option<Event> {
        let from = incoming.remote_address();
        let is_shown = incoming.remote_address_validated();
        match self.door.admit(Source::of_ip(from.ip()), is_shown, Instant::now()) {
            Verdict::Enter(mut place) => match incoming.accept() {
                Ok(connecting) => Some(TransportEvent::Incoming {
                    listener_id: self.id,
                    upgrade: muxer::taken_up(connecting, place, self.socket.hold()).boxed(),
                    local_addr: address::of(self.bound),
                    send_back_addr: address::of(from),
                }),
                Err(error) => {
                    // quinn keeps nothing of it.
                    place.lingers(Duration::ZERO);
                    tracing::debug!(%from, %error, "what came by QUIC is no handshake");
                    None
                }
            },
            Verdict::Prove => {
                if let Err(error) = incoming.retry() {
                    tracing::debug!(%from, %error, "they cannot be asked to show where they are");
                }
                None
            }
            Verdict::Wait => {
                tracing::debug!(%from, "too many handshakes by QUIC; one must wait");
                incoming.ignore();
                None
            }
        }
    }
}

impl Stream for Listener {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        if let Some(event) = self.said.pop_front() {
            return Poll::Ready(Some(event));
        }
        if self.is_closed {
            return Poll::Ready(None);
        }
        if let Poll::Ready(event) = self.poll_networks(cx) {
            return Poll::Ready(Some(event));
        }
        self.waker = Some(cx.waker().clone());
        for _ in 0..AT_ONCE {
            match self.incoming.poll_next_unpin(cx) {
                Poll::Ready(Some(incoming)) => {
                    if let Some(event) = self.meet(incoming) {
                        return Poll::Ready(Some(event));
                    }
                }
                Poll::Ready(None) => {
                    // The system took the socket away.
                    self.close();
                    return Poll::Ready(self.said.pop_front());
                }
                Poll::Pending => return Poll::Pending,
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
