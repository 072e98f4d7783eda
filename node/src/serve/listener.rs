//! Taking connections: a bounded number, and none that is long in saying what it is.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{AbortHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use super::credentials::Credentials;
use super::places::{Place, Places};
use super::stream::{Stream, Way};
use crate::access::{Entrance, Peer};

/// Handshakes at a time: each takes a millisecond of work, and somebody who is slow holds a place.
const HANDSHAKES: usize = 32;
/// How long a handshake may take, over a bad mobile network too.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long accepting pauses when the system has no more file handles.
const PAUSE: Duration = Duration::from_millis(200);
/// The first byte of a TLS connection (RFC 8446 §5.1, handshake).
const TLS: u8 = 22;

/// Takes connections on one port.
pub struct Listener {
    address: SocketAddr,
    ready: mpsc::Receiver<(Stream, Peer)>,
    taking: AbortHandle,
}

impl Listener {
    /// Takes connections; with credentials by TLS. Whoever speaks plain HTTP to the node's own authority is marked as such.
    ///
    /// # Errors
    /// If the socket has no address.
    pub fn new(socket: TcpListener, credentials: Option<Credentials>) -> io::Result<Self> {
        let address = socket.local_addr()?;
        let (sender, ready) = mpsc::channel(1);
        let taking = tokio::spawn(take(socket, credentials, sender)).abort_handle();
        Ok(Self { address, ready, taking })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.taking.abort();
    }
}

impl axum::serve::Listener for Listener {
    type Io = Stream;
    type Addr = Peer;

    async fn accept(&mut self) -> (Stream, Peer) {
        match self.ready.recv().await {
            Some(connection) => connection,
            // The task ends with the listener only.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Peer> {
        Ok(Peer { address: self.address, entrance: Entrance::Plain })
    }
}

impl Connected<IncomingStream<'_, Listener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Listener>) -> Self {
        *stream.remote_addr()
    }
}

async fn take(socket: TcpListener, credentials: Option<Credentials>, ready: mpsc::Sender<(Stream, Peer)>) {
    let (places, handshakes) = (Places::new(), Arc::new(Semaphore::new(HANDSHAKES)));
    // They end with this task.
    let mut greeting = JoinSet::new();
    loop {
        let (Ok(room), Ok(turn)) = (places.room().await, Arc::clone(&handshakes).acquire_owned().await) else {
            return;
        };
        let (stream, address) = match socket.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::debug!(%error, "a connection was not taken");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let Some(place) = places.place(room, address.ip()) else { continue };
        while greeting.try_join_next().is_some() {}
        let (credentials, ready) = (credentials.clone(), ready.clone());
        greeting.spawn(async move {
            let greeted = tokio::time::timeout(HANDSHAKE, greet(stream, address, credentials, place)).await;
            drop(turn);
            if let Ok(Ok(connection)) = greeted {
                // Nobody takes connections any more: the node stops.
                let _ = ready.send(connection).await;
            }
        });
    }
}

async fn greet(
    stream: TcpStream,
    address: SocketAddr,
    credentials: Option<Credentials>,
    place: Place,
) -> io::Result<(Stream, Peer)> {
    // An answer is small, and is waited for.
    stream.set_nodelay(true)?;
    let (way, entrance) = match credentials {
        None => (Way::Plain(stream), Entrance::Plain),
        Some(Credentials::Own(_)) if !speaks_tls(&stream).await? => (Way::Plain(stream), Entrance::Lobby),
        Some(Credentials::Own(authority)) => {
            let config = authority.config_for(stream.local_addr()?.ip()).map_err(io::Error::other)?;
            (Way::Tls(Box::new(TlsAcceptor::from(config).accept(stream).await?)), Entrance::Tls)
        }
        Some(Credentials::Acme(certificates)) => match certificates.accept(stream).await? {
            Some(stream) => (Way::Tls(Box::new(stream)), Entrance::Tls),
            None => return Err(io::ErrorKind::ConnectionAborted.into()),
        },
    };
    Ok((Stream::new(way, place), Peer { address, entrance }))
}

async fn speaks_tls(stream: &TcpStream) -> io::Result<bool> {
    let mut first = [0; 1];
    if stream.peek(&mut first).await? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(first == [TLS])
}
