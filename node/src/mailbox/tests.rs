//! Chi's node holds a mailbox for Ana. Bo has a pass, and somebody has a code. Mallory has neither.

use std::collections::BTreeSet;
use std::sync::Arc;

use kith_protocol::hello::SharedSecret;
use kith_protocol::id::{Locator, PeerId, PersonId};
use kith_protocol::limits::{DAY, LETTER};
use kith_protocol::mailbox::{Close, Collect, Held, Keep, Leave, MailboxKey, Response, SealedDoor, Slot, Take};
use kith_protocol::time::Timestamp;
use kith_protocol::wire::Bytes;

use super::quota;
use super::segments::SEGMENT;
use super::storeroom::Storeroom;
use crate::store::testing::{Fault, ForgetfulDisk};

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);
const ANA: PeerId = PeerId([1; 32]);
const BO: PersonId = PersonId([2; 10]);
const EVA: PersonId = PersonId([5; 10]);

fn key() -> MailboxKey {
    MailboxKey::new([7; 32])
}

fn keep() -> Keep {
    Keep { key: key(), slots: Vec::new(), void: Vec::new() }
}

fn code() -> SharedSecret {
    SharedSecret::new([9; 32])
}

fn door() -> SealedDoor {
    Bytes::new(vec![3; 90]).unwrap()
}

fn slot(most: u16) -> Slot {
    let (label, token) = (code().mailbox_label(), code().mailbox_token());
    Slot { label, token, until: NOW.plus(DAY), most, door: door() }
}

fn no_door() -> Response {
    Response::Stored(Bytes::new(Vec::new()).unwrap())
}

/// What this contact leaves with a pass.
fn letter(from: PersonId, what: u64, size: usize) -> Leave {
    let label = key().label(from);
    let mut parcel = vec![0; size];
    parcel[..8].copy_from_slice(&what.to_be_bytes());
    let parcel = Bytes::new(parcel).unwrap();
    Leave { mailbox: Some(key().id()), label, token: key().token(&label), parcel, replaces: false }
}

/// What somebody leaves with the code.
fn claim(what: u8) -> Leave {
    let parcel = Bytes::new(vec![what; 512]).unwrap();
    let (label, token) = (code().mailbox_label(), code().mailbox_token());
    Leave { mailbox: None, label, token, parcel, replaces: false }
}

/// Chi's storeroom, and what she sees of it at each step.
struct Chi {
    disk: ForgetfulDisk,
    room: Storeroom,
    now: Timestamp,
}

impl Chi {
    fn new() -> Self {
        let disk = ForgetfulDisk::new();
        let room = Storeroom::open(Arc::new(disk.clone()), NOW).unwrap();
        Self { disk, room, now: NOW }
    }

    fn with_mailbox() -> Self {
        let mut chi = Self::new();
        assert_eq!(chi.keep(keep()), Response::Done);
        chi
    }

    fn keep(&mut self, keep: Keep) -> Response {
        let response = self.room.keep(ANA, keep, self.now).unwrap();
        self.room.commit().unwrap();
        response
    }

    fn leave(&mut self, leave: Leave) -> Response {
        let (response, _) = self.room.leave(leave, self.now).unwrap();
        self.room.commit().unwrap();
        response
    }

    fn take(&mut self, numbers: &[u64]) -> Response {
        let response = self
            .room
            .hear(&key(), self.now)
            .and_then(|()| self.room.take(Take { key: key(), numbers: numbers.to_vec() }))
            .unwrap();
        self.room.commit().unwrap();
        response
    }

    fn collect(&self, after: u64) -> Vec<Held> {
        self.room.collect(&Collect { key: key(), after, wait: 0 }).unwrap()
    }

    /// Everything that lies there.
    fn lying(&self) -> Vec<Held> {
        let (mut all, mut after) = (Vec::new(), 0);
        loop {
            let some = self.collect(after);
            let Some(last) = some.last() else { return all };
            after = last.number;
            all.extend(some);
        }
    }

    /// What the letters say that lie there.
    fn letters(&self) -> Vec<u64> {
        let said = |held: &Held| u64::from_be_bytes(held.parcel.as_slice()[..8].try_into().unwrap());
        self.lying().iter().map(said).collect()
    }

    fn restart(&mut self) {
        self.room = Storeroom::open(Arc::new(self.disk.clone()), self.now).unwrap();
    }

    fn lose_power(&mut self, seed: u64) {
        self.disk = self.disk.crash(seed);
        self.restart();
    }

    fn tidy(&mut self) {
        while self.room.is_wasteful() {
            self.room.clean().unwrap();
        }
    }
}

