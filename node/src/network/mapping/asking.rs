//! How a router is asked: by HTTP without TLS, which is all it speaks, with bounds on what it may say and for how long.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::{HeaderName, Request};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpSocket;
use tokio::task::JoinSet;

/// Bytes of an answer. The longest is the description of a router, with some ten kilobytes.
const ANSWER: usize = 64 * 1024;
/// The same for the head of an answer.
const HEAD: usize = 16 * 1024;
/// How long one question may take. Routers are near, and some are slow.
const QUESTION: Duration = Duration::from_secs(5);
/// Names the action that is asked for.
const ACTION: HeaderName = HeaderName::from_static("soapaction");

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Silence {
    #[error("it cannot be reached: {0}")]
    Away(#[from] std::io::Error),
    #[error("it does not answer in time")]
    Late,
    #[error("it breaks off: {0}")]
    Broken(#[from] hyper::Error),
    #[error("its answer is too long, or no text")]
    Nonsense,
    #[error("it names an address that cannot be asked")]
    Address,
}

/// A question to a router, from our address on its network: some open ports to whoever asks, and to nobody else.
pub(super) struct Question<'a> {
    pub from: Ipv4Addr,
    pub to: SocketAddrV4,
    pub path: &'a str,
    /// What it is to do, and with what; nothing for a document.
    pub action: Option<(String, String)>,
}

impl Question<'_> {
    /// Asks, and returns what was answered, be it a refusal or not.
    pub(super) async fn ask(self) -> Result<String, Silence> {
        tokio::time::timeout(QUESTION, self.ask_patiently()).await.unwrap_or(Err(Silence::Late))
    }

    async fn ask_patiently(self) -> Result<String, Silence> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((self.from, 0).into())?;
        let stream = socket.connect(self.to.into()).await?;
        let (mut sender, connection) = http1::Builder::new().max_buf_size(HEAD).handshake(TokioIo::new(stream)).await?;
        // It ends with this question, however that ends.
        let mut carrying = JoinSet::new();
        carrying.spawn(connection);
        let body = sender.send_request(self.request()?).await?.into_body();
        let body = Limited::new(body, ANSWER).collect().await.map_err(|_| Silence::Nonsense)?.to_bytes();
        String::from_utf8(body.into()).map_err(|_| Silence::Nonsense)
    }

    fn request(self) -> Result<Request<Full<Bytes>>, Silence> {
        let request = Request::builder().uri(self.path).header(HOST, self.to.to_string());
        let request = match self.action {
            None => request.body(Full::default()),
            Some((action, body)) => request
                .method("POST")
                .header(CONTENT_TYPE, "text/xml; charset=\"utf-8\"")
                .header(ACTION, action)
                .body(Full::from(body)),
        };
        request.map_err(|_| Silence::Address)
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// Mallory, who says that she is a router and answers with this, over and over.
    async fn ask_mallory(head: &'static [u8], over_and_over: &'static [u8]) -> Result<String, Silence> {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let SocketAddr::V4(to) = socket.local_addr().unwrap() else { unreachable!("it is bound by IPv4") };
        tokio::spawn(async move {
            let (mut stream, _) = socket.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(head).await;
            while !over_and_over.is_empty() && stream.write_all(over_and_over).await.is_ok() {}
        });
        Question { from: Ipv4Addr::LOCALHOST, to, path: "/root.xml", action: None }.ask().await
    }

    #[tokio::test]
    async fn an_answer_without_end_is_given_up() {
        let head = b"HTTP/1.1 200 OK\r\n";
        assert!(matches!(ask_mallory(head, b"\r\nand so on and so on").await, Err(Silence::Nonsense)));
        assert!(matches!(ask_mallory(head, b"X-And: so on\r\n").await, Err(Silence::Broken(_))));
    }

    #[tokio::test]
    async fn a_refusal_is_an_answer_too() {
        let refusal = b"HTTP/1.1 500 No\r\ncontent-length: 4\r\n\r\n718!";
        assert_eq!(ask_mallory(refusal, b"").await.unwrap(), "718!");
    }
}
