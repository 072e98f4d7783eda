//! Real nodes in homes of their own, on loopback.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::Path;

use kith_node::driver::Handle;
use kith_node::home::Home;
use kith_node::network::{Multiaddr, listen_on};
use kith_node::node::{Node, NodeOptions};
use kith_protocol::engine::Notice;
use kith_protocol::engine::scans::ScanOptions;
use kith_protocol::invite::Invite;
use kith_protocol::text::Name;
use tokio::sync::broadcast::Receiver;

/// Makes a home and starts its node.
pub async fn start(home: &Path, name: &str) -> Node {
    let (open, _) = Home::at(home).create(Name::new(name).unwrap()).unwrap();
    let listen = listen();
    let web = Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    Node::start(open, NodeOptions { listen, web, ..NodeOptions::default() }).await.unwrap()
}

/// Where a node listens: TCP and QUIC on a free port of loopback.
pub fn listen() -> Vec<Multiaddr> {
    listen_on(Ipv4Addr::LOCALHOST.into(), free_port())
}

/// A port that is free for TCP and UDP at this moment.
pub fn free_port() -> u16 {
    loop {
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = tcp.local_addr().unwrap().port();
        if UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

/// A fresh live code, as it is read from a screen.
pub async fn code(of: &Handle) -> Invite {
    let (_, invite) = of.act(|turn| turn.create_invite(Default::default())).await.unwrap();
    Invite::from_text(&invite.to_code()).unwrap()
}

/// Scans a code and returns when the scan is durable on this side.
pub async fn scan(by: &Handle, invite: Invite) {
    by.act(move |turn| turn.scan(&invite, ScanOptions::default())).await.unwrap();
}

/// Waits for a notice of some kind.
pub async fn notice(of: &mut Receiver<Notice>, wanted: impl Fn(&Notice) -> bool) {
    while !wanted(&of.recv().await.expect("a node that runs and is listened to")) {}
}

/// True if somebody became a contact.
pub const fn is_contact_made(notice: &Notice) -> bool {
    matches!(notice, Notice::ContactMade { .. })
}