#[test]
fn what_bo_leaves_is_there_for_ana_until_she_takes_it() {
    let mut chi = Chi::with_mailbox();
    assert_eq!(chi.leave(letter(BO, 1, 512)), no_door());
    assert_eq!(chi.leave(letter(EVA, 2, LETTER)), no_door());
    chi.restart();
    let lying = chi.lying();
    assert_eq!(lying.iter().map(|held| held.label).collect::<Vec<_>>(), [key().label(BO), key().label(EVA)]);
    assert_eq!(chi.take(&[lying[0].number]), Response::Done);
    assert_eq!(chi.take(&[lying[0].number, 77]), Response::Done, "said twice, and of what never was");
    chi.restart();
    assert_eq!(chi.letters(), [2]);
    assert!(chi.leave(letter(BO, 3, 512)) == no_door() && chi.lying()[1].number > lying[1].number);
}

#[test]
fn mallory_gets_the_same_answer_whatever_is_wrong() {
    let mut chi = Chi::with_mailbox();
    let good = letter(BO, 1, 512);
    let other = MailboxKey::new([8; 32]);
    let wrong = [
        Leave { mailbox: Some(other.id()), ..good.clone() },
        Leave { token: [0; 16], ..good.clone() },
        Leave { label: key().label(EVA), ..good.clone() },
        Leave { mailbox: None, ..good.clone() },
        claim(1),
    ];
    for leave in wrong {
        assert_eq!(chi.leave(leave), Response::No);
    }
    assert!(chi.room.collect(&Collect { key: other.clone(), after: 0, wait: 0 }).is_none());
    assert_eq!(chi.room.take(Take { key: other.clone(), numbers: vec![1] }).unwrap(), Response::No);
    assert_eq!(chi.room.close(&Close { key: other }).unwrap(), (Response::No, None));
    assert_eq!(chi.leave(good), no_door());
}

#[test]
fn who_is_void_leaves_nothing_more_and_others_go_on() {
    let mut chi = Chi::with_mailbox();
    chi.leave(letter(BO, 1, 512));
    assert_eq!(chi.keep(Keep { void: vec![key().label(BO)], ..keep() }), Response::Done);
    chi.restart();
    assert_eq!(chi.leave(letter(BO, 2, 512)), Response::No);
    assert_eq!(chi.leave(letter(EVA, 3, 512)), no_door());
    assert_eq!(chi.letters(), [1, 3]);
}

#[test]
fn a_code_leads_to_its_slot_until_it_is_full_or_past_its_date() {
    let mut chi = Chi::with_mailbox();
    chi.keep(Keep { slots: vec![slot(2)], ..keep() });
    chi.restart();
    assert_eq!(chi.leave(claim(1)), Response::Stored(door()));
    assert_eq!(chi.leave(claim(1)), Response::Stored(door()), "the same claim again");
    assert_eq!(chi.leave(claim(2)), Response::Stored(door()));
    assert_eq!(chi.leave(claim(3)), Response::Full);
    assert_eq!(chi.leave(Leave { token: [0; 16], ..claim(3) }), Response::No);
    let numbers: Vec<_> = chi.lying().iter().map(|held| held.number).collect();
    chi.take(&numbers);
    chi.now = NOW.plus(DAY);
    assert_eq!(chi.leave(claim(3)), Response::No, "its date is over");
    chi.now = NOW;
    assert_eq!(chi.leave(claim(3)), Response::Stored(door()));
    chi.keep(keep());
    assert_eq!(chi.leave(claim(4)), Response::No, "the code is withdrawn");
    assert_eq!(chi.lying().len(), 1, "what came before that stays");
}

#[test]
fn nobody_takes_the_claims_of_a_code_by_naming_it_too() {
    let mut chi = Chi::with_mailbox();
    chi.keep(Keep { slots: vec![slot(4)], ..keep() });
    let mallorys = Keep { key: MailboxKey::new([6; 32]), slots: vec![slot(4)], void: Vec::new() };
    chi.room.keep(PeerId([6; 32]), mallorys, NOW).unwrap();
    chi.room.commit().unwrap();
    // However often the files are read again, in whatever order that finds them.
    for what in 1..=8 {
        assert_eq!(chi.leave(claim(what.min(4))), Response::Stored(door()));
        chi.restart();
    }
    assert_eq!(chi.lying().len(), 4);
}

