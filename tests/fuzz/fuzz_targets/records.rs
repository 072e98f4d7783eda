//! Arbitrary bytes as a record of each kind, or as a vouch in a file of its own; the first byte chooses.
#![no_main]

use std::sync::LazyLock;

use kith_protocol::card::CardView;
use kith_protocol::identity::{Compromise, History, NodeGrant, Rotation};
use kith_protocol::letter::Letter;
use kith_protocol::meeting::Meeting;
use kith_protocol::record::{Signed, Statement};
use kith_protocol::vouch::{Acceptance, Vouch, VouchExport};
use kith_protocol::wire;
use kith_protocol::words::RecoveryWords;
use libfuzzer_sys::fuzz_target;

/// Who signed the seeds.
static ANA: LazyLock<History> =
    LazyLock::new(|| History::begin(&RecoveryWords::from_entropy(std::array::from_fn(|at| at as u8))));

fuzz_target!(|data: &[u8]| {
    let Some((&kind, bytes)) = data.split_first() else { return };
    match kind % 9 {
        0 => record::<Rotation>(bytes),
        1 => record::<Compromise>(bytes),
        2 => record::<NodeGrant>(bytes),
        3 => record::<CardView>(bytes),
        4 => record::<Meeting>(bytes),
        5 => record::<Letter>(bytes),
        6 => record::<Vouch>(bytes),
        7 => record::<Acceptance>(bytes),
        _ => export(bytes),
    }
});

/// A record that verifies keeps its bytes, and no record verifies under the keys of somebody else.
fn record<T: Statement + Clone>(bytes: &[u8]) {
    let mut history = ANA.clone();
    let learned = history.learn(bytes);
    if learned.is_err() {
        assert_eq!(history, *ANA, "a refused event left a trace");
    }
    let Ok(signed) = Signed::<T>::from_bytes(bytes) else { return };
    assert!(usize::from(signed.claimed_signer().key) < kith_protocol::limits::KEY_EVENTS);
    if let Ok(record) = history.verify(signed) {
        assert_eq!(record.bytes(), bytes);
        assert_eq!(record.signer().id, history.id());
    }
}

/// What is found right names the two whose histories lie beside it.
fn export(bytes: &[u8]) {
    let Ok(export) = wire::decode::<VouchExport>(bytes) else { return };
    let Some((vouch, acceptance)) = export.verify() else { return };
    assert_eq!(Ok(vouch.signer().id), History::from_bytes(&export.issuer).map(|history| history.id()));
    assert!(vouch.is_bounded() && vouch.content().is_ok());
    if let Some(acceptance) = acceptance {
        assert!(acceptance.fits(&vouch, vouch.signer().id));
        assert_eq!(acceptance.signer().id, vouch.subject);
    }
}
