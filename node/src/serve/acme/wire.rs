//! How an authority is asked: by TLS, with a bound on what it may say and how long that may take.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::header::HOST;
use axum::http::{HeaderValue, Request, Uri};
use http_body_util::{BodyExt, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

/// Bytes of an answer. The longest is a chain of certificates, with a few kilobytes; it must fit into a file of the home.
const ANSWER: usize = 32 * 1024;
/// The same for the head of an answer.
const HEAD: usize = 16 * 1024;
/// How long one question may take, from looking up the name to the last byte.
const QUESTION: Duration = Duration::from_secs(20);

/// Why an authority cannot be asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum WireError {
    /// The machine trusts nobody.
    #[error("this machine has no list of authorities that it trusts")]
    NoRoots,
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Setup(#[from] rustls::Error),
    /// The authority names an address that cannot be asked.
    #[error("the authority names an address that is not https")]
    Address,
    /// Nobody is there.
    #[error("{host} cannot be reached: {reason}")]
    Away {
        /// Who.
        host: String,
        /// What the system said.
        reason: io::Error,
    },
    /// The conversation broke off.
    #[error("the authority broke off: {0}")]
    Broken(#[from] hyper::Error),
    /// The answer is no answer, or too long.
    #[error("the authority's answer is longer than {ANSWER} bytes, or broke off")]
    Answer,
    /// There is no answer in time.
    #[error("{host} does not answer")]
    Silent {
        /// Who.
        host: String,
    },
}

impl WireError {
    /// What to do about it.
    pub(super) const fn hint(&self) -> &'static str {
        match self {
            Self::NoRoots => "install the package ca-certificates, or name a list in SSL_CERT_FILE",
            Self::Away { .. } | Self::Silent { .. } => {
                "look at the network, the clock and --acme-directory; an authority of your own must be trusted by this \
                 machine"
            }
            _ => "look whether --acme-directory leads to an authority; the node asks again",
        }
    }
}

/// Asks authorities whom this machine trusts.
#[derive(Clone)]
pub(super) struct Wire {
    connector: TlsConnector,
    /// How long one question may take.
    patience: Duration,
}

impl Wire {
    /// Trusts whom the machine trusts.
    pub(super) fn new() -> Result<Self, WireError> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() { Err(WireError::NoRoots) } else { Self::trusting(roots) }
    }

    fn trusting(roots: RootCertStore) -> Result<Self, WireError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let mut config = config.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), patience: QUESTION })
    }

    async fn ask_in_time(&self, request: Request<BodyWrapper<Bytes>>) -> Result<BytesResponse, WireError> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        match tokio::time::timeout(self.patience, self.ask(request)).await {
            Ok(answer) => answer,
            Err(_) => Err(WireError::Silent { host }),
        }
    }

    async fn ask(&self, mut request: Request<BodyWrapper<Bytes>>) -> Result<BytesResponse, WireError> {
        let uri = request.uri().clone();
        let stream = self.connect(&uri).await?;
        // As it is asked from an origin, not from a proxy.
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        *request.uri_mut() = path.parse().map_err(|_| WireError::Address)?;
        let host = uri.authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
        request.headers_mut().insert(HOST, host.ok_or(WireError::Address)?);
        let (mut sender, connection) = http1::Builder::new().max_buf_size(HEAD).handshake(TokioIo::new(stream)).await?;
        // It ends with this question, however that ends.
        let mut carrying = JoinSet::new();
        carrying.spawn(connection);
        let (parts, body) = sender.send_request(request).await?.into_parts();
        let body = Limited::new(body, ANSWER).collect().await.map_err(|_| WireError::Answer)?.to_bytes();
        Ok(BytesResponse { parts, body: Box::new(body) })
    }

    async fn connect(&self, uri: &Uri) -> Result<tokio_rustls::client::TlsStream<TcpStream>, WireError> {
        let host = uri.host().filter(|_| uri.scheme_str() == Some("https")).ok_or(WireError::Address)?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(host.to_owned()).map_err(|_| WireError::Address)?;
        let away = |reason| WireError::Away { host: host.to_owned(), reason };
        let stream = TcpStream::connect((host, uri.port_u16().unwrap_or(443))).await.map_err(away)?;
        self.connector.connect(name, stream).await.map_err(away)
    }
}

impl HttpClient for Wire {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let wire = self.clone();
        Box::pin(async move { wire.ask_in_time(request).await.map_err(|error| Error::Other(Box::new(error))) })
    }
}

#[cfg(test)]
mod tests {
    use rcgen::KeyPair;
    use rustls::ServerConfig;
    use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use super::*;

    /// Mallory, who is taken for an authority and answers with this, over and over until nobody listens; her address,
    /// and how to ask her.
    async fn mallory(answer: &'static [u8]) -> (Uri, Wire) {
        let key = KeyPair::generate().unwrap();
        let own = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(own.der().clone()).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = config.with_no_client_auth().with_single_cert(vec![own.der().clone()], key).unwrap();
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("https://localhost:{}/dir", socket.local_addr().unwrap().port());
        tokio::spawn(async move {
            let (stream, _) = socket.accept().await.unwrap();
            let mut stream = TlsAcceptor::from(Arc::new(config)).accept(stream).await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await.unwrap();
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
            while !answer.is_empty() && stream.write_all(answer).await.is_ok() {}
            std::future::pending::<()>().await;
        });
        (uri.parse().unwrap(), Wire::trusting(roots).unwrap())
    }

    async fn ask(uri: Uri, wire: &Wire) -> WireError {
        let request = Request::builder().uri(uri).body(BodyWrapper::default()).unwrap();
        wire.ask_in_time(request).await.err().unwrap()
    }

    #[tokio::test]
    async fn an_answer_without_end_is_given_up() {
        let (uri, wire) = mallory(b"\r\n{ so on and so on }").await;
        assert!(matches!(ask(uri, &wire).await, WireError::Answer));
        let (uri, wire) = mallory(b"X-And: so on\r\n").await;
        assert!(matches!(ask(uri, &wire).await, WireError::Broken(_)));
    }

    #[tokio::test]
    async fn an_authority_that_says_nothing_is_given_up() {
        let (uri, mut wire) = mallory(b"").await;
        wire.patience = Duration::from_millis(200);
        assert!(matches!(ask(uri, &wire).await, WireError::Silent { .. }));
    }

    #[tokio::test]
    async fn nobody_is_asked_who_is_not_trusted_or_not_by_tls() {
        let (uri, _) = mallory(b"\r\n").await;
        let other = mallory(b"\r\n").await.1;
        assert!(matches!(ask(uri.clone(), &other).await, WireError::Away { .. }));
        let plain = uri.to_string().replace("https", "http");
        assert!(matches!(ask(plain.parse().unwrap(), &other).await, WireError::Address));
    }
}
