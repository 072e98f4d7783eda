//! What contacts notice of an attack: letters from Bo to Ana, one after another, while others do their worst to her node.
//!
//! Ana's node is the program, in a process of its own. Each attack goes on for a while; what 95 % of the letters take in
//! it stands beside what they take in the quiet, in the same run, and beside the most memory that the node had.
//! Attackers are processes of the lowest priority (`part.rs`): what they take of the processors they would not
//! take elsewhere. What rate they reached is printed, too, and what shows at Ana's node that they came there (`traces.rs`):
//! of both there must be enough, or the rest says nothing.
//!
//! Who shouts on a local network in event mode is measured in `tests/nat/lan.rs`, where there is one.

mod floods;
mod forged;
mod guests;
mod part;
mod place;
mod slow;
mod stage;
mod traces;

use std::time::Duration;

use kith_node::network::Limits;
use kith_protocol::limits;
use kith_tests::e2e::{left_out, on_ci};

use crate::figures::{Series, judge};
use crate::{Options, machine, runtime};
use floods::Way;
use part::{Attacker, processor_of};
use stage::Stage;
use traces::Trace;

/// How long each attack is watched, in seconds; twice as long as a stranger may stay.
const WATCHED: usize = 20;
/// How long it goes on before.
const BEFORE: Duration = Duration::from_secs(3);
/// 95 % of the letters take at most so many times what they take in the quiet, or [`MOST_MS`] if that is more.
const MOST_TIMES: f64 = 3.0;
/// See [`MOST_TIMES`]; milliseconds.
const MOST_MS: f64 = 100.0;

/// Calls that may be under way at once, each at all addresses that a letter may name, by TCP; and a dial for each that
/// outlives its call for a moment.
const MOST_DIALS: f64 = (limits::CALLS * (limits::ADDRESSES + 1)) as f64;

/// The most memory that the bounds of a node leave to all attacks together, in MiB.
fn most_memory() -> [(&'static str, f64); 8] {
    let bounds = Limits::default();
    let mib = |count: usize, bytes: usize| (count * bytes) as f64 / 1_048_576.0;
    // What a stranger takes, and a handshake.
    let each = 100 * 1024;
    [
        ("letters that wait for their answer (`letters` of 60 KiB)", mib(bounds.letters, limits::LETTER)),
        ("letters and requests of mailboxes that are being read (twice `reading`)", mib(2, bounds.reading)),
        ("strangers (`strangers`, 100 KiB each)", mib(bounds.strangers, each)),
        ("handshakes (`handshakes`, as much each), by TCP and by QUIC", mib(2 * bounds.handshakes, each)),
        (
            "what quinn keeps of those that are over (`quic/door.rs`, `handshakes`, on each of two sockets)",
            mib(2 * bounds.handshakes, each),
        ),
        ("circuits (`circuits`, 16 KiB and two streams each)", mib(bounds.circuits, 64 * 1024)),
        ("records of days that are kept (`dht/shelf.rs`, 2,048 of 1 KiB, with their places)", 4.0),
        ("what is known of held parcels (`bench mailbox`)", 20.0),
    ]
}

/// An attack.
struct Attack {
    name: &'static str,
    what: &'static str,
    /// The most that it does in a second.
    rate: f64,
    pace: Pace,
    /// Where it shows at Ana's node.
    trace: Trace,
    /// With less of that it has hardly come there: a fraction of what her bounds let in.
    least: u64,
}

/// How fast an attack goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pace {
    /// At its rate, whatever Ana's node does.
    Own,
    /// As fast as Ana's node lets it.
    Anas,
}

/// An attack that goes on at its own pace is to reach this share of its rate, also on a machine that does other things.
const LEAST_SHARE: f64 = 0.1;

const fn attack(name: &'static str, what: &'static str, rate: f64, pace: Pace, trace: Trace, least: u64) -> Attack {
    Attack { name, what, rate, pace, trace, least }
}

