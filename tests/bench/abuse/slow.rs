//! Peers who say what they have to say a byte at a time, or open streams and leave them.

use std::collections::BTreeSet;
use std::io;
use std::time::Duration;

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, StreamExt};
use kith_protocol::hello::{Ends, Initiator, Request, Response};
use kith_protocol::id::{PeerId, SessionId};
use libp2p::request_response::{self, Codec, Event, Message, OutboundRequestId, ProtocolSupport};
use libp2p::swarm::{NetworkBehaviour, SwarmEvent};
use libp2p::{StreamProtocol, Swarm};

use super::floods::{self, Way};
use super::part::{Scene, Work};

/// Between two bytes.
const PAUSE: Duration = Duration::from_millis(50);
/// How many there are at once. A node has room for 64 strangers.
const PEERS: u32 = 48;
/// Streams of each protocol that each of them has open: what a node allows on a connection, and no more.
const STREAMS: usize = 40;
/// How long nobody of the library's loses patience.
const LONG: Duration = Duration::from_secs(600);

/// What is written to a stream.
#[derive(Clone, Debug)]
enum Said {
    /// This, at once, as honest peers do.
    Whole(Vec<u8>),
    /// The first half of this, and then a byte now and then.
    Slowly(Vec<u8>),
    /// Nothing, for ever.
    Nothing,
}

#[derive(Clone, Default)]
struct Lying;

impl Codec for Lying {
    type Protocol = StreamProtocol;
    type Request = Said;
    type Response = Vec<u8>;

    async fn read_request<T: AsyncRead + Unpin + Send>(&mut self, _: &StreamProtocol, _: &mut T) -> io::Result<Said> {
        Err(io::ErrorKind::Unsupported.into())
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Vec<u8>>
    where
        T: AsyncRead + Unpin + Send,
    {
        let mut bytes = Vec::new();
        io.read_to_end(&mut bytes).await?;
        Ok(bytes)
    }

    async fn write_request<T>(&mut self, _: &StreamProtocol, io: &mut T, said: Said) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        match said {
            Said::Whole(bytes) => io.write_all(&bytes).await,
            Said::Nothing => {
                // The name of the protocol goes out.
                io.flush().await?;
                tokio::time::sleep(LONG).await;
                Ok(())
            }
            Said::Slowly(bytes) => {
                let (first, rest) = bytes.split_at(bytes.len() / 2);
                io.write_all(first).await?;
                for byte in rest {
                    io.flush().await?;
                    tokio::time::sleep(PAUSE).await;
                    io.write_all(&[*byte]).await?;
                }
                Ok(())
            }
        }
    }

    async fn write_response<T>(&mut self, _: &StreamProtocol, _: &mut T, _: Vec<u8>) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        Ok(())
    }
}

#[derive(NetworkBehaviour)]
struct Protocols {
    hello: request_response::Behaviour<Lying>,
    letter: request_response::Behaviour<Lying>,
    mailbox: request_response::Behaviour<Lying>,
}

async fn swarm(number: u32) -> Swarm<Protocols> {
    let speak = |name: &'static str| {
        let config = request_response::Config::default().with_request_timeout(LONG).with_max_concurrent_streams(200);
        request_response::Behaviour::new([(StreamProtocol::new(name), ProtocolSupport::Outbound)], config)
    };
    let protocols =
        Protocols { hello: speak("/kith/hello/1"), letter: speak("/kith/letter/1"), mailbox: speak("/kith/mailbox/1") };
    floods::somebody(number, Way::Quic, protocols).await
}

