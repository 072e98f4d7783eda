//! A hall without internet: laptops on a switch, and Mallory among them.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use kith_node::home::Home;
use kith_protocol::engine::Own;
use kith_tests::e2e::{Api, is_long};
use kith_tests::lab::{Hall, Lab, PATIENCE, Resident};
use serde_json::json;

use crate::relayed::introduces;

/// Where everybody on a network is spoken to.
const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);
const PORT: u16 = 5353;
/// Tells this very program, started again in a namespace, what it is to do there.
const ROLE: &str = "KITH_LAB_ROLE";
const WHERE: &str = "KITH_LAB_WHERE";

fn looks_around(who: &Resident) {
    who.says(&["event", "mode", "on"]);
}

fn until_heard(who: &Resident, other: &Resident) -> Duration {
    let heard = |who: &Resident| {
        let mode = who.says(&["event", "mode"]);
        mode["nearby"].as_array()?.iter().any(|name| name == other.name()).then_some(())
    };
    who.until("a contact is heard", heard).1
}

/// Both leave the hall, and when they are back the hall gives out other addresses.
fn come_back_elsewhere(both: [&mut Resident; 2]) {
    let [one, other] = both;
    for who in [&mut *one, &mut *other] {
        who.kill();
        who.gets_another_address_in_the_hall();
    }
    one.start();
    other.start();
}

#[test]
fn two_laptops_connect_from_one_scan_and_a_third_introduces_them_to_another() {
    let Some(lab) = Lab::new() else { return };
    let hall = lab.hall();
    let [ana, bo, chi] = ["Ana Sousa", "Bo Lindqvist", "Chi Nguyen"].map(|name| lab.laptop(&hall, name));
    println!("one scan made them contacts in {:?}", bo.meets(&ana));
    println!("a letter took {:?}", bo.sends(&ana, "Nice stand."));
    println!("another scan made them contacts in {:?}", chi.meets(&bo));
    introduces(&bo, &ana, &chi);
    println!("a letter took {:?}", ana.sends(&chi, "Bo speaks well of you."));
}

#[test]
fn two_whose_addresses_changed_find_each_other_by_the_name_of_the_day() {
    let Some(lab) = Lab::new() else { return };
    let hall = lab.hall();
    let (mut ana, mut bo) = (lab.laptop(&hall, "Ana Sousa"), lab.laptop(&hall, "Bo Lindqvist"));
    bo.meets(&ana);
    bo.sends(&ana, "See you tomorrow.");
    come_back_elsewhere([&mut ana, &mut bo]);
    bo.writes(&ana, "Are you here?");
    std::thread::sleep(Duration::from_secs(2));
    let waits = ana.sees(&bo).unwrap().to_string();
    assert!(!waits.contains("Are you here?"), "without event mode they do not find each other: {waits}");
    looks_around(&ana);
    looks_around(&bo);
    println!("it arrived {:?} later", ana.until_reads(&bo, "Are you here?"));
    println!("heard after {:?}", until_heard(&ana, &bo));
    let on_this_network =
        |ana: &Resident| ana.prints(&["person", "show", bo.name()]).contains("connected on this network");
    ana.until("connected on this network", |ana| on_this_network(ana).then_some(()));
    assert!(ana.prints(&["status"]).contains("heard here now: Bo Lindqvist"));
    assert!(ana.prints(&["doctor"]).contains("1 contact is heard here"));
    bo.says(&["event", "mode", "off"]);
    let (_, took) = ana.until("Bo is heard no more", |ana| {
        ana.says(&["event", "mode"])["nearby"].as_array()?.is_empty().then_some(())
    });
    println!("forgotten {took:?} after he stopped");
}