const ATTACKS: [Attack; 12] = [
    attack("open", "TCP connections opened, without a word", 1_000.0, Pace::Own, Trace::Taken, 10),
    attack("half", "TCP handshakes left in the middle", 500.0, Pace::Own, Trace::Taken, 10),
    attack("quic", "QUIC handshakes begun from invented addresses", 200.0, Pace::Own, Trace::Answers, 20),
    attack("fast", "the same, five times as fast", 1_000.0, Pace::Own, Trace::Answers, 20),
    attack("leave", "strangers by QUIC who finish one and go", 100.0, Pace::Anas, Trace::Answers, 20),
    attack("sit", "strangers by QUIC who finish one and sit there", 40.0, Pace::Own, Trace::Answers, 20),
    attack("crowd", "the same by TCP, all from one address", 40.0, Pace::Own, Trace::Answers, 5),
    attack("slow", "streams of hello, letter, mailbox, byte by byte", 2_000.0, Pace::Anas, Trace::Streams, 200),
    attack("stuff", "parcels left in mailboxes, with passes and without", 200.0, Pace::Anas, Trace::Held, 500_000),
    attack("hog", "letters of 60 KiB passed on for others", 100.0, Pace::Anas, Trace::PassedOn, 500_000),
    attack("forged", "records of days, forged and of nobody", 1_000.0, Pace::Anas, Trace::Answers, 20),
    attack("astray", "contacts whose addresses lead nowhere", 0.0, Pace::Anas, Trace::Dials, 8),
];

impl Attack {
    /// True if there was enough of it: so much that shows at Ana's node, and so much that the attacker did.
    fn has_come(&self, shows: u64, came: Option<&part::Came>) -> bool {
        let is_fast = self.pace == Pace::Anas || came.is_some_and(|came| came.rate >= self.rate * LEAST_SHARE);
        is_fast && shows >= self.least
    }
}

/// The most lines that all attacks together may write into a log.
const MOST_LOGGED: f64 = 200.0;

/// Measures and prints; true if the targets are met.
pub fn run(options: &Options) -> bool {
    if let Some((part, scene)) = part::of_this_process() {
        play(&part, scene);
        return true;
    }
    if !place::is_inside() {
        if !place::can_be_made() {
            left_out("bench abuse", "this machine makes no network of its own (unshare, as root)");
            return !on_ci();
        }
        return place::run_inside(options);
    }
    let folder = tempfile::tempdir_in(&options.folder).unwrap();
    let watched = Duration::from_secs(options.runs.unwrap_or(WATCHED) as u64);
    println!("\nLetters of a contact while others attack, {} s each", watched.as_secs());
    machine::describe(folder.path());
    runtime().block_on(measure(folder.path(), options, watched))
}

fn play(part: &str, scene: part::Scene) {
    let rate = ATTACKS.iter().find(|attack| attack.name == part).expect("an attack").rate;
    match part {
        "open" => part::play(rate, |work| floods::open(scene, work, false)),
        "half" => part::play(rate, |work| floods::open(scene, work, true)),
        "quic" | "fast" => {
            let ahead = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let packets = ahead.block_on(floods::first_packets((rate * 10.0) as usize));
            part::play(rate, |work| floods::begin_quic(scene, work, packets));
        }
        "leave" => part::play(rate, |work| floods::come_and_go(scene, work)),
        "sit" => part::play(rate, |work| floods::sit(scene, work, Way::Quic)),
        "crowd" => part::play(rate, |work| floods::sit(scene, work, Way::Tcp)),
        "slow" => part::play(rate, |work| slow::dawdle(scene, work)),
        "stuff" => part::play(rate, |work| guests::stuff(scene, work)),
        "forged" => part::play(rate, |work| forged::forge(scene, work)),
        "hog" => part::play(rate, |work| guests::hog(scene, work)),
        other => panic!("{other} is played by nobody"),
    }
}

