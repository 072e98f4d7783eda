//! What the routers of the lab do, seen with bare sockets. All that is told here of homes behind them rests on it: a router
//! whose rules did nothing would be another one, and most stories would end as well.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use kith_tests::e2e::skip;
use kith_tests::lab::{Bare, Lab, Nat};

/// Tells this very program, started again in a namespace, where its socket is to be.
const SOCKET: &str = "KITH_LAB_SOCKET";
/// Stands before all that it says.
const SAYS: &str = "SOCKET ";
/// Ana's port: where a node listens by itself, and what a router that a person has set up passes on.
const ANAS: u16 = 7517;
/// Ports of the others.
const BOS: u16 = 7001;
const BOS_OTHER: u16 = 7002;
const CHIS: u16 = 7003;
/// How long anything may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(30);
/// After so long something is said again. The first packets on a new wire may be lost.
const AGAIN: Duration = Duration::from_millis(300);

/// What a router does once Ana has spoken to one socket of Bo's.
struct Does {
    nat: Nat,
    /// Everybody sees her own port.
    keeps_port: bool,
    /// Another socket at Bo's address gets in.
    lets_in_address: bool,
    /// So does Chi, to whom nobody has spoken.
    lets_in_all: bool,
}

const fn does(nat: Nat, keeps_port: bool, lets_in_address: bool, lets_in_all: bool) -> Does {
    Does { nat, keeps_port, lets_in_address, lets_in_all }
}

const ROUTERS: [Does; 5] = [
    does(Nat::PortPreserving, true, false, false),
    does(Nat::AddressRestricted, true, true, false),
    does(Nat::Forwarded, true, true, true),
    does(Nat::Symmetric, false, false, false),
    does(Nat::Ip6Only, true, false, false),
];
/// Those that open ports open none for whoever does not ask.
const OPENERS: [Does; 3] = [
    does(Nat::OpensPorts, true, false, false),
    does(Nat::OpensPortsForAll, true, false, false),
    does(Nat::OpensPortsInVain, true, false, false),
];

#[test]
fn routers_keep_the_port_or_not_and_let_in_those_whom_they_are_to_let_in() {
    ROUTERS.iter().for_each(check);
}

#[test]
fn routers_that_open_ports_let_in_nobody_before_they_are_asked() {
    if !Nat::can_open_ports() {
        return skip("routers that open ports", "miniupnpd is missing");
    }
    OPENERS.iter().for_each(check);
}

fn check(expected: &Does) {
    let Some(lab) = Lab::new() else { return };
    let nat = expected.nat;
    let [at_bos, at_chis] = ["bo", "chi"].map(|name| lab.bare(name, nat == Nat::Ip6Only));
    let home = lab.bare_home("ana", nat);
    let mut ana = Socket::at(&home, ANAS);
    let (mut bo, mut other) = (Socket::at(&at_bos, BOS), Socket::at(&at_bos, BOS_OTHER));
    let mut chi = Socket::at(&at_chis, CHIS);
    let seen = tell(&mut ana, &mut bo, (at_bos.address, BOS).into(), "good morning");
    assert_eq!(seen.ip(), home.address, "{nat:?}: where Bo sees Ana");
    let others = [
        (&mut other, expected.lets_in_address, "from another port of Bo's"),
        (&mut chi, expected.lets_in_all, "from Chi"),
    ];
    for (socket, gets_in, words) in others {
        if gets_in {
            tell(socket, &mut ana, seen, words);
            continue;
        }
        // Bo gets in after it: then it would have come as well.
        for after in [format!("after what came {words}"), format!("and once more, {words}")] {
            socket.says(seen, words);
            tell(&mut bo, &mut ana, seen, &after);
        }
        assert!(ana.hears(words, Duration::ZERO).is_none(), "{nat:?} lets in what comes {words}");
    }
    let seen_by_chi = tell(&mut ana, &mut chi, (at_chis.address, CHIS).into(), "good morning, Chi");
    let seen_by_other = tell(&mut ana, &mut other, (at_bos.address, BOS_OTHER).into(), "good morning to the other one");
    let ports = [seen, seen_by_chi, seen_by_other].map(|seen| seen.port());
    println!("{nat:?}: Ana's port is seen as {ports:?}");
    if expected.keeps_port {
        assert_eq!(ports, [ANAS; 3], "{nat:?}");
    } else {
        // By chance one in sixty thousand conversations has the port of another one.
        assert!(ports[0] != ports[1] || ports[0] != ports[2], "{nat:?} shows one port to all: {ports:?}");
    }
}

