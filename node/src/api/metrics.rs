//! Numbers for a program that watches the node (Prometheus, text format 0.0.4). They name nobody.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::Path;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use kith_protocol::engine::Own;
use kith_protocol::store::Table;

use super::{Api, Problem};
use crate::access::{Caller, Peer};
use crate::mailbox::Holder;
use crate::network::Budget;
use crate::room::Room;
use crate::roster::Counts;

const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// One number.
struct Gauge {
    name: &'static str,
    help: &'static str,
    value: u64,
}

/// Tells how the node is, on this machine alone and to whoever carries the token.
///
/// Both who asks and the other end of the connection are to be here: behind a proxy on this machine the latter is the proxy,
/// for everybody, and what a proxy elsewhere takes for its own machine is not this one.
pub(super) async fn show(State(api): State<Api>, request: Request) -> Result<Response, Problem> {
    let caller = request.extensions().get::<Caller>().map(|caller| caller.address);
    let peer = request.extensions().get::<ConnectInfo<Peer>>().map(|ConnectInfo(peer)| peer.address.ip());
    if caller.into_iter().chain(peer).any(|ip| !is_here(ip)) {
        return Ok(super::problem::no_such_page().await.into_response());
    }
    Ok(([(CONTENT_TYPE, TEXT)], text(&gauges(&api)?)).into_response())
}

fn is_here(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

fn gauges(api: &Api) -> Result<Vec<Gauge>, Problem> {
    let (view, live, record) = (api.handle.view(), api.handle.status(), api.backups.record());
    let Counts { people, contacts } = api.handle.roster().counts()?;
    let count = |table| view.count(table) as u64;
    let gauge = |name, help, value| Gauge { name, help, value };
    let mut gauges = vec![
        gauge("kith_contacts", "People who hold me and whom I hold.", contacts as u64),
        gauge("kith_people", "People of every kind.", people as u64),
        gauge("kith_connected", "Contacts whose nodes are connected now.", live.connected.len() as u64),
        gauge("kith_addresses", "Addresses that codes and letters name.", live.hints.len() as u64),
        gauge("kith_inbox", "Things that wait on me.", count(Table::Inbox)),
        gauge("kith_outbox", "Letters that wait for their recipients.", count(Table::Outbox)),
        gauge(
            "kith_grant_ends_seconds",
            "When contacts stop believing this machine.",
            Own::load(view)?.grant_ends.secs(),
        ),
        gauge("kith_home_bytes", "Size of the storage on the disk.", size_of(&api.home.folder().join("store"))),
    ];
    if let Some(Room { free, .. }) = Room::of(api.home.folder()) {
        gauges.push(gauge("kith_disk_free_bytes", "Room on the disk of the home.", free));
    }
    if let Some(held) = api.holder.as_ref().map(Holder::held) {
        gauges.push(gauge("kith_held_mailboxes", "Mailboxes that are held for others.", held.mailboxes as u64));
        gauges.push(gauge("kith_held_bytes", "Bytes of what lies in them.", held.bytes));
        gauges.push(gauge("kith_held_most_bytes", "Bytes that may lie in them.", held.most));
        gauges.push(gauge("kith_held_refused", "1 while nothing more is taken in.", held.is_full().into()));
    }
    if let Some(passed) = api.budget.as_ref().map(Budget::passed_on) {
        gauges.push(gauge(
            "kith_passed_on_bytes",
            "Bytes passed on for others since the day began, at most.",
            passed.bytes,
        ));
        gauges.push(gauge("kith_passed_on_most_bytes", "Bytes that may be passed on in a day.", passed.most));
    }
    gauges.extend(record.made.map(|made| gauge("kith_backup_made_seconds", "When the last backup was made.", made)));
    let mailed = api.mail.record();
    gauges.extend(mailed.sent.map(|sent| gauge("kith_mail_sent_seconds", "When the last mail was sent.", sent)));
    let is_failing = mailed.trouble.is_some().into();
    gauges.push(gauge("kith_mail_failing", "1 if the last mail could not be sent.", is_failing));
    gauges.extend(resident().map(|bytes| gauge("process_resident_memory_bytes", "Memory in use.", bytes)));
    Ok(gauges)
}

fn text(gauges: &[Gauge]) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let mut text =
        format!("# HELP kith_info The program.\n# TYPE kith_info gauge\nkith_info{{version=\"{version}\"}} 1\n");
    for Gauge { name, help, value } in gauges {
        // Writing to a String does not fail.
        let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}\n");
    }
    text
}

/// Bytes of the files in a folder and below; what cannot be read counts as nothing.
fn size_of(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let size = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(of) if of.is_dir() => size_of(&entry.path()),
        Ok(of) => of.len(),
        Err(_) => 0,
    };
    entries.map(size).sum()
}

/// Bytes of memory in use (VmRSS of proc_pid_status(5)); none where there is no such file.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    kib.trim().strip_suffix(" kB")?.parse::<u64>().ok()?.checked_mul(1024)
}
