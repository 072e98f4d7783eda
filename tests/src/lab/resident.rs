//! Somebody who lives in a namespace.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::nat::Router;
use super::space::Space;
use crate::e2e::Someone;

/// How long anything may take in the lab before a test gives up on it: a connection that was cut is noticed after
/// half a minute, a call may come after the pause before it, and whoever asks others and is lost for once asks again after
/// up to a minute. What goes well takes less than half of it.
pub const PATIENCE: Duration = Duration::from_secs(150);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(100);

/// Somebody with a home in a namespace of the lab.
#[derive(Debug)]
pub struct Resident {
    // First, so that the node is gone before its network is.
    someone: Someone,
    pub(super) router: Option<Router>,
    /// The router of the home that they were in before.
    pub(super) came_from: Option<Router>,
    pub(super) space: Space,
    pub(super) host: u8,
}

impl Resident {
    pub(super) fn new(name: &'static str, space: Space, router: Option<Router>, host: u8) -> Self {
        Self::run_by(None, name, space, router, host)
    }

    /// With a node that a test of this program runs, if it is named.
    pub(super) fn run_by(
        test: Option<&'static str>,
        name: &'static str,
        space: Space,
        router: Option<Router>,
        host: u8,
    ) -> Self {
        let mut someone = Someone::new(name).in_namespace(space.name()).logging("info,kith_node=debug");
        someone.stand_in = test;
        let mut resident = Self { someone, router, came_from: None, space, host };
        resident.start();
        resident
    }

    /// With a copy of somebody's home. The node does not run yet.
    pub(super) fn with_copy(of: &Self, name: &'static str, space: Space, host: u8) -> Self {
        let someone = Someone::new(name).in_namespace(space.name()).logging("info,kith_node=debug");
        let copied = Command::new("cp").arg("-a").args([of.folder(), someone.folder()]).status().unwrap();
        assert!(copied.success(), "a home can be copied");
        Self { someone, router: None, came_from: None, space, host }
    }

    /// Starts the node.
    #[track_caller]
    pub fn start(&mut self) {
        self.someone.start();
    }

    /// Starts the node with a clock that says tomorrow.
    #[track_caller]
    pub fn start_tomorrow(&mut self) {
        self.someone.clock = Some("+1d");
        self.start();
    }

    /// Starts the node with a clock that is a quarter of an hour ahead from now on. A node leaves a record of where it is with
    /// others once in ten minutes at most; so it does again, however long the test took until now.
    #[track_caller]
    pub fn start_later(&mut self) {
        self.someone.clock = Some("+15m");
        self.start();
    }

    /// Ends the node as a person does.
    #[track_caller]
    pub fn stop(&mut self) {
        self.someone.stop();
    }

    /// Starts the node with further arguments.
    #[track_caller]
    pub fn start_with(&mut self, args: &[&str]) {
        self.someone.also = args.iter().map(|arg| (*arg).to_owned()).collect();
        self.start();
    }

    /// What the router would pass on without being spoken to first, as it says itself.
    pub fn opened_by_router(&self) -> String {
        self.router().opened()
    }

    /// The same, of the router in the home that they were in before.
    pub fn opened_by_router_before(&self) -> String {
        self.came_from.as_ref().expect("another home").opened()
    }

    /// The router loses its power, and with it all that it was asked to do.
    pub fn router_loses_power(&mut self) {
        self.router.as_mut().expect("a router").lose_power();
    }

    /// The router starts again.
    pub fn router_starts_again(&mut self) {
        self.router.as_mut().expect("a router").start_again();
    }

    /// The router at home gives the machine another address there.
    pub fn gets_another_address_at_home(&self) {
        let (net, router) = (self.host, format!("192.168.{}.1", self.host));
        self.space.ip(&["address", "delete", &format!("192.168.{net}.2/24"), "dev", "eth0"]);
        self.space.address("eth0", &format!("192.168.{net}.3/24"));
        self.space.ip(&["route", "replace", "default", "via", &router]);
    }

    /// Ends the node as the power does.
    #[track_caller]
    pub fn kill(&mut self) {
        self.someone.kill();
    }

    /// The home.
    pub fn folder(&self) -> &std::path::Path {
        self.someone.folder()
    }

