//! TCP, of which dials leave by the port that we listen on, as hole punching needs it; and by any other port where
//! that one cannot be had.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::future::FutureExt;
use libp2p::core::Transport;
use libp2p::core::transport::{DialOpts, ListenerId, PortUse, TransportError, TransportEvent};
use libp2p::{Multiaddr, tcp};

type Library = tcp::tokio::Transport;

/// libp2p binds such dials to all addresses of the machine, whichever we listen on. So whoever else has the port at
/// one of them, say a second node on a server with two addresses, would keep us from dialling at all.
pub(super) struct Tcp {
    inner: Library,
    config: tcp::Config,
}

impl Tcp {
    pub(super) fn new(config: tcp::Config) -> Self {
        Self { inner: Library::new(config.clone()), config }
    }
}

impl Transport for Tcp {
    type Output = <Library as Transport>::Output;
    type Error = io::Error;
    type ListenerUpgrade = <Library as Transport>::ListenerUpgrade;
    type Dial = <Library as Transport>::Dial;

    fn listen_on(&mut self, id: ListenerId, address: Multiaddr) -> Result<(), TransportError<io::Error>> {
        self.inner.listen_on(id, address)
    }

    fn remove_listener(&mut self, id: ListenerId) -> bool {
        self.inner.remove_listener(id)
    }

    fn dial(&mut self, address: Multiaddr, opts: DialOpts) -> Result<Self::Dial, TransportError<io::Error>> {
        let by_our_port = self.inner.dial(address.clone(), opts)?;
        if opts.port_use == PortUse::New {
            return Ok(by_our_port);
        }
        let config = self.config.clone();
        let dial = async move {
            match by_our_port.await {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                    tracing::debug!(%address, "somebody else has our port at another address; dialling by any other port");
                    by_any_port(config, address, opts).await
                }
                outcome => outcome,
            }
        };
        Ok(dial.boxed())
    }

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<TransportEvent<Self::ListenerUpgrade, io::Error>> {
        Pin::new(&mut self.inner).poll(cx)
    }
}

async fn by_any_port(
    config: tcp::Config,
    address: Multiaddr,
    opts: DialOpts,
) -> io::Result<<Library as Transport>::Output> {
    let dial = Library::new(config).dial(address, DialOpts { port_use: PortUse::New, ..opts });
    match dial {
        Ok(dial) => dial.await,
        Err(TransportError::Other(error)) => Err(error),
        Err(error @ TransportError::MultiaddrNotSupported(_)) => Err(io::Error::other(error)),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use futures::StreamExt;
    use libp2p::core::Endpoint;

    use super::*;

    /// Dials Bo by the port that Ana listens on; returns whether that is where Bo sees her.
    async fn is_seen_at_her_port(mut ana: Tcp, port: u16) -> bool {
        ana.listen_on(ListenerId::next(), format!("/ip4/127.0.0.1/tcp/{port}").parse().unwrap()).unwrap();
        let mut ana = ana.boxed();
        let listening = ana.select_next_some().await.into_new_address().expect("an address");
        let port = listening.iter().find_map(|part| match part {
            libp2p::multiaddr::Protocol::Tcp(port) => Some(port),
            _ => None,
        });
        let bo = TcpListener::bind("127.0.0.1:0").unwrap();
        let to = format!("/ip4/127.0.0.1/tcp/{}", bo.local_addr().unwrap().port()).parse().unwrap();
        let opts = DialOpts { role: Endpoint::Dialer, port_use: PortUse::Reuse };
        let _stream = ana.dial(to, opts).unwrap().await.expect("Bo is reached");
        let (_, from) = bo.accept().unwrap();
        Some(from.port()) == port
    }

    #[tokio::test]
    async fn a_dial_leaves_by_the_port_that_we_listen_on() {
        assert!(is_seen_at_her_port(Tcp::new(tcp::Config::new()), 0).await);
    }

    #[tokio::test]
    async fn somebody_else_who_has_the_port_at_another_address_keeps_nobody_from_dialling() {
        let other = TcpListener::bind("127.0.0.2:0").unwrap();
        let port = other.local_addr().unwrap().port();
        assert!(!is_seen_at_her_port(Tcp::new(tcp::Config::new()), port).await);
    }
}
