//! My node and my identity.

#![allow(rustdoc::bare_urls, reason = "--help shows these words as they are")]

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Run my node.
#[derive(Args)]
pub struct Up {
    /// My name, for the first run
    #[arg(long)]
    pub name: Option<String>,
    /// Where to listen and nowhere else, such as /ip4/0.0.0.0/tcp/7517, or none for port 7517 if it is free and else any;
    /// may be given several times; kept
    #[arg(long, value_name = "MULTIADDR")]
    pub listen: Vec<String>,
    /// Where the web app and the API listen, such as 127.0.0.1:7518; kept
    #[arg(long, value_name = "ADDR")]
    pub web: Option<SocketAddr>,
    /// By which address people reach the web app, such as https://kith.example.org/ or https://example.org/kith/, or
    /// none for this machine's own; kept
    #[arg(long, value_name = "URL")]
    pub web_url: Option<String>,
    /// Believe this proxy, an address or a network, on where requests come from; may be given several times, or none;
    /// kept
    #[arg(long, value_name = "ADDR")]
    pub trust_proxy: Vec<String>,
    /// Whether the node does TLS for browsers itself; kept
    #[arg(long, value_enum)]
    pub tls: Option<Tls>,
    /// Where the public authority of --tls acme can write to, such as ana@example.org, or none; kept
    #[arg(long, value_name = "EMAIL")]
    pub acme_email: Option<String>,
    /// The directory of another public authority for --tls acme, such as
    /// https://acme-staging-v02.api.letsencrypt.org/directory to try it out, or none for Let's Encrypt; kept
    #[arg(long, value_name = "URL")]
    pub acme_directory: Option<String>,
    /// Make backups by themselves into this folder, or none; kept
    #[arg(long, value_name = "DIR")]
    pub backup_to: Option<PathBuf>,
    /// How often, such as 12h or 1d
    #[arg(long, value_name = "TIME", requires = "backup_to", default_value = "1d", value_parser = every)]
    pub every: u64,
    /// For whom the node holds letters while their nodes are off; kept
    #[arg(long, value_name = "WHOM", value_enum)]
    pub hold_letters: Option<HoldLetters>,
    /// How much of others' connections and letters the node passes on in a day, such as 10GiB or 500MiB, or 0 for nothing;
    /// 10GiB if nothing was ever said; kept
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub relay_at_most: Option<u64>,
    /// How much may lie in the mailboxes that the node holds, such as 1GiB; on the disk up to twice as much; 1GiB if
    /// nothing was ever said; kept
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub mailboxes_at_most: Option<u64>,
    /// Whether the router is asked to pass the node's port on (UPnP), as many at home do; it is if nothing was ever said; kept
    #[arg(long, value_enum)]
    pub port_mapping: Option<PortMapping>,
    /// Turn event mode on, as kith event mode on does: look for my contacts on the networks that this machine is on; kept
    #[arg(long, env = "KITH_EVENT_MODE", value_parser = clap::builder::FalseyValueParser::new())]
    pub event_mode: bool,
    /// How to write the log on standard error
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub log: LogFormat,
}

/// Seconds of a time such as 12h or 1d.
fn every(text: &str) -> Result<u64, String> {
    let wrong = || format!("{text:?} is no time such as 12h or 1d");
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds = match unit {
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let count: u64 = text.trim_end_matches(unit).parse().map_err(|_| wrong())?;
    match count.checked_mul(seconds) {
        Some(every) if (3_600..=366 * 86_400).contains(&every) => Ok(every),
        _ => Err("between an hour (1h) and a year (366d)".to_owned()),
    }
}

/// Bytes of a size such as 500MiB or 10GiB.
fn size(text: &str) -> Result<u64, String> {
    let wrong = || format!("{text:?} is no size such as 500MiB or 10GiB");
    let units = [("KiB", 1_u64 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)];
    // Said of what passes in a day, and of nothing else.
    let bare = text.trim().trim_end_matches("/day");
    if bare == "0" {
        return Ok(0);
    }
    let unit = units.iter().find_map(|(name, bytes)| Some((bare.strip_suffix(name)?.trim_end(), bytes)));
    let (count, bytes) = unit.ok_or_else(wrong)?;
    count.parse::<u64>().ok().and_then(|count| count.checked_mul(*bytes)).ok_or_else(wrong)
}

/// Who does TLS for browsers.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Tls {
    /// Nobody, or a proxy
    Off,
    /// The node, with a certificate authority of its own, to be installed on phones
    Own,
    /// The node, with certificates for the domain in --web-url that it gets by itself from a public authority, Let's
    /// Encrypt if no other is named: with this option I agree to the authority's terms of service. Port 443 of the
    /// domain must reach the node
    Acme,
}

/// Whether a router is asked.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PortMapping {
    /// It is asked, and told when the node stops
    On,
    /// It is left alone
    Off,
}

/// For whom letters are held.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum HoldLetters {
    /// For contacts who ask for it, sealed and within bounds
    Contacts,
    /// For nobody
    Nobody,
}

/// How to write a log.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Make an identity.
#[derive(Args)]
pub struct Init {
    /// My name
    #[arg(long)]
    pub name: String,
    /// Where I work
    #[arg(long)]
    pub org: Option<String>,
    /// My job title
    #[arg(long)]
    pub title: Option<String>,
    /// My work e-mail
    #[arg(long)]
    pub email: Option<String>,
    /// My mobile phone
    #[arg(long)]
    pub phone: Option<String>,
}

/// Act out a trade show.
#[derive(Args)]
pub struct Demo {
    /// Leave the nodes running at the end, and say how to talk to them
    #[arg(long)]
    pub keep: bool,
}

/// My recovery words.
#[derive(Args)]
pub struct Words {
    /// I have written them down: delete the file in which they lie
    #[arg(long)]
    pub done: bool,
    /// Type them in and see whether they are mine
    #[arg(long, conflicts_with = "done")]
    pub check: bool,
    /// A file that holds the 24 words, instead of typing them in
    #[arg(long, value_name = "FILE", requires = "check")]
    pub words_file: Option<PathBuf>,
}
