//! A browser's part of TLS, as strict as one.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use kith_tests::e2e::PATIENCE;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// The page at a path of the host with this name, which leads to loopback, and the certificate that was shown. The
/// name and the chain up to a root in the file must be right.
pub fn get(port: u16, name: &str, roots: &Path, path: &str) -> io::Result<(String, Vec<u8>)> {
    let mut stream = greet(port, name, roots, b"http/1.1")?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => return Err(error),
        _ => {}
    }
    let shown = stream.conn.peer_certificates().unwrap()[0].to_vec();
    Ok((String::from_utf8_lossy(&answer).into_owned(), shown))
}

/// Greets the host and says what it wants to speak.
pub fn greet(
    port: u16,
    name: &str,
    roots: &Path,
    protocol: &[u8],
) -> io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let mut trusted = RootCertStore::empty();
    for root in CertificateDer::pem_file_iter(roots).unwrap() {
        trusted.add(root.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_root_certificates(trusted).with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    let connection = ClientConnection::new(Arc::new(config), ServerName::try_from(name.to_owned()).unwrap());
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut connection = connection.unwrap();
    while connection.is_handshaking() {
        connection.complete_io(&mut stream)?;
    }
    Ok(StreamOwned::new(connection, stream))
}

/// The alert with which TLS was refused.
#[track_caller]
pub fn alert(refused: io::Result<impl Sized>) -> String {
    let Err(error) = refused else { panic!("it was not refused") };
    error.to_string()
}
