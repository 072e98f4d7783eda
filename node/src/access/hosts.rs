//! The names by which a browser may ask for this node.
//!
//! A page of somebody else can make a browser ask this node under a name that it controls (DNS rebinding). So the
//! name must be one that only this machine has. An address in the Host header cannot be rebound, since no name was
//! looked up for it.

use std::net::IpAddr;

use super::url::WebUrl;

/// Longest name of a machine (RFC 1035).
const LABEL: usize = 63;

/// The names that are this node.
#[derive(Clone, Debug, Default)]
pub struct Hosts {
    machine: Option<String>,
    public: Option<String>,
}

impl Hosts {
    /// The names of this machine, and the one under which people reach it.
    pub fn new(web_url: Option<&WebUrl>) -> Self {
        Self { machine: machine_name(), public: web_url.map(|url| url.host().to_owned()) }
    }

    /// The machine's name in the local network, such as `ana-laptop.local`.
    pub fn machine(&self) -> Option<&str> {
        self.machine.as_deref()
    }

    /// True if a Host header names this node.
    pub fn allows(&self, header: &str) -> bool {
        let name = name_of(header);
        let is = |known: &Option<String>| known.as_deref().is_some_and(|known| name.eq_ignore_ascii_case(known));
        name.eq_ignore_ascii_case("localhost")
            || name.parse::<IpAddr>().is_ok()
            || is(&self.machine)
            || is(&self.public)
    }
}

/// The name or address in a Host header, without port and brackets.
pub fn name_of(header: &str) -> &str {
    match header.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or(rest, |(address, _)| address),
        None => header.rsplit_once(':').map_or(header, |(name, _)| name),
    }
}

/// What mDNS calls this machine.
pub fn machine_name() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    let label = name.trim().split('.').next()?.to_ascii_lowercase();
    let is_plain = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (is_plain && !label.is_empty() && label.len() <= LABEL && label != "localhost").then(|| format!("{label}.local"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_nobody_can_rebind_are_this_node() {
        let url: WebUrl = "https://kith.ana.example/home/".parse().unwrap();
        let hosts = Hosts { machine: Some("ana-laptop.local".into()), ..Hosts::new(Some(&url)) };
        for host in [
            "localhost:7518",
            "LOCALHOST",
            "127.0.0.1:7518",
            "[::1]:7518",
            "192.168.1.7",
            "ana-laptop.local:7518",
            "Kith.Ana.example",
        ] {
            assert!(hosts.allows(host), "{host}");
        }
        for host in [
            "mallory.example:7518",
            "localhost.mallory.example",
            "127.0.0.1.mallory.example",
            "kith.ana.example.mallory.example",
            "mallory.local",
            "",
        ] {
            assert!(!hosts.allows(host), "{host}");
        }
    }
}
