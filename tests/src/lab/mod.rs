//! An internet on one machine: network namespaces with routers that do what routers in homes do.
//!
//! ```text
//! Bo (203.0.113.10) ──┐                    ┌── router (203.0.113.11, 192.168.11.1) ── Ana (192.168.11.2)
//!                     ├── a switch, called ┤
//! Mallory … ──────────┘   the internet     └── router (203.0.113.12, 192.168.12.1) ── Chi (192.168.12.2)
//! ```
//!
//! Nothing in it has a way out. Addresses are those that are set aside for documentation, or for private use; where a program takes
//! such for no real ones, others stand in their place, inside the namespaces alone.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a helper of tests ends a test with a panic that says what went wrong"
)]

mod bare;
mod hall;
mod nat;
mod opener;
mod resident;
mod space;

pub use bare::Bare;
pub use hall::{Corner, Hall};
pub use nat::Nat;
pub use resident::{PATIENCE, Resident};

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::e2e::skip;
use nat::Router;
use space::Space;

/// The switch, and what hangs on it.
#[derive(Debug)]
pub struct Lab {
    number: u32,
    next_host: Cell<u8>,
    internet: Space,
}

impl Lab {
    /// A fresh internet; `None`, said in words, where namespaces cannot be made.
    pub fn new() -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        if let Err(why) = space::can_be_made() {
            skip("homes behind routers", &why);
            return None;
        }
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let internet = Space::new(number, "internet");
        internet.ip(&["link", "add", "br0", "type", "bridge", "forward_delay", "0"]);
        for address in ["203.0.113.1/24", "198.51.100.1/24", "44.128.113.1/24", "100.64.113.1/24"] {
            internet.ip(&["address", "add", address, "dev", "br0"]);
        }
        internet.ip(&["address", "add", "2001:db8::1/64", "dev", "br0", "nodad"]);
        internet.ip(&["link", "set", "br0", "up"]);
        internet.forwards();
        Some(Self { number, next_host: Cell::new(10), internet })
    }

    fn space(&self, name: &str) -> (Space, u8) {
        let host = self.next_host.get();
        self.next_host.set(host + 1);
        (Space::new(self.number, &name.split(' ').next().unwrap_or(name).to_lowercase()), host)
    }

    /// Somebody whose node anybody can reach, by IPv4 and IPv6.
    pub fn public(&self, name: &'static str) -> Resident {
        let (space, host) = self.space(name);
        self.plug(&space, "eth0", host);
        Resident::new(name, space, None, host)
    }

    /// Somebody like that who runs a copy of the home of another, as it is now.
    pub fn public_with_copy(&self, of: &Resident, name: &'static str) -> Resident {
        let (space, host) = self.space(&format!("copy-{}", of.host));
        self.plug(&space, "eth0", host);
        Resident::with_copy(of, name, space, host)
    }

    /// The same, with a node that a test of this program runs; see [`stand_in`](crate::e2e::stand_in).
    pub fn public_run_by(&self, test: &'static str, name: &'static str) -> Resident {
        let (space, host) = self.space(name);
        self.plug(&space, "eth0", host);
        Resident::run_by(Some(test), name, space, None, host)
    }

    /// Somebody at home behind a router.
    pub fn home(&self, name: &'static str, nat: Nat) -> Resident {
        let (space, host) = self.space(name);
        let router = self.router(&space, nat, host);
        Resident::new(name, space, Some(router), host)
    }

    /// The same, with a node that a test of this program runs; see [`stand_in`](crate::e2e::stand_in).
    pub fn home_run_by(&self, test: &'static str, name: &'static str, nat: Nat) -> Resident {
        let (space, host) = self.space(name);
        let router = self.router(&space, nat, host);
        Resident::run_by(Some(test), name, space, Some(router), host)
    }

    /// Somebody carries their machine to another home. The router of the one before stays as it is.
    pub fn moves(&self, who: &mut Resident, nat: Nat) {
        let host = self.next_host.get();
        self.next_host.set(host + 1);
        who.space.ip(&["link", "delete", "eth0"]);
        let router = self.router(&who.space, nat, host);
        who.host = host;
        who.came_from = who.router.replace(router);
    }

    /// A router between somebody and the internet.
    fn router(&self, space: &Space, nat: Nat, host: u8) -> Router {
        let router = Space::new(self.number, &format!("router-{host}"));
        self.plug(&router, "wan", host);
        if let Some((outside, next)) = nat.outside(host) {
            router.ip(&["address", "delete", &format!("203.0.113.{host}/24"), "dev", "wan"]);
            router.address("wan", &format!("{outside}/24"));
            router.ip(&["route", "replace", "default", "via", next]);
        }
        space.wire("eth0", &router, "lan");
        if nat.has_ip4() {
            let (inside, outside) = (format!("192.168.{host}.2"), format!("192.168.{host}.1"));
            space.address("eth0", &format!("{inside}/24"));
            router.address("lan", &format!("{outside}/24"));
            space.ip(&["route", "add", "default", "via", &outside]);
        }
        if nat.has_ip6() {
            let net = format!("2001:db8:{host}:");
            space.address("eth0", &format!("{net}:2/64"));
            router.address("lan", &format!("{net}:1/64"));
            space.ip(&["-6", "route", "add", "default", "via", &format!("{net}:1")]);
            self.internet.ip(&["-6", "route", "add", &format!("{net}:/64"), "via", &format!("2001:db8::{host}")]);
        }
        router.forwards();
        Router::new(router, nat, format!("192.168.{host}.2"))
    }

    /// Gives a namespace an interface on the switch, addresses, and the way to everywhere.
    fn plug(&self, space: &Space, interface: &str, host: u8) {
        let port = format!("port{host}");
        space.wire(interface, &self.internet, &port);
        self.internet.ip(&["link", "set", &port, "master", "br0"]);
        space.address(interface, &format!("203.0.113.{host}/24"));
        space.address(interface, &format!("2001:db8::{host}/64"));
        space.ip(&["route", "add", "default", "via", "203.0.113.1"]);
        space.ip(&["-6", "route", "add", "default", "via", "2001:db8::1"]);
    }
}
