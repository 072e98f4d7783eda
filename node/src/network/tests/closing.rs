//! One of two connections ends while something is under way on it: the library takes any of a peer's.

use futures::StreamExt;
use kith_protocol::engine::Answer;
use kith_protocol::hello::{Ends, Open, Request, Responder, Response};
use kith_protocol::id::{LetterId, PeerId as KithPeer};
use libp2p::request_response::{self, Message, ProtocolSupport, ResponseChannel};
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{NetworkBehaviour, SwarmEvent};
use libp2p::{Multiaddr, PeerId, Swarm, noise, tcp, yamux};

use super::support::{Node, PATIENCE, TCP, secret};
use crate::network::hello_codec::{self, HelloCodec};
use crate::network::letter_codec::{self, LetterCodec, LetterRequest, OpenSessions};
use crate::network::peer;

#[derive(NetworkBehaviour)]
struct Protocols {
    hello: request_response::Behaviour<HelloCodec>,
    letter: request_response::Behaviour<LetterCodec>,
}

/// What came over the connection that Ana closes without an answer; over the other one she answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lost {
    Hello,
    Proof,
    Letter,
}

/// Ana's end of two connections, one of which does not last.
struct Unsteady {
    swarm: Swarm<Protocols>,
    open: OpenSessions,
    lost: Option<Lost>,
    responder: Option<Responder>,
}

impl Unsteady {
    fn new(lost: Lost) -> Self {
        let open = OpenSessions::default();
        let (letters, config) = (LetterCodec::new(open.clone(), 100_000), request_response::Config::default);
        let swarm = libp2p::SwarmBuilder::with_new_identity()
            .with_tokio()
            .with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default)
            .unwrap()
            .with_behaviour(|_| Protocols {
                hello: request_response::Behaviour::with_codec(
                    HelloCodec,
                    [(hello_codec::PROTOCOL, ProtocolSupport::Full)],
                    config(),
                ),
                letter: request_response::Behaviour::with_codec(
                    letters,
                    [(letter_codec::PROTOCOL, ProtocolSupport::Full)],
                    config(),
                ),
            })
            .unwrap()
            .with_swarm_config(|config| config.with_idle_connection_timeout(PATIENCE))
            .build();
        Self { swarm, open, lost: Some(lost), responder: None }
    }

    fn me(&self) -> KithPeer {
        peer::from_libp2p(self.swarm.local_peer_id()).unwrap()
    }

    /// Dials Bo twice.
    async fn connect(&mut self, bo: &Node) {
        let (to, at): (PeerId, Multiaddr) = (peer::to_libp2p(&bo.peer()).unwrap(), bo.multiaddrs[0].parse().unwrap());
        for _ in 0..2 {
            let opts = DialOpts::peer_id(to).condition(PeerCondition::Always).addresses(vec![at.clone()]);
            self.swarm.dial(opts.allocate_new_port().build()).unwrap();
        }
        let mut connections = 0;
        while connections < 2 {
            match self.swarm.select_next_some().await {
                SwarmEvent::ConnectionEstablished { .. } => connections += 1,
                SwarmEvent::OutgoingConnectionError { error, .. } => panic!("{error}"),
                _ => {}
            }
        }
    }

    /// True once, for what is lost.
    fn loses(&mut self, what: Lost) -> bool {
        self.lost.take_if(|lost| *lost == what).is_some()
    }

    async fn run(mut self) {
        loop {
            match self.swarm.select_next_some().await {
                SwarmEvent::Behaviour(ProtocolsEvent::Hello(request_response::Event::Message {
                    peer,
                    connection_id,
                    message: Message::Request { request, channel, .. },
                })) => match request {
                    Request::Open(_) if self.loses(Lost::Hello) => drop(self.swarm.close_connection(connection_id)),
                    Request::Open(open) => self.reply(peer, &open, channel),
                    Request::Prove(_) if self.loses(Lost::Proof) => drop(self.swarm.close_connection(connection_id)),
                    Request::Prove(prove) => {
                        assert!(self.responder.as_ref().and_then(|ana| ana.welcome(&prove)).is_some());
                        self.swarm.behaviour_mut().hello.send_response(channel, Response::Welcome).unwrap();
                    }
                },
                SwarmEvent::Behaviour(ProtocolsEvent::Letter(request_response::Event::Message {
                    connection_id,
                    message: Message::Request { request: LetterRequest { .. }, channel, .. },
                    ..
                })) => {
                    if self.loses(Lost::Letter) {
                        self.swarm.close_connection(connection_id);
                    } else {
                        self.swarm.behaviour_mut().letter.send_response(channel, Answer::Handled([5; 32])).unwrap();
                    }
                }
                _ => {}
            }
        }
    }

    fn reply(&mut self, bo: PeerId, open: &Open, channel: ResponseChannel<Response>) {
        let ends = Ends { initiator: peer::from_libp2p(&bo).unwrap(), responder: self.me() };
        let (responder, reply) = Responder::reply(secret(1), ends, open, [9; 16]).unwrap();
        self.open.insert(responder.session());
        self.responder = Some(responder);
        self.swarm.behaviour_mut().hello.send_response(channel, Response::Reply(reply)).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_lost_with_a_connection_goes_over_the_other_at_once() {
    for lost in [Lost::Hello, Lost::Proof, Lost::Letter] {
        let mut bo = Node::start(2, &[TCP]).await;
        let mut ana = Unsteady::new(lost);
        let me = ana.me();
        ana.connect(&bo).await;
        let ana = tokio::spawn(ana.run());
        // Both connections are there for him, too.
        let both = async { while bo.network.strangers().await < 2 {} };
        tokio::time::timeout(PATIENCE, both).await.expect("two connections");
        bo.call(1, Some(me), &[]).await;
        let session = bo.opened().await;
        for letter in [1, 2] {
            bo.send(session, letter).await;
            let answered = bo.answered().await;
            assert_eq!(answered, (LetterId([letter; 16]), Some(Answer::Handled([5; 32]))), "{lost:?} was lost");
        }
        ana.abort();
    }
}
