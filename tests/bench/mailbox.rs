//! A node that holds mailboxes: ten thousand letters for a thousand people, beside a file that is appended to and synced.
//!
//! Letters of each size have a process of their own, so that what those before left behind hides nothing of the memory that
//! they take. That memory is the most that the process had while letters were left, lay there and were collected, above what
//! it had before there was a mailbox. The depositors and owners are in the process too, and what they take counts.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use kith_node::mailbox::{self, Answers, Ask, Holder};
use kith_node::network::{Config, Event, Limits, Multiaddr, Network, listen_on, start};
use kith_protocol::address::Hint;
use kith_protocol::crypto::sign::SecretSeed;
use kith_protocol::engine::{Effect, Errand, Left};
use kith_protocol::id::{PeerId, PersonId};
use kith_protocol::mailbox::{Collect, Keep, Leave, MailboxKey, Request, Response, Take};
use kith_protocol::wire::Bytes;
use tokio::sync::mpsc::{Receiver, UnboundedReceiver, unbounded_channel};

use crate::figures::judge;
use crate::{Options, again, machine, runtime};

const BOXES: u32 = 1_000;
/// Bytes of the letters.
const SIZES: [usize; 3] = [512, 4_096, 16_384];
const LETTERS: u32 = 10_000;
/// Letters that go over loopback.
const ON_THE_WIRE: u32 = 1_000;
/// Requests that wait for the holder at once, as from many depositors.
const AT_ONCE: usize = 128;
/// Most bytes on the disk for each byte of letters below 4 KiB, and from there on.
const MOST_SMALL: f64 = 2.0;
const MOST_LARGE: f64 = 1.3;
/// Most that is left on the disk when everything was collected, in MB.
const MOST_LEFT: f64 = 10.0;
/// Most memory more than before, at its peak, in MB.
const MOST_GROWTH: f64 = 20.0;

fn key(of: u32) -> MailboxKey {
    let mut bytes = [7; 32];
    bytes[..4].copy_from_slice(&of.to_be_bytes());
    MailboxKey::new(bytes)
}

fn owner(of: u32) -> PeerId {
    PeerId([&of.to_be_bytes()[..], &[1; 28]].concat().try_into().unwrap())
}

fn keep(of: u32) -> Request {
    Request::Keep(Keep { key: key(of), slots: Vec::new(), void: Vec::new() })
}

fn leave(of: u32, number: u32, size: usize) -> Leave {
    let (key, writer) = (key(of), PersonId([9; 10]));
    let label = key.label(writer);
    let mut parcel = vec![5; size];
    parcel[..4].copy_from_slice(&number.to_be_bytes());
    let parcel = Bytes::new(parcel).unwrap();
    Leave { mailbox: Some(key.id()), label, token: key.token(&label), parcel, replaces: false }
}

/// Somebody who asks the holder, many things at once.
struct Desk {
    holder: Holder,
    answers: Answers,
    answered: UnboundedReceiver<(u64, Response)>,
}

impl Desk {
    fn open(folder: &Path) -> Self {
        let (answers, answered) = unbounded_channel();
        Self { holder: Holder::start(folder, mailbox::BYTES).unwrap(), answers, answered }
    }

    /// Asks all of it, with so much under way at once; how long it took to have the answers.
    fn ask_all(
        &mut self,
        requests: impl Iterator<Item = (PeerId, Request)>,
        mut hear: impl FnMut(u64, Response),
    ) -> Duration {
        let begun = Instant::now();
        let mut under_way = 0;
        for (number, (from, request)) in (0..).zip(requests) {
            if under_way == AT_ONCE {
                let (number, response) = self.answered.blocking_recv().unwrap();
                hear(number, response);
                under_way -= 1;
            }
            let answers = self.answers.clone();
            self.holder.ask(Ask { from, is_admitted: true, request, number, answers }).unwrap();
            under_way += 1;
        }
        for _ in 0..under_way {
            let (number, response) = self.answered.blocking_recv().unwrap();
            hear(number, response);
        }
        begun.elapsed()
    }
}

/// Bytes of the files in a folder.
fn size_of(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder).unwrap();
    files.map(|file| file.unwrap().metadata().unwrap().len()).sum()
}

/// Memory of this process, in MB: now, and the most since this was last asked.
fn memory() -> [f64; 2] {
    machine::memory_of(std::process::id()).map(|bytes| bytes / 1e6)
}

