//! Routers as they stand in homes.

use super::opener::{self, Opener};
use super::space::Space;

/// What a router does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nat {
    /// Keeps the port of whoever speaks, and lets in only who was spoken to: most home routers.
    PortPreserving,
    /// Keeps the port, and lets in anything from an address that was spoken to.
    AddressRestricted,
    /// As [`PortPreserving`](Nat::PortPreserving), with the port of the node passed on to it, as a person sets it up.
    Forwarded,
    /// As [`PortPreserving`](Nat::PortPreserving), and opens ports for the programs at home that ask for it (UPnP).
    OpensPorts,
    /// As [`OpensPorts`](Nat::OpensPorts), and lets everybody at home close what another one opened.
    OpensPortsForAll,
    /// As [`OpensPorts`](Nat::OpensPorts), behind the router of somebody else: its own address outside is of no use.
    OpensPortsInVain,
    /// Another port for each conversation: mobile networks and offices.
    Symmetric,
    /// Nothing but IPv6: no translation, but nobody comes in who was not spoken to.
    Ip6Only,
    /// As [`PortPreserving`](Nat::PortPreserving), and without UDP: a strict guest network.
    NoUdp,
}

impl Nat {
    /// Whether this machine has the program of routers that open ports.
    pub fn can_open_ports() -> bool {
        opener::is_there()
    }

    pub(super) const fn has_ip4(self) -> bool {
        !matches!(self, Self::Ip6Only)
    }

    /// The router's address outside and the next one on its way; `None` for the usual ones. What opens ports does so for
    /// addresses alone that are not set aside, so it has one from a network that nobody outside the lab ever hears of.
    pub(super) fn outside(self, host: u8) -> Option<(String, &'static str)> {
        match self {
            Self::OpensPorts | Self::OpensPortsForAll => Some((format!("44.128.113.{host}"), "44.128.113.1")),
            Self::OpensPortsInVain => Some((format!("100.64.113.{host}"), "100.64.113.1")),
            _ => None,
        }
    }

    const fn opens_ports(self) -> bool {
        matches!(self, Self::OpensPorts | Self::OpensPortsForAll | Self::OpensPortsInVain)
    }

    pub(super) const fn has_ip6(self) -> bool {
        matches!(self, Self::Ip6Only)
    }
}

/// Where a node listens by itself.
const PORT: u16 = 7517;

/// A router between a home and the internet.
#[derive(Debug)]
pub(super) struct Router {
    space: Space,
    nat: Nat,
    /// The one host at home.
    inside: String,
    /// What opens ports.
    opener: Option<Opener>,
}

impl Router {
    pub(super) fn new(space: Space, nat: Nat, inside: String) -> Self {
        let mut router = Self { space, nat, inside, opener: None };
        router.start_again();
        router
    }

    fn obey(&self, rules: &str) {
        self.space.run(&["nft", "-f", "-"], &format!("flush ruleset\n{rules}"));
    }

    /// Nothing passes any more, and nobody is told.
    pub(super) fn cut(&self) {
        self.obey(&self.rules("drop"));
    }

    /// As before the cut. The router has forgotten all conversations.
    pub(super) fn mend(&self) {
        self.obey(&self.rules(""));
        self.forget();
    }

    /// Nothing passes, and all that it held in memory is lost.
    pub(super) fn lose_power(&mut self) {
        self.opener = None;
        self.cut();
        self.forget();
    }

    /// It works as on its first day.
    pub(super) fn start_again(&mut self) {
        self.obey(&self.rules(""));
        if self.nat.opens_ports() {
            self.opener = Some(Opener::start(&self.space, self.nat != Nat::OpensPortsForAll));
        }
    }

    /// The provider gives the home another address, as some do every night.
    pub(super) fn move_to(&self, host: u8) {
        let (before, after) = (format!("203.0.113.{host}/24"), format!("198.51.100.{host}/24"));
        self.space.ip(&["address", "add", &after, "dev", "wan"]);
        self.space.ip(&["address", "delete", &before, "dev", "wan"]);
        self.space.ip(&["route", "replace", "default", "via", "198.51.100.1"]);
        self.forget();
    }

    /// Forgets all conversations, as after a loss of power or a long silence.
    pub(super) fn forget(&self) {
        self.space.run(&["conntrack", "-F"], "");
    }

    /// What it translates for whom at home.
    pub(super) fn opened(&self) -> String {
        self.space.run(&["nft", "list", "chain", "inet", "upnp", "translated"], "")
    }

    fn rules(&self, first: &str) -> String {
        let Self { nat, inside, .. } = self;
        let udp = if *nat == Nat::NoUdp { "meta l4proto udp drop" } else { "" };
        // An unasked packet must not be answered by the router itself: it would end the attempt of the other side.
        let filter = format!(
            "table inet filter {{
                chain input {{ type filter hook input priority 0; policy accept; iifname wan ct state new drop; }}
                chain forward {{ type filter hook forward priority 0; policy drop;
                    {first}
                    {udp}
                    ct state established,related accept
                    iifname lan accept
                    ct status dnat accept
                }}
            }}\n"
        );
        let translation = match nat {
            Nat::PortPreserving
            | Nat::NoUdp
            | Nat::Forwarded
            | Nat::OpensPorts
            | Nat::OpensPortsForAll
            | Nat::OpensPortsInVain => "oifname wan masquerade".to_owned(),
            Nat::Symmetric => "oifname wan masquerade fully-random".to_owned(),
            Nat::AddressRestricted => "oifname wan masquerade".to_owned(),
            Nat::Ip6Only => return filter,
        };
        let spoken_to = if *nat == Nat::Forwarded {
            format!(
                "chain prerouting {{ type nat hook prerouting priority -100;
                    iifname wan meta l4proto {{ tcp, udp }} th dport {PORT} dnat to {inside};
                }}"
            )
        } else if *nat == Nat::AddressRestricted {
            format!(
                "set spoken_to {{ type ipv4_addr; flags dynamic,timeout; timeout 2m; }}
                chain note {{ type filter hook forward priority 10; iifname lan update @spoken_to {{ ip daddr }}; }}
                chain prerouting {{ type nat hook prerouting priority -100;
                    iifname wan ip saddr @spoken_to dnat to {inside};
                }}"
            )
        } else {
            String::new()
        };
        let opened = if nat.opens_ports() { opener::RULES } else { "" };
        format!(
            "{filter}{opened}table ip nat {{
                {spoken_to}
                chain postrouting {{ type nat hook postrouting priority 100; {translation}; }}
            }}\n"
        )
    }
}
