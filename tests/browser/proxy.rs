//! A reverse proxy on this machine, with what real ones do: it says who asked, passes homes on by their paths, and has
//! a neighbour of theirs on the same name.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Runtime;

/// The address from which the proxy asks nodes, so that they can tell it from browsers on this machine.
pub const PROXY: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// What becomes of a path on its way to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// It stays as it is.
    Stays,
    /// What leads to the home is taken off.
    IsCut,
}

/// A home behind the proxy.
#[derive(Clone, Copy, Debug)]
pub struct Behind {
    /// Where it is, such as `/ana`.
    pub base: &'static str,
    /// Where its web app listens on this machine.
    pub web: u16,
    /// What becomes of its paths.
    pub path: Path,
}

/// A proxy until it is dropped.
pub struct Proxy {
    address: SocketAddr,
    runtime: Runtime,
}

impl Proxy {
    /// A proxy at this port.
    pub fn start(port: u16, homes: Vec<Behind>) -> Self {
        let runtime = Runtime::new().unwrap();
        let address = (Ipv4Addr::LOCALHOST, port).into();
        let listener = runtime.block_on(TcpListener::bind(address)).unwrap();
        runtime.spawn(async move {
            while let Ok((client, from)) = listener.accept().await {
                let homes = homes.clone();
                // A browser that goes away in the middle is no matter.
                tokio::spawn(async move { serve(client, from, &homes).await.ok() });
            }
        });
        Self { address, runtime }
    }

    /// What somebody at another address of this machine gets, head and all.
    pub fn asked_from(&self, from: Ipv4Addr, request: &str) -> String {
        self.runtime.block_on(async {
            let mut stream = connect(from, self.address).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.unwrap();
            String::from_utf8_lossy(&answer).into_owned()
        })
    }
}

async fn connect(from: Ipv4Addr, to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    socket.connect(to).await
}

/// Passes one request on; the next comes by a connection of its own.
async fn serve(client: TcpStream, from: SocketAddr, homes: &[Behind]) -> std::io::Result<()> {
    let mut client = BufReader::new(client);
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if client.read_until(b'\n', &mut head).await? == 0 {
            return Ok(());
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default();
    let is_below = |base: &str| path.strip_prefix(base).is_some_and(|rest| rest.starts_with(['/', '?']));
    let Some(home) = homes.iter().find(|home| is_below(home.base)) else {
        return client.write_all(neighbour(&head).as_bytes()).await;
    };
    let Ok(mut node) = connect(PROXY, (Ipv4Addr::LOCALHOST, home.web).into()).await else {
        return client.write_all(answer("502 Bad Gateway", "The proxy cannot reach it.").as_bytes()).await;
    };
    node.write_all(passed_on(&head, from, home).as_bytes()).await?;
    copy_bidirectional(&mut client, &mut node).await?;
    Ok(())
}

/// The head of a request as the node gets it: who asked stands right of whatever the client says of itself.
fn passed_on(head: &str, from: SocketAddr, home: &Behind) -> String {
    let (mut lines, mut hops) = (Vec::new(), Vec::new());
    for line in head.trim_end().split("\r\n") {
        match line.split_once(':').map(|(name, value)| (name.to_ascii_lowercase(), value)) {
            Some((name, value)) if name == "x-forwarded-for" => hops.push(value.trim().to_owned()),
            Some((name, _)) if name == "connection" || name == "x-forwarded-proto" => {}
            _ => lines.push(line.to_owned()),
        }
    }
    if home.path == Path::IsCut {
        lines[0] = lines[0].replacen(home.base, "", 1);
    }
    hops.push(from.ip().to_string());
    lines.push(format!("X-Forwarded-For: {}", hops.join(", ")));
    lines.push("X-Forwarded-Proto: http".to_owned());
    lines.push("Connection: close".to_owned());
    lines.join("\r\n") + "\r\n\r\n"
}

/// Another program on the same name, which tells what it was sent of cookies.
fn neighbour(head: &str) -> String {
    let cookies = head.lines().find(|line| line.to_ascii_lowercase().starts_with("cookie:"));
    answer("200 OK", &format!("The neighbour got: {}", cookies.unwrap_or("nothing")))
}

fn answer(status: &str, says: &str) -> String {
    let page = format!("<!doctype html><title>Neighbour</title><link rel=icon href=data:,><p>{says}</p>");
    let length = page.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{page}"
    )
}
