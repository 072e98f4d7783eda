//! Where a phone finds this node.

use std::net::{IpAddr, SocketAddr};

use super::{Access, Place};

/// Where to go with a phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The address of the web app, with a slash at the end.
    pub url: String,
    /// Where to get the certificate first, if the node is its own authority.
    pub trust: Option<String>,
}

impl Reach {
    /// How a phone reaches the node that listens at these multiaddrs; `None` if only this machine does.
    pub fn of(access: &Access, listening: &[String]) -> Option<Self> {
        let ways = access.ways();
        if let Some(url) = &ways.web_url {
            let lobby = ways
                .fingerprint
                .as_ref()
                .and_then(|_| url.to_string().strip_prefix("https").map(|rest| format!("http{rest}")));
            return Some(Self { url: url.to_string(), trust: lobby });
        }
        let place = ways.place?;
        let address = SocketAddr::new(near(place, listening)?, place.web.port());
        Some(match place.tls {
            true => Self { url: format!("https://{address}/"), trust: Some(format!("http://{address}/")) },
            false => Self { url: format!("http://{address}/"), trust: None },
        })
    }
}

/// The address at which machines nearby find this one.
fn near(place: Place, listening: &[String]) -> Option<IpAddr> {
    let asked = place.web.ip();
    if !asked.is_unspecified() {
        return Some(asked).filter(|address| !address.is_loopback());
    }
    let all: Vec<IpAddr> = listening.iter().filter_map(|address| address.split('/').nth(2)?.parse().ok()).collect();
    let is_private = |address: &&IpAddr| matches!(address, IpAddr::V4(address) if address.is_private());
    let others = all.iter().filter(|address| !address.is_loopback() && (address.is_ipv4() || asked.is_ipv6()));
    let others: Vec<&IpAddr> = others.collect();
    others.iter().copied().find(is_private).or_else(|| others.first().copied()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_is_sent_to_an_address_of_the_local_network() {
        let (local, tls, instead_of) = ("127.0.0.1:7518".parse().unwrap(), false, None);
        let place = |web: &str| Place { local, web: web.parse().unwrap(), tls, instead_of };
        let listening = ["/ip4/127.0.0.1/tcp/7517", "/ip4/198.51.100.7/tcp/7517", "/ip4/192.168.1.7/udp/7517/quic-v1"];
        let listening = listening.map(str::to_owned);
        let at = |web: &str| near(place(web), &listening).map(|address| address.to_string());
        assert_eq!(at("0.0.0.0:7518").as_deref(), Some("192.168.1.7"));
        assert_eq!(at("10.0.0.3:7518").as_deref(), Some("10.0.0.3"));
        assert_eq!(at("127.0.0.1:7518"), None);
        assert_eq!(near(place("0.0.0.0:7518"), &listening[..1]), None);
    }
}
