//! What a router can be asked to do (UPnP, Internet Gateway Device 1 and 2).

use std::net::{Ipv4Addr, SocketAddrV4};

use axum::http::Uri;

use super::asking::{Question, Silence};
use super::opening::Port;
use super::search::Location;
use super::xml;

/// The services of a router that open ports.
const SERVICES: [&str; 3] = [
    "urn:schemas-upnp-org:service:WANIPConnection:2",
    "urn:schemas-upnp-org:service:WANIPConnection:1",
    "urn:schemas-upnp-org:service:WANPPPConnection:1",
];
/// Services of one router that are looked at: one for each line to the outside, of which one is in use.
const MOST_SERVICES: usize = 4;
/// What stands in the list of a router, for whoever answers as one: nothing that tells what runs here.
const NAME: &str = "node";

/// Somebody else has the port.
pub(super) const CONFLICT: u16 = 718;
/// Nothing is passed on from there.
const NO_ENTRY: u16 = 714;
/// The router opens ports for ever or not at all.
pub(super) const FOR_EVER_ONLY: u16 = 725;

/// What a port is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Tcp,
    Udp,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
        }
    }
}

/// Why a router did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error(transparent)]
    Silent(#[from] Silence),
    #[error("it refuses, with error {0}")]
    Refused(u16),
    #[error("it answers with something else")]
    Nonsense,
}

/// A router, and its service that opens ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Gateway {
    /// Our address on its network.
    pub us: Ipv4Addr,
    /// Where it is asked.
    pub at: SocketAddrV4,
    path: String,
    service: &'static str,
}

impl Gateway {
    /// The services of a router, as it describes itself.
    pub(super) async fn describes(us: Ipv4Addr, location: &Location) -> Result<Vec<Self>, Silence> {
        let question = Question { from: us, to: location.at, path: &location.path, action: None };
        Ok(services(&question.ask().await?, us, location))
    }

    /// Its address on the other side; 0.0.0.0 if it has none, or none that it takes for one.
    pub(super) async fn outside(&self) -> Result<Ipv4Addr, Refusal> {
        let said = self.act("GetExternalIPAddress", "").await?;
        match xml::within(&said, "NewExternalIPAddress") {
            Some("") => Ok(Ipv4Addr::UNSPECIFIED),
            named => named.and_then(|ip| ip.parse().ok()).ok_or(Refusal::Nonsense),
        }
    }

    /// Passes a port outside on to one of ours, for so many seconds, 0 for ever.
    pub(super) async fn open(&self, (kind, outside): Port, inside: u16, secs: u32) -> Result<(), Refusal> {
        let (us, kind) = (self.us, kind.name());
        let what = format!(
            "<NewRemoteHost></NewRemoteHost><NewExternalPort>{outside}</NewExternalPort><NewProtocol>{kind}</NewProtocol>\
             <NewInternalPort>{inside}</NewInternalPort><NewInternalClient>{us}</NewInternalClient>\
             <NewEnabled>1</NewEnabled><NewPortMappingDescription>{NAME}</NewPortMappingDescription>\
             <NewLeaseDuration>{secs}</NewLeaseDuration>"
        );
        self.act("AddPortMapping", &what).await.map(drop)
    }

    /// Passes it on no more.
    pub(super) async fn close(&self, outside: Port) -> Result<(), Refusal> {
        self.act("DeletePortMapping", &named(outside)).await.map(drop)
    }

    /// Whether it passes the port on to this machine at home. Some open ports and say nothing of them afterwards.
    pub(super) async fn passes_on(&self, outside: Port, to: SocketAddrV4) -> Result<bool, Refusal> {
        match self.act("GetSpecificPortMappingEntry", &named(outside)).await {
            Ok(said) => Ok(leads_to(&said, to)),
            Err(Refusal::Refused(NO_ENTRY)) => Ok(false),
            Err(Refusal::Refused(_) | Refusal::Nonsense) => Ok(true),
            Err(silent @ Refusal::Silent(_)) => Err(silent),
        }
    }

    #[cfg(test)]
    pub(super) fn on_this_machine(port: u16) -> Self {
        let us = Ipv4Addr::LOCALHOST;
        Self { us, at: SocketAddrV4::new(us, port), path: "/ctl".to_owned(), service: "a service" }
    }

    async fn act(&self, action: &str, what: &str) -> Result<String, Refusal> {
        let service = self.service;
        let body = format!(
            "<?xml version=\"1.0\"?>\r\n<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
             s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\"><s:Body><u:{action} xmlns:u=\"{service}\">\
             {what}</u:{action}></s:Body></s:Envelope>\r\n"
        );
        let action_of_service = format!("\"{service}#{action}\"");
        let question =
            Question { from: self.us, to: self.at, path: &self.path, action: Some((action_of_service, body)) };
        let said = question.ask().await?;
        if let Some(code) = xml::within(&said, "errorCode") {
            return Err(code.parse().map_or(Refusal::Nonsense, Refusal::Refused));
        }
        let is_answer = xml::within(&said, "Body").is_some_and(|body| body.contains(&format!("{action}Response")));
        if is_answer { Ok(said) } else { Err(Refusal::Nonsense) }
    }
}