#[test]
fn mallory_hears_names_that_say_nothing_and_are_others_tomorrow() {
    let Some(lab) = Lab::new() else { return };
    let hall = lab.hall();
    let corner = lab.corner(&hall, "mallory");
    let (mut ana, mut bo) = (lab.laptop(&hall, "Ana Sousa"), lab.laptop(&hall, "Bo Lindqvist"));
    let mut mallory = Listener::start(corner.program(&here()), &corner.address);
    bo.meets(&ana);
    let quiet = mallory.hears_for(Duration::from_secs(5));
    assert!(quiet.is_empty(), "nothing is said without event mode: {quiet:?}");
    looks_around(&ana);
    looks_around(&bo);
    until_heard(&ana, &bo);
    let today = [mallory.hears_until_named(2), mallory.hears_for(Duration::from_secs(2))].concat();
    let names = names_in(&today);
    assert_eq!(names.len(), 2, "one of each: {names:?}");
    if kith_tests::e2e::faketime().is_none() {
        return kith_tests::e2e::skip("the name of tomorrow", "faketime is missing");
    }
    for who in [&mut ana, &mut bo] {
        who.kill();
    }
    // What still comes was said before. And both begin with nothing: what they hear is not from today.
    let rest = mallory.hears_for(Duration::from_secs(1));
    ana.start_tomorrow();
    bo.start();
    until_heard(&ana, &bo);
    until_heard(&bo, &ana);
    println!("Bo, whose clock says today, knows Ana's name of tomorrow, and she knows his of today");
    let said_tomorrow = [mallory.hears_until_named(2), mallory.hears_for(Duration::from_secs(2))].concat();
    let tomorrow = names_in(&said_tomorrow);
    assert_eq!(tomorrow.intersection(&names).count(), 1, "Bo's is the same, Ana's is another: {names:?} {tomorrow:?}");
    assert_eq!(tomorrow.difference(&names).count(), 1, "Ana has one name: {names:?} {tomorrow:?}");
    let all = [today, rest, said_tomorrow].concat().concat().to_lowercase();
    for mut who in [ana, bo] {
        who.kill();
        for word in what_names(&who) {
            assert!(!all.contains(&word.to_lowercase()), "Mallory heard {word}");
        }
    }
}

#[test]
fn whoever_shouts_in_the_hall_slows_no_letter() {
    let Some(lab) = Lab::new() else { return };
    let hall = lab.hall();
    let (ana, bo) = (lab.laptop(&hall, "Ana Sousa"), lab.laptop(&hall, "Bo Lindqvist"));
    bo.meets(&ana);
    looks_around(&ana);
    looks_around(&bo);
    until_heard(&ana, &bo);
    until_heard(&bo, &ana);
    let quiet = write_letters(&ana, &bo, "quiet");
    let before = [&ana, &bo].map(Resident::memory);
    let shouting = shout(&lab, &hall);
    // How long she shouts; figures are judged in the long run alone, on a machine that does nothing else.
    std::thread::sleep(Duration::from_secs(if is_long() { 10 } else { 2 }));
    let loud = write_letters(&ana, &bo, "loud");
    let after = [&ana, &bo].map(Resident::memory);
    let rate = shouting.end();
    println!("{rate} forged messages a second");
    assert!(rate > if is_long() { 500 } else { 0 }, "Mallory hardly shouts: {rate}");
    println!("95 % of {LETTERS} letters at most: {quiet:?} in the quiet, {loud:?} while Mallory shouts");
    println!("memory before and after, in KiB: {before:?} {after:?}");
    assert!(!is_long() || loud <= (quiet * 3).max(Duration::from_millis(100)), "{quiet:?} {loud:?}");
    for (before, after) in before.into_iter().zip(after) {
        assert!(after < before + 16 * 1024, "{before} KiB became {after} KiB");
    }
    until_heard(&ana, &bo);
}

/// This very program, which plays the parts below when it is told to.
fn here() -> std::path::PathBuf {
    std::env::current_exe().unwrap()
}

fn as_part(mut command: Command, role: &str, place: &str) -> Command {
    command.args(["lan::a_part_in_a_namespace", "--exact", "--nocapture"]).env(ROLE, role).env(WHERE, place);
    command
}

/// Not a test: what others start again within a namespace.
#[test]
fn a_part_in_a_namespace() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let place = std::env::var(WHERE).unwrap();
    match role.as_str() {
        "listen" => listen(place.parse().unwrap()),
        "shout" => shout_for_ever(place.parse().unwrap()),
        "write" => write_and_measure(&place),
        other => panic!("{other}"),
    }
}

