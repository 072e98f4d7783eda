//! Ana, whose node is attacked; Bo, who writes to her; Mallory, who is a contact of hers, too.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use kith_node::home::Home;
use kith_node::network::listen_on;
use kith_node::node::{Node, NodeOptions};
use kith_protocol::address::{Hint, Host, Reach, Transports};
use kith_protocol::card::FieldKind;
use kith_protocol::engine::invites::InviteOptions;
use kith_protocol::engine::{CardChange, Notice, Own};
use kith_protocol::text::Line;
use kith_tests::e2e::Api;

use super::part::Scene;
use super::place;
use crate::figures::Series;
use crate::pair::{is_contact_made, notice};
use crate::{crowd, machine, pair};

/// Contacts of Ana who name as many addresses as a letter may, with nobody there.
const ASTRAY: u32 = 200;
/// Bo looks up for so long between two letters. Ana's node remembers ten thousand letters of one contact for a month
/// (`HANDLED_PER_PERSON`) and takes no more: without a pause he would have written them before the last attack.
const BREATH: Duration = Duration::from_millis(30);
/// A letter without a receipt after so long is as good as lost.
const LOST: Duration = Duration::from_secs(20);

/// Everybody on the stage.
pub struct Stage {
    /// What attackers know.
    pub scene: Scene,
    program: PathBuf,
    home: Home,
    log: PathBuf,
    ana: Child,
    bo: Node,
    letters: usize,
    /// Letters that had no receipt after [`LOST`].
    pub lost: usize,
}

impl Stage {
    /// Makes homes, introduces everybody, and starts Ana's node as a process of its own.
    pub async fn set(folder: &Path, program: &Path) -> Self {
        let home = Home::at(folder.join("ana"));
        let port = pair::free_port();
        crowd::make_led_astray(&home, hint(place::ANA, port), ASTRAY, |number| {
            place::nowhere(number).map(|(ip, port)| hint(ip, port)).collect()
        });
        let listen = listen_on(place::ANA.into(), port);
        let web = Some((Ipv4Addr::LOCALHOST, 0).into());
        let options = NodeOptions { listen, web, ..NodeOptions::default() };
        let ana = Node::start(home.open().unwrap(), options).await.unwrap();
        let bo = pair::start(&folder.join("bo"), "Bo").await;
        let mallory = pair::start(&folder.join("mallory"), "Mallory").await;
        for other in [&bo, &mallory] {
            let (mut here, mut there) = (ana.handle().notices(), other.handle().notices());
            pair::scan(&other.handle(), pair::code(&ana.handle()).await).await;
            futures::join!(notice(&mut here, is_contact_made), notice(&mut there, is_contact_made));
        }
        let badge = InviteOptions { printed: true, ..InviteOptions::default() };
        let (_, badge) = ana.handle().act(move |turn| turn.create_invite(badge)).await.unwrap();
        mallory.stop().await.unwrap();
        ana.stop().await.unwrap();
        let (_, store, _, lock) = home.open().unwrap().into_parts();
        let own = Own::load(&store).unwrap();
        store.close().unwrap();
        drop(lock);
        let (_, _, seed, _) = Home::at(folder.join("mallory")).open().unwrap().into_parts();
        let at = (place::ANA, port).into();
        let scene = Scene { at, ana: own.peer, badge: badge.to_code(), mallory: seed.0 };
        until_free(&scene).await;
        let log = folder.join("log");
        let ana = start(program, home.folder(), &log);
        Self { scene, program: program.to_owned(), home, log, ana, bo, letters: 0, lost: 0 }
    }

    /// Bo writes one letter after another, each until its receipt is there.
    pub async fn writes(&mut self, how_long: Duration) -> Series {
        let (bo, begun) = (self.bo.handle(), Instant::now());
        let mut notices = bo.notices();
        let mut took = Series::default();
        while begun.elapsed() < how_long {
            self.letters += 1;
            let title = Line::new(&format!("Buyer {}", self.letters)).unwrap();
            let change = vec![CardChange::Field(FieldKind::Title, Some(title), None)];
            let begun = Instant::now();
            bo.act(move |turn| turn.change_card(change)).await.unwrap();
            let delivered = notice(&mut notices, |notice| matches!(notice, Notice::Delivered { .. }));
            self.lost += usize::from(tokio::time::timeout(LOST, delivered).await.is_err());
            took.add(begun.elapsed());
            tokio::time::sleep(BREATH).await;
        }
        took
    }

