//! /kith/mailbox/1 on a stream: one [`frame`] each way, a request and what the host says to it.

use std::io;
use std::sync::Arc;

use futures::{AsyncRead, AsyncWrite};
use kith_protocol::mailbox::{MESSAGE, Request, Response};
use libp2p::{StreamProtocol, request_response::Codec};
use tokio::sync::Semaphore;

use super::frame;

/// The name under which the protocol is negotiated.
pub(super) const PROTOCOL: StreamProtocol = StreamProtocol::new("/kith/mailbox/1");

/// Reads and writes what owners, depositors and hosts of mailboxes say.
#[derive(Clone)]
pub(super) struct MailboxCodec {
    room: Arc<Semaphore>,
}

impl MailboxCodec {
    /// A codec that reads at most `room` bytes of requests at the same time over all connections.
    pub(super) fn new(room: usize) -> Self {
        Self { room: Arc::new(Semaphore::new(room.min(Semaphore::MAX_PERMITS))) }
    }
}

fn fits(length: usize) -> bool {
    (1..=MESSAGE).contains(&length)
}

impl Codec for MailboxCodec {
    type Protocol = StreamProtocol;
    type Request = Request;
    type Response = Response;

    async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Request>
    where
        T: AsyncRead + Unpin + Send,
    {
        let length = frame::read_length(io, fits).await?;
        let permits = u32::try_from(length).map_err(frame::malformed)?;
        let _room = self.room.try_acquire_many(permits).map_err(|_| frame::malformed("want of room"))?;
        Request::from_bytes(&frame::read_rest(io, length).await?).map_err(frame::malformed)
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Response>
    where
        T: AsyncRead + Unpin + Send,
    {
        let length = frame::read_length(io, fits).await?;
        Response::from_bytes(&frame::read_rest(io, length).await?).map_err(frame::malformed)
    }

    async fn write_request<T>(&mut self, _: &StreamProtocol, io: &mut T, request: Request) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        frame::write(io, &[&request.to_bytes()], fits).await
    }

    async fn write_response<T>(&mut self, _: &StreamProtocol, io: &mut T, response: Response) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        frame::write(io, &[&response.to_bytes()], fits).await
    }
}

#[cfg(test)]
mod tests {
    use kith_protocol::id::Locator;
    use kith_protocol::limits::LETTER;
    use kith_protocol::mailbox::{Held, Leave};
    use kith_protocol::wire::Bytes;

    use super::*;

    fn leave(size: usize) -> Request {
        let parcel = Bytes::new(vec![7; size]).unwrap();
        Request::Leave(Leave { mailbox: None, label: Locator([1; 16]), token: [2; 16], parcel, replaces: false })
    }

    async fn on_the_wire(request: Request) -> Vec<u8> {
        let mut wire = Vec::new();
        MailboxCodec::new(0).write_request(&PROTOCOL, &mut wire, request).await.unwrap();
        wire
    }

    #[tokio::test]
    async fn the_largest_parcel_crosses_both_ways() {
        let wire = on_the_wire(leave(LETTER)).await;
        let mut host = MailboxCodec::new(MESSAGE);
        assert_eq!(host.read_request(&PROTOCOL, &mut &wire[..]).await.unwrap(), leave(LETTER));
        let parcel = Bytes::new(vec![7; LETTER]).unwrap();
        let held = Response::Parcels(vec![Held { number: u64::MAX, label: Locator([1; 16]), parcel }]);
        let mut wire = Vec::new();
        host.write_response(&PROTOCOL, &mut wire, held.clone()).await.unwrap();
        assert_eq!(host.read_response(&PROTOCOL, &mut &wire[..]).await.unwrap(), held);
    }

    #[tokio::test]
    async fn what_is_no_request_is_refused_as_it_comes() {
        let mut host = MailboxCodec::new(MESSAGE);
        let odd = on_the_wire(leave(513)).await;
        assert!(host.read_request(&PROTOCOL, &mut &odd[..]).await.is_err(), "a parcel of no size class");
        let more = [&on_the_wire(leave(512)).await[..], &[0]].concat();
        assert!(host.read_request(&PROTOCOL, &mut &more[..]).await.is_err(), "something trails");
        let error = host.read_request(&PROTOCOL, &mut &[0, 0][..]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData, "nothing is said");
    }

    #[tokio::test]
    async fn requests_beyond_the_room_are_refused_and_room_is_given_back() {
        let mut host = MailboxCodec::new(1_200);
        let large = on_the_wire(leave(4_096)).await;
        assert!(host.read_request(&PROTOCOL, &mut &large[..]).await.is_err());
        let small = on_the_wire(leave(1_024)).await;
        for _ in 0..3 {
            assert!(host.read_request(&PROTOCOL, &mut &small[..]).await.is_ok());
        }
    }
}