async fn measure(folder: &std::path::Path, options: &Options, watched: Duration) -> bool {
    let mut stage = Stage::set(folder, &options.program).await;
    // The first letters open the session.
    stage.writes(BEFORE).await;
    assert_eq!(stage.lost, 0, "Bo reaches Ana");
    let quiet = stage.writes(watched).await;
    let [rest, _] = stage.memory();
    println!("{:<52} {:>9} {:>9} {:>9} {:>8} {:>10}  processor", "", "median", "p95", "max", "peak MB", "a second");
    line("quiet", &quiet, rest, None);
    let most = (quiet.p95().as_secs_f64() * 1e3 * MOST_TIMES).max(MOST_MS);
    let (mut slowest, mut peak, mut dialled, mut in_vain) = (Duration::ZERO, rest, 0, 0);
    let wanted = |name: &str| options.only.as_deref().is_none_or(|only| name.contains(only));
    for attack in ATTACKS.iter().filter(|attack| wanted(attack.name)) {
        let Attack { name, what, trace, .. } = attack;
        let before = trace.at(&stage);
        let used = processor_of(stage.process());
        let begun = std::time::Instant::now();
        let Attacked { series, came, dials, shows } = attacked(&mut stage, name, *trace, watched).await;
        let of_ana = (processor_of(stage.process()) - used) / begun.elapsed().as_secs_f64() * 100.0;
        let [_, most] = stage.memory();
        slowest = slowest.max(series.p95());
        peak = peak.max(most);
        let left = trace.left_by(before, shows, came.as_ref(), dials);
        let has_come = attack.has_come(left, came.as_ref());
        let verdict = if has_come { "" } else { ", TOO LITTLE" };
        line(what, &series, most, Some((came, of_ana, format!("{left} {}{verdict}", trace.in_words()))));
        dialled = dialled.max(dials);
        in_vain += usize::from(!has_come);
    }
    let (lost, logged) = (stage.lost, stage.logged());
    line("quiet again", &stage.writes(watched / 2).await, stage.memory()[1], None);
    stage.ends().await;
    println!("memory that the bounds leave to attacks, in MiB:");
    for (what, mib) in most_memory() {
        println!("  {what:<72} {mib:>6.1}");
    }
    let cap = (most_memory().iter().map(|(_, mib)| mib).sum::<f64>() * 1_048_576.0 / 1e6).round();
    let is_silent = judge("lines in the log of Ana's node", logged as f64, MOST_LOGGED, "");
    let all_came = judge("letters without a receipt after 20 s", lost as f64, 0.0, "");
    let all_reached = judge("attacks that hardly came to Ana's node", in_vain as f64, 0.0, "");
    let few = judge("connections that Ana's node makes at once", dialled as f64, MOST_DIALS, "");
    let in_time = judge("p95 of letters in the worst attack", slowest.as_secs_f64() * 1e3, most, " ms");
    judge("memory more than in the quiet, at its peak", (peak - rest) / 1e6, cap, " MB")
        && in_time
        && few
        && all_reached
        && all_came
        && is_silent
}

/// What there was of an attack.
struct Attacked {
    /// Bo's letters during it.
    series: Series,
    /// What the attacker came to.
    came: Option<part::Came>,
    /// How many dials were counted at once.
    dials: usize,
    /// What Ana's node showed of it before it ended.
    shows: u64,
}

async fn attacked(stage: &mut Stage, name: &str, trace: Trace, watched: Duration) -> Attacked {
    if name == "astray" {
        stage.ana_tells_everybody();
        let (mut most, mut all) = (0, Series::default());
        for _ in 0..watched.as_secs() * 2 {
            all.append(stage.writes(Duration::from_millis(500)).await);
            most = most.max(stage.dials());
        }
        return Attacked { series: all, came: None, dials: most, shows: trace.at(stage) };
    }
    let attacker = Attacker::start(name, &stage.scene);
    stage.writes(BEFORE).await;
    let series = stage.writes(watched).await;
    let shows = trace.at(stage);
    Attacked { series, came: Some(attacker.end()), dials: 0, shows }
}

fn line(what: &str, series: &Series, peak: f64, attack: Option<(Option<part::Came>, f64, String)>) {
    let ms = |took: Duration| format!("{:.1} ms", took.as_secs_f64() * 1e3);
    print!(
        "{what:<52} {:>9} {:>9} {:>9} {:>8.1}",
        ms(series.median()),
        ms(series.p95()),
        ms(series.quantile(1.0)),
        peak / 1e6
    );
    match attack {
        Some((Some(came), ana, shows)) => {
            println!(" {:>10.0}  Ana {ana:.0} %, attacker {:.0} %; {shows}", came.rate, came.processor);
        }
        Some((None, ana, shows)) => println!(" {:>10}  Ana {ana:.0} %; {shows}", ""),
        None => println!(),
    }
}
