//! SIGKILL at random moments to a process that holds a mailbox, while eight people leave letters there and Ana collects.
//!
//! What was called stored is there after the kill, once, until it is taken. What was called taken does not come back.
//! What nobody heard an answer to may be so or so; its sender leaves it again, and it lies there once.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use kith_node::mailbox::{self, Ask, Holder};
use kith_protocol::id::{PeerId, PersonId};
use kith_protocol::limits::LETTER_CLASSES;
use kith_protocol::mailbox::{Collect, Keep, Leave, MailboxKey, Request, Response, Take};
use kith_protocol::wire::Bytes;
use kith_tests::e2e::{Seed, is_long};

/// Kills come at most this long after a round has begun.
const LATEST_MICROS: u64 = 60_000;
const DEPOSITORS: u8 = 8;
/// Names the folder to the process that is killed.
const FOLDER: &str = "KITH_TEST_HELD_IN";
const SAYS: &str = "mailboxes are held at ";

fn key() -> MailboxKey {
    MailboxKey::new([7; 32])
}

/// What one of them leaves; every letter is another one.
fn letter(person: u8, number: u64) -> Leave {
    let label = key().label(PersonId([person; 10]));
    let mut parcel = vec![person; LETTER_CLASSES[(number % 5) as usize]];
    parcel[..8].copy_from_slice(&number.to_be_bytes());
    let parcel = Bytes::new(parcel).unwrap();
    Leave { mailbox: Some(key().id()), label, token: key().token(&label), parcel, replaces: false }
}

/// A holder in a process of its own.
struct Host {
    process: Child,
    at: String,
}

impl Host {
    fn start(folder: &Path) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "mailbox::the_process_that_is_killed", "--ignored", "--nocapture"])
            .env(FOLDER, folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        let at = lines.find_map(|line| line.split_once(SAYS).map(|(_, at)| at.to_owned())).expect("a holder that runs");
        Self { process, at }
    }

    fn kill(self) {
        drop(self);
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// Somebody's line to it.
struct Line(TcpStream);

impl Line {
    fn to(host: &Host) -> Self {
        Self(TcpStream::connect(&host.at).unwrap())
    }

    /// `None` if the process is gone.
    fn ask(&mut self, request: &Request) -> Option<Response> {
        write(&mut self.0, &request.to_bytes())?;
        Some(Response::from_bytes(&read(&mut self.0)?).unwrap())
    }
}

fn write(stream: &mut TcpStream, bytes: &[u8]) -> Option<()> {
    let framed = [&u32::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat();
    stream.write_all(&framed).ok()
}

fn read(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).ok()?;
    let mut bytes = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

#[test]
#[ignore = "the test below starts it and kills it"]
fn the_process_that_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let holder = Holder::start(Path::new(&folder), mailbox::BYTES).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("{SAYS}{}", listener.local_addr().unwrap());
    for stream in listener.incoming() {
        let holder = holder.clone();
        std::thread::spawn(move || serve(&mut stream.unwrap(), &holder));
    }
}

fn serve(stream: &mut TcpStream, holder: &Holder) -> Option<()> {
    let (answers, mut answered) = tokio::sync::mpsc::unbounded_channel();
    loop {
        let request = Request::from_bytes(&read(stream)?).unwrap();
        let answers = answers.clone();
        holder.ask(Ask { from: PeerId([1; 32]), is_admitted: true, request, number: 0, answers }).unwrap();
        let (_, response) = answered.blocking_recv()?;
        write(stream, &response.to_bytes())?;
    }
}

/// What everybody knows.
#[derive(Default)]
struct Known {
    /// Left, and called stored.
    stored: BTreeSet<u64>,
    /// Left, and nobody heard an answer.
    left: BTreeMap<u64, u8>,
    /// Taken, and called so.
    taken: BTreeSet<u64>,
    /// Taken, and nobody heard an answer.
    maybe_taken: BTreeSet<u64>,
}

/// Leaves one letter after another until the process is gone; what was called stored, and what was not answered.
fn deposit(mut line: Line, person: u8, first: u64) -> (Vec<u64>, Option<u64>) {
    let mut stored = Vec::new();
    for number in (first..).step_by(DEPOSITORS.into()) {
        match line.ask(&Request::Leave(letter(person, number))) {
            Some(Response::Stored(_)) => stored.push(number),
            // Ana is slow; it was not kept.
            Some(Response::Full) => {}
            Some(other) => panic!("{other:?}"),
            None => return (stored, Some(number)),
        }
    }
    (stored, None)
}

fn said_in(parcel: &[u8]) -> u64 {
    u64::from_be_bytes(parcel[..8].try_into().unwrap())
}

/// Everything that lies there, by number.
fn look(line: &mut Line) -> Vec<(u64, u64)> {
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let collect = Request::Collect(Collect { key: key(), after, wait: 0 });
        let Some(Response::Parcels(parcels)) = line.ask(&collect) else { panic!("nothing is handed out") };
        let Some(last) = parcels.last() else { return all };
        after = last.number;
        all.extend(parcels.iter().map(|held| (held.number, said_in(held.parcel.as_slice()))));
    }
}

