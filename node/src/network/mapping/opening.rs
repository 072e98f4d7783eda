//! The ports that a router has opened for us.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use futures::future::join_all;
use tokio::time::Instant;

use super::gateway::{CONFLICT, FOR_EVER_ONLY, Gateway, Kind, Refusal};

/// A port is asked for again when this part of its time is over.
const RENEWED: u32 = 6;
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
    /// How long they stay open when nobody asks again.
    lease: Duration,
    /// The router opens them for ever or not at all.
    for_ever: bool,
    /// What it opened outside and did not close.
    opened: BTreeSet<Port>,
    /// When it was asked the last time.
    asked: Instant,
}

impl Opening {
    /// What a router, whose address outside this is, is to open, beginning with ports so far from those inside.
    pub(super) fn planned(
        gateway: Gateway,
        address: Ipv4Addr,
        inside: BTreeSet<Port>,
        shift: u16,
        lease: Duration,
    ) -> Self {
        let (opened, asked) = (BTreeSet::new(), Instant::now());
        Self { gateway, inside, address, shift, lease, for_ever: false, opened, asked }
    }

    /// Asks for all the ports, or the next ones if others have them. What was opened is known even if this is broken off.
    pub(super) async fn open(&mut self) -> Result<(), Refusal> {
        let mut tries = 1;
        loop {
            match self.ask().await {
                Err(Refusal::Refused(FOR_EVER_ONLY)) if !self.for_ever => self.for_ever = true,
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

    /// How long it is until the router has to be asked again.
    pub(super) fn until_renewal(&self) -> Duration {
        (self.lease / RENEWED).saturating_sub(self.asked.elapsed())
    }

    /// True if whatever was opened is closed by now, or stays open whatever we do.
    pub(super) fn is_over(&self) -> bool {
        self.asked.elapsed() > self.lease
    }

    /// Looks whether the ports are open still, and asks again if they are not, or before the router forgets them. True if
    /// they were opened anew: the router was restarted, or has another address.
    pub(super) async fn tend(&mut self) -> Result<bool, Refusal> {
        let address = self.gateway.outside().await?;
        let is_elsewhere = std::mem::replace(&mut self.address, address) != address;
        let is_anew = self.forget_lost().await? || is_elsewhere;
        if is_anew || self.until_renewal().is_zero() {
            self.open().await?;
        }
        Ok(is_anew)
    }

    /// Forgets what the router does not pass on to us any more: somebody else may have it. True if there is any.
    async fn forget_lost(&mut self) -> Result<bool, Refusal> {
        let mut is_any = false;
        for ((_, inside), outside) in self.pairs() {
            let to = SocketAddrV4::new(self.gateway.us, inside);
            if !self.gateway.passes_on(outside, to).await? {
                is_any = true;
                self.opened.remove(&outside);
            }
        }
        Ok(is_any)
    }

    /// Opens all of them, or none.
    async fn ask(&mut self) -> Result<(), Refusal> {
        let secs = if self.for_ever { 0 } else { self.lease.as_secs().try_into().unwrap_or(u32::MAX) };
        for ((_, inside), outside) in self.pairs() {
            if let Err(refusal) = self.gateway.open(outside, inside, secs).await {
                self.close().await;
                return Err(refusal);
            }
            self.opened.insert(outside);
        }
        self.asked = Instant::now();
        Ok(())
    }

    /// Gives the ports back from another address of ours, if it is the same router, and if they lead to the old one still.
    /// False if nobody answers.
    pub(super) async fn close_from(&mut self, us: Ipv4Addr) -> bool {
        let before = std::mem::replace(&mut self.gateway.us, us);
        match self.gateway.outside().await {
            Ok(outside) if outside == self.address => {}
            Err(Refusal::Silent(_)) => {
                self.gateway.us = before;
                return self.is_over();
            }
            _ => return true,
        }
        for ((_, inside), outside) in self.pairs() {
            let to = SocketAddrV4::new(before, inside);
            if !self.gateway.passes_on(outside, to).await.is_ok_and(|leads_there| leads_there) {
                self.opened.remove(&outside);
            }
        }
        self.close().await;
        true
    }

    /// Gives the ports back, and none that others may have. A router that is gone needs no telling.
    pub(super) async fn close(&mut self) {
        let gateway = &self.gateway;
        let closing = self.opened.iter().map(|port| gateway.close(*port));
        for error in join_all(closing).await.into_iter().filter_map(Result::err) {
            tracing::debug!(router = %gateway.at, %error, "a port was not given back");
        }
        self.opened.clear();
    }

    /// The ports outside.
    pub(super) fn outside(&self) -> impl Iterator<Item = Port> {
        self.inside.iter().map(|(kind, port)| (*kind, port.checked_add(self.shift).unwrap_or(*port)))
    }

    /// Our ports, each with the one outside.
    fn pairs(&self) -> Vec<(Port, Port)> {
        self.inside.iter().copied().zip(self.outside()).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::super::xml;
    use super::*;

    const OUTSIDE: &str = "<NewExternalIPAddress>203.0.113.9</NewExternalIPAddress>";

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
                let action = question.split_once('#').and_then(|(_, rest)| rest.split_once('"')).unwrap().0;
                let said = |name| xml::within(&question, name).unwrap_or("-");
                let words = [action, said("NewProtocol"), said("NewExternalPort"), said("NewLeaseDuration")].join(" ");
                heard.lock().unwrap().push(words);
                let body = match code {
                    0 => format!("<Body><{action}Response>{OUTSIDE}</{action}Response></Body>"),
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
        let mut opening = Opening::planned(gateway, [203, 0, 113, 9].into(), ports, 0, Duration::from_secs(3_600));
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

    #[tokio::test]
    async fn a_router_is_only_read_as_long_as_nothing_has_to_be_opened() {
        let (gateway, asked) = router(vec![0; 5]).await;
        let mut opening = open(gateway).await.unwrap();
        assert!(!opening.tend().await.unwrap());
        let expected = [
            "GetExternalIPAddress - - -",
            "GetSpecificPortMappingEntry TCP 7517 -",
            "GetSpecificPortMappingEntry UDP 7517 -",
        ];
        assert_eq!(asked.lock().unwrap()[2..], expected);
    }

    #[tokio::test]
    async fn what_somebody_else_at_home_got_while_the_router_had_forgotten_us_stays_theirs() {
        let (gateway, asked) = router(vec![0, 0, 0, 714, 714, CONFLICT, 0, 0]).await;
        let mut opening = open(gateway).await.unwrap();
        assert!(opening.tend().await.unwrap());
        assert_eq!(opening.outside().collect::<Vec<_>>(), [(Kind::Tcp, 7518), (Kind::Udp, 7518)]);
        let expected = ["AddPortMapping TCP 7517 3600", "AddPortMapping TCP 7518 3600", "AddPortMapping UDP 7518 3600"];
        assert_eq!(asked.lock().unwrap()[5..], expected, "nothing was closed");
    }

    #[tokio::test]
    async fn from_another_address_of_ours_a_port_is_closed_if_it_leads_to_the_old_one_still() {
        let (gateway, asked) = router(vec![0, 0, 0, 0, 714, 0]).await;
        let mut opening = open(gateway).await.unwrap();
        assert!(opening.close_from(Ipv4Addr::LOCALHOST).await);
        let expected = [
            "GetExternalIPAddress - - -",
            "GetSpecificPortMappingEntry TCP 7517 -",
            "GetSpecificPortMappingEntry UDP 7517 -",
            "DeletePortMapping TCP 7517 -",
        ];
        assert_eq!(asked.lock().unwrap()[2..], expected);
    }

    #[tokio::test]
    async fn the_router_of_another_home_is_not_told_to_close_anything() {
        let (gateway, asked) = router(vec![0; 6]).await;
        let mut opening = open(gateway).await.unwrap();
        opening.address = [203, 0, 113, 77].into();
        assert!(opening.close_from(Ipv4Addr::LOCALHOST).await);
        assert_eq!(asked.lock().unwrap()[2..], ["GetExternalIPAddress - - -"]);
    }
}
