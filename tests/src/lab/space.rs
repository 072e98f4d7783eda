//! One network namespace, which goes when it is dropped.

use std::io::Write;
use std::process::{Command, Stdio};

/// The beginning of all names; the number of the process comes next.
const PREFIX: &str = "kith-lab";

/// A network namespace.
#[derive(Debug)]
pub(super) struct Space {
    name: String,
}

/// Whether this machine lets us make any.
///
/// # Errors
/// Why it does not.
pub(super) fn can_be_made() -> Result<(), String> {
    sweep();
    let name = format!("{PREFIX}-{}-try", std::process::id());
    // Several tests may look at once.
    if !Command::new("ip").args(["netns", "list"]).output().is_ok_and(|said| said.status.success()) {
        return Err("there is no ip(8)".into());
    }
    match said(&["ip", "netns", "add", &name], "") {
        Err(why) if !why.contains("File exists") => return Err(format!("no namespace can be made: {why}")),
        _ => {}
    }
    let rules = said(&["ip", "netns", "exec", &name, "nft", "add", "table", "inet", "try"], "");
    // Whoever else looked may have taken it away.
    let _ = said(&["ip", "netns", "delete", &name], "");
    match rules {
        Err(why) if why.contains("nft") => Err(format!("routers cannot be made: {why}")),
        _ => Ok(()),
    }
}

/// Takes away what test processes left that were killed.
fn sweep() {
    let Ok(spaces) = std::fs::read_dir("/run/netns") else { return };
    for name in spaces.filter_map(Result::ok).filter_map(|entry| entry.file_name().into_string().ok()) {
        let owner = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').nth(1)?.parse::<u32>().ok());
        if owner.is_some_and(|pid| !std::path::Path::new(&format!("/proc/{pid}")).exists()) {
            let _ = said(&["ip", "netns", "delete", &name], "");
        }
    }
}

impl Space {
    /// An empty one, with loopback.
    pub(super) fn new(lab: u32, name: &str) -> Self {
        let space = Self { name: format!("{PREFIX}-{}-{lab}-{name}", std::process::id()) };
        must(&["ip", "netns", "add", &space.name], "");
        space.ip(&["link", "set", "lo", "up"]);
        space
    }

    /// What ip(8) knows it by.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Runs ip(8) in it.
    #[track_caller]
    pub(super) fn ip(&self, args: &[&str]) {
        must(&[&["ip", "-n", &self.name], args].concat(), "");
    }

    /// Runs a program in it with something on standard input.
    #[track_caller]
    pub(super) fn run(&self, args: &[&str], input: &str) -> String {
        must(&[&["ip", "netns", "exec", &self.name], args].concat(), input)
    }

    /// A program that is to run in it.
    pub(super) fn program(&self, program: &std::path::Path) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name]).arg(program);
        command
    }

    /// Passes packets on.
    pub(super) fn forwards(&self) {
        self.run(&["sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"], "");
    }

    /// An interface of ours, and at the other end of the wire one of theirs.
    pub(super) fn wire(&self, ours: &str, other: &Self, theirs: &str) {
        let peer = ["peer", "name", theirs, "netns", &other.name];
        self.ip(&[&["link", "add", ours, "type", "veth"][..], &peer].concat());
        self.ip(&["link", "set", ours, "up"]);
        other.ip(&["link", "set", theirs, "up"]);
    }

    /// Gives an interface an address.
    pub(super) fn address(&self, interface: &str, address: &str) {
        let usual = ["address", "add", address, "dev", interface];
        // Nobody else can have it: no need to ask around for a second first.
        let at_once: &[&str] = if address.contains(':') { &["nodad"] } else { &[] };
        self.ip(&[&usual[..], at_once].concat());
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        // With it go its interfaces, and with these the other ends of the wires.
        let _ = said(&["ip", "netns", "delete", &self.name], "");
    }
}

#[track_caller]
fn must(args: &[&str], input: &str) -> String {
    said(args, input).unwrap_or_else(|why| panic!("{}: {why}", args.join(" ")))
}

fn said(args: &[&str], input: &str) -> Result<String, String> {
    let (program, args) = args.split_first().ok_or("nothing to run")?;
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("{program}: {error}"))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes()).map_err(|error| error.to_string())?;
    }
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}
