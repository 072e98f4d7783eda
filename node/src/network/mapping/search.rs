//! Finding routers that open ports: a question to everybody on a network (SSDP), and who answers from there.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::Duration;

use axum::http::Uri;
use if_watch::Ipv4Net;
use socket2::SockRef;
use tokio::net::UdpSocket;
use tokio::time::Instant;

/// Where everybody is asked.
const EVERYBODY: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(239, 255, 255, 250), 1900);
/// What is asked for. A router of the second kind answers for the first one too, as it should, or it does not.
const WANTED: [&str; 3] = [
    "urn:schemas-upnp-org:device:InternetGatewayDevice:1",
    "urn:schemas-upnp-org:device:InternetGatewayDevice:2",
    "urn:schemas-upnp-org:service:WANIPConnection:1",
];
/// Questions get lost, so all are asked once more after this.
const AGAIN: Duration = Duration::from_secs(1);
/// When nobody is waited for any longer.
const END: Duration = Duration::from_secs(3);
/// Bytes of an answer that are read.
const LONGEST: usize = 2 * 1024;
/// Answers of one machine that are read: it may answer each question, and each of them twice.
const ANSWERS: usize = 8;
/// Places that one machine may name, so that it takes no other's.
const LOCATIONS: usize = 2;

/// Where somebody says that a router describes itself: at the address that said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Location {
    pub at: SocketAddrV4,
    pub path: String,
}

/// A question under way on one network.
pub(super) struct Search {
    network: Ipv4Net,
    socket: UdpSocket,
    again: Option<Instant>,
    end: Instant,
    heard: Vec<Location>,
    answers: HashMap<Ipv4Addr, usize>,
}

impl Search {
    /// Asks everybody on the network on which we have this address.
    pub(super) async fn begin(network: Ipv4Net) -> io::Result<Self> {
        let socket = UdpSocket::bind((network.addr(), 0)).await?;
        SockRef::from(&socket).set_multicast_if_v4(&network.addr())?;
        // A router is one step away.
        socket.set_multicast_ttl_v4(1)?;
        let now = Instant::now();
        let (heard, answers) = (Vec::new(), HashMap::new());
        let search = Self { network, socket, again: Some(now + AGAIN), end: now + END, heard, answers };
        search.ask().await?;
        Ok(search)
    }

    async fn ask(&self) -> io::Result<()> {
        for wanted in WANTED {
            let question = format!(
                "M-SEARCH * HTTP/1.1\r\nHOST: {EVERYBODY}\r\nST: {wanted}\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\n\r\n"
            );
            self.socket.send_to(question.as_bytes(), EVERYBODY).await?;
        }
        Ok(())
    }

    /// Waits for somebody who has not answered so far.
    pub(super) async fn next(&mut self) -> Option<Location> {
        let mut buffer = [0; LONGEST];
        // Whoever speaks without a pause does not hold up the end.
        while Instant::now() < self.end {
            let until = self.again.unwrap_or(self.end);
            match tokio::time::timeout_at(until, self.socket.recv_from(&mut buffer)).await {
                Ok(Ok((length, SocketAddr::V4(speaker)))) => {
                    let said = buffer.get(..length).and_then(|said| std::str::from_utf8(said).ok());
                    let named = said.and_then(|said| self.hear(said, *speaker.ip()));
                    if named.is_some() {
                        return named;
                    }
                }
                Ok(Ok(_)) => {}
                // Somebody may have said that nobody is there, who need not be right.
                Ok(Err(error)) => tracing::trace!(%error, "no answer was heard"),
                Err(_) if self.again.take().is_some() => drop(self.ask().await),
                Err(_) => return None,
            }
        }
        None
    }

