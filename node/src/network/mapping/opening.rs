//! The ports that a router has opened for us.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

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
}

impl Opening {
    /// Asks a router, whose address outside this is, for all the ports, or the next ones if others have them.
    pub(super) async fn open(gateway: Gateway, address: Ipv4Addr, inside: BTreeSet<Port>) -> Result<Self, Refusal> {
        let mut opening = Self { gateway, inside, address, shift: 0, lease: LEASE };
        loop {
            match opening.ask().await {
                Ok(()) => return Ok(opening),
                Err(Refusal::Refused(FOR_EVER_ONLY)) if opening.lease > 0 => opening.lease = 0,
                Err(Refusal::Refused(CONFLICT)) if opening.shift + 1 < TRIES => opening.shift += 1,
                Err(refusal) => return Err(refusal),
            }
        }
    }

    /// Asks again before the router forgets; it may have been restarted, too.
    pub(super) async fn renew(&mut self) -> Result<(), Refusal> {
        self.address = self.gateway.outside().await?;
        self.ask().await
    }

    /// Opens all of them, or none.
    async fn ask(&self) -> Result<(), Refusal> {
        let mut opened = Vec::new();
        for ((kind, inside), (_, outside)) in self.inside.iter().zip(self.outside()) {
            if let Err(refusal) = self.gateway.open(*kind, outside, *inside, self.lease).await {
                for (kind, outside) in opened {
                    // What stays open ends with its lease.
                    let _ = self.gateway.close(kind, outside).await;
                }
                return Err(refusal);
            }
            opened.push((*kind, outside));
        }
        Ok(())
    }

    /// Gives the ports back. A router that is gone needs no telling.
    pub(super) async fn close(self) {
        for (kind, outside) in self.outside() {
            if let Err(error) = self.gateway.close(kind, outside).await {
                tracing::debug!(router = %self.gateway.at, %error, "a port was not given back");
            }
        }
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
        Opening::open(gateway, [203, 0, 113, 9].into(), [(Kind::Tcp, 7517), (Kind::Udp, 7517)].into()).await
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
            "DeletePortMapping TCP 7517 -",
            "DeletePortMapping UDP 7517 -",
        ];
        assert_eq!(*asked.lock().unwrap(), expected);
    }

    #[tokio::test]
    async fn a_router_that_says_no_is_not_asked_for_other_ports() {
        let (gateway, asked) = router(vec![606]).await;
        assert!(matches!(open(gateway).await, Err(Refusal::Refused(606))));
        assert_eq!(asked.lock().unwrap().len(), 1);
    }
}