fn socket(own: Ipv4Addr) -> UdpSocket {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, PORT)).unwrap();
    socket.join_multicast_v4(&GROUP, &own).unwrap();
    socket
}

/// Prints all that is said, readable or not.
fn listen(own: Ipv4Addr) {
    let (socket, mut buffer) = (socket(own), [0; 9_000]);
    println!("HEARD nothing yet");
    loop {
        let (length, _) = socket.recv_from(&mut buffer).unwrap();
        println!("HEARD {}", buffer[..length].escape_ascii());
    }
}

/// Mallory, who writes down what is said.
struct Listener {
    program: Child,
    heard: std::sync::mpsc::Receiver<String>,
}

impl Listener {
    fn start(command: Command, own: &str) -> Self {
        let mut program = as_part(command, "listen", own).stdout(Stdio::piped()).spawn().unwrap();
        let (sender, heard) = std::sync::mpsc::channel();
        let lines = BufReader::new(program.stdout.take().unwrap()).lines();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Some((_, heard)) = line.split_once("HEARD ") {
                    let _ = sender.send(heard.to_owned());
                }
            }
        });
        heard.recv_timeout(Duration::from_secs(30)).expect("Mallory listens");
        Self { program, heard }
    }

    /// What was said since the last time, and in this time.
    fn hears_for(&mut self, time: Duration) -> Vec<String> {
        std::thread::sleep(time);
        self.heard.try_iter().collect()
    }

    /// What was said since the last time, and until so many names were.
    #[track_caller]
    fn hears_until_named(&mut self, names: usize) -> Vec<String> {
        let (begun, mut heard) = (Instant::now(), self.heard.try_iter().collect::<Vec<_>>());
        while names_in(&heard).len() < names {
            match self.heard.recv_timeout(PATIENCE.saturating_sub(begun.elapsed())) {
                Ok(more) => heard.push(more),
                Err(why) => panic!("Mallory waited for {names} names ({why}), and heard {heard:?}"),
            }
        }
        heard
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// The peer ids that were said.
fn names_in(heard: &[String]) -> BTreeSet<String> {
    let said = heard.iter().flat_map(|one| one.split("/p2p/").skip(1));
    said.map(|rest| rest.chars().take_while(char::is_ascii_alphanumeric).take(52).collect()).collect()
}

/// What would tell somebody who this is: the name, the identity, and the machine.
fn what_names(who: &Resident) -> Vec<String> {
    let (_, store, _, _lock) = Home::at(who.folder()).open().unwrap().into_parts();
    let own = Own::load(&store).unwrap();
    let key = libp2p::identity::ed25519::PublicKey::try_from_bytes(&own.peer.0).unwrap();
    let peer = libp2p::identity::PublicKey::from(key).to_peer_id();
    // Two letters stand in many a random name.
    let mut words: Vec<String> = who.name().split(' ').filter(|word| word.len() > 3).map(str::to_owned).collect();
    words.extend([own.id().to_string(), own.peer.to_string(), peer.to_string()]);
    words
}

/// Mallory at work.
struct Shouting {
    program: Child,
    begun: Instant,
    _corner: kith_tests::lab::Corner,
}

fn shout(lab: &Lab, hall: &Hall) -> Shouting {
    let corner = lab.corner(hall, "mallory");
    let program = as_part(corner.program(&here()), "shout", &corner.address);
    let mut program = { program }.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(program.stdout.as_mut().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("SHOUTING")), "Mallory does not shout");
    drop(lines);
    Shouting { program, begun: Instant::now(), _corner: corner }
}

