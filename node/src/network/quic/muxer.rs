//! A connection by QUIC, the way libp2p uses one: who is there, and streams.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::stream::{BoxStream, StreamExt};
use futures::{AsyncRead, AsyncWrite};
use libp2p::core::muxing::{StreamMuxer, StreamMuxerBox, StreamMuxerEvent};
use libp2p::{PeerId, tls};
use quinn::{Connecting, Connection, ConnectionError, RecvStream, SendStream, VarInt};
use rustls::pki_types::CertificateDer;

use super::Error;
use super::door::Place;
use super::patience::MOST_MS;
use super::socket::Held;

/// What is said at the end of a connection: that it is over, and nothing more.
pub(super) const OVER: VarInt = VarInt::from_u32(0);

/// The most that the other side may take to acknowledge, beside the way (`max_ack_delay`, RFC 9000 §18.2).
const ACK_DELAY: Duration = Duration::from_millis(MOST_MS);

/// Who it is that we called.
pub(super) async fn called(connecting: Connecting, held: Held) -> Result<(PeerId, StreamMuxerBox), Error> {
    let connection = connecting.await?;
    Ok((who(&connection)?, StreamMuxerBox::new(Muxer::new(connection, held, None))))
}

/// Who it is that we took up. What is given last is dropped first, as in [`Muxer`].
pub(super) async fn taken_up(
    connecting: Connecting,
    mut place: Place,
    held: Held,
) -> Result<(PeerId, StreamMuxerBox), Error> {
    let connection = connecting.await?;
    let peer = who(&connection)?;
    place.settle();
    Ok((peer, StreamMuxerBox::new(Muxer::new(connection, held, Some(place)))))
}

/// Who holds the key of the certificate, which TLS has verified to be theirs.
fn who(connection: &Connection) -> Result<PeerId, Error> {
    let shown = connection.peer_identity().ok_or(Error::Nameless)?;
    let chain = shown.downcast::<Vec<CertificateDer<'static>>>().map_err(|_| Error::Nameless)?;
    let first = chain.first().ok_or(Error::Nameless)?;
    Ok(tls::certificate::parse(first).map_err(|_| Error::Nameless)?.peer_id())
}

type Opened = Result<(SendStream, RecvStream), ConnectionError>;

/// A connection whose other side is known.
struct Muxer {
    connection: Connection,
    incoming: BoxStream<'static, Opened>,
    opening: BoxStream<'static, Opened>,
    // quinn's count has it among those that are over before the door has.
    _held: Held,
    place: Option<Place>,
}

impl Muxer {
    fn new(connection: Connection, held: Held, place: Option<Place>) -> Self {
        let incoming = futures::stream::unfold(connection.clone(), |connection| async {
            Some((connection.accept_bi().await, connection))
        });
        let opening = futures::stream::unfold(connection.clone(), |connection| async {
            Some((connection.open_bi().await, connection))
        });
        Self { connection, incoming: incoming.boxed(), opening: opening.boxed(), place, _held: held }
    }

    /// How long quinn keeps what it made when the connection is dropped: three probe timeouts (RFC 9002 §6.2.1), each nine times
    /// the average round trip at most, as after a long one among short ones; or not at all if the other side is known to be gone.
    fn lingers(&self) -> Duration {
        match self.connection.close_reason() {
            Some(ConnectionError::TimedOut | ConnectionError::Reset) => Duration::ZERO,
            _ => 3 * (9 * self.connection.rtt() + ACK_DELAY),
        }
    }
}

impl Drop for Muxer {
    fn drop(&mut self) {
        let long = self.lingers();
        if let Some(place) = &mut self.place {
            place.lingers(long);
        }
    }
}

impl StreamMuxer for Muxer {
    type Substream = Stream;
    type Error = Error;

    fn poll_inbound(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Stream, Error>> {
        self.incoming.poll_next_unpin(cx).map(stream)
    }

    fn poll_outbound(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Stream, Error>> {
        self.opening.poll_next_unpin(cx).map(stream)
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.connection.close(OVER, &[]);
        Poll::Ready(Ok(()))
    }

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<StreamMuxerEvent, Error>> {
        // Who comes to us from another address comes anew (`settings`), and nobody comes by datagrams.
        Poll::Pending
    }
}

fn stream(opened: Option<Opened>) -> Result<Stream, Error> {
    // They go on for as long as they are asked.
    let (send, receive) = opened.unwrap_or(Err(ConnectionError::LocallyClosed))?;
    Ok(Stream { send, receive, is_closed: false })
}

/// One stream of a connection. Dropped, it ends in both directions.
struct Stream {
    send: SendStream,
    receive: RecvStream,
    is_closed: bool,
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        AsyncRead::poll_read(Pin::new(&mut self.receive), cx, into)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        AsyncWrite::poll_write(Pin::new(&mut self.send), cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        AsyncWrite::poll_flush(Pin::new(&mut self.send), cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // quinn takes the second end of a stream for a mistake; libp2p may ask twice.
        if !self.is_closed {
            futures::ready!(AsyncWrite::poll_close(Pin::new(&mut self.send), cx))?;
            self.is_closed = true;
        }
        Poll::Ready(Ok(()))
    }
}