    fn hear(&mut self, said: &str, speaker: Ipv4Addr) -> Option<Location> {
        if !self.network.contains(&speaker) {
            return None;
        }
        let answers = self.answers.entry(speaker).or_default();
        *answers += 1;
        let is_one_too_many = *answers > ANSWERS;
        let named_before = self.heard.iter().filter(|location| *location.at.ip() == speaker).count();
        if is_one_too_many || named_before >= LOCATIONS {
            return None;
        }
        let location = location(said, speaker, self.network).filter(|location| !self.heard.contains(location))?;
        self.heard.push(location.clone());
        Some(location)
    }
}

/// Where a router describes itself, if the answer names a place at whoever gave it, who is a neighbour.
fn location(said: &str, speaker: Ipv4Addr, network: Ipv4Net) -> Option<Location> {
    let is_neighbour = network.contains(&speaker) && speaker != network.addr();
    let field = |wanted: &str| {
        let mut fields = said.lines().filter_map(|line| line.split_once(':'));
        fields.find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted)).map(|(_, said)| said.trim())
    };
    let is_answer = said.starts_with("HTTP/1.1 200") && WANTED.contains(&field("st")?);
    let uri: Uri = field("location")?.parse().ok()?;
    let is_there = uri.scheme_str() == Some("http") && uri.host()?.parse() == Ok(speaker);
    let port = uri.port_u16().unwrap_or(80);
    (is_neighbour && is_answer && is_there).then(|| Location {
        at: SocketAddrV4::new(speaker, port),
        path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(kind: &str, location_at: &str) -> String {
        format!("HTTP/1.1 200 OK\r\nST: {kind}\r\nLocation: {location_at}\r\n\r\n")
    }

    fn heard(location_at: &str, speaker: &str) -> Option<Location> {
        let said = answer(WANTED[0], location_at);
        location(&said, speaker.parse().unwrap(), "192.168.1.4/24".parse().unwrap())
    }

    #[test]
    fn a_neighbour_speaks_for_itself_and_nobody_else_is_heard() {
        let router = Location { at: "192.168.1.1:5000".parse().unwrap(), path: "/root.xml?a=b".to_owned() };
        assert_eq!(heard("http://192.168.1.1:5000/root.xml?a=b", "192.168.1.1"), Some(router));
        assert_eq!(heard("http://192.168.1.1", "192.168.1.1").unwrap().at.port(), 80);
        for (at, speaker) in [
            ("http://192.168.1.9:5000/root.xml", "192.168.1.1"),
            ("http://203.0.113.9/root.xml", "203.0.113.9"),
            ("http://192.168.2.1/root.xml", "192.168.2.1"),
            ("http://192.168.1.4/root.xml", "192.168.1.4"),
            ("https://192.168.1.1/root.xml", "192.168.1.1"),
            ("http://router.example/root.xml", "192.168.1.1"),
            ("file:///etc/passwd", "192.168.1.1"),
            ("", "192.168.1.1"),
        ] {
            assert_eq!(heard(at, speaker), None, "{at} from {speaker}");
        }
        let printer = answer("upnp:rootdevice", "http://192.168.1.1/root.xml");
        assert_eq!(location(&printer, [192, 168, 1, 1].into(), "192.168.1.4/24".parse().unwrap()), None);
    }

    #[tokio::test]
    async fn whoever_answers_a_hundred_times_keeps_nobody_else_from_being_heard() {
        let now = Instant::now();
        let mut search = Search {
            network: "192.168.1.4/24".parse().unwrap(),
            socket: UdpSocket::bind("127.0.0.1:0").await.unwrap(),
            again: None,
            end: now + END,
            heard: Vec::new(),
            answers: HashMap::new(),
        };
        let mut hear = |speaker: [u8; 4], path: usize| {
            let speaker = Ipv4Addr::from(speaker);
            search.hear(&answer(WANTED[0], &format!("http://{speaker}/{path}.xml")), speaker)
        };
        let mallory = (0..100).filter_map(|path| hear([192, 168, 1, 66], path)).count();
        assert_eq!(mallory, LOCATIONS);
        assert!((0..100).all(|path| hear([203, 0, 113, 9], path).is_none()), "she is no neighbour");
        assert!(hear([192, 168, 1, 1], 0).is_some());
    }
}
