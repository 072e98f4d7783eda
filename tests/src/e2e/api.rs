//! Speaking with a node's API over loopback, as a script would.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::PATIENCE;

/// How often a condition is looked at when no notice comes. A notice is not sent for everything.
const LOOK: Duration = Duration::from_millis(100);

/// The API of a running node.
#[derive(Clone, Debug)]
pub struct Api {
    address: SocketAddr,
    token: String,
}

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body; null if it is empty.
    pub body: Value,
}

impl Answer {
    /// True if what was asked is done.
    pub const fn is_ok(&self) -> bool {
        self.status >= 200 && self.status < 300
    }
}

impl Api {
    /// The API of the node that runs in a home, as its files say.
    ///
    /// # Errors
    /// If no node runs there.
    pub fn of(folder: &Path) -> io::Result<Self> {
        let running: Value = serde_json::from_slice(&std::fs::read(folder.join("running.json"))?)?;
        let address = running["api"].as_str().and_then(|api| api.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
        Ok(Self { address, token: std::fs::read_to_string(folder.join("api-token"))? })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Asks, and returns a whole answer or what was in the way.
    ///
    /// # Errors
    /// If the node does not answer, or not to the end: then nobody knows whether it did what was asked.
    pub fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> io::Result<Answer> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let stream = self.send(method, &format!("/api/v1{path}"), body.as_bytes())?;
        let mut reader = BufReader::new(stream);
        let (status, length) = read_head(&mut reader)?;
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body)? };
        Ok(Answer { status, body })
    }

    fn send(&self, method: &str, path: &str, body: &[u8]) -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect_timeout(&self.address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n",
            self.address,
            self.token,
            body.len(),
        );
        stream.write_all(&[head.as_bytes(), body].concat())?;
        Ok(stream)
    }

    /// Asks for something that is there.
    #[track_caller]
    pub fn get(&self, path: &str) -> Value {
        self.must("GET", path, None)
    }

    /// Asks for something to be done that can be done.
    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Value {
        self.must("POST", path, Some(body))
    }

    /// A number that the node shows whoever watches over it; `None` if it shows none of this name.
    ///
    /// # Errors
    /// If the node does not answer.
    pub fn metric(&self, name: &str) -> io::Result<Option<u64>> {
        let mut reader = BufReader::new(self.send("GET", "/metrics", b"")?);
        let (status, length) = read_head(&mut reader)?;
        let mut text = vec![0; length];
        reader.read_exact(&mut text)?;
        let text = String::from_utf8_lossy(&text);
        assert_eq!(status, 200, "{text}");
        let value = |line: &str| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok();
        Ok(text.lines().find_map(value))
    }

    #[track_caller]
    fn must(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let answer = self.ask(method, path, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        assert!(answer.is_ok(), "{method} {path}: {answer:?}");
        answer.body
    }

    /// What happens from now on.
    ///
    /// # Errors
    /// If the node does not answer.
    pub fn notices(&self) -> io::Result<Notices> {
        let mut reader = BufReader::new(self.send("GET", "/api/v1/notices", b"")?);
        read_head(&mut reader)?;
        let mut notices = Notices { reader };
        notices.next(PATIENCE)?;
        Ok(notices)
    }

    /// Waits until `look` finds something. It looks after every notice, and a few times a second beside it.
    #[track_caller]
    pub fn until<T>(&self, what: &str, mut look: impl FnMut(&Self) -> Option<T>) -> T {
        let found = self.until_within(PATIENCE, |api| look(api).ok_or(()));
        found.unwrap_or_else(|()| panic!("waited {PATIENCE:?} in vain: {what}"))
    }

    /// Waits until `look` finds something, at most so long.
    ///
    /// # Errors
    /// What it saw last instead.
    #[track_caller]
    pub fn until_within<T, E>(&self, most: Duration, mut look: impl FnMut(&Self) -> Result<T, E>) -> Result<T, E> {
        let begun = Instant::now();
        let mut notices = self.notices().unwrap_or_else(|error| panic!("no notices: {error}"));
        loop {
            match look(self) {
                Err(_) if begun.elapsed() < most => {}
                found => return found,
            }
            notices.next(LOOK).unwrap_or_else(|error| panic!("no more notices: {error}"));
        }
    }

    /// Waits until the person of this name is a contact, and returns everything kept about them.
    #[track_caller]
    pub fn until_contact(&self, who: &str) -> Value {
        self.until(&format!("{who} is a contact"), |api| {
            let path = format!("/people/{}", who.replace(' ', "%20"));
            let answer = api.ask("GET", &path, None).ok()?;
            (answer.is_ok() && answer.body["standing"] == "contact").then_some(answer.body)
        })
    }
}

/// Reads the head of an answer: its status and the length of its body.
pub(crate) fn read_head(reader: &mut BufReader<TcpStream>) -> io::Result<(u16, usize)> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or(io::ErrorKind::UnexpectedEof)?;
    let mut length = 0;
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let header = line.trim_end().to_ascii_lowercase();
        if header.is_empty() {
            return Ok((status, length));
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(|_| io::ErrorKind::InvalidData)?;
        }
    }
}

/// Server-sent events of a node.
#[derive(Debug)]
pub struct Notices {
    reader: BufReader<TcpStream>,
}

impl Notices {
    /// Waits for the next event, at most so long.
    ///
    /// # Errors
    /// If the node has gone away.
    pub fn next(&mut self, most: Duration) -> io::Result<()> {
        self.reader.get_ref().set_read_timeout(Some(most))?;
        let mut line = String::new();
        loop {
            line.clear();
            match self.reader.read_line(&mut line) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) if line.starts_with("event:") => return Ok(()),
                Ok(_) => {}
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
    }
}
