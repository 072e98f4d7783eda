//! A host of mailboxes that says what the story wants.

use futures::StreamExt;
use kith_protocol::address::Hint;
use kith_protocol::id::PeerId;
use kith_protocol::mailbox::{MESSAGE, Request, Response};
use libp2p::identity::Keypair;
use libp2p::request_response::{self, Message, ProtocolSupport, ResponseChannel};
use libp2p::swarm::SwarmEvent;
use libp2p::{Swarm, noise, tcp, yamux};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::support::{PATIENCE, TCP};
use crate::network::mailbox_codec::{self, MailboxCodec};
use crate::network::{hint, peer};

type Protocol = request_response::Behaviour<MailboxCodec>;
type Asked = (Request, ResponseChannel<Response>);

pub struct Host {
    pub peer: PeerId,
    pub hints: Vec<Hint>,
    asked: mpsc::UnboundedReceiver<Asked>,
    answers: mpsc::UnboundedSender<(ResponseChannel<Response>, Response)>,
    connected: watch::Receiver<usize>,
    hang_up: mpsc::UnboundedSender<()>,
}

impl Host {
    pub async fn start() -> Self {
        let key = Keypair::generate_ed25519();
        let peer = peer::from_libp2p(&key.public().to_peer_id()).unwrap();
        let mut swarm = libp2p::SwarmBuilder::with_existing_identity(key)
            .with_tokio()
            .with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default)
            .unwrap()
            .with_behaviour(|_| {
                let only = [(mailbox_codec::PROTOCOL, ProtocolSupport::Inbound)];
                let config = request_response::Config::default().with_request_timeout(PATIENCE);
                Protocol::with_codec(MailboxCodec::new(16 * MESSAGE), only, config)
            })
            .unwrap()
            .with_swarm_config(|config| config.with_idle_connection_timeout(PATIENCE))
            .build();
        swarm.listen_on(TCP.parse().unwrap()).unwrap();
        let address = loop {
            if let SwarmEvent::NewListenAddr { address, .. } = swarm.select_next_some().await {
                break address;
            }
        };
        let (ask, asked) = mpsc::unbounded_channel();
        let (answers, answered) = mpsc::unbounded_channel();
        let (count, connected) = watch::channel(0);
        let (hang_up, hung_up) = mpsc::unbounded_channel();
        tokio::spawn(serve(swarm, ask, answered, hung_up, count));
        Self { peer, hints: vec![hint(&address).unwrap()], asked, answers, connected, hang_up }
    }

    /// What is asked next; nothing has been said to it.
    pub async fn asked(&mut self) -> Asked {
        timeout(PATIENCE, self.asked.recv()).await.expect("a request").unwrap()
    }

    /// Says something to what is asked next.
    pub async fn answer(&mut self, response: Response) -> Request {
        let (request, channel) = self.asked().await;
        self.say(channel, response);
        request
    }

    pub fn say(&self, channel: ResponseChannel<Response>, response: Response) {
        self.answers.send((channel, response)).unwrap();
    }

    pub fn is_asked_nothing(&mut self) -> bool {
        self.asked.try_recv().is_err()
    }

    /// Waits until nobody is connected.
    pub async fn is_left(&mut self) {
        timeout(PATIENCE, self.connected.wait_for(|count| *count == 0)).await.expect("to be left").unwrap();
    }

    /// Closes all connections.
    pub fn hang_up(&self) {
        self.hang_up.send(()).unwrap();
    }
}

async fn serve(
    mut swarm: Swarm<Protocol>,
    ask: mpsc::UnboundedSender<Asked>,
    mut answered: mpsc::UnboundedReceiver<(ResponseChannel<Response>, Response)>,
    mut hung_up: mpsc::UnboundedReceiver<()>,
    connected: watch::Sender<usize>,
) {
    loop {
        tokio::select! {
            event = swarm.select_next_some() => match event {
                SwarmEvent::Behaviour(request_response::Event::Message {
                    message: Message::Request { request, channel, .. },
                    ..
                }) => drop(ask.send((request, channel))),
                SwarmEvent::ConnectionEstablished { .. } => connected.send_modify(|count| *count += 1),
                SwarmEvent::ConnectionClosed { .. } => connected.send_modify(|count| *count -= 1),
                _ => {}
            },
            answer = answered.recv() => match answer {
                Some((channel, response)) => drop(swarm.behaviour_mut().send_response(channel, response)),
                None => return,
            },
            Some(()) = hung_up.recv() => {
                for peer in swarm.connected_peers().copied().collect::<Vec<_>>() {
                    let _ = swarm.disconnect_peer_id(peer);
                }
            }
        }
    }
}
