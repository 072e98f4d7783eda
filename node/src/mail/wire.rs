//! Connecting to a mail server: whom this machine trusts, and nothing in the clear.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use lettre::transport::smtp::extension::ClientId;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::plan::{Security, Server};
use super::stream::Bounded;
use super::trouble::Unsent;

/// How long all that comes before the mail may take, and how long its answer: slow servers take ten seconds to greet, and
/// who tries it out waits a minute at most.
const PATIENCE: Duration = Duration::from_secs(25);
/// An address that does not answer has this part of it, so that the others have their turn.
const ATTEMPTS: u32 = 5;
/// Bytes of an answer that comes before TLS.
const REPLY: usize = 4096;

/// How mail servers are reached.
#[derive(Clone)]
pub(super) struct Wire {
    /// Whom to trust; `None` for whom the machine trusts.
    roots: Option<Arc<RootCertStore>>,
    pub patience: Duration,
}

impl Default for Wire {
    fn default() -> Self {
        Self { roots: None, patience: PATIENCE }
    }
}

impl Wire {
    #[cfg(test)]
    pub fn trusting(roots: RootCertStore, patience: Duration) -> Self {
        Self { roots: Some(Arc::new(roots)), patience }
    }

    /// A connection that is encrypted, unless it stays on this machine, and on which the server has said what it can do.
    pub async fn connect(&self, server: &Server) -> Result<AsyncSmtpConnection, Unsent> {
        let host = &server.host;
        let away = |error: std::io::Error| Unsent::Away { host: host.clone(), reason: error.to_string() };
        let mut tcp = self.reach(host, server.port).await.map_err(away)?;
        let peer = tcp.peer_addr().map_err(away)?;
        if server.security == Security::Plain && !peer.ip().is_loopback() {
            return Err(Unsent::Odd { host: host.clone() });
        }
        let stream: Box<dyn AsyncTokioStream> = match server.security {
            Security::Plain => Box::new(Bounded::new(tcp, Vec::new(), peer)),
            Security::Tls => Box::new(Bounded::new(self.encrypt(tcp, host).await?, Vec::new(), peer)),
            Security::StartTls => {
                let greeting = start_tls(&mut tcp, host).await?;
                Box::new(Bounded::new(self.encrypt(tcp, host).await?, greeting, peer))
            }
        };
        // The name of this machine is nobody's business.
        let me = ClientId::default();
        AsyncSmtpConnection::connect_with_transport(stream, &me).await.map_err(|error| Unsent::of(&error, host))
    }

    /// A connection with the first address that answers.
    async fn reach(&self, host: &str, port: u16) -> std::io::Result<TcpStream> {
        let all = in_turn(tokio::net::lookup_host((host, port)).await?.collect());
        first(&all, self.patience / ATTEMPTS, TcpStream::connect).await
    }

    async fn encrypt(&self, tcp: TcpStream, host: &str) -> Result<tokio_rustls::client::TlsStream<TcpStream>, Unsent> {
        let not_trusted = |reason: String| Unsent::NotTrusted { host: host.to_owned(), reason };
        let name = ServerName::try_from(host.to_owned()).map_err(|error| not_trusted(error.to_string()))?;
        let connected = self.connector()?.connect(name, tcp).await;
        connected.map_err(|error| match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(rustls::Error::InvalidCertificate(why)) => not_trusted(format!("{why:?}")),
            Some(_) => Unsent::Odd { host: host.to_owned() },
            None => Unsent::Away { host: host.to_owned(), reason: error.to_string() },
        })
    }

    fn connector(&self) -> Result<TlsConnector, Unsent> {
        let roots = match &self.roots {
            Some(roots) => Arc::clone(roots),
            None => {
                let mut roots = RootCertStore::empty();
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
                Arc::new(roots)
            }
        };
        if roots.is_empty() {
            return Err(Unsent::NoRoots);
        }
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.map_err(|_| Unsent::NoRoots)?.with_root_certificates(roots).with_no_client_auth();
        Ok(TlsConnector::from(Arc::new(config)))
    }
}

/// The addresses of one kind and of the other by turns, beginning with that of the first: a network may lead out by one
/// kind alone, and swallow what goes by the other.
fn in_turn(all: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let is_ip4 = all.first().is_some_and(SocketAddr::is_ipv4);
    let (ones, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|address| address.is_ipv4() == is_ip4);
    let (mut ones, mut others) = (ones.into_iter(), others.into_iter());
    let by_turns = std::iter::from_fn(|| {
        let (one, other) = (ones.next(), others.next());
        (one.is_some() || other.is_some()).then(|| one.into_iter().chain(other))
    });
    by_turns.flatten().collect()
}

