//! A home with ten thousand contacts whose owner looks at it: what twenty requests at once wait for, while letters
//! arrive, beside an axum server that has one empty page.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::routing::get;
use kith_node::driver::Handle;
use kith_node::home::Home;
use kith_node::network::listen_on;
use kith_node::node::{Node, NodeOptions};
use kith_protocol::card::FieldKind;
use kith_protocol::engine::invites::InviteOptions;
use kith_protocol::engine::{CardChange, Notice};
use kith_protocol::store::Table;
use kith_protocol::text::Line;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::figures::{Series, ratio};
use crate::pair::{self, is_contact_made, notice};
use crate::{Options, crowd, machine, runtime};

const PEOPLE: u32 = 10_000;
/// Requests at once, each on a connection of its own that is kept.
const AT_ONCE: usize = 20;
/// Requests on each connection, for each path.
const RUNS: usize = 50;
/// Requests on each connection before the other server has its turn.
const TURN: usize = 10;
/// How often a letter arrives.
const LETTER_EACH: Duration = Duration::from_millis(40);
/// Slowest answer of nineteen in twenty, in milliseconds.
const SLOWEST: f64 = 25.0;

/// What is looked at; `{id}` is somebody's id, `{code}` that of a code.
const PATHS: [&str; 51] = [
    "/",
    "/people",
    "/people?page=150",
    "/people?q=contact%20999",
    "/people?overdue=true",
    "/people/{id}",
    "/people/{id}/capture",
    "/people/{id}/letters",
    "/people/{id}/thanks",
    "/people/{id}/hand-over",
    "/people/{id}/vouch",
    "/people/{id}/forget",
    "/people/new",
    "/scan",
    "/codes",
    "/qr",
    "/qr?code={code}",
    "/qr/other",
    "/exchange",
    "/exchange/ask",
    "/exchange/suggest",
    "/card",
    "/card/as?eyes=public",
    "/vouches",
    "/more",
    "/node",
    "/events",
    "/fair",
    "/access",
    "/event-mode",
    "/mailboxes",
    "/mail",
    "/key",
    "/key/change?why=stolen&fresh=1",
    "/today?of=steps",
    "/exchange?of=waiting",
    "/api/v1/invites",
    "/api/v1/invites?after={code}",
    "/api/v1/invites?open=true",
    "/api/v1/people",
    "/api/v1/people?page=150",
    "/api/v1/people?query=contact%20999",
    "/api/v1/people?query=nobody%20at%20all",
    "/api/v1/people?query=valves&tag=welders&order=touched",
    "/api/v1/people?met=Hannover%20Messe&overdue=true",
    "/api/v1/people/{id}",
    "/api/v1/people/Contact%207777",
    "/api/v1/inbox",
    "/api/v1/status",
    "/api/v1/introductions?page=0",
    "/api/v1/exchange",
];

/// Measures and prints; true if the target is met by every path.
pub fn run(options: &Options) -> bool {
    let folder = tempfile::tempdir_in(&options.folder).unwrap();
    let home = Home::at(folder.path().join("ana"));
    let (port, made) = (pair::free_port(), Instant::now());
    crowd::make_known(&home, PEOPLE, port);
    println!(
        "\nA home with {PEOPLE} contacts (made in {:.1} s), {AT_ONCE} requests at once",
        made.elapsed().as_secs_f64()
    );
    machine::describe(folder.path());
    // The node has a runtime of its own, as in a program of its own.
    let of_ana = runtime();
    let ana = of_ana.block_on(start(&home, port));
    let met = runtime().block_on(measure(&home, &ana, &folder.path().join("bo"), options));
    of_ana.block_on(ana.stop()).unwrap();
    met
}

async fn start(home: &Home, port: u16) -> Node {
    let web = Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    let listen = listen_on(Ipv4Addr::LOCALHOST.into(), port);
    Node::start(home.open().unwrap(), NodeOptions { listen, web, ..NodeOptions::default() }).await.unwrap()
}

