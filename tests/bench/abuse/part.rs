//! An attacker: this very program, started again with the lowest priority and a bounded rate.
//!
//! Ana's node, Bo's and the attackers share the processors of one machine, which attackers elsewhere would not take from
//! her. So the system gives them what the others leave, and what rate they reached is printed.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use data_encoding::HEXLOWER;
use kith_protocol::address::{Hint, Host, Reach, Transports};
use kith_protocol::hello::SharedSecret;
use kith_protocol::id::PeerId;
use kith_protocol::invite::Invite;
use serde_json::{Value, json};

use super::floods::Way;
use crate::again::this_program;

const PART: &str = "KITH_ABUSE_PART";
const SCENE: &str = "KITH_ABUSE_SCENE";
/// Says that the attack has begun; says how much of it there was.
const BEGUN: &str = "BEGUN";
const DID: &str = "DID ";

/// What attackers know.
#[derive(Clone)]
pub struct Scene {
    /// Where Ana's node listens, by TCP and QUIC.
    pub at: SocketAddr,
    /// Its id.
    pub ana: PeerId,
    /// The text of a badge of hers.
    pub badge: String,
    /// The seed of the machine of Mallory, who is a contact.
    pub mallory: [u8; 32],
}

impl Scene {
    fn to_text(&self) -> String {
        json!({
            "at": self.at.to_string(),
            "ana": HEXLOWER.encode(&self.ana.0),
            "badge": self.badge,
            "mallory": HEXLOWER.encode(&self.mallory),
        })
        .to_string()
    }

    fn from_text(text: &str) -> Self {
        let value: Value = serde_json::from_str(text).unwrap();
        let word = |name: &str| value[name].as_str().unwrap().to_owned();
        let bytes = |name: &str| HEXLOWER.decode(word(name).as_bytes()).unwrap().try_into().unwrap();
        Self {
            at: word("at").parse().unwrap(),
            ana: PeerId(bytes("ana")),
            badge: word("badge"),
            mallory: bytes("mallory"),
        }
    }

    /// The secret of the badge, which opens a session to whoever has it.
    pub fn secret(&self) -> SharedSecret {
        Invite::from_text(&self.badge).unwrap().shared_secret()
    }

    /// Ana's address for who comes this way.
    pub fn by(&self, way: Way) -> libp2p::Multiaddr {
        let (ip, port) = (self.at.ip(), self.at.port());
        let at = match way {
            Way::Quic => format!("/ip4/{ip}/udp/{port}/quic-v1"),
            Way::Tcp => format!("/ip4/{ip}/tcp/{port}"),
        };
        at.parse().unwrap()
    }

    /// Where it is by QUIC, as a hint.
    pub fn hint(&self) -> Hint {
        let std::net::IpAddr::V4(ip) = self.at.ip() else { panic!("an IPv4 address") };
        Hint { reach: Reach::Direct, host: Host::Ip4(ip), port: self.at.port(), transports: Transports::Quic }
    }
}

/// How much was done, and whether it is enough.
#[derive(Clone)]
pub struct Work {
    done: Arc<AtomicU64>,
    answers: Arc<AtomicU64>,
    begun: Instant,
    rate: f64,
}

impl Work {
    /// Ana's node answered.
    pub fn was_answered(&self) {
        self.was_granted(1);
    }

    /// Ana's node gave so much of what counts in this attack.
    pub fn was_granted(&self, count: u64) {
        self.answers.fetch_add(count, Ordering::Relaxed);
    }

    /// Waits until one more may be done at the rate that was set.
    pub async fn one_more(&self) {
        let number = self.done.fetch_add(1, Ordering::Relaxed);
        let due = self.begun + Duration::from_secs_f64(number as f64 / self.rate);
        if due > Instant::now() {
            tokio::time::sleep_until(due.into()).await;
        } else {
            tokio::task::yield_now().await;
        }
    }
}

/// The part that this process plays, if it is one.
pub fn of_this_process() -> Option<(String, Scene)> {
    let part = std::env::var(PART).ok()?;
    Some((part, Scene::from_text(&std::env::var(SCENE).unwrap())))
}

/// Attacks at this rate a second until told to stop, and says how much there was.
pub fn play<F: Future<Output = ()>>(rate: f64, attack: impl FnOnce(Work) -> F) {
    let enough = Arc::new(AtomicBool::new(false));
    let ends = Arc::clone(&enough);
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_line(&mut String::new());
        ends.store(true, Ordering::Relaxed);
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let work = Work { done: Arc::default(), answers: Arc::default(), begun: Instant::now(), rate };
        println!("{BEGUN}");
        let until_enough = async {
            while !enough.load(Ordering::Relaxed) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::select! {
            () = until_enough => {}
            () = attack(work.clone()) => panic!("an attack goes on until it is stopped"),
        }
        println!("{DID}{} {}", work.done.load(Ordering::Relaxed), work.answers.load(Ordering::Relaxed));
    });
    // What is still under way ends with the process.
    std::process::exit(0);
}

/// An attacker at work.
pub struct Attacker {
    program: Child,
    said: std::io::Lines<BufReader<std::process::ChildStdout>>,
    begun: Instant,
}

/// What an attacker came to.
pub struct Came {
    /// Things done in a second.
    pub rate: f64,
    /// Of one processor, in percent.
    pub processor: f64,
    /// Answers of Ana's node, where the attack is one that gets any; or what counts in their place.
    pub answers: u64,
}

impl Attacker {
    /// Starts one and waits until it has begun.
    pub fn start(part: &str, scene: &Scene) -> Self {
        let mut program = Command::new("nice");
        program.args(["-n", "19"]).arg(this_program()).arg("abuse");
        program.env(PART, part).env(SCENE, scene.to_text()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut program = program.spawn().unwrap();
        let mut said = BufReader::new(program.stdout.take().unwrap()).lines();
        assert!(said.by_ref().map_while(Result::ok).any(|line| line == BEGUN), "{part} does not begin");
        Self { program, said, begun: Instant::now() }
    }

    /// Ends it.
    pub fn end(mut self) -> Came {
        let took = self.begun.elapsed().as_secs_f64();
        let processor = processor_of(self.program.id()) / took * 100.0;
        self.program.stdin.take().unwrap().write_all(b"enough\n").unwrap();
        let did = self.said.by_ref().map_while(Result::ok).find_map(|line| {
            let (done, answers) = line.strip_prefix(DID)?.split_once(' ')?;
            Some((done.parse::<f64>().ok()?, answers.parse().ok()?))
        });
        let _ = self.program.wait();
        let (done, answers) = did.expect("how much it did");
        Came { rate: done / took, processor, answers }
    }
}

/// Seconds of a processor that a process had. The kernel counts in hundredths.
pub fn processor_of(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|word| word.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}
