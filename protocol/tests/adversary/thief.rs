//! The thief of a machine holds its signing key, and no rotation key.

use kith_protocol::card::CardView;
use kith_protocol::crypto::sha256;
use kith_protocol::crypto::sign::SigningKey;
use kith_protocol::identity::{Compromise, History, HistoryError, Rotation};
use kith_protocol::record::{RecordError, Signed, Signer, Verified};
use kith_protocol::words::RecoveryWords;

use super::cast::ana;

fn mallory() -> RecoveryWords {
    RecoveryWords::from_entropy([9; 32])
}

/// All that Mallory can write in the place of rotation `number` of Ana, with promises of her own: revealing the
/// true rotation key, as far as everybody knows it, or one of hers, or the stolen key, and signed by each that
/// she holds.
fn forgeries(history: &History, previous: [u8; 32], number: u8, stolen: &SigningKey) -> Vec<Vec<u8>> {
    let mallorys = mallory().rotation_key(number);
    let next = sha256(&[mallory().rotation_key(number + 1).verify_key().as_bytes()]);
    let shown = [ana().words.rotation_key(number).verify_key(), mallorys.verify_key(), stolen.verify_key()];
    let rotations = shown.map(|rotation_key| {
        let key = mallory().key(number).verify_key();
        Rotation { previous, number, key, rotation_key, next }
    });
    let sign = |rotation: &Rotation, by| {
        Verified::sign(rotation.clone(), Signer { id: history.id(), key: number }, by).bytes().to_vec()
    };
    rotations.iter().flat_map(|rotation| [sign(rotation, stolen), sign(rotation, &mallorys)]).collect()
}

fn believes_none(mut seen: History, forgeries: &[Vec<u8>]) {
    let before = seen.clone();
    for (at, forged) in forgeries.iter().enumerate() {
        let answer = seen.learn(forged);
        assert!(
            matches!(answer, Err(HistoryError::Broken | HistoryError::Record(RecordError::Signature))),
            "forgery {at}: {answer:?}"
        );
    }
    assert_eq!(seen, before);
}

#[test]
fn the_thief_of_the_first_key_can_sign_and_cannot_rotate() {
    let seen = ana().history();
    let card = Verified::sign((*ana().card()).clone(), ana().signer(), &ana().words.key(0));
    assert!(seen.verify(Signed::<CardView>::from_bytes(card.bytes()).unwrap()).is_ok(), "until Ana rotates");
    believes_none(seen.clone(), &forgeries(&seen, seen.head(), 1, &ana().words.key(0)));
}

#[test]
fn the_thief_of_a_later_key_cannot_rotate_onwards_or_in_the_place_of_the_last_rotation() {
    let seen = ana().rotated();
    let stolen = ana().words.key(1);
    believes_none(seen.clone(), &forgeries(&seen, seen.head(), 2, &stolen));
    believes_none(seen.clone(), &forgeries(&seen, ana().history().head(), 1, &stolen));
}

#[test]
fn a_newcomer_is_not_taken_in_by_the_thief_of_a_later_key() {
    let chi_sees = ana().history();
    let head = chi_sees.head();
    believes_none(chi_sees.clone(), &forgeries(&chi_sees, head, 1, &ana().words.key(1)));
    let mut chi_sees = chi_sees;
    assert!(chi_sees.learn(ana().rotation().bytes()).is_ok(), "the true one fits as before");
}

#[test]
fn a_thief_cannot_give_notice_in_the_name_of_the_owner() {
    let seen = ana().rotated();
    let notices = [0, 1].map(|number| {
        let signer = Signer { id: seen.id(), key: number };
        Verified::sign(Compromise { number }, signer, &ana().words.key(number)).bytes().to_vec()
    });
    believes_none(seen, &notices);
}

#[test]
fn after_a_notice_nothing_new_is_believed_of_the_lost_key() {
    let history = ana().compromised();
    let card = Signed::from_bytes(ana().card().bytes()).unwrap();
    assert_eq!(history.verify::<CardView>(card), Err(RecordError::Key));
}