async fn measure(home: &Home, ana: &Node, bo: &Path, options: &Options) -> bool {
    let handle = ana.handle();
    let waiting = handle.view().count(Table::Outbox);
    assert!(waiting < 1_000, "her contacts know where Ana is: {waiting} letters wait");
    let token = home.api_token().unwrap();
    let served = home.running().unwrap().api;
    let began = Instant::now();
    Asker::call(served, &token).await.get("/api/v1/people").await;
    println!("the first list took {:.1} ms", began.elapsed().as_secs_f64() * 1e3);
    let id = handle.roster().find("Contact 5000").unwrap().id.to_string();

    let (bo, bare) = (pair::start(bo, "Bo").await, bare().await);
    meet(&handle, &bo.handle()).await;
    let letters = tokio::spawn(write_letters(bo.handle()));
    let arrived = Arc::new(AtomicUsize::new(0));
    let counting = tokio::spawn(count_letters(handle.clone(), Arc::clone(&arrived)));
    println!("{:<58} {:>9} {:>9} {:>9} {:>8}", "", "p50", "p95", "p99", "× bare");
    let (began, mut met) = (Instant::now(), true);
    let code = waiting_code(&handle).await;
    let runs = options.runs.unwrap_or(RUNS);
    let is_wanted = |path: &&str| options.only.as_ref().is_none_or(|part| path.contains(part.as_str()));
    for path in PATHS.iter().copied().filter(is_wanted).map(|path| path.replace("{id}", &id).replace("{code}", &code)) {
        let (mut page, mut empty) = (Series::default(), Series::default());
        for _ in 0..runs.div_ceil(TURN) {
            ask(bare, "/", &token, &mut empty).await;
            ask(served, &path, &token, &mut page).await;
        }
        row(&path, &page, &empty);
        row("  an empty page of axum", &empty, &empty);
        met &= page.p95().as_secs_f64() * 1e3 <= SLOWEST;
    }
    letters.abort();
    counting.abort();
    let (arrived, took) = (arrived.load(Ordering::Relaxed), began.elapsed().as_secs_f64());
    println!("{arrived} letters arrived in these {took:.1} s");
    bo.stop().await.unwrap();
    println!("p95 of each path, target ≤ {SLOWEST} ms: {}", if met { "met" } else { "MISSED" });
    met
}

async fn meet(ana: &Handle, bo: &Handle) {
    let mut of_ana = ana.notices();
    pair::scan(bo, pair::code(ana).await).await;
    notice(&mut of_ana, is_contact_made).await;
}

/// A live code that waits for the next person. Codes are dated by the second, and this one must be the newest.
async fn waiting_code(ana: &Handle) -> String {
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (invite, _) = ana.act(|turn| turn.create_invite(InviteOptions::default())).await.unwrap();
    invite.id.to_string()
}

/// Bo changes his card again and again, and each time a letter says so.
async fn write_letters(bo: Handle) {
    let mut pace = tokio::time::interval(LETTER_EACH);
    for number in 0.. {
        pace.tick().await;
        let title = Line::new(&format!("Engineer {number}")).unwrap();
        let change = vec![CardChange::Field(FieldKind::Title, Some(title), None)];
        bo.act(move |turn| turn.change_card(change)).await.unwrap();
    }
}

async fn count_letters(ana: Handle, arrived: Arc<AtomicUsize>) {
    let mut of_ana = ana.notices();
    loop {
        notice(&mut of_ana, |notice| matches!(notice, Notice::CardChanged { .. })).await;
        arrived.fetch_add(1, Ordering::Relaxed);
    }
}

/// A server that does nothing.
async fn bare() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = axum::Router::new().route("/", get(|| async { "" }));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// Asks on many connections at once.
async fn ask(server: SocketAddr, path: &str, token: &str, series: &mut Series) {
    let askers = (0..AT_ONCE).map(|_| {
        let (path, token) = (path.to_owned(), token.to_owned());
        tokio::spawn(async move {
            let (mut asker, mut took) = (Asker::call(server, &token).await, Vec::new());
            for _ in 0..TURN {
                let start = Instant::now();
                asker.get(&path).await;
                took.push(start.elapsed());
            }
            took
        })
    });
    for took in futures::future::join_all(askers).await {
        took.unwrap().into_iter().for_each(|took| series.add(took));
    }
}

/// A connection that is kept.
struct Asker {
    stream: BufReader<TcpStream>,
    token: String,
}

impl Asker {
    async fn call(server: SocketAddr, token: &str) -> Self {
        let stream = TcpStream::connect(server).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream: BufReader::new(stream), token: token.to_owned() }
    }

    /// Reads the whole answer, of which the length must be said.
    async fn get(&mut self, path: &str) {
        let token = &self.token;
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\r\n");
        self.stream.write_all(request.as_bytes()).await.unwrap();
        let (mut head, mut length) = (String::new(), 0);
        while head != "\r\n" {
            let is_first = head.is_empty();
            head.clear();
            self.stream.read_line(&mut head).await.unwrap();
            assert!(!is_first || head.starts_with("HTTP/1.1 200"), "{path}: {head}");
            if let Some(said) = head.to_ascii_lowercase().strip_prefix("content-length:") {
                length = said.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await.unwrap();
    }
}

fn row(what: &str, series: &Series, bare: &Series) {
    let ms = |share| format!("{:.3}", series.quantile(share).as_secs_f64() * 1e3);
    let times = ratio(series.p95(), bare.p95());
    println!("{what:<58} {:>9} {:>9} {:>9} {times:>8.1}", ms(0.5), ms(0.95), ms(0.99));
}