#[test]
fn what_is_held_for_anas_old_machine_is_held_for_the_new_one_and_for_it_alone() {
    let mut chi = Chi::with_mailbox();
    chi.leave(letter(BO, 1, 512));
    let anas_new_node = PeerId([11; 32]);
    assert!(chi.room.is_owner(&ANA, &key()) && !chi.room.is_owner(&anas_new_node, &key()));
    assert_eq!(chi.room.succeed(&ANA, anas_new_node).unwrap(), [key().id()]);
    chi.room.commit().unwrap();
    chi.restart();
    assert!(chi.room.is_owner(&anas_new_node, &key()) && !chi.room.is_owner(&ANA, &key()));
    assert!(!chi.room.is_owner(&anas_new_node, &MailboxKey::new([6; 32])));
    assert_eq!(chi.letters(), [1]);
}

#[test]
fn the_same_parcel_is_kept_once_and_newer_news_takes_the_place_of_older() {
    let mut chi = Chi::with_mailbox();
    let news = |what| Leave { replaces: true, ..letter(BO, what, 1024) };
    for what in [1, 1, 2, 3] {
        assert_eq!(chi.leave(news(what)), no_door());
    }
    for _ in 0..2 {
        assert_eq!(chi.leave(letter(BO, 9, 512)), no_door());
        chi.restart();
    }
    assert_eq!(chi.leave(Leave { replaces: true, ..letter(EVA, 4, 512) }), no_door());
    assert_eq!(chi.letters(), [3, 9, 4]);
    assert_eq!(chi.leave(news(5)), no_door());
    chi.restart();
    assert_eq!(chi.letters(), [9, 4, 5]);
}

#[test]
fn a_flood_of_one_contact_leaves_room_for_the_others() {
    let mut chi = Chi::with_mailbox();
    for what in 0..quota::PARCELS_OF_LABEL as u64 {
        assert_eq!(chi.leave(letter(BO, what, 512)), no_door());
    }
    assert_eq!(chi.leave(letter(BO, 1_000, 512)), Response::Full);
    assert_eq!(chi.leave(letter(BO, 5, 512)), no_door(), "it lies there already");
    for what in 0..quota::BYTES_OF_LABEL / LETTER as u64 {
        assert_eq!(chi.leave(letter(EVA, what, LETTER)), no_door());
    }
    assert_eq!(chi.leave(letter(EVA, 1_000, LETTER)), Response::Full, "a megabyte is enough");
    assert_eq!(chi.leave(letter(PersonId([8; 10]), 1, LETTER)), no_door());
}

#[test]
fn a_mailbox_has_an_end_whoever_fills_it() {
    let mut chi = Chi::with_mailbox();
    let full = (0..=255_u8).find_map(|person| {
        let mut left = (0..17).map(|what| chi.leave(letter(PersonId([person; 10]), what, LETTER)));
        left.find(|response| *response == Response::Full).map(|_| person)
    });
    let lying: u64 = chi.lying().iter().map(|held| held.parcel.as_slice().len() as u64).sum();
    assert!(full.is_some() && lying <= quota::BYTES_OF_BOX, "{lying} bytes");
}

#[test]
fn chis_disk_fills_up_and_what_lies_there_stays() {
    let mut chi = Chi::with_mailbox();
    assert_eq!(chi.leave(letter(BO, 1, LETTER)), no_door());
    chi.room.allow(LETTER as u64 + 512);
    assert_eq!(chi.leave(letter(EVA, 2, LETTER)), Response::Full);
    assert_eq!(chi.leave(letter(EVA, 3, 512)), no_door());
    chi.room.allow(0);
    assert_eq!(chi.leave(letter(EVA, 4, 512)), Response::Full);
    assert_eq!(chi.leave(letter(EVA, 3, 512)), no_door(), "it lies there already");
    assert_eq!(chi.leave(Leave { token: [0; 16], ..letter(EVA, 5, 512) }), Response::No, "Mallory learns nothing new");
    chi.room.reopen(chi.now).unwrap();
    assert_eq!(chi.leave(letter(EVA, 4, 512)), Response::Full, "a disk that failed meanwhile has no more room");
    assert_eq!(chi.letters(), [1, 3]);
    let numbers: Vec<_> = chi.lying().iter().map(|held| held.number).collect();
    assert_eq!(chi.take(&numbers), Response::Done, "Ana gets all of it");
}

#[test]
fn whoever_has_the_key_moves_the_mailbox_and_whoever_is_dismissed_has_none() {
    let mut chi = Chi::with_mailbox();
    chi.leave(letter(BO, 1, 512));
    let anas_new_node = PeerId([11; 32]);
    assert_eq!(chi.room.keep(anas_new_node, keep(), NOW).unwrap(), Response::Done);
    assert!(chi.room.dismiss(&ANA).unwrap().is_empty(), "it is not her old node's any more");
    chi.room.commit().unwrap();
    chi.restart();
    assert_eq!(chi.letters(), [1]);
    assert_eq!(chi.room.dismiss(&anas_new_node).unwrap(), [key().id()]);
    chi.room.commit().unwrap();
    chi.restart();
    assert_eq!(chi.leave(letter(BO, 2, 512)), Response::No);
    assert!(chi.room.collect(&Collect { key: key(), after: 0, wait: 0 }).is_none());
}