/// The same bytes at the end of one file, synced as often as `every` says.
fn append(folder: &Path, size: usize, count: u32, every: u32) -> Duration {
    let mut file = File::create(folder.join("appended")).unwrap();
    let letter = vec![5; size];
    let begun = Instant::now();
    for number in 1..=count {
        file.write_all(&letter).unwrap();
        if number % every == 0 || number == count {
            file.sync_data().unwrap();
        }
    }
    begun.elapsed()
}

fn rate(count: u32, took: Duration) -> f64 {
    f64::from(count) / took.as_secs_f64()
}

/// Measures and prints; true if the targets are met.
pub fn run(options: &Options) -> bool {
    if let Some(size) = again::part() {
        return of_size(options, size.parse().expect("the size of letters"));
    }
    println!("\nMailboxes: {LETTERS} letters for {BOXES} people");
    machine::describe(&options.folder);
    let mut met = true;
    for size in SIZES {
        met &= again::is_met(again::process("mailbox", &size.to_string(), options));
    }
    for size in [512, 4_096] {
        runtime().block_on(over_loopback(options, size));
    }
    met
}

/// Holds letters of this size in this process.
fn of_size(options: &Options, size: usize) -> bool {
    let folder = tempfile::tempdir_in(&options.folder).unwrap();
    let held = folder.path().join("mailbox");
    println!("\nletters of {size} bytes, {AT_ONCE} at once");
    let one = append(folder.path(), size, LETTERS / 20, 1);
    let many = append(folder.path(), size, LETTERS, AT_ONCE as u32);
    println!("  {:<50} {:>9.0} a second", "appended and synced, each alone", rate(LETTERS / 20, one));
    println!("  {:<50} {:>9.0} a second", "appended, synced with those that wait", rate(LETTERS, many));
    let [before, _] = memory();
    let mut desk = Desk::open(&held);
    desk.ask_all((0..BOXES).map(|of| (owner(of), keep(of))), |_, response| assert_eq!(response, Response::Done));
    let letters = (0..LETTERS).map(|n| (owner(n), Request::Leave(leave(n % BOXES, n, size))));
    let took = desk.ask_all(letters, |_, response| assert!(matches!(response, Response::Stored(_)), "{response:?}"));
    println!("  {:<50} {:>9.0} a second", "left in mailboxes", rate(LETTERS, took));
    let [resident, leaving] = memory();
    let on_disk = size_of(&held) as f64 / (f64::from(LETTERS) * size as f64);
    collect_all(&mut desk);
    // It tidies up when nobody asks anything.
    std::thread::sleep(Duration::from_millis(500));
    let left = size_of(&held) as f64 / 1e6;
    let [_, collecting] = memory();
    desk.holder.stop();
    for (when, memory) in
        [("when all is there", resident), ("at its peak until then", leaving), ("at its peak from then on", collecting)]
    {
        println!("  {:<50} {:>9.2} MB", format!("memory more than before, {when}"), memory - before);
    }
    let most = if size < 4_096 { MOST_SMALL } else { MOST_LARGE };
    let in_bounds = judge("  bytes on the disk for each of a letter", on_disk, most, "");
    let is_small = judge("  left on the disk when all was collected", left, MOST_LEFT, " MB");
    let growth = leaving.max(collecting) - before;
    judge("  memory more than before, at its peak", growth, MOST_GROWTH, " MB") && in_bounds && is_small
}

/// Every owner collects what is there, and takes it.
fn collect_all(desk: &mut Desk) {
    let begun = Instant::now();
    let mut left: Vec<(u32, u64)> = (0..BOXES).map(|of| (of, 0)).collect();
    let mut count = 0;
    while !left.is_empty() {
        let collects = left
            .iter()
            .map(|(of, after)| (owner(*of), Request::Collect(Collect { key: key(*of), after: *after, wait: 0 })));
        let mut taken: Vec<(u32, Vec<u64>)> = Vec::new();
        desk.ask_all(collects, |number, response| {
            let Response::Parcels(parcels) = response else { panic!("{response:?}") };
            let numbers: Vec<u64> = parcels.iter().map(|held| held.number).collect();
            if !numbers.is_empty() {
                taken.push((left[number as usize].0, numbers));
            }
        });
        let takes = taken
            .iter()
            .map(|(of, numbers)| (owner(*of), Request::Take(Take { key: key(*of), numbers: numbers.clone() })));
        desk.ask_all(takes, |_, response| assert_eq!(response, Response::Done));
        count += taken.iter().map(|(_, numbers)| numbers.len()).sum::<usize>();
        left = taken.into_iter().map(|(of, numbers)| (of, numbers.last().copied().unwrap_or_default())).collect();
    }
    assert_eq!(count, LETTERS as usize, "everything that was left is found");
    println!("  {:<50} {:>9.0} a second", "collected and taken", rate(LETTERS, begun.elapsed()));
}