    /// Memory of the node, in KiB.
    pub fn memory(&self) -> u64 {
        let node = self.someone.node.as_ref().expect("a node runs").pid();
        let status = std::fs::read_to_string(format!("/proc/{node}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Their name.
    pub const fn name(&self) -> &'static str {
        self.someone.name
    }

    /// What a command says, as JSON.
    #[track_caller]
    pub fn says(&self, args: &[&str]) -> Value {
        self.someone.kith([args, &["--json"]].concat()).ok().json()
    }

    /// What a command prints for a person to read.
    #[track_caller]
    pub fn prints(&self, args: &[&str]) -> String {
        self.someone.kith(args).ok().out
    }

    /// Waits until a look finds something, and returns it and how long it took.
    #[track_caller]
    pub fn until<T>(&self, what: &str, look: impl FnMut(&Self) -> Option<T>) -> (T, Duration) {
        self.until_or_tell(what, look, |_| String::new())
    }

    /// The same. If it waits in vain it also tells what there is instead.
    #[track_caller]
    fn until_or_tell<T>(
        &self,
        what: &str,
        mut look: impl FnMut(&Self) -> Option<T>,
        instead: impl FnOnce(&Self) -> String,
    ) -> (T, Duration) {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if let Some(found) = look(self) {
                return (found, begun.elapsed());
            }
            std::thread::sleep(LOOK);
        }
        let log = self.someone.logged();
        let end = log.len().saturating_sub(4_000);
        let (log, instead) = (log.get(end..).unwrap_or(&log), instead(self));
        panic!("{}: waited {PATIENCE:?} in vain: {what}\n{instead}\n…{log}", self.name());
    }

    /// What is kept about somebody, if anything is.
    pub fn sees(&self, who: &Self) -> Option<Value> {
        let said = self.someone.kith(["person", "show", who.name(), "--json"]);
        (said.code == Some(0)).then(|| said.json())
    }

    /// Waits until the person of this name is so.
    #[track_caller]
    pub fn until_sees(&self, who: &Self, what: &str, is_so: impl Fn(&Value) -> bool) -> Duration {
        let instead = |me: &Self| me.sees(who).map_or_else(|| format!("no {}", who.name()), |seen| seen.to_string());
        self.until_or_tell(what, |me| me.sees(who).filter(&is_so), instead).1
    }

    /// Scans a code of theirs and waits until both hold each other; how long that took.
    #[track_caller]
    pub fn meets(&self, shower: &Self) -> Duration {
        let code = shower.says(&["invite", "--event", "Hannover Messe"])["link"].as_str().unwrap().to_owned();
        let begun = Instant::now();
        self.someone.kith(["scan", &code]).ok();
        self.until_sees(shower, "a contact", |person| person["standing"] == "contact");
        shower.until_sees(self, "a contact", |person| person["standing"] == "contact");
        begun.elapsed()
    }

    /// Writes to somebody.
    #[track_caller]
    pub fn writes(&self, to: &Self, words: &str) {
        self.someone.kith(["person", "write", to.name(), words]).ok();
    }

    /// Waits until these words of somebody are there; how long that took.
    #[track_caller]
    pub fn until_reads(&self, from: &Self, words: &str) -> Duration {
        let has = |person: &Value| {
            person["letters"].as_array().is_some_and(|letters| letters.iter().any(|letter| letter["text"] == words))
        };
        self.until_sees(from, words, has)
    }

    /// Writes, and waits until it has arrived; how long that took.
    #[track_caller]
    pub fn sends(&self, to: &Self, words: &str) -> Duration {
        let begun = Instant::now();
        self.writes(to, words);
        to.until_reads(self, words);
        begun.elapsed()
    }

    fn router(&self) -> &Router {
        self.router.as_ref().expect("a router")
    }

    /// The router passes nothing on any more.
    pub fn cut_off(&self) {
        self.router().cut();
    }

    /// The router works again, and has forgotten all conversations.
    pub fn back_online(&self) {
        self.router().mend();
    }

    /// The provider gives the home another address.
    pub fn gets_another_address(&self) {
        self.router().move_to(self.host);
    }

    /// The machine stands somewhere else now: for somebody without a router, whose node is off.
    pub fn gets_other_addresses(&self) {
        let (before, after) = (self.host, self.host + 100);
        for (old, new) in [
            (format!("203.0.113.{before}/24"), format!("203.0.113.{after}/24")),
            (format!("2001:db8::{before}/64"), format!("2001:db8::{after}/64")),
        ] {
            self.space.ip(&["address", "delete", &old, "dev", "eth0"]);
            self.space.address("eth0", &new);
        }
        self.space.ip(&["route", "replace", "default", "via", "203.0.113.1"]);
        self.space.ip(&["-6", "route", "replace", "default", "via", "2001:db8::1"]);
    }

    /// The machine lets in nobody who was not spoken to, and says nothing: for somebody without a router.
    pub fn closes_firewall(&self) {
        let rules = "table inet firewall {
            chain input { type filter hook input priority 0; policy accept; iifname eth0 ct state new drop; }
        }\n";
        self.space.run(&["nft", "-f", "-"], rules);
    }

    /// The machine lets in everybody again, and says nothing of that either.
    pub fn opens_firewall(&self) {
        self.space.run(&["nft", "delete", "table", "inet", "firewall"], "");
    }

    /// The lid of the laptop is closed.
    pub fn sleeps(&self) {
        self.signal("-STOP");
    }

    /// And opened again.
    pub fn wakes(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let node = self.someone.node.as_ref().expect("a node runs").pid().to_string();
        assert!(Command::new("kill").args([signal, &node]).status().unwrap().success());
    }

    /// The router forgets all conversations.
    pub fn forgotten_by_router(&self) {
        self.router().forget();
    }

    /// What the node logged so far.
    pub fn logged(&self) -> String {
        self.someone.logged()
    }
}