/// The bytes with their true length in front.
fn framed(bytes: &[u8]) -> Vec<u8> {
    [&u16::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat()
}

/// Many of them. Every other one has scanned the badge, and so has a session in which to be slow.
pub async fn dawdle(scene: Scene, work: Work) {
    let all = (0..PEERS).map(|number| {
        let (scene, work) = (scene.clone(), work.clone());
        tokio::spawn(async move {
            for round in 0.. {
                one(&scene, &work, number + PEERS * round, number % 2 == 0).await;
            }
        })
    });
    futures::future::join_all(all).await;
}

/// One of them, until it is shown out.
async fn one(scene: &Scene, work: &Work, number: u32, has_badge: bool) {
    let mut swarm = swarm(number).await;
    let _ = swarm.dial(scene.by(Way::Quic));
    let Some(to) = connected(&mut swarm).await else { return tokio::time::sleep(PAUSE).await };
    let session = if has_badge { hello(&mut swarm, &to, scene).await } else { None };
    let letter = framed(&[&session.unwrap_or(SessionId([7; 16])).0[..], &[0; 4_096]].concat());
    let leave = framed(&[0x5a; 1_024]);
    let mut slow: BTreeSet<(u8, OutboundRequestId)> = BTreeSet::new();
    for number in 0..STREAMS {
        let is_silent = number % 3 == 0;
        let said = |bytes: &[u8]| if is_silent { Said::Nothing } else { Said::Slowly(bytes.to_vec()) };
        let protocols = swarm.behaviour_mut();
        let streams = [
            (0, protocols.hello.send_request(&to, said(&framed(&[1; 49])))),
            (1, protocols.letter.send_request(&to, said(&letter))),
            (2, protocols.mailbox.send_request(&to, said(&leave))),
        ];
        // Who says nothing does not notice that nobody listens any more.
        slow.extend(streams.into_iter().filter(|_| !is_silent));
    }
    let second = tokio::time::sleep(Duration::from_secs(1));
    tokio::pin!(second);
    let mut is_counted = false;
    loop {
        let event = tokio::select! {
            event = swarm.select_next_some() => event,
            () = &mut second, if !is_counted => {
                is_counted = true;
                work.was_granted(slow.len() as u64);
                continue;
            }
        };
        if let SwarmEvent::Behaviour(event) = &event
            && let Some(ended) = ended(event)
        {
            slow.remove(&ended);
        }
        match event {
            SwarmEvent::ConnectionClosed { .. } => return,
            SwarmEvent::Behaviour(ProtocolsEvent::Hello(Event::OutboundFailure { .. })) => {
                work.one_more().await;
                swarm.behaviour_mut().hello.send_request(&to, Said::Slowly(framed(&[1; 49])));
            }
            SwarmEvent::Behaviour(ProtocolsEvent::Letter(Event::OutboundFailure { .. })) => {
                work.one_more().await;
                swarm.behaviour_mut().letter.send_request(&to, Said::Slowly(letter.clone()));
            }
            SwarmEvent::Behaviour(ProtocolsEvent::Mailbox(Event::OutboundFailure { .. })) => {
                work.one_more().await;
                swarm.behaviour_mut().mailbox.send_request(&to, Said::Slowly(leave.clone()));
            }
            _ => {}
        }
    }
}

/// The stream that ended, by the number of its protocol and its own.
const fn ended(event: &ProtocolsEvent) -> Option<(u8, OutboundRequestId)> {
    let (protocol, event) = match event {
        ProtocolsEvent::Hello(event) => (0, event),
        ProtocolsEvent::Letter(event) => (1, event),
        ProtocolsEvent::Mailbox(event) => (2, event),
    };
    match event {
        Event::OutboundFailure { request_id, .. }
        | Event::Message { message: Message::Response { request_id, .. }, .. } => Some((protocol, *request_id)),
        _ => None,
    }
}

async fn connected(swarm: &mut Swarm<Protocols>) -> Option<libp2p::PeerId> {
    loop {
        match swarm.select_next_some().await {
            SwarmEvent::ConnectionEstablished { peer_id, .. } => return Some(peer_id),
            SwarmEvent::OutgoingConnectionError { .. } => return None,
            _ => {}
        }
    }
}

/// What came back for a hello; nothing if it was closed.
async fn said(swarm: &mut Swarm<Protocols>, to: &libp2p::PeerId, request: &Request) -> Option<Response> {
    swarm.behaviour_mut().hello.send_request(to, Said::Whole(framed(&request.to_bytes())));
    loop {
        match swarm.select_next_some().await {
            SwarmEvent::Behaviour(ProtocolsEvent::Hello(Event::Message {
                message: Message::Response { response, .. },
                ..
            })) => return Response::from_bytes(response.get(2..)?).ok(),
            SwarmEvent::Behaviour(ProtocolsEvent::Hello(Event::OutboundFailure { .. }))
            | SwarmEvent::ConnectionClosed { .. } => return None,
            _ => {}
        }
    }
}

/// An honest hello with the secret of the badge.
async fn hello(swarm: &mut Swarm<Protocols>, to: &libp2p::PeerId, scene: &Scene) -> Option<SessionId> {
    // The id of an Ed25519 key holds the key: six bytes that say so, and 32 of the key.
    let me = PeerId(swarm.local_peer_id().to_bytes()[6..].try_into().unwrap());
    let ends = Ends { initiator: me, responder: scene.ana };
    let (initiator, open) = Initiator::begin(scene.secret(), ends, [9; 16]);
    let Response::Reply(reply) = said(swarm, to, &Request::Open(open)).await? else { return None };
    let (prove, session) = initiator.prove(&reply)?;
    (said(swarm, to, &Request::Prove(prove)).await? == Response::Welcome).then_some(session)
}