#[test]
fn a_mailbox_that_was_given_up_and_opened_again_is_empty_and_its_numbers_are_new() {
    let mut chi = Chi::with_mailbox();
    chi.leave(letter(BO, 1, 512));
    let before = chi.lying()[0].number;
    assert_eq!(chi.room.close(&Close { key: key() }).unwrap().0, Response::Done);
    chi.room.commit().unwrap();
    chi.now = NOW.plus(1);
    chi.keep(keep());
    chi.restart();
    assert!(chi.lying().is_empty());
    chi.leave(letter(BO, 2, 512));
    assert_eq!(chi.take(&[before]), Response::Done, "a Take of the one before that was late");
    assert_eq!(chi.letters(), [2]);
}

#[test]
fn one_node_has_few_mailboxes_and_all_of_them_are_not_too_many() {
    let mut chi = Chi::new();
    let key = |n: u32| {
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(&n.to_be_bytes());
        MailboxKey::new(bytes)
    };
    let keep = |n: u32| Keep { key: key(n), slots: Vec::new(), void: Vec::new() };
    for n in 0..3 {
        assert_eq!(chi.room.keep(ANA, keep(n), NOW.plus(n.into())).unwrap(), Response::Done);
    }
    assert!(chi.room.collect(&Collect { key: key(0), after: 0, wait: 0 }).is_none(), "the one she used longest ago");
    let others = (3..2_000_u32).map(|n| {
        let mut peer = [99; 32];
        peer[..4].copy_from_slice(&n.to_be_bytes());
        chi.room.keep(PeerId(peer), keep(n), NOW).unwrap()
    });
    assert_eq!(others.filter(|response| *response == Response::Done).count(), quota::BOXES - 2);
}

#[test]
fn old_parcels_and_silent_owners_are_forgotten() {
    let mut chi = Chi::with_mailbox();
    chi.leave(letter(BO, 1, 512));
    chi.now = NOW.plus(DAY);
    chi.leave(letter(BO, 2, 512));
    chi.take(&[]);
    chi.now = NOW.plus(quota::PARCEL_LIFE);
    chi.restart();
    assert_eq!(chi.letters(), [2]);
    chi.now = NOW.plus(quota::SILENCE);
    chi.room.sweep(chi.now).unwrap();
    assert!(chi.lying().is_empty(), "the mailbox is there: a day after it was opened Ana was heard of");
    chi.now = NOW.plus(DAY + quota::SILENCE);
    chi.room.sweep(chi.now).unwrap();
    chi.room.commit().unwrap();
    chi.restart();
    assert_eq!(chi.leave(letter(BO, 3, 512)), Response::No);
}

#[test]
fn room_comes_back_and_what_is_still_needed_stays() {
    let mut chi = Chi::with_mailbox();
    let kept = chi.leave(letter(EVA, 7, LETTER));
    assert_eq!(kept, no_door());
    for round in 0..40_u64 {
        for what in 0..16 {
            chi.leave(letter(BO, round * 100 + what, LETTER));
        }
        let numbers: Vec<_> =
            chi.lying().iter().filter(|held| held.label == key().label(BO)).map(|held| held.number).collect();
        chi.take(&numbers);
        chi.tidy();
        assert!(chi.room.size().1 <= 2 * SEGMENT, "{} bytes in round {round}", chi.room.size().1);
    }
    chi.restart();
    assert_eq!(chi.letters(), [7]);
    let before = chi.lying()[0].number;
    chi.leave(letter(BO, 1, 512));
    assert!(chi.lying()[1].number > before + 40 * 16, "no number comes twice");
}

