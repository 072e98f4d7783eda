//! QUIC as libp2p speaks it, on quinn, with a door of our own.
//!
//! libp2p's transport takes up every handshake before anybody is asked. What quinn keeps for one stays until well after
//! it was given up, so the memory of a node grew with the rate at which strangers, or nobody at invented addresses,
//! began handshakes: 290 MB at a thousand a second. Whom to take up can only be decided between quinn and the
//! transport ([`door`]), and there is no way to reach in between. The rest is what a transport has to do and no more.
//!
//! Different from libp2p's beside the door: nothing is resumed, so no ticket of an earlier connection is shown in the
//! clear and tells that it is the same caller; a peer that was started anew is noticed by the next packet; keys are never
//! written to a file, whatever the environment says; and what listens on loopback alone does not call beyond it.

mod address;
mod door;
mod listener;
mod muxer;
mod patience;
mod reset;
mod settings;
mod socket;
#[cfg(test)]
mod tests;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures::future::{BoxFuture, FutureExt};
use futures::stream::{SelectAll, StreamExt};
use libp2p::core::Transport;
use libp2p::core::muxing::StreamMuxerBox;
use libp2p::core::transport::{DialOpts, ListenerId, PortUse, TransportError, TransportEvent};
use libp2p::identity::Keypair;
use libp2p::{Multiaddr, PeerId};
use quinn::{Endpoint, TokioRuntime};
use socket2::{Domain, Protocol, Type};

use super::{Limits, NetworkError};
use door::Door;
use listener::Listener;
use settings::Settings;
use socket::Socket;

/// A handshake, in or out, until it is known who is there.
type Handshake = BoxFuture<'static, Result<(PeerId, StreamMuxerBox), Error>>;

/// Why there is no connection by QUIC, or no longer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The system gives no socket, or does not tell what addresses it has.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It could not even begin.
    #[error("the connection could not begin: {0}")]
    Connect(#[from] quinn::ConnectError),
    /// The handshake failed, or the connection ended.
    #[error(transparent)]
    Connection(#[from] quinn::ConnectionError),
    /// TLS ended well and yet nobody is named.
    #[error("the other side shows no certificate of libp2p")]
    Nameless,
}

impl From<Error> for TransportError<Error> {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

/// The transport.
pub(super) struct Quic {
    settings: Settings,
    door: Door,
    listeners: SelectAll<Listener>,
    /// What calls from a port of its own while nothing listens.
    callers: Callers,
    waker: Option<Waker>,
}

impl Quic {
    /// A transport that listens nowhere yet.
    ///
    /// # Errors
    ///
    /// The key gives no certificate.
    pub(super) fn new(keypair: &Keypair, limits: &Limits) -> Result<Self, NetworkError> {
        Ok(Self {
            settings: Settings::new(keypair, limits)?,
            door: Door::new(limits.handshakes),
            listeners: SelectAll::new(),
            callers: Callers::default(),
            waker: None,
        })
    }

    fn listen(&mut self, id: ListenerId, at: SocketAddr) -> Result<(), Error> {
        let socket = self.open(at, Some(self.settings.server.clone()))?;
        self.listeners.push(Listener::new(id, socket, self.door.clone())?);
        if !at.ip().is_loopback() {
            // From now on calls come from the port that listens, where an answer finds its way through our router.
            *self.callers.to(at.ip()) = None;
        }
        self.wake();
        Ok(())
    }

    fn open(&self, at: SocketAddr, server: Option<quinn::ServerConfig>) -> io::Result<Socket> {
        let socket = bound(at)?;
        let config = self.settings.endpoint(socket.local_addr()?);
        Ok(Socket::new(Endpoint::new(config, server, socket, Arc::new(TokioRuntime))?))
    }

    /// What a call to this address goes out from.
    fn calling(&mut self, to: IpAddr, port: PortUse) -> io::Result<Socket> {
        let anywhere = SocketAddr::new(unspecified(to), 0);
        if port == PortUse::New {
            return self.open(anywhere, None);
        }
        // One that listens at one address alone may not lead to all networks.
        let listeners = self.listeners.iter().filter(|listener| listener.can_call(to));
        if let Some(listener) = listeners.max_by_key(|listener| listener.is_everywhere()) {
            return Ok(listener.socket().clone());
        }
        if let Some(caller) = self.callers.to(to).as_ref().filter(|caller| !caller.is_over()) {
            return Ok(caller.clone());
        }
        let caller = self.open(anywhere, None)?;
        *self.callers.to(to) = Some(caller.clone());
        Ok(caller)
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl Transport for Quic {
    type Output = (PeerId, StreamMuxerBox);
    type Error = Error;
    type ListenerUpgrade = Handshake;
    type Dial = Handshake;

    fn listen_on(&mut self, id: ListenerId, address: Multiaddr) -> Result<(), TransportError<Error>> {
        let at = address::socket(&address).ok_or(TransportError::MultiaddrNotSupported(address))?;
        Ok(self.listen(id, at)?)
    }

    fn remove_listener(&mut self, id: ListenerId) -> bool {
        match self.listeners.iter_mut().find(|listener| listener.id() == id) {
            Some(listener) => {
                listener.close();
                true
            }
            None => false,
        }
    }

    /// Whatever the role: for a hole to be punched both sides call at the same time, and the first packets open the way
    /// for those of the other.
    fn dial(&mut self, address: Multiaddr, opts: DialOpts) -> Result<Handshake, TransportError<Error>> {
        let to = address::socket(&address)
            .filter(|to| to.port() != 0 && !to.ip().is_unspecified())
            .ok_or(TransportError::MultiaddrNotSupported(address))?;
        let socket = self.calling(to.ip(), opts.port_use).map_err(Error::from)?;
        let client = self.settings.client.clone();
        let handshake = async move {
            let held = socket.hold();
            muxer::called(socket.call(to, client)?, held).await
        };
        Ok(handshake.boxed())
    }

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<TransportEvent<Handshake, Error>> {
        if let Poll::Ready(Some(event)) = self.listeners.poll_next_unpin(cx) {
            return Poll::Ready(event);
        }
        self.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

/// A socket at this address, for this kind of address alone: the other kind may have the same port.
fn bound(at: SocketAddr) -> io::Result<UdpSocket> {
    let socket = socket2::Socket::new(Domain::for_address(at), Type::DGRAM, Some(Protocol::UDP))?;
    if at.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.bind(&at.into())?;
    Ok(socket.into())
}

fn unspecified(like: IpAddr) -> IpAddr {
    match like {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    }
}

/// One socket for each kind of address.
#[derive(Default)]
struct Callers {
    ip4: Option<Socket>,
    ip6: Option<Socket>,
}

impl Callers {
    fn to(&mut self, ip: IpAddr) -> &mut Option<Socket> {
        match ip {
            IpAddr::V4(_) => &mut self.ip4,
            IpAddr::V6(_) => &mut self.ip6,
        }
    }
}