    /// Ana changes her card, which all her contacts are to be told: those who are nowhere, too.
    pub fn ana_tells_everybody(&self) {
        let mut command = Command::new(&self.program);
        command.arg("--home").arg(self.home.folder()).args(["card", "set", "title", "Owner"]);
        let said = command.output().unwrap();
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    }

    /// Memory of Ana's node: now, and the most since it was last asked; in bytes.
    pub fn memory(&self) -> [f64; 2] {
        machine::memory_of(self.ana.id())
    }

    /// The process of Ana's node.
    pub fn process(&self) -> u32 {
        self.ana.id()
    }

    /// Connections from attackers that Ana's node has taken, by TCP.
    pub fn taken(&self) -> u64 {
        let table = std::fs::read_to_string("/proc/self/net/tcp").unwrap_or_default();
        // As below; 01 is the state of one that stands. The tenth word is 0 until the program takes it from the system.
        let is_taken = |line: &&str| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let is_attacker =
                words.get(2).and_then(|there| there.get(4..8)).is_some_and(|net| ["12C6", "13C6"].contains(&net));
            is_attacker && words.get(3) == Some(&"01") && words.get(9).is_some_and(|inode| *inode != "0")
        };
        table.lines().filter(is_taken).count() as u64
    }

    /// A number that Ana's node shows whoever watches over it.
    pub fn metric(&self, name: &str) -> u64 {
        let api = Api::of(self.home.folder()).unwrap();
        api.metric(name).unwrap().unwrap_or_else(|| panic!("Ana's node shows no {name}"))
    }

    /// Lines in the log of Ana's node.
    pub fn logged(&self) -> usize {
        BufReader::new(File::open(&self.log).unwrap()).lines().count()
    }

    /// Connections to where nobody is that are being made at this moment, by TCP.
    pub fn dials(&self) -> usize {
        let table = std::fs::read_to_string("/proc/self/net/tcp").unwrap_or_default();
        // The third word of a line is the other end, in bytes from the last to the first; the fourth the state, and 02 that of
        // one that was begun.
        let is_dial = |line: &&str| {
            let words: Vec<&str> = line.split_whitespace().collect();
            words.get(2).is_some_and(|there| there.get(2..8) == Some("6433C6")) && words.get(3) == Some(&"02")
        };
        table.lines().filter(is_dial).count()
    }

    /// Ends it all.
    pub async fn ends(mut self) {
        let told = Command::new("kill").args(["-TERM", &self.ana.id().to_string()]).status().unwrap();
        assert!(told.success() && self.ana.wait().unwrap().success(), "Ana's node stopped as it should");
        self.bo.stop().await.unwrap();
    }
}

/// Waits until Ana's port is free again: a node that stopped may have a socket open for a moment longer.
async fn until_free(scene: &Scene) {
    let is_free = || TcpListener::bind(scene.at).is_ok() && UdpSocket::bind(scene.at).is_ok();
    for _ in 0..500 {
        if is_free() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("somebody else listens at {}", scene.at);
}

const fn hint(ip: Ipv4Addr, port: u16) -> Hint {
    Hint { reach: Reach::Direct, host: Host::Ip4(ip), port, transports: Transports::Both }
}

fn start(program: &Path, home: &Path, log: &Path) -> Child {
    let mut node = Command::new(program)
        .args(["up", "--home"])
        .arg(home)
        .env_remove("KITH_LOG")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(File::create(log).unwrap())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}; build it first, or say --program", program.display()));
    let mut said = BufReader::new(node.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(said.any(|line| line.ends_with("node is running.")), "the node did not start");
    // Whoever speaks must be heard, or it stops speaking.
    std::thread::spawn(move || said.for_each(drop));
    node
}