/// Deposits, takes, tidying and power cuts in any order.
#[test]
fn nothing_stored_is_lost_and_nothing_taken_comes_back_wherever_the_power_fails() {
    for seed in 0..60 {
        let mut dice: u64 = seed;
        let mut roll = |sides: u64| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (dice >> 33) % sides
        };
        let mut chi = Chi::with_mailbox();
        let mut stored: BTreeSet<u64> = BTreeSet::new();
        let mut maybe: BTreeSet<u64> = BTreeSet::new();
        for step in 0..60_u64 {
            let size = [512, 4_096, 16_384, LETTER][roll(4) as usize];
            chi.disk.fail_after(roll(12), if roll(2) == 0 { Fault::Broken } else { Fault::Full });
            let person = PersonId([u8::try_from(roll(20)).unwrap(); 10]);
            let taken: Vec<u64> = stored.iter().copied().filter(|_| roll(3) == 0).collect();
            let numbers: Vec<u64> = chi
                .lying()
                .iter()
                .zip(chi.letters())
                .filter(|(_, what)| taken.contains(what))
                .map(|(h, _)| h.number)
                .collect();
            let left = chi.room.leave(letter(person, step, size), NOW);
            let took = chi.room.take(Take { key: key(), numbers });
            let is_full = matches!(left, Ok((Response::Full, _)));
            let done = left.and(took).and_then(|_| chi.room.commit());
            match done {
                Ok(()) => {
                    stored.retain(|what| !taken.contains(what));
                    if !is_full {
                        stored.insert(step);
                    }
                }
                Err(_) => {
                    // Nobody was told anything: it may be so or so.
                    maybe.insert(step);
                    maybe.extend(taken);
                }
            }
            let tidied = if roll(3) == 0 { chi.room.clean() } else { Ok(()) };
            if tidied.is_err() || !maybe.is_empty() || roll(5) == 0 {
                chi.lose_power(seed ^ step);
            } else {
                chi.disk.heal();
            }
            let there: BTreeSet<u64> = chi.letters().into_iter().collect();
            assert_eq!(there.len(), chi.lying().len(), "seed {seed}, step {step}: nothing lies there twice");
            let lost: Vec<_> = stored.iter().filter(|what| !there.contains(what) && !maybe.contains(what)).collect();
            assert!(lost.is_empty(), "seed {seed}, step {step}: lost {lost:?}");
            let back: Vec<_> = there.iter().filter(|what| !stored.contains(what) && !maybe.contains(what)).collect();
            assert!(back.is_empty(), "seed {seed}, step {step}: came back {back:?}");
            (stored, maybe) = (there, BTreeSet::new());
        }
    }
}

#[test]
fn damage_costs_what_it_hits_and_nothing_else() {
    let mut chi = Chi::with_mailbox();
    for what in 0..3 {
        chi.leave(letter(BO, what, 4_096));
    }
    let name = "held-0000000000000001.km";
    let mut bytes = chi.disk.content(name).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    chi.disk.overwrite(name, &bytes);
    chi.restart();
    assert_eq!(chi.letters(), [0, 2]);
    chi.leave(letter(BO, 3, 512));
    chi.restart();
    assert_eq!(chi.letters(), [0, 2, 3]);
    chi.disk.overwrite(name, b"nothing of ours");
    chi.restart();
    assert_eq!(chi.leave(letter(BO, 4, 512)), Response::No);
    chi.keep(keep());
    assert_eq!(chi.leave(letter(BO, 4, 512)), no_door());
}

#[test]
fn no_key_lies_on_the_disk() {
    let mut chi = Chi::with_mailbox();
    chi.keep(Keep { slots: vec![slot(4)], ..keep() });
    chi.leave(letter(BO, 1, 512));
    let bytes = chi.disk.content("held-0000000000000001.km").unwrap();
    assert!(!bytes.windows(32).any(|window| window == [7; 32]));
    let label: Locator = key().label(BO);
    assert!(!bytes.windows(16).any(|window| window == key().token(&label)), "nor a token");
}

#[test]
fn whatever_byte_is_damaged_or_missing_nothing_is_made_up_and_chi_goes_on() {
    let mut chi = Chi::with_mailbox();
    for what in 0..3 {
        chi.leave(letter(BO, what, 512));
    }
    let name = "held-0000000000000001.km";
    let whole = chi.disk.content(name).unwrap();
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x55;
        for bytes in [&damaged[..], &whole[..at]] {
            let disk = ForgetfulDisk::new();
            crate::store::disk::Disk::create(&disk, name).unwrap();
            disk.overwrite(name, bytes);
            let room = Storeroom::open(Arc::new(disk.clone()), NOW).unwrap();
            let mut chi = Chi { room, disk, now: NOW.plus(1) };
            assert_eq!(chi.keep(keep()), Response::Done, "byte {at}");
            let letters = chi.letters();
            assert!(letters.len() < 3 && letters.iter().all(|what| *what < 3), "byte {at}: {letters:?}");
            assert_eq!(chi.leave(letter(EVA, 9, 512)), no_door());
            chi.restart();
            assert_eq!(chi.letters().last(), Some(&9), "byte {at}");
        }
    }
}
