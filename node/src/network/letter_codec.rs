//! /kith/letter/1 on a stream: the request is a [`frame`] of session id and sealed letter, the response one of
//! the answer.
//!
//! The session id stands in front so that a stranger's letter is refused before room is made for it.

use std::collections::HashSet;
use std::io;
use std::sync::{Arc, PoisonError, RwLock};

use futures::{AsyncRead, AsyncWrite};
use kith_protocol::engine::Answer;
use kith_protocol::id::SessionId;
use kith_protocol::limits::LETTER_CLASSES;
use libp2p::{StreamProtocol, request_response::Codec};
use tokio::sync::Semaphore;

use super::frame;

/// The name under which the protocol is negotiated.
pub(super) const PROTOCOL: StreamProtocol = StreamProtocol::new("/kith/letter/1");

/// Bytes of a session id.
const SESSION: usize = 16;

/// A sealed letter and the session that it claims to belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LetterRequest {
    /// The session.
    pub session: SessionId,
    /// The sealed letter: one of [`LETTER_CLASSES`] long. It is kept until its answer is there, and so shared.
    pub sealed: Arc<Vec<u8>>,
}

/// The sessions that are open now, as the streams of all connections see them.
#[derive(Clone, Default)]
pub(super) struct OpenSessions(Arc<RwLock<HashSet<SessionId>>>);

impl OpenSessions {
    pub(super) fn insert(&self, session: SessionId) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(session);
    }

    pub(super) fn remove(&self, session: &SessionId) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(session);
    }

    fn contain(&self, session: &SessionId) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(session)
    }
}

/// Reads and writes letters.
#[derive(Clone)]
pub(super) struct LetterCodec {
    open: OpenSessions,
    room: Arc<Semaphore>,
}

impl LetterCodec {
    /// A codec that reads letters of the `open` sessions only, and at most `room` bytes of letters at the same
    /// time over all connections.
    pub(super) fn new(open: OpenSessions, room: usize) -> Self {
        Self { open, room: Arc::new(Semaphore::new(room.min(Semaphore::MAX_PERMITS))) }
    }
}

fn request_fits(length: usize) -> bool {
    LETTER_CLASSES.iter().any(|class| length == SESSION + class)
}

fn response_fits(length: usize) -> bool {
    (1..=Answer::MOST).contains(&length)
}

impl Codec for LetterCodec {
    type Protocol = StreamProtocol;
    type Request = LetterRequest;
    type Response = Answer;

    async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<LetterRequest>
    where
        T: AsyncRead + Unpin + Send,
    {
        let length = frame::read_length(io, request_fits).await? - SESSION;
        let session = SessionId(frame::read_array(io).await?);
        if !self.open.contain(&session) {
            return Err(frame::malformed("a session that is not open"));
        }
        let permits = u32::try_from(length).map_err(frame::malformed)?;
        let _room = self.room.try_acquire_many(permits).map_err(|_| frame::malformed("want of room"))?;
        Ok(LetterRequest { session, sealed: Arc::new(frame::read_rest(io, length).await?) })
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Answer>
    where
        T: AsyncRead + Unpin + Send,
    {
        let length = frame::read_length(io, response_fits).await?;
        // Whoever says something long without being asked for it takes the room of letters.
        let long = u32::try_from(length.saturating_sub(Answer::USUAL)).map_err(frame::malformed)?;
        let _room = self.room.try_acquire_many(long).map_err(|_| frame::malformed("want of room"))?;
        let answer = frame::read_rest(io, length).await?;
        Answer::from_bytes(&answer).ok_or_else(|| frame::malformed("an unknown answer"))
    }

    async fn write_request<T>(&mut self, _: &StreamProtocol, io: &mut T, request: LetterRequest) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        frame::write(io, &[request.session.as_bytes(), &request.sealed], request_fits).await
    }

    async fn write_response<T>(&mut self, _: &StreamProtocol, io: &mut T, answer: Answer) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        frame::write(io, &[&answer.to_bytes()], response_fits).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION_WITH_BO: SessionId = SessionId([7; 16]);

    fn ana() -> LetterCodec {
        let open = OpenSessions::default();
        open.insert(SESSION_WITH_BO);
        LetterCodec::new(open, 1024)
    }

    async fn on_the_wire(session: SessionId, size: usize) -> io::Result<Vec<u8>> {
        let mut wire = Vec::new();
        let letter = LetterRequest { session, sealed: vec![9; size].into() };
        ana().write_request(&PROTOCOL, &mut wire, letter).await.map(|()| wire)
    }

    #[tokio::test]
    async fn every_size_class_crosses_and_no_other_size_does() {
        let mut bo = ana();
        bo.room = Arc::new(Semaphore::new(100_000));
        for size in LETTER_CLASSES {
            let wire = on_the_wire(SESSION_WITH_BO, size).await.unwrap();
            assert_eq!(bo.read_request(&PROTOCOL, &mut &wire[..]).await.unwrap().sealed.len(), size);
        }
        for size in [0, 511, 513, 61_441, 70_000] {
            assert!(on_the_wire(SESSION_WITH_BO, size).await.is_err(), "{size} bytes went out");
        }
        let announced = [&600_u16.to_be_bytes()[..], &SESSION_WITH_BO.0].concat();
        let error = bo.read_request(&PROTOCOL, &mut &announced[..]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData, "refused at the header, not for want of bytes");
    }

    #[tokio::test]
    async fn a_letter_of_no_open_session_is_refused_before_it_is_read() {
        let wire = on_the_wire(SessionId([8; 16]), 512).await.unwrap();
        let mut rest = &wire[..];
        assert!(ana().read_request(&PROTOCOL, &mut rest).await.is_err());
        assert_eq!(rest.len(), 512, "the letter itself was left unread");
    }

    #[tokio::test]
    async fn letters_beyond_the_room_are_refused() {
        let wire = on_the_wire(SESSION_WITH_BO, 4096).await.unwrap();
        assert!(ana().read_request(&PROTOCOL, &mut &wire[..]).await.is_err());
        let wire = on_the_wire(SESSION_WITH_BO, 1024).await.unwrap();
        let mut codec = ana();
        for _ in 0..3 {
            assert!(codec.read_request(&PROTOCOL, &mut &wire[..]).await.is_ok(), "room is given back");
        }
    }
}
