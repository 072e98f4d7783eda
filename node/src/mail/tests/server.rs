//! A mail server on this machine, over real sockets, that behaves as a test wants it to.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::super::plan::{Security, Server};
use super::super::wire::Wire;

/// Long for a socket on a machine that is busy, short for whoever waits for a test.
const PATIENCE: Duration = Duration::from_secs(4);

/// How it behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// As it should.
    Good,
    /// It takes every login and every mail but this password.
    KnowsNobody,
    /// Says 451 to every recipient.
    IsBusy,
    /// Takes the words, and then says no for now.
    RefusesTheWords,
    /// Takes the words, and is gone without an answer.
    Vanishes,
    /// Never greets.
    SaysNothing,
    /// Greets with a line that does not end.
    NeverStops,
    /// Greets like something else.
    IsNoMailServer,
    /// Offers no encryption.
    IsInTheClear,
    /// Says more in the clear right behind its yes to encryption, as somebody on the way would.
    IsTamperedWith,
}

/// What it says instead of nothing.
const LINES_WITHOUT_END: &[u8] = &[b'x'; 4096];

pub struct MailServer {
    pub address: SocketAddr,
    security: Security,
    manner: Arc<Mutex<Manner>>,
    mails: Arc<Mutex<Vec<String>>>,
    visits: Arc<AtomicUsize>,
    roots: RootCertStore,
}

#[derive(Clone)]
struct Desk {
    acceptor: TlsAcceptor,
    security: Security,
    manner: Arc<Mutex<Manner>>,
    mails: Arc<Mutex<Vec<String>>>,
    visits: Arc<AtomicUsize>,
}

impl MailServer {
    /// Opens one.
    pub async fn open(security: Security, manner: Manner) -> Self {
        let key = KeyPair::generate().unwrap();
        let own = CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(own.der().clone()).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = config.with_no_client_auth().with_single_cert(vec![own.der().clone()], key).unwrap();
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let (manner, mails, visits) = (Arc::new(Mutex::new(manner)), Arc::default(), Arc::default());
        let desk = Desk {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            security,
            manner: Arc::clone(&manner),
            mails: Arc::clone(&mails),
            visits: Arc::clone(&visits),
        };
        tokio::spawn(async move {
            loop {
                let (stream, _) = socket.accept().await.unwrap();
                tokio::spawn(desk.clone().serve(stream));
            }
        });
        Self { address, security, manner, mails, visits, roots }
    }

    /// From now on it behaves so.
    pub fn becomes(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    /// How it is named in a plan.
    pub fn named(&self) -> Server {
        Server { host: "localhost".to_owned(), port: self.address.port(), security: self.security }
    }

    /// How whoever trusts its authority reaches it.
    pub fn wire(&self) -> Wire {
        Wire::trusting(self.roots.clone(), PATIENCE)
    }

    /// The mails that came.
    pub fn mails(&self) -> Vec<String> {
        self.mails.lock().unwrap().clone()
    }

    /// How often somebody came.
    pub fn visits(&self) -> usize {
        self.visits.load(Ordering::Relaxed)
    }
}

impl Desk {
    async fn serve(self, mut stream: TcpStream) {
        self.visits.fetch_add(1, Ordering::Relaxed);
        let manner = *self.manner.lock().unwrap();
        match self.security {
            Security::Plain => self.talk(stream, manner, true).await,
            Security::Tls => {
                let Ok(stream) = self.acceptor.accept(stream).await else { return };
                self.talk(stream, manner, true).await;
            }
            Security::StartTls => {
                if manner == Manner::NeverStops {
                    while stream.write_all(LINES_WITHOUT_END).await.is_ok() {}
                    return;
                }
                if let Some(stream) = start_tls(stream, manner).await
                    && let Ok(stream) = self.acceptor.accept(stream).await
                {
                    self.talk(stream, manner, false).await;
                }
            }
        }
    }

    /// Speaks SMTP as far as a test needs it. After STARTTLS nobody is greeted.
    async fn talk<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S, manner: Manner, greets: bool) {
        let mut stream = BufReader::new(stream);
        match manner {
            Manner::SaysNothing => return std::future::pending().await,
            Manner::NeverStops => {
                while stream.get_mut().write_all(LINES_WITHOUT_END).await.is_ok() {}
                return;
            }
            Manner::IsNoMailServer => return say(&mut stream, "HTTP/1.1 400 Bad Request").await,
            _ if greets => say(&mut stream, "220 mail.example ready").await,
            _ => {}
        }
        let mut line = String::new();
        while stream.read_line(&mut line).await.is_ok_and(|count| count > 0) {
            let word = line.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
            let answer = match (word.as_str(), manner) {
                ("EHLO", _) => "250-mail.example\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN",
                // As Mallory's would, to find the password in a log.
                ("AUTH", Manner::KnowsNobody) => &format!("535 5.7.8 not this one: {}", line.trim()),
                ("AUTH", _) => "235 welcome",
                ("RCPT", Manner::IsBusy) => "451 4.3.0 come back later\u{7}",
                ("MAIL" | "RCPT", _) => "250 ok",
                ("DATA", _) => {
                    say(&mut stream, "354 go on").await;
                    let mail = body(&mut stream).await;
                    match manner {
                        Manner::Vanishes => return,
                        Manner::RefusesTheWords => "452 4.3.1 no room",
                        _ => {
                            self.mails.lock().unwrap().push(mail);
                            "250 2.0.0 taken as 4711"
                        }
                    }
                }
                ("QUIT", _) => return say(&mut stream, "221 bye").await,
                _ => "500 what?",
            };
            let answer = answer.to_owned();
            say(&mut stream, &answer).await;
            line.clear();
        }
    }
}

async fn body<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> String {
    let mut mail = String::new();
    while !mail.ends_with("\r\n.\r\n") {
        if stream.read_line(&mut mail).await.unwrap() == 0 {
            break;
        }
    }
    mail
}

async fn say<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufReader<S>, line: &str) {
    // Whoever asked may be gone.
    let _ = stream.get_mut().write_all(format!("{line}\r\n").as_bytes()).await;
    let _ = stream.get_mut().flush().await;
}

/// What is said in the clear, byte for byte, so that nothing of TLS is read too early.
async fn start_tls(mut stream: TcpStream, manner: Manner) -> Option<TcpStream> {
    let offer = if manner == Manner::IsInTheClear { "250 SIZE 1000\r\n" } else { "250 STARTTLS\r\n" };
    stream.write_all(b"220 mail.example ready\r\n").await.ok()?;
    heard(&mut stream).await?;
    stream.write_all(format!("250-mail.example\r\n{offer}").as_bytes()).await.ok()?;
    heard(&mut stream).await?;
    let more = if manner == Manner::IsTamperedWith { "250 AUTH PLAIN\r\n" } else { "" };
    stream.write_all(format!("220 go on\r\n{more}").as_bytes()).await.ok()?;
    Some(stream)
}

async fn heard(stream: &mut TcpStream) -> Option<()> {
    while stream.read_u8().await.ok()? != b'\n' {}
    Some(())
}
