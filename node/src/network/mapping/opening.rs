//! The ports that a router has opened for us.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use futures::future::join_all;

use super::gateway::{CONFLICT, FOR_EVER_ONLY, Gateway, Kind, Refusal};

/// How long a port stays open when nobody asks again, in seconds: as long as it leads to a machine that went away
/// without a word.
const LEASE: u32 = 60 * 60;
/// Ports that are tried when others at home have the one that is wanted.
const TRIES: u16 = 4;

/// A port of ours.
pub(super) type Port = (Kind, u16);

/// What is opened, or is to be.
#[derive(Debug)]
pub(super) struct Opening {
    pub gateway: Gateway,
    pub inside: BTreeSet<Port>,
    /// The router's own address outside.
    pub address: Ipv4Addr,
    /// How far the ports outside are from those inside.
    shift: u16,
    lease: u32,
    /// What it opened outside and did not close.
    opened: BTreeSet<Port>,
}

impl Opening {
    /// What a router, whose address outside this is, is to open, beginning with ports so far from those inside.
    pub(super) const fn planned(gateway: Gateway, address: Ipv4Addr, inside: BTreeSet<Port>, shift: u16) -> Self {
        Self { gateway, inside, address, shift, lease: LEASE, opened: BTreeSet::new() }
    }

    /// Asks for all the ports, or the next ones if others have them. What was opened is known even if this is broken off.
    pub(super) async fn open(&mut self) -> Result<(), Refusal> {
        let mut tries = 1;
        loop {
            match self.ask().await {
                Err(Refusal::Refused(FOR_EVER_ONLY)) if self.lease > 0 => self.lease = 0,
                Err(Refusal::Refused(CONFLICT)) if tries < TRIES => {
                    tries += 1;
                    self.shift = (self.shift + 1) % TRIES;
                }
                done => return done,
            }
        }
    }

    /// How far the ports outside are from those inside.
    pub(super) const fn shift(&self) -> u16 {
        self.shift
    }

    /// Asks again before the router forgets; it may have been restarted, too.
    pub(super) async fn renew(&mut self) -> Result<(), Refusal> {
        self.address = self.gateway.outside().await?;
        self.ask().await
    }

    /// Opens all of them, or none.
    async fn ask(&mut self) -> Result<(), Refusal> {
        let outside: Vec<Port> = self.outside().collect();
        for ((kind, inside), port) in self.inside.clone().into_iter().zip(outside) {
            if let Err(refusal) = self.gateway.open(kind, port.1, inside, self.lease).await {
                self.close().await;
                return Err(refusal);
            }
            self.opened.insert(port);
        }
        Ok(())
    }

    /// Gives the ports back, and none that others may have. A router that is gone needs no telling.
    pub(super) async fn close(&mut self) {
        let gateway = &self.gateway;
        let closing = self.opened.iter().map(|(kind, outside)| gateway.close(*kind, *outside));
        for error in join_all(closing).await.into_iter().filter_map(Result::err) {
            tracing::debug!(router = %gateway.at, %error, "a port was not given back");
        }
        self.opened.clear();
    }

    /// The ports outside.
    pub(super) fn outside(&self) -> impl Iterator<Item = Port> {
        self.inside.iter().map(|(kind, port)| (*kind, port.checked_add(self.shift).unwrap_or(*port)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::super::xml;
    use super::*;

    type Asked = Arc<Mutex<Vec<String>>>;

    /// A router that answers each question with the next of these error codes, 0 for a yes; and what it was asked.
    async fn router(codes: Vec<u16>) -> (Gateway, Asked) {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gateway = Gateway::on_this_machine(socket.local_addr().unwrap().port());
        let asked = Asked::default();
        let heard = Arc::clone(&asked);
        tokio::spawn(async move {
            for code in codes {
                let (mut stream, _) = socket.accept().await.unwrap();
                let mut question = String::new();
                while !question.contains("</s:Envelope>") {
                    let mut buffer = [0; 4096];
                    let length = stream.read(&mut buffer).await.unwrap();
                    question.push_str(std::str::from_utf8(&buffer[..length]).unwrap());
                }
                let action = if question.contains("#Add") { "AddPortMapping" } else { "DeletePortMapping" };
                let said = |name| xml::within(&question, name).unwrap_or("-");
                let words = [action, said("NewProtocol"), said("NewExternalPort"), said("NewLeaseDuration")].join(" ");
                heard.lock().unwrap().push(words);
                let body = match code {
                    0 => format!("<Body><{action}Response/></Body>"),
                    code => format!("<Body><Fault><errorCode>{code}</errorCode></Fault></Body>"),
                };
                let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        (gateway, asked)
    }

    async fn open(gateway: Gateway) -> Result<Opening, Refusal> {
        let ports = [(Kind::Tcp, 7517), (Kind::Udp, 7517)].into();
        let mut opening = Opening::planned(gateway, [203, 0, 113, 9].into(), ports, 0);
        opening.open().await.map(|()| opening)
    }

    #[tokio::test]
    async fn both_transports_get_the_next_port_if_others_at_home_have_one_of_the_two() {
        let (gateway, asked) = router(vec![0, CONFLICT, 0, 0, 0]).await;
        let opening = open(gateway).await.unwrap();
        assert_eq!(opening.outside().collect::<Vec<_>>(), [(Kind::Tcp, 7518), (Kind::Udp, 7518)]);
        let expected = [
            "AddPortMapping TCP 7517 3600",
            "AddPortMapping UDP 7517 3600",
            "DeletePortMapping TCP 7517 -",
            "AddPortMapping TCP 7518 3600",
            "AddPortMapping UDP 7518 3600",
        ];
        assert_eq!(*asked.lock().unwrap(), expected);
    }

    #[tokio::test]
    async fn a_router_that_opens_for_ever_or_not_at_all_is_told_at_the_end() {
        let (gateway, asked) = router(vec![FOR_EVER_ONLY, 0, 0, 0, 0]).await;
        open(gateway).await.unwrap().close().await;
        let expected = [
            "AddPortMapping TCP 7517 3600",
            "AddPortMapping TCP 7517 0",
            "AddPortMapping UDP 7517 0",
            // Side by side, so in either order.
            "DeletePortMapping TCP 7517 -",
            "DeletePortMapping UDP 7517 -",
        ];
        let mut asked = asked.lock().unwrap().clone();
        asked[3..].sort();
        assert_eq!(asked, expected);
    }

    #[tokio::test]
    async fn a_router_that_says_no_is_not_asked_for_other_ports() {
        let (gateway, asked) = router(vec![606]).await;
        assert!(matches!(open(gateway).await, Err(Refusal::Refused(606))));
        assert_eq!(asked.lock().unwrap().len(), 1);
    }
}
