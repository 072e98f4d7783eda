//! A letter to somebody on the line: from the act that writes it until its writer has the receipt.
//!
//! The letter is a changed card: Ana's act, durable; the letter; Bo's change, durable; the receipt. Two syncs lie
//! before it, and as many are in the work that it is compared with. It is in Ana's hands when her driver is handed the
//! answer, which says that Bo has her change for good. That is judged. Ana's third commit comes after it: her own
//! forgetting of a letter that need not be sent again. Nobody waits for that one, and if it is lost the letter goes
//! once more and gets the same receipt. It is shown all the same.

use std::time::Instant;

use kith_node::driver::Handle;
use kith_protocol::card::FieldKind;
use kith_protocol::engine::{CardChange, Notice};
use kith_protocol::text::Line;

use crate::bare::{Appends, Pen, Wire};
use crate::figures::{Series, head, judge, ratio, row};
use crate::pair::{self, is_contact_made, notice};
use crate::tapped::Tapped;
use crate::{Options, machine, runtime};

const RUNS: usize = 500;
const WARM_UP: usize = 50;
/// Bytes of the sealed letter: the size class that a small card falls into.
const SEALED: usize = 1024;

#[derive(Default)]
struct Seen {
    acted: Series,
    arrived: Series,
    receipt: Series,
    forgotten: Series,
    echo: Series,
    append: Series,
    crypto: Series,
    bare: Series,
}

/// Measures and prints; true if the target is met.
pub fn run(options: &Options) -> bool {
    let folder = tempfile::tempdir_in(&options.folder).unwrap();
    let runs = options.runs.unwrap_or(RUNS);
    let seen = runtime().block_on(measure(folder.path(), runs));
    println!("\nA letter over an open session, {runs} times");
    machine::describe(folder.path());
    head("");
    row("Kith: change durable at Ana", &seen.acted);
    row("Kith: … and durable at Bo", &seen.arrived);
    row("Kith: … and receipt in Ana's hands", &seen.receipt);
    row("Kith: … and receipt durable at Ana", &seen.forgotten);
    row("bare: echo of 1 KiB", &seen.echo);
    row("bare: 2 × 4 KiB synced", &seen.append);
    row("bare: sign, seal, open, verify", &seen.crypto);
    row("bare: these three", &seen.bare);
    println!("{:<52} {:>8.2} ×", "median, receipt durable / bare", ratio(seen.forgotten.median(), seen.bare.median()));
    judge("median, receipt in hand / bare", ratio(seen.receipt.median(), seen.bare.median()), 1.5, "×")
}

async fn measure(folder: &std::path::Path, runs: usize) -> Seen {
    let mut ana = Tapped::start(&folder.join("ana"), "Ana").await;
    let bo = pair::start(&folder.join("bo"), "Bo").await;
    meet(&ana.handle(), &bo.handle()).await;
    let (mut wire, mut appends, pen) = (Wire::start().await, Appends::new(folder), Pen::new());
    let peer = wire.dial().await;
    let mut warm = Seen::default();
    let mut seen = Seen::default();
    for run in 0..WARM_UP + runs {
        let seen = if run < WARM_UP { &mut warm } else { &mut seen };
        send(&mut ana, &bo.handle(), run, seen).await;
        let start = Instant::now();
        wire.echo(&peer, SEALED).await;
        let echoed = start.elapsed();
        appends.append();
        appends.append();
        let appended = start.elapsed();
        pen.write_and_read(SEALED);
        let all = start.elapsed();
        seen.echo.add(echoed);
        seen.append.add(appended - echoed);
        seen.crypto.add(all - appended);
        seen.bare.add(all);
    }
    wire.stop();
    bo.stop().await.unwrap();
    ana.stop().await;
    seen
}

async fn meet(ana: &Handle, bo: &Handle) {
    let (mut of_ana, mut of_bo) = (ana.notices(), bo.notices());
    pair::scan(bo, pair::code(ana).await).await;
    futures::join!(notice(&mut of_ana, is_contact_made), notice(&mut of_bo, is_contact_made));
    // Her welcome has its receipt too, so that nothing but the letters that are measured is on the way.
    notice(&mut of_ana, is_delivered).await;
}

async fn send(ana: &mut Tapped, bo: &Handle, number: usize, seen: &mut Seen) {
    let by = ana.handle();
    let (mut of_ana, mut of_bo) = (by.notices(), bo.notices());
    while ana.receipts.try_recv().is_ok() {}
    let title = Line::new(&format!("Engineer {number}")).unwrap();
    let change = vec![CardChange::Field(FieldKind::Title, Some(title), None)];
    let start = Instant::now();
    let at_ana = async {
        by.act(move |turn| turn.change_card(change)).await.unwrap();
        let acted = start.elapsed();
        notice(&mut of_ana, is_delivered).await;
        (acted, start.elapsed())
    };
    let at_bo = async {
        notice(&mut of_bo, |notice| matches!(notice, Notice::CardChanged { .. })).await;
        start.elapsed()
    };
    let ((acted, forgotten), arrived) = futures::join!(at_ana, at_bo);
    // The engine has said `Delivered`, so the receipt was right; and it was the only one.
    let receipt = ana.receipts.try_recv().expect("a letter that was delivered has its receipt");
    assert!(ana.receipts.try_recv().is_err(), "one letter was sent, and two receipts came");
    seen.acted.add(acted);
    seen.arrived.add(arrived);
    seen.receipt.add(receipt - start);
    seen.forgotten.add(forgotten);
}

const fn is_delivered(notice: &Notice) -> bool {
    matches!(notice, Notice::Delivered { .. })
}
