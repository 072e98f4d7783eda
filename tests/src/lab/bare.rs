//! Places for programs that are no nodes: on the internet, and behind routers.

use std::net::IpAddr;
use std::path::Path;
use std::process::Command;

use super::space::Space;
use super::{Lab, Nat, Router};

/// A place where there is no node.
#[derive(Debug)]
pub struct Bare {
    space: Space,
    _router: Option<Router>,
    /// The address that others see: that of the router, if one translates.
    pub address: IpAddr,
}

impl Lab {
    /// One on the internet, with its address by IPv6 or by IPv4.
    pub fn bare(&self, name: &str, ip6: bool) -> Bare {
        let (space, host) = self.space(name);
        self.plug(&space, "eth0", host);
        let address = if ip6 { format!("2001:db8::{host}") } else { format!("203.0.113.{host}") };
        Bare { space, _router: None, address: address.parse().expect("an address") }
    }

    /// One behind a router.
    pub fn bare_home(&self, name: &str, nat: Nat) -> Bare {
        let (space, host) = self.space(name);
        let router = self.router(&space, nat, host);
        let address = match nat.outside(host) {
            Some((outside, _)) => outside,
            None if nat.has_ip4() => format!("203.0.113.{host}"),
            None => format!("2001:db8:{host}::2"),
        };
        Bare { space, _router: Some(router), address: address.parse().expect("an address") }
    }
}

impl Bare {
    /// A program there.
    pub fn program(&self, program: &Path) -> Command {
        self.space.program(program)
    }
}
