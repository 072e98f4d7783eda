//! A scan: from the scanner's call until each side has durably stored the other.
//!
//! Ana's node stays; Bo is another person each time, with a home and a node of his own that was never on the line
//! before. So every scan dials, says hello, and carries two first letters.

use std::time::Instant;

use crate::bare::{Appends, Wire};
use crate::figures::{Series, head, judge, ratio, row};
use crate::pair::{self, is_contact_made, notice};
use crate::{Options, machine, runtime};

const RUNS: usize = 150;
/// Not counted: code and pages that are touched for the first time.
const WARM_UP: usize = 10;
/// Appends that a scan cannot do without: Bo's scan, Ana's contact, Bo's contact.
const APPENDS: usize = 3;
/// Bytes of the echo: the size class of the first letters.
const ECHO: usize = 4096;

#[derive(Default)]
struct Seen {
    scanned: Series,
    ana_has_bo: Series,
    both: Series,
    bare_dial: Series,
    bare: Series,
}

/// Measures and prints; true if the targets are met.
pub fn run(options: &Options) -> bool {
    let folder = tempfile::tempdir_in(&options.folder).unwrap();
    let runs = options.runs.unwrap_or(RUNS);
    let seen = runtime().block_on(measure(folder.path(), runs));
    println!("\nA scan, {runs} times");
    machine::describe(folder.path());
    head("");
    row("Kith: scan durable at Bo", &seen.scanned);
    row("Kith: … and Bo durable at Ana", &seen.ana_has_bo);
    row("Kith: … and Ana durable at Bo", &seen.both);
    row("bare: TCP+Noise+Yamux dialled", &seen.bare_dial);
    row("bare: … and 4 KiB echoed and 3 × 4 KiB synced", &seen.bare);
    let median = judge("median, Kith / bare", ratio(seen.both.median(), seen.bare.median()), 2.0, "×");
    judge("p95, Kith / bare", ratio(seen.both.p95(), seen.bare.p95()), 4.0, "×") && median
}

async fn measure(folder: &std::path::Path, runs: usize) -> Seen {
    let mut seen = Seen::default();
    let ana = pair::start(&folder.join("ana"), "Ana").await;
    let (mut wire, mut appends) = (Wire::start().await, Appends::new(folder));
    for run in 0..WARM_UP + runs {
        let bo = pair::start(&folder.join(format!("bo-{run}")), "Bo").await;
        let mut one = Seen::default();
        scan(&ana, &bo, &mut one).await;
        bare(&mut wire, &mut appends, &mut one).await;
        bo.stop().await.unwrap();
        if run >= WARM_UP {
            seen.take(&one);
        }
    }
    wire.stop();
    ana.stop().await.unwrap();
    seen
}

impl Seen {
    fn take(&mut self, one: &Self) {
        self.scanned.add(one.scanned.median());
        self.ana_has_bo.add(one.ana_has_bo.median());
        self.both.add(one.both.median());
        self.bare_dial.add(one.bare_dial.median());
        self.bare.add(one.bare.median());
    }
}

async fn scan(ana: &kith_node::node::Node, bo: &kith_node::node::Node, seen: &mut Seen) {
    let (ana, bo) = (ana.handle(), bo.handle());
    let invite = pair::code(&ana).await;
    let (mut of_ana, mut of_bo) = (ana.notices(), bo.notices());
    let start = Instant::now();
    let at_ana = async {
        notice(&mut of_ana, is_contact_made).await;
        start.elapsed()
    };
    let at_bo = async {
        pair::scan(&bo, invite).await;
        let scanned = start.elapsed();
        notice(&mut of_bo, is_contact_made).await;
        (scanned, start.elapsed())
    };
    let (ana_has_bo, (scanned, bo_has_ana)) = futures::join!(at_ana, at_bo);
    seen.scanned.add(scanned);
    seen.ana_has_bo.add(ana_has_bo);
    seen.both.add(ana_has_bo.max(bo_has_ana));
}

async fn bare(wire: &mut Wire, appends: &mut Appends, seen: &mut Seen) {
    let start = Instant::now();
    let peer = wire.dial().await;
    seen.bare_dial.add(start.elapsed());
    wire.echo(&peer, ECHO).await;
    for _ in 0..APPENDS {
        appends.append();
    }
    seen.bare.add(start.elapsed());
    wire.hang_up(&peer).await;
}