/// Collects and takes until the process is gone; what was called taken, and what was not answered.
fn collect(mut line: Line, first_to_stay: u64) -> (Vec<u64>, Vec<u64>) {
    let (mut taken, mut after) = (Vec::new(), 0);
    for some in first_to_stay.. {
        let collect = Request::Collect(Collect { key: key(), after, wait: 1 });
        let Some(Response::Parcels(parcels)) = line.ask(&collect) else { return (taken, Vec::new()) };
        let Some(last) = parcels.last() else { continue };
        after = last.number;
        if some % 4 == 0 {
            // These stay for another time.
            continue;
        }
        let letters: Vec<u64> = parcels.iter().map(|held| said_in(held.parcel.as_slice())).collect();
        let numbers = parcels.iter().map(|held| held.number).collect();
        match line.ask(&Request::Take(Take { key: key(), numbers })) {
            Some(Response::Done) => taken.extend(letters),
            Some(other) => panic!("{other:?}"),
            None => return (taken, letters),
        }
    }
    (taken, Vec::new())
}

impl Known {
    /// What lies there after a kill, against what was said before it.
    fn check(&mut self, round: u64, lying: &[(u64, u64)]) {
        let there: BTreeSet<u64> = lying.iter().map(|(_, letter)| *letter).collect();
        assert_eq!(there.len(), lying.len(), "round {round}: a letter lies there twice");
        let back: Vec<_> = there.intersection(&self.taken).collect();
        assert!(back.is_empty(), "round {round}: {back:?} were taken");
        let is_gone = |letter: &&u64| self.taken.contains(letter) || self.maybe_taken.contains(letter);
        let lost: Vec<_> = self.stored.iter().filter(|one| !there.contains(one) && !is_gone(one)).collect();
        assert!(lost.is_empty(), "round {round}: {lost:?} were stored");
        let unknown = |one: &&u64| !self.stored.contains(one) && !self.left.contains_key(one);
        let made_up: Vec<_> = there.iter().filter(unknown).collect();
        assert!(made_up.is_empty(), "round {round}: nobody left {made_up:?}");
        // Of these it is known now.
        let gone: Vec<u64> = self.maybe_taken.iter().copied().filter(|letter| !there.contains(letter)).collect();
        self.maybe_taken.clear();
        self.taken.extend(gone);
    }

    /// Whoever heard no answer leaves it again, unless Ana has it already.
    fn leave_again(&mut self, line: &mut Line) {
        for (number, person) in std::mem::take(&mut self.left) {
            if self.taken.contains(&number) {
                continue;
            }
            match line.ask(&Request::Leave(letter(person, number))) {
                Some(Response::Stored(_)) => drop(self.stored.insert(number)),
                // It is not there, and there is no room for it now.
                Some(Response::Full) => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn nothing_stored_is_lost_and_nothing_taken_comes_back_however_often_the_holder_is_killed() {
    let rounds: u64 = if is_long() { 400 } else { 40 };
    let (begun, mut seed, folder) = (Instant::now(), Seed::new(5), tempfile::tempdir().unwrap());
    let (mut known, mut next) = (Known::default(), 0);
    for round in 0..rounds {
        let host = Host::start(folder.path());
        let mut ana = Line::to(&host);
        let keep = Keep { key: key(), slots: Vec::new(), void: Vec::new() };
        assert_eq!(ana.ask(&Request::Keep(keep)), Some(Response::Done));
        known.check(round, &look(&mut ana));
        known.leave_again(&mut ana);
        let lying = look(&mut ana).len();
        known.check(round, &look(&mut ana));
        let (done, anas) = std::thread::scope(|scope| {
            let deposits: Vec<_> = (0..DEPOSITORS)
                .map(|person| (person, Line::to(&host)))
                .map(|(person, line)| (person, scope.spawn(move || deposit(line, person, next + u64::from(person)))))
                .collect();
            let anas = scope.spawn(|| collect(ana, round));
            // The moment is the point: there is no event to wait for.
            std::thread::sleep(Duration::from_micros(seed.below(LATEST_MICROS)));
            host.kill();
            let done: Vec<_> = deposits.into_iter().map(|(person, one)| (person, one.join().unwrap())).collect();
            (done, anas.join().unwrap())
        });
        for (person, (stored, unanswered)) in done {
            next = stored.iter().chain(&unanswered).copied().fold(next, |most, one| most.max(one + 1));
            known.stored.extend(stored);
            known.left.extend(unanswered.map(|number| (number, person)));
        }
        next = next.next_multiple_of(DEPOSITORS.into());
        known.taken.extend(anas.0);
        known.maybe_taken.extend(anas.1);
        assert!(lying <= 8 * 64, "{lying} letters lie there");
    }
    let host = Host::start(folder.path());
    let mut ana = Line::to(&host);
    let lying = look(&mut ana);
    known.check(rounds, &lying);
    for some in lying.chunks(256) {
        let numbers = some.iter().map(|(number, _)| *number).collect();
        assert_eq!(ana.ask(&Request::Take(Take { key: key(), numbers })), Some(Response::Done));
    }
    assert!(look(&mut ana).is_empty());
    host.kill();
    // Of nothing nothing can be lost. A letter for each kill is little, also on a slow disk.
    assert!(known.stored.len() as u64 > rounds, "{} letters were stored in {rounds} rounds", known.stored.len());
    assert!(!known.taken.is_empty(), "nothing was taken");
    println!(
        "{rounds} kills: {} letters stored, {} taken before the last; none lost, none came back, none twice; {:?}",
        known.stored.len(),
        known.taken.len(),
        begun.elapsed()
    );
}
