//! Where it happens: a network of its own on this machine, in which loopback has an address as the internet has them.
//!
//! Only a node with such an address passes things on for others, and addresses that lead nowhere must be ones where a
//! packet vanishes. Nothing there has a way out.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;

use crate::{Options, again};

/// Ana's address there: one that is set aside for documentation.
pub const ANA: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 10);
/// Says that this process is in such a network.
const INSIDE: &str = "KITH_ABUSE_INSIDE";
/// Loopback answers to all of 198.18.0.0/15, which is set aside for benchmarks; what goes to 198.51.100.0/24 vanishes.
const MAKE: &str = "ip link set lo up && ip address add 203.0.113.10/32 dev lo \
    && ip route add local 198.18.0.0/15 dev lo && ip link add void type veth peer name gone \
    && ip link set void arp off up && ip link set gone up \
    && ip route add 198.51.100.0/24 dev void src 203.0.113.10 && exec \"$0\" \"$@\"";

/// True in a network of our own.
pub fn is_inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

/// Runs this very program again in a network of its own, with what it was asked for; true if that went well.
pub fn run_inside(options: &Options) -> bool {
    let mut command = Command::new("unshare");
    command.args(["--net", "--", "sh", "-c", MAKE]).arg(again::this_program());
    again::ask_the_same(&mut command, "abuse", options);
    command.env(INSIDE, "yes");
    again::is_met(command)
}

/// Whether this machine makes networks.
pub fn can_be_made() -> bool {
    let tried = Command::new("unshare").args(["--net", "--", "ip", "link", "set", "lo", "up"]).output();
    tried.is_ok_and(|said| said.status.success())
}

/// The address of an attacker, another one for each number.
pub fn source(number: u32) -> SocketAddr {
    let [_, high, middle, low] = (number % 130_000).to_be_bytes();
    SocketAddr::from(([198, 18 + high % 2, middle, low.max(1)], 0))
}

/// Addresses at which there is nobody, as many as a letter may name.
pub fn nowhere(number: u32) -> impl Iterator<Item = (Ipv4Addr, u16)> {
    let port = u16::try_from(2_000 + number % 50_000).unwrap();
    (1..=kith_protocol::limits::ADDRESSES)
        .map(move |host| (Ipv4Addr::new(198, 51, 100, u8::try_from(host).unwrap()), port))
}
