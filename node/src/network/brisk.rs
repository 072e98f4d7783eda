//! A connection that is over soon after it is closed, whatever the other end does.
//!
//! To close one, what is still to be sent is sent first. Where the other machine went away without a word, and the system's
//! buffer is full, that takes as long as TCP goes on trying: minutes, in which the connection counts and a new one is taken
//! for the same.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use libp2p::core::StreamMuxer;
use libp2p::core::muxing::StreamMuxerEvent;
use tokio::time::{Sleep, sleep};

/// How long the rest may take: the longest answer over a slow mobile link.
pub(super) const FAREWELL: Duration = Duration::from_secs(5);

/// See the head of this file.
pub(super) struct Brisk<M> {
    inner: M,
    farewell: Duration,
    end: Option<Pin<Box<Sleep>>>,
}

impl<M> Brisk<M> {
    /// Closes within so long.
    pub(super) const fn new(inner: M, farewell: Duration) -> Self {
        Self { inner, farewell, end: None }
    }
}

impl<M: StreamMuxer + Unpin> StreamMuxer for Brisk<M> {
    type Substream = M::Substream;
    type Error = M::Error;

    fn poll_inbound(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<M::Substream, M::Error>> {
        Pin::new(&mut self.inner).poll_inbound(cx)
    }

    fn poll_outbound(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<M::Substream, M::Error>> {
        Pin::new(&mut self.inner).poll_outbound(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), M::Error>> {
        if let Poll::Ready(closed) = Pin::new(&mut self.inner).poll_close(cx) {
            return Poll::Ready(closed);
        }
        let farewell = self.farewell;
        ready!(self.end.get_or_insert_with(|| Box::pin(sleep(farewell))).as_mut().poll(cx));
        // The socket is closed when this is dropped.
        Poll::Ready(Ok(()))
    }

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<StreamMuxerEvent, M::Error>> {
        Pin::new(&mut self.inner).poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::future::poll_fn;

    use futures::io::Cursor;

    use super::*;

    type Stream = Cursor<Vec<u8>>;

    /// Says to each poll what it is told to say.
    struct Other {
        closes: bool,
    }

    impl StreamMuxer for Other {
        type Substream = Stream;
        type Error = Infallible;

        fn poll_inbound(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<Stream, Infallible>> {
            Poll::Ready(Ok(Stream::default()))
        }

        fn poll_outbound(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<Stream, Infallible>> {
            Poll::Ready(Ok(Stream::default()))
        }

        fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            if self.closes { Poll::Ready(Ok(())) } else { Poll::Pending }
        }

        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<StreamMuxerEvent, Infallible>> {
            Poll::Pending
        }
    }

    #[tokio::test]
    async fn whose_other_end_is_gone_is_closed_all_the_same_and_whose_is_there_at_once() {
        for (closes, farewell) in [(false, Duration::from_millis(50)), (true, Duration::MAX / 4)] {
            let mut connection = Brisk::new(Other { closes }, farewell);
            poll_fn(|cx| Pin::new(&mut connection).poll_close(cx)).await.unwrap();
            assert_eq!(connection.end.is_some(), !closes);
        }
    }
}
