//! The sockets of a running node.
//!
//! With TLS of its own a node listens twice: by TLS where it was told to, and by plain HTTP on a loopback port, for the
//! command line and for browsers on this machine, which count loopback as secure.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::{Credentials, Listener, run};
use crate::access::Place;

/// How long requests that were begun have to end when the node stops. Service managers wait for twenty seconds, and there
/// is more to do in that time.
const LAST: Duration = Duration::from_secs(5);

/// Bound and not yet listened on.
pub struct Sockets {
    web: TcpListener,
    local: Option<TcpListener>,
    place: Place,
}

impl Sockets {
    /// Listens where it was asked to; if nothing was ever said, at the usual address, or on any port of loopback if
    /// another program has that.
    ///
    /// # Errors
    /// The address that cannot be listened on, and what the system said.
    pub async fn bind(
        asked: Option<SocketAddr>,
        usual: SocketAddr,
        tls: bool,
    ) -> Result<Self, (SocketAddr, io::Error)> {
        let wanted = asked.unwrap_or(usual);
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let (web, instead_of) = match TcpListener::bind(wanted).await {
            Ok(web) => (web, None),
            // A proxy, a phone or a bookmark leads there.
            Err(reason) if asked.is_some() => return Err((wanted, reason)),
            Err(reason) => {
                let web = TcpListener::bind(any).await.map_err(|reason| (any, reason))?;
                tracing::warn!(%usual, %reason, at = ?web.local_addr(), "the web app listens elsewhere");
                (web, Some(usual))
            }
        };
        let local = match tls {
            true => Some(TcpListener::bind(any).await.map_err(|reason| (any, reason))?),
            false => None,
        };
        let address = web.local_addr().map_err(|reason| (wanted, reason))?;
        let own = match &local {
            Some(local) => local.local_addr().map_err(|reason| (any, reason))?,
            None => on_this_machine(address),
        };
        Ok(Self { web, local, place: Place { local: own, web: address, tls, instead_of } })
    }

    /// Where they listen.
    pub const fn place(&self) -> Place {
        self.place
    }

    /// Serves on them.
    ///
    /// # Errors
    /// If a socket has no address any more.
    pub fn serve(self, app: &Router, credentials: Option<Credentials>) -> io::Result<Server> {
        let (stop, stopped) = watch::channel(false);
        let mut listeners = vec![Listener::new(self.web, credentials)?];
        if let Some(local) = self.local {
            listeners.push(Listener::new(local, None)?);
        }
        let tasks = listeners.into_iter().map(|listener| tokio::spawn(run(listener, app.clone(), stopped.clone())));
        Ok(Server { tasks: tasks.collect(), stop })
    }
}

/// Whoever listens everywhere is found on loopback too.
fn on_this_machine(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// Serves until it is stopped.
pub struct Server {
    tasks: Vec<JoinHandle<()>>,
    stop: watch::Sender<bool>,
}

impl Server {
    /// Takes no more requests, and waits for those that were begun, for a while: somebody who is slow in asking, or fell
    /// asleep over an answer, keeps no node from stopping.
    pub async fn stop(self) {
        self.stop_within(LAST).await;
    }

    async fn stop_within(self, last: Duration) {
        // They may have ended by themselves.
        let _ = self.stop.send(true);
        let until = Instant::now() + last;
        for mut task in self.tasks {
            if timeout_at(until, &mut task).await.is_err() {
                tracing::info!("requests that do not end are not waited for any longer");
                task.abort();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn an_answer_that_does_not_come_is_not_waited_for() {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let sockets = Sockets::bind(Some(any), any, false).await.unwrap();
        let address = sockets.place().web;
        let (begun, mut begins) = tokio::sync::mpsc::channel::<()>(1);
        let never = move || async move {
            let _ = begun.send(()).await;
            std::future::pending::<()>().await;
        };
        let server = sockets.serve(&Router::new().route("/", get(never)), None).unwrap();
        let mut slow = TcpStream::connect(address).await.unwrap();
        slow.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        begins.recv().await.unwrap();
        let stopped = server.stop_within(Duration::from_millis(20));
        assert!(tokio::time::timeout(Duration::from_secs(20), stopped).await.is_ok());
    }

    #[tokio::test]
    async fn an_address_that_was_asked_for_is_taken_or_nothing_is_and_the_usual_one_may_be_taken() {
        let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let taken = other.local_addr().unwrap();
        for tls in [false, true] {
            let refused = Sockets::bind(Some(taken), taken, tls).await.err().unwrap();
            assert_eq!((refused.0, refused.1.kind()), (taken, io::ErrorKind::AddrInUse));
            let place = Sockets::bind(None, taken, tls).await.unwrap().place();
            assert_eq!(place.instead_of, Some(taken));
            assert!(place.web.ip().is_loopback() && place.web != taken, "{place:?}");
        }
        drop(other);
        let place = Sockets::bind(Some(taken), taken, false).await.unwrap().place();
        assert_eq!((place.web, place.instead_of), (taken, None));
    }
}