#[test]
fn where_udp_is_blocked_no_packet_gets_out_and_tcp_does() {
    let Some(lab) = Lab::new() else { return };
    let (at_bos, home) = (lab.bare("bo", false), lab.bare_home("ana", Nat::NoUdp));
    let (mut ana, mut bo) = (Socket::at(&home, ANAS), Socket::at(&at_bos, BOS));
    let to = SocketAddr::from((at_bos.address, BOS));
    for _ in 0..2 {
        ana.says(to, "good morning");
        // Nobody listens there by TCP. That Bo's machine says so shows that there is a way, and that it was long enough.
        assert_eq!(ana.does(&format!("tcp {to}")), "refused");
    }
    assert!(bo.hears("good morning", Duration::ZERO).is_none(), "UDP gets out");
}

/// A socket in a namespace. A process there holds it.
struct Socket {
    program: Child,
    stdin: ChildStdin,
    said: Receiver<String>,
    heard: Vec<(SocketAddr, String)>,
}

impl Socket {
    #[track_caller]
    fn at(place: &Bare, port: u16) -> Self {
        let any: IpAddr = match place.address {
            IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let mut command = place.program(&std::env::current_exe().unwrap());
        command.args(["routers::a_socket_in_a_namespace", "--exact", "--nocapture"]);
        command.env(SOCKET, SocketAddr::new(any, port).to_string());
        let mut program = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let stdin = program.stdin.take().unwrap();
        let lines = BufReader::new(program.stdout.take().unwrap()).lines();
        let (sender, said) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Some((_, said)) = line.split_once(SAYS) {
                    let _ = sender.send(said.to_owned());
                }
            }
        });
        assert_eq!(said.recv_timeout(PATIENCE).as_deref(), Ok("bound"), "a socket at {port}");
        Self { program, stdin, said, heard: Vec::new() }
    }

    /// Has the process do something, and returns what it says of it.
    #[track_caller]
    fn does(&mut self, what: &str) -> String {
        writeln!(self.stdin, "{what}").unwrap();
        loop {
            let said = self.said.recv_timeout(PATIENCE).unwrap_or_else(|why| panic!("{what}: no answer, {why}"));
            if !self.keeps(&said) {
                return said;
            }
        }
    }

    #[track_caller]
    fn says(&mut self, to: SocketAddr, words: &str) {
        assert_eq!(self.does(&format!("udp {to} {words}")), "sent", "{words} to {to}");
    }

    /// From where these words came, if they come in this time or were heard before.
    fn hears(&mut self, words: &str, within: Duration) -> Option<SocketAddr> {
        let begun = Instant::now();
        loop {
            if let Some((from, _)) = self.heard.iter().find(|(_, heard)| heard == words) {
                return Some(*from);
            }
            let said = self.said.recv_timeout(within.saturating_sub(begun.elapsed())).ok()?;
            self.keeps(&said);
        }
    }

    /// True if it is what the socket has heard.
    fn keeps(&mut self, said: &str) -> bool {
        let heard = said.strip_prefix("heard ").and_then(|heard| heard.split_once(' '));
        self.heard.extend(heard.map(|(from, words)| (from.parse().unwrap(), words.to_owned())));
        heard.is_some()
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// Says something until it is heard, and returns from where it seems to come.
#[track_caller]
fn tell(from: &mut Socket, to: &mut Socket, at: SocketAddr, words: &str) -> SocketAddr {
    let begun = Instant::now();
    loop {
        from.says(at, words);
        if let Some(seen) = to.hears(words, AGAIN) {
            return seen;
        }
        assert!(begun.elapsed() < PATIENCE, "said to {at} in vain: {words}");
    }
}

/// Not a test: what others start again within a namespace. It does what it is told, a line each, and says what it hears.
#[test]
fn a_socket_in_a_namespace() {
    let Ok(at) = std::env::var(SOCKET) else { return };
    let socket = UdpSocket::bind(at.parse::<SocketAddr>().unwrap()).unwrap();
    println!("{SAYS}bound");
    let ears = socket.try_clone().unwrap();
    std::thread::spawn(move || {
        let mut buffer = [0; 2_048];
        while let Ok((length, from)) = ears.recv_from(&mut buffer) {
            println!("{SAYS}heard {from} {}", String::from_utf8_lossy(&buffer[..length]));
        }
    });
    for line in std::io::stdin().lines().map_while(Result::ok) {
        let mut words = line.splitn(3, ' ');
        let (Some(how), Some(to)) = (words.next(), words.next()) else { panic!("{line}") };
        let to: SocketAddr = to.parse().unwrap();
        if how == "tcp" {
            match TcpStream::connect_timeout(&to, PATIENCE / 2) {
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => println!("{SAYS}refused"),
                other => println!("{SAYS}{other:?}"),
            }
        } else {
            let sent = socket.send_to(words.next().unwrap_or_default().as_bytes(), to);
            println!("{SAYS}{}", sent.map_or_else(|error| error.to_string(), |_| "sent".to_owned()));
        }
    }
}