impl Shouting {
    /// Ends it; how many messages there were a second.
    fn end(mut self) -> u64 {
        let took = self.begun.elapsed().as_secs_f64();
        self.program.stdin.take().unwrap().write_all(b"enough\n").unwrap();
        let lines = BufReader::new(self.program.stdout.take().unwrap()).lines().map_while(Result::ok);
        let said = lines.filter_map(|line| line.split_once("SAID ").map(|(_, said)| said.to_owned())).last();
        let said = said.expect("Mallory says how often she shouted");
        let _ = self.program.wait();
        (said.trim().parse::<f64>().unwrap() / took) as u64
    }
}

/// Thousands of messages a second: names that nobody has, names that were heard here, questions, and noise.
fn shout_for_ever(own: Ipv4Addr) {
    let socket = socket(own);
    socket.set_nonblocking(true).unwrap();
    // Nothing here has a way to everybody, but what comes from an address goes out where that address is.
    let voice = UdpSocket::bind((own, 0)).unwrap();
    println!("SHOUTING");
    let enough = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let ends = std::sync::Arc::clone(&enough);
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_line(&mut String::new());
        ends.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    let (mut said, mut heard, mut buffer) = (0_u64, Vec::<String>::new(), [0; 9_000]);
    while !enough.load(std::sync::atomic::Ordering::Relaxed) {
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            if from.ip() != own && heard.len() < 16 {
                heard.extend(names_in(&[buffer[..length].escape_ascii().to_string()]));
            }
        }
        for number in 0..20_u16 {
            let name = match heard.get(usize::from(number)) {
                Some(heard) => heard.clone(),
                None => libp2p::PeerId::from(libp2p::identity::Keypair::generate_ed25519().public()).to_string(),
            };
            let text = format!("dnsaddr=/ip4/{own}/tcp/{}/p2p/{name}", 1_000 + said % 50_000);
            said += u64::from(voice.send_to(&forged(&text), (GROUP, PORT)).is_ok());
        }
        said += u64::from(voice.send_to(QUESTION, (GROUP, PORT)).is_ok());
        said += u64::from(voice.send_to(&[0xc0; 600], (GROUP, PORT)).is_ok());
        std::thread::sleep(Duration::from_millis(4));
    }
    println!("SAID {said}");
}

const QUESTION: &[u8] = b"\0\0\0\0\0\x01\0\0\0\0\0\0\x04_p2p\x04_udp\x05local\0\0\x0c\0\x01";

/// An answer with one text.
fn forged(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).unwrap();
    let head = b"\0\0\x84\0\0\0\0\x01\0\0\0\0\x01x\x04_p2p\x04_udp\x05local\0\0\x10\x80\x01\0\0\0\x3c\0";
    [&head[..], &[length + 1, length], text.as_bytes()].concat()
}

/// Letters that are measured: a node takes fifty of one contact in a day, and there are two rounds.
const LETTERS: usize = 22;

/// Writes letters, one after another, each until its receipt is there; what 95 % of them took at most.
fn write_letters(from: &Resident, to: &Resident, what: &str) -> Duration {
    let place = format!("{}\n{}\n{what}", from.folder().display(), to.name());
    let said = as_part(from.program(&here()), "write", &place).stderr(Stdio::inherit()).output().unwrap();
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let micros = said.lines().find_map(|line| line.split_once("TOOK ")).unwrap_or_else(|| panic!("{said}")).1;
    Duration::from_micros(micros.trim().parse().unwrap())
}

fn write_and_measure(place: &str) {
    let [folder, to, what] = place.splitn(3, '\n').collect::<Vec<_>>().try_into().unwrap();
    let api = Api::of(folder.as_ref()).unwrap();
    let person = format!("/people/{}", to.replace(' ', "%20"));
    let mut took = Vec::new();
    for number in 0..LETTERS {
        let words = format!("{what} {number}");
        let begun = Instant::now();
        api.post(&format!("{person}/letters"), &json!({ "text": words }));
        api.until("a receipt", |api| {
            let seen = api.get(&person);
            let letters = seen["letters"].as_array()?;
            letters.iter().any(|one| one["text"] == words.as_str() && one["state"] == "delivered").then_some(())
        });
        took.push(begun.elapsed());
    }
    took.sort();
    println!("TOOK {}", took[LETTERS * 95 / 100].as_micros());
}