/// What names a port outside in a question.
fn named((kind, outside): Port) -> String {
    let kind = kind.name();
    format!(
        "<NewRemoteHost></NewRemoteHost><NewExternalPort>{outside}</NewExternalPort><NewProtocol>{kind}</NewProtocol>"
    )
}

/// True if what a router says of a port does not contradict that it leads there: it may name a machine by a name.
fn leads_to(said: &str, to: SocketAddrV4) -> bool {
    let ip = xml::within(said, "NewInternalClient").and_then(|ip| ip.parse::<Ipv4Addr>().ok());
    let port = xml::within(said, "NewInternalPort").and_then(|port| port.parse::<u16>().ok());
    let is_off = xml::within(said, "NewEnabled") == Some("0");
    !is_off && ip.is_none_or(|ip| ip == *to.ip()) && port.is_none_or(|port| port == to.port())
}

/// The services in a description that open ports, all at the router that described itself.
fn services(description: &str, us: Ipv4Addr, location: &Location) -> Vec<Gateway> {
    let base = xml::within(description, "URLBase").and_then(|base| place(base, location)).unwrap_or(location.at);
    let all = xml::all_within(description, "service").filter_map(|service| {
        let named = xml::within(service, "serviceType")?;
        let kind = SERVICES.into_iter().find(|kind| *kind == named)?;
        let control = xml::within(service, "controlURL")?.replace("&amp;", "&");
        let (at, path) = match place(&control, location) {
            Some(at) => (at, control.parse::<Uri>().ok()?.path_and_query()?.to_string()),
            None if control.contains("://") => return None,
            None if control.starts_with('/') => (base, control),
            None => (base, format!("/{control}")),
        };
        Some(Gateway { us, at, path, service: kind })
    });
    all.take(MOST_SERVICES).collect()
}

/// The place that a whole address names, if it is at the router.
fn place(address: &str, router: &Location) -> Option<SocketAddrV4> {
    let uri: Uri = address.parse().ok()?;
    let is_there = uri.scheme_str() == Some("http") && uri.host()?.parse() == Ok(*router.at.ip());
    is_there.then(|| SocketAddrV4::new(*router.at.ip(), uri.port_u16().unwrap_or(80)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(base: &str, control: &str) -> Vec<(String, String)> {
        let location = Location { at: "192.168.1.1:5000".parse().unwrap(), path: "/root.xml".to_owned() };
        let description = format!(
            "<root>{base}<device><serviceList><service><serviceType>urn:schemas-upnp-org:service:Layer3Forwarding:1\
             </serviceType><controlURL>/l3f</controlURL></service></serviceList><deviceList><device><serviceList><service>\
             <serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType><controlURL>{control}</controlURL>\
             </service></serviceList></device></deviceList></device></root>"
        );
        let all = services(&description, [192, 168, 1, 4].into(), &location);
        all.into_iter().map(|one| (one.at.to_string(), one.path)).collect()
    }

    #[test]
    fn a_router_is_asked_where_it_says_and_nowhere_else() {
        let at = |place: &str, path: &str| vec![(place.to_owned(), path.to_owned())];
        assert_eq!(read("", "/ctl?a=1&amp;b=2"), at("192.168.1.1:5000", "/ctl?a=1&b=2"));
        assert_eq!(read("", "ctl"), at("192.168.1.1:5000", "/ctl"));
        assert_eq!(read("", "http://192.168.1.1:99/ctl"), at("192.168.1.1:99", "/ctl"));
        assert_eq!(read("<URLBase>http://192.168.1.1:99</URLBase>", "/ctl"), at("192.168.1.1:99", "/ctl"));
        assert_eq!(read("<URLBase>http://192.168.1.9:99</URLBase>", "/ctl"), at("192.168.1.1:5000", "/ctl"));
        assert_eq!(read("", "http://192.168.1.9/ctl"), []);
        assert_eq!(read("", "http://203.0.113.9/ctl"), []);
    }

    #[test]
    fn a_router_says_whose_port_it_is_or_leaves_it_open() {
        let us = "192.168.1.4:7517".parse().unwrap();
        let said = |client: &str, port: &str, enabled: &str| {
            format!(
                "<NewInternalPort>{port}</NewInternalPort><NewInternalClient>{client}</NewInternalClient>\
                 <NewEnabled>{enabled}</NewEnabled>"
            )
        };
        assert!(leads_to(&said("192.168.1.4", "7517", "1"), us));
        assert!(leads_to(&said("ana-laptop", "7517", "1"), us) && leads_to("", us));
        for (client, port, enabled) in
            [("192.168.1.5", "7517", "1"), ("192.168.1.4", "7518", "1"), ("192.168.1.4", "7517", "0")]
        {
            assert!(!leads_to(&said(client, port, enabled), us), "{client} {port} {enabled}");
        }
    }
}
