use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsConnector;

use super::*;
use crate::access::{Access, Ways};
use crate::serve::{self, Credentials, Listener};

fn home() -> (tempfile::TempDir, Home) {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    (folder, home)
}

fn hosts() -> Vec<String> {
    vec!["localhost".to_owned(), "ana-laptop.local".to_owned()]
}

/// A browser that trusts these authorities.
fn trusting(authorities: &[&Authority]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    for authority in authorities {
        roots.add(authority.certificate().to_vec().into()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

/// Ana's node by TLS, and what ends it.
async fn node(home: &Home, authority: &Arc<Authority>) -> (SocketAddr, watch::Sender<bool>) {
    let access = Access::new(home, b"ana", Ways::default()).unwrap();
    let pages = Router::new().route("/", get(|| async { "today" }));
    let app = serve::app(&access, pages, Router::new(), Some(Arc::clone(authority)), || true);
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let (stop, stopped) = watch::channel(false);
    let listener = Listener::new(socket, Some(Credentials::Own(Arc::clone(authority)))).unwrap();
    tokio::spawn(serve::run(listener, app, stopped));
    (address, stop)
}

async fn ask(mut stream: impl AsyncReadExt + AsyncWriteExt + Unpin, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_installed_the_authority_connects_and_another_does_not() {
    let (_folder, home) = home();
    let authority = Arc::new(Authority::open(&home, &hosts()).unwrap());
    let other = Authority::make(&hosts(), now()).unwrap();
    let (address, _stop) = node(&home, &authority).await;
    for name in ["localhost", "ana-laptop.local", "127.0.0.1"] {
        let name = ServerName::try_from(name).unwrap();
        let stream = TcpStream::connect(address).await.unwrap();
        let stream = trusting(&[&authority]).connect(name.clone(), stream).await.unwrap();
        let answer = ask(stream, "/").await;
        assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
        let stream = TcpStream::connect(address).await.unwrap();
        assert!(trusting(&[&other]).connect(name, stream).await.is_err());
    }
    let stream = TcpStream::connect(address).await.unwrap();
    let elsewhere = ServerName::try_from("bo-laptop.local").unwrap();
    assert!(trusting(&[&authority]).connect(elsewhere, stream).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_on_the_same_port_leads_to_the_certificate_and_nowhere_else() {
    let (_folder, home) = home();
    let authority = Arc::new(Authority::open(&home, &hosts()).unwrap());
    let (address, _stop) = node(&home, &authority).await;
    for path in ["/", "/people", "/login", "/enter/ABCDEFGH", "/api/v1/status"] {
        let answer = ask(TcpStream::connect(address).await.unwrap(), path).await;
        assert!(
            answer.contains("Trust this node") && answer.replace("<wbr>", "").contains(&authority.fingerprint()),
            "{path}: {answer}"
        );
        assert!(!answer.contains("<form") && !answer.contains("set-cookie"), "{path}");
    }
    let answer = ask(TcpStream::connect(address).await.unwrap(), "/kith-ca.crt").await;
    assert!(answer.contains("content-type: application/x-x509-ca-cert"), "{answer}");
    let answer = ask(TcpStream::connect(address).await.unwrap(), "/kith.mobileconfig").await;
    assert!(answer.contains(&data_encoding::BASE64.encode(authority.certificate())), "{answer}");
    // The same by TLS, for whoever comes from a browser that went on past its warning.
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = trusting(&[&authority]).connect(name, stream).await.unwrap();
    assert!(ask(stream, "/kith-ca.crt").await.contains("application/x-x509-ca-cert"));
}

/// Whether a browser that trusts the authority takes a certificate of it for this name.
async fn is_taken(authority: &Authority, name: &str) -> bool {
    let (chain, key) = authority.leaf(&[san(name).unwrap()]).unwrap();
    let server = tokio_rustls::TlsAcceptor::from(Arc::new(config(chain, key).unwrap()));
    let (one, other) = tokio::io::duplex(16 * 1024);
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let browser = trusting(&[authority]);
    let (taken, _) = tokio::join!(browser.connect(name, one), server.accept(other));
    taken.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thief_of_the_key_can_speak_for_no_other_site() {
    let authority = Authority::make(&hosts(), now()).unwrap();
    for own in ["localhost", "ana-laptop.local", "192.168.1.7", "10.8.0.2", "fd00::7", "fe80::1", "100.100.1.2"] {
        assert!(is_taken(&authority, own).await, "{own}");
    }
    for foreign in ["bank.example", "bo-laptop.local", "xana-laptop.local", "203.0.113.9", "2001:db8::1", "172.32.0.1"]
    {
        assert!(!is_taken(&authority, foreign).await, "{foreign}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_authority_stays_the_same_until_it_needs_another_name() {
    let (folder, home) = home();
    let first = Authority::open(&home, &hosts()).unwrap();
    let again = Authority::open(&home, &hosts()).unwrap();
    assert_eq!(first.fingerprint(), again.fingerprint());
    assert!(is_taken(&again, "localhost").await);
    let (chain, key) = again.leaf(&[san("localhost").unwrap()]).unwrap();
    let server = tokio_rustls::TlsAcceptor::from(Arc::new(config(chain, key).unwrap()));
    let (one, other) = tokio::io::duplex(16 * 1024);
    let browser = trusting(&[&first]);
    let (taken, _) =
        tokio::join!(browser.connect(ServerName::try_from("localhost").unwrap(), one), server.accept(other));
    taken.expect("what was installed before the node started again still counts");
    let more = [hosts(), vec!["kith.ana.example".to_owned()]].concat();
    let with_more = Authority::open(&home, &more).unwrap();
    assert_ne!(first.fingerprint(), with_more.fingerprint());
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(folder.path().join("ca.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_certificate_is_kept_for_an_address_and_a_public_one_is_left_out() {
    let authority = Authority::make(&hosts(), now()).unwrap();
    let address: IpAddr = "192.168.1.7".parse().unwrap();
    let first = authority.config_for(address).unwrap();
    assert!(Arc::ptr_eq(&first, &authority.config_for("::ffff:192.168.1.7".parse().unwrap()).unwrap()));
    assert!(authority.names_at(address).contains(&SanType::IpAddress(address)));
    let public: IpAddr = "203.0.113.9".parse().unwrap();
    assert!(!authority.names_at(public).contains(&SanType::IpAddress(public)));
    if let Some(leaf) = authority.leaves.lock().unwrap().get_mut(&address) {
        leaf.made = now().minus(LEAF_RENEWAL);
    }
    assert!(!Arc::ptr_eq(&first, &authority.config_for(address).unwrap()), "made anew after a month");
}

#[test]
fn a_file_whose_key_is_none_is_damaged_and_left_as_it_is() {
    let (_folder, home) = home();
    Authority::open(&home, &hosts()).unwrap();
    let mut kept: Kept = home.read_ca().unwrap().unwrap();
    kept.key = Secret("AAAA".to_owned());
    home.write_ca(&kept).unwrap();
    assert!(matches!(Authority::open(&home, &hosts()), Err(CaError::Damaged)));
    assert_eq!(home.read_ca::<Kept>().unwrap().unwrap().key.0, "AAAA");
}
