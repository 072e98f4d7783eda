//! What the TLS port shows: the domain's certificate, and to an authority that looks the proof.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{Acceptor, ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use super::trouble::AcmeError;

/// What an authority wants to speak when it looks (RFC 8737 §6.2).
const PROOF: &[u8] = b"acme-tls/1";

/// One certificate, or none: then TLS answers with an alert.
#[derive(Debug, Default)]
struct Slot(Mutex<Option<Arc<CertifiedKey>>>);

impl Slot {
    fn set(&self, certificate: Option<Arc<CertifiedKey>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = certificate;
    }
}

impl ResolvesServerCert for Slot {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What is shown on the TLS port.
pub struct Certificates {
    certificate: Arc<Slot>,
    proof: Arc<Slot>,
    for_browsers: Arc<ServerConfig>,
    for_the_authority: Arc<ServerConfig>,
}

impl Certificates {
    pub(super) fn new() -> Result<Self, rustls::Error> {
        let (certificate, proof) = (Arc::new(Slot::default()), Arc::new(Slot::default()));
        let for_browsers = Arc::new(speaking(b"http/1.1", &certificate)?);
        let for_the_authority = Arc::new(speaking(PROOF, &proof)?);
        Ok(Self { certificate, proof, for_browsers, for_the_authority })
    }

    /// Greets somebody. `None` if it was an authority that looked for the proof: it says no more.
    pub(in crate::serve) async fn accept(&self, stream: TcpStream) -> io::Result<Option<TlsStream<TcpStream>>> {
        let begun = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        let looks = begun.client_hello().alpn().is_some_and(|protocols| protocols.eq([PROOF]));
        if !looks {
            return begun.into_stream(Arc::clone(&self.for_browsers)).await.map(Some);
        }
        let mut looked = begun.into_stream(Arc::clone(&self.for_the_authority)).await?;
        looked.shutdown().await?;
        Ok(None)
    }

    /// Shows this certificate from now on.
    pub(super) fn show(&self, certificate: Arc<CertifiedKey>) {
        self.certificate.set(Some(certificate));
    }

    /// Shows the proof that this node answers for the domain, until what comes back is dropped. `digest` is the SHA-256
    /// of what the authority and the account agreed on.
    pub(super) fn prove(&self, domain: &str, digest: &[u8]) -> Result<Proving, AcmeError> {
        self.proof.set(Some(Arc::new(proof(domain, digest)?)));
        Ok(Proving(Arc::clone(&self.proof)))
    }
}

/// The proof is shown.
pub(super) struct Proving(Arc<Slot>);

impl Drop for Proving {
    fn drop(&mut self) {
        self.0.set(None);
    }
}

fn speaking(protocol: &[u8], slot: &Arc<Slot>) -> Result<ServerConfig, rustls::Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let resolver: Arc<dyn ResolvesServerCert> = Arc::<Slot>::clone(slot);
    let mut config = config.with_no_client_auth().with_cert_resolver(resolver);
    config.alpn_protocols = vec![protocol.to_vec()];
    Ok(config)
}

/// A certificate that nobody but an authority is to believe (RFC 8737 §3).
fn proof(domain: &str, digest: &[u8]) -> Result<CertifiedKey, AcmeError> {
    // Any other length would be no SHA-256.
    let digest: &[u8; 32] = digest.try_into().map_err(|_| AcmeError::Strange("a digest of another size".to_owned()))?;
    let mut params = CertificateParams::new([domain.to_owned()])?;
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let key = KeyPair::generate()?;
    let chain = vec![params.self_signed(&key)?.der().clone()];
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    // Not looked at before, as another certificate is: what makes it a proof is unknown to who looks at certificates.
    Ok(CertifiedKey::new(chain, aws_lc_rs::sign::any_supported_type(&key).map_err(AcmeError::Tls)?))
}