/// What the first address gives, each of which has so long; else why the last one gave nothing.
async fn first<T>(
    all: &[SocketAddr],
    each: Duration,
    connect: impl AsyncFn(SocketAddr) -> std::io::Result<T>,
) -> std::io::Result<T> {
    let mut failed = std::io::Error::new(std::io::ErrorKind::NotFound, "the name has no address");
    for address in all {
        match tokio::time::timeout(each, connect(*address)).await {
            Ok(Ok(connected)) => return Ok(connected),
            Ok(Err(error)) => failed = error,
            Err(_) => failed = std::io::Error::new(std::io::ErrorKind::TimedOut, format!("{address} does not answer")),
        }
    }
    Err(failed)
}

/// Asks for TLS (RFC 3207), and gives back the greeting. Byte for byte, so that nothing that was said in the clear counts
/// after it.
async fn start_tls(tcp: &mut TcpStream, host: &str) -> Result<Vec<u8>, Unsent> {
    let greeting = reply(tcp, host).await?;
    say(tcp, format!("EHLO {}\r\n", ClientId::default()).as_bytes(), host).await?;
    let offered = reply(tcp, host).await?;
    let offered = String::from_utf8_lossy(&offered).to_ascii_uppercase();
    let is_offered = offered.lines().any(|line| line.get(4..).is_some_and(|word| word.trim() == "STARTTLS"));
    if !greeting.starts_with(b"220") || !offered.starts_with("250") {
        return Err(Unsent::Odd { host: host.to_owned() });
    }
    if !is_offered {
        return Err(Unsent::NoTls { host: host.to_owned() });
    }
    say(tcp, b"STARTTLS\r\n", host).await?;
    if reply(tcp, host).await?.starts_with(b"220") {
        Ok(greeting)
    } else {
        Err(Unsent::NoTls { host: host.to_owned() })
    }
}

async fn say(tcp: &mut TcpStream, line: &[u8], host: &str) -> Result<(), Unsent> {
    let away = |error: std::io::Error| Unsent::Away { host: host.to_owned(), reason: error.to_string() };
    tcp.write_all(line).await.map_err(away)
}

/// All lines of one answer; the last has a blank after its number.
async fn reply(tcp: &mut TcpStream, host: &str) -> Result<Vec<u8>, Unsent> {
    let (mut answer, mut line) = (Vec::new(), 0);
    while answer.len() < REPLY {
        let byte = tcp.read_u8().await;
        let away = |error: std::io::Error| Unsent::Away { host: host.to_owned(), reason: error.to_string() };
        answer.push(byte.map_err(away)?);
        if answer.ends_with(b"\n") {
            if answer.get(line + 3) == Some(&b' ') {
                return Ok(answer);
            }
            line = answer.len();
        }
    }
    Err(Unsent::Odd { host: host.to_owned() })
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;

    fn at(addresses: &[&str]) -> Vec<SocketAddr> {
        addresses.iter().map(|address| address.parse().unwrap()).collect()
    }

    #[test]
    fn both_kinds_of_address_have_their_turn() {
        let all = at(&["[2001:db8::1]:465", "[2001:db8::2]:465", "[2001:db8::3]:465", "192.0.2.1:465"]);
        let turns = at(&["[2001:db8::1]:465", "192.0.2.1:465", "[2001:db8::2]:465", "[2001:db8::3]:465"]);
        assert_eq!(in_turn(all), turns);
        assert_eq!(in_turn(at(&["192.0.2.1:465"])), at(&["192.0.2.1:465"]));
        assert!(in_turn(Vec::new()).is_empty());
    }

    #[tokio::test]
    async fn a_mail_goes_where_one_kind_of_address_leads_nowhere() {
        let all = at(&["[2001:db8::1]:465", "192.0.2.1:465", "[2001:db8::2]:465"]);
        let silent_by_ip6 = async |address: SocketAddr| match address.is_ipv4() {
            true => Ok(address),
            false => std::future::pending().await,
        };
        assert_eq!(first(&all, Duration::from_millis(20), silent_by_ip6).await.unwrap(), all[1]);
        let refused = async |_: SocketAddr| Err::<(), _>(ErrorKind::ConnectionRefused.into());
        let error = first(&all, Duration::from_secs(4), refused).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        let silent = async |_: SocketAddr| std::future::pending::<std::io::Result<()>>().await;
        let error = first(&all[..1], Duration::from_millis(20), silent).await.unwrap_err();
        assert!(error.to_string().contains("2001:db8::1") && error.kind() == ErrorKind::TimedOut, "{error}");
        assert_eq!(first(&[], Duration::from_secs(4), silent).await.unwrap_err().kind(), ErrorKind::NotFound);
    }
}
