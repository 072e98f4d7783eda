//! The local networks that this machine is on, and the socket on which all of them are spoken to at once (RFC 6762).

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use if_watch::{IfEvent, IpNet, Ipv4Net};
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::net::UdpSocket;

const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);
const PORT: u16 = 5353;

/// Networks that are listened to at once: a laptop has a few, a server with containers dozens, none of which is a fair.
const MOST_NETWORKS: usize = 16;

/// The socket, and the local networks by our own address there.
pub(super) struct Ground {
    socket: UdpSocket,
    networks: BTreeMap<Ipv4Addr, Ipv4Net>,
}

impl Ground {
    /// Opens the socket; networks come as they are found.
    pub(super) fn open() -> io::Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
        // The system's own mDNS, if it has one, listens there as well.
        socket.set_reuse_address(true)?;
        #[cfg(all(unix, not(target_os = "linux")))]
        socket.set_reuse_port(true)?;
        socket.set_multicast_ttl_v4(255)?;
        socket.set_nonblocking(true)?;
        socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, PORT)).into())?;
        Ok(Self { socket: UdpSocket::from_std(socket.into())?, networks: BTreeMap::new() })
    }

    /// Our own addresses on local networks.
    pub(super) fn addresses(&self) -> Vec<Ipv4Addr> {
        self.networks.keys().copied().collect()
    }

    /// Our own address on the network that somebody spoke on; `None` if they are on none of ours.
    pub(super) fn network_of(&self, speaker: Ipv4Addr) -> Option<Ipv4Addr> {
        self.networks.iter().find(|(_, network)| network.contains(&speaker)).map(|(own, _)| *own)
    }

    /// The machine is on another network, or on one less.
    pub(super) fn change(&mut self, change: IfEvent) {
        match change {
            IfEvent::Up(IpNet::V4(network)) if is_local(network.addr()) => self.join(network),
            IfEvent::Down(IpNet::V4(network)) => self.leave(network.addr()),
            _ => {}
        }
    }

    fn join(&mut self, network: Ipv4Net) {
        let own = network.addr();
        if self.networks.len() >= MOST_NETWORKS || self.networks.contains_key(&own) {
            return;
        }
        // Another address on the same interface has joined already: that is as good.
        match self.socket.join_multicast_v4(GROUP, own) {
            Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
                tracing::warn!(%own, %error, "nobody can be heard on a network");
            }
            _ => drop(self.networks.insert(own, network)),
        }
    }

    fn leave(&mut self, own: Ipv4Addr) {
        if self.networks.remove(&own).is_some() {
            // With its last address the interface has left by itself.
            let _ = self.socket.leave_multicast_v4(GROUP, own);
        }
    }

    /// Waits for somebody to speak; how much they said, and where.
    pub(super) async fn hear(&self, buffer: &mut [u8]) -> Option<(usize, Ipv4Addr)> {
        match self.socket.recv_from(buffer).await {
            Ok((length, SocketAddr::V4(speaker))) => Some((length, *speaker.ip())),
            Ok(_) => None,
            Err(error) => {
                tracing::debug!(%error, "nothing was heard");
                None
            }
        }
    }

    /// Says something on the network on which we have this address. What is lost is said again.
    pub(super) fn say(&self, own: Ipv4Addr, bytes: &[u8]) {
        let all = SocketAddr::V4(SocketAddrV4::new(GROUP, PORT));
        let socket = SockRef::from(&self.socket);
        let said = socket.set_multicast_if_v4(&own).and_then(|()| socket.send_to(bytes, &all.into()));
        if let Err(error) = said {
            tracing::debug!(%own, %error, "nothing could be said on a network");
        }
    }
}

/// True for addresses that mean something within one network alone.
fn is_local(ip: Ipv4Addr) -> bool {
    ip.is_private() || ip.is_link_local()
}