type Node = (Network, Receiver<Event>);

fn node(seed: u8, listen: Vec<Multiaddr>, holder: Option<Holder>) -> Node {
    let unpaced = Limits { deposits_of_peer: usize::MAX, deposits_of_source: usize::MAX, ..Limits::default() };
    start(Config { keypair_seed: SecretSeed([seed; 32]), listen, limits: unpaced, holder }).unwrap()
}

/// Bo leaves letters for Ana at Chi's node, each once the one before it is stored; then with as many under way as go at
/// once; and Ana, who is there, gets them all.
async fn over_loopback(options: &Options, size: usize) {
    let folder = tempfile::tempdir_in(&options.folder).unwrap();
    let holder = Holder::start(folder.path(), mailbox::BYTES).unwrap();
    let listen = listen_on(std::net::Ipv4Addr::LOCALHOST.into(), 0);
    let (chi, mut of_chi) = node(3, listen.into_iter().take(1).collect(), Some(holder.clone()));
    let Some(Event::Listening { hints, .. }) = of_chi.recv().await else { panic!("Chi does not listen") };
    let ((ana, mut of_ana), (bo, mut of_bo)) = (node(1, Vec::new(), None), node(2, Vec::new(), None));
    chi.run(Effect::Admit { peer: ana.peer_id(), direct: Vec::new() }).await.unwrap();
    let Request::Keep(keep) = keep(0) else { unreachable!() };
    ana.run(Effect::OpenMailbox { host: chi.peer_id(), addresses: hints.clone(), keep }).await.unwrap();
    assert!(matches!(of_ana.recv().await, Some(Event::MailboxOpened { .. })));
    let host = chi.peer_id();
    let gets = tokio::spawn(async move {
        for _ in 0..ON_THE_WIRE {
            let Some(Event::ParcelArrived { number, .. }) = of_ana.recv().await else { panic!("no letter") };
            ana.run(Effect::TakeParcel { host, number }).await.unwrap();
        }
        ana
    });
    println!("\nover loopback, letters of {size} bytes");
    let alone = ON_THE_WIRE / 10;
    let begun = Instant::now();
    for number in 0..alone {
        leave_at(&bo, host, &hints, number, size).await;
        is_left(&mut of_bo).await;
    }
    println!("  {:<50} {:>9.0} a second", "left one after another", rate(alone, begun.elapsed()));
    let begun = Instant::now();
    let mut under_way = 0;
    for number in alone..ON_THE_WIRE {
        if under_way == 32 {
            is_left(&mut of_bo).await;
            under_way -= 1;
        }
        leave_at(&bo, host, &hints, number, size).await;
        under_way += 1;
    }
    for _ in 0..under_way {
        is_left(&mut of_bo).await;
    }
    println!("  {:<50} {:>9.0} a second", "left, eight under way", rate(ON_THE_WIRE - alone, begun.elapsed()));
    let ana = gets.await.unwrap();
    println!("  {:<50} {:>9.0} a second", "left, and with Ana", rate(ON_THE_WIRE - alone, begun.elapsed()));
    for network in [ana, bo, chi] {
        network.shutdown().await;
    }
    holder.stop();
}

async fn leave_at(bo: &Network, host: PeerId, hints: &[Hint], number: u32, size: usize) {
    let (errand, addresses) = (Errand(number.into()), hints.to_vec());
    let mut letter = leave(0, number, size);
    // From many people, so that no label is full.
    letter.label = key(0).label(PersonId([u8::try_from(number % 64).unwrap(); 10]));
    letter.token = key(0).token(&letter.label);
    bo.run(Effect::LeaveParcel { errand, host: Some(host), addresses, leave: letter }).await.unwrap();
}

async fn is_left(of_bo: &mut Receiver<Event>) {
    match of_bo.recv().await {
        Some(Event::ParcelLeft { outcome: Left::Stored(_), .. }) => {}
        other => panic!("{other:?}"),
    }
}
