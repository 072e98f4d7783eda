use super::*;

fn words(n: u8) -> RecoveryWords {
    RecoveryWords::from_entropy([n; 32])
}

fn rotated(words: &RecoveryWords, times: u8) -> History {
    let mut history = History::begin(words);
    for _ in 0..times {
        let event = history.rotate(words).unwrap();
        assert_eq!(history.learn(event.bytes()), Ok(Learned::New));
    }
    history
}

/// Somebody who held the words up to `history` and chose other words for the key after the next.
fn forked(history: &History, old: &RecoveryWords, fresh: &RecoveryWords) -> Verified<Rotation> {
    let number = history.current() + 1;
    let rotation = Rotation {
        previous: history.head(),
        number,
        key: old.key(number).verify_key(),
        rotation_key: old.rotation_key(number).verify_key(),
        next: key_digest(&fresh.rotation_key(number + 1).verify_key()),
    };
    Verified::sign(rotation, Signer { id: history.id(), key: number }, &old.rotation_key(number))
}

#[test]
fn recovering_twice_from_the_words_gives_the_same_history() {
    let (once, twice) = (rotated(&words(1), 3), rotated(&words(1), 3));
    assert_eq!(once, twice);
    assert_eq!(History::begin(&words(1)).id(), once.id(), "the words alone give the id");
    assert_ne!(History::begin(&words(2)).id(), once.id());
}

#[test]
fn a_history_comes_back_from_its_bytes() {
    let mut history = rotated(&words(1), 2);
    let notice = history.compromise(&words(1));
    assert_eq!(history.learn(notice.bytes()), Ok(Learned::New));
    assert_eq!(history.learn(notice.bytes()), Ok(Learned::Known));
    let bytes = wire::encode(&history.to_bytes());
    assert_eq!(History::from_bytes(&wire::decode(&bytes).unwrap()), Ok(history));
}

#[test]
fn the_thief_of_a_machine_can_neither_rotate_nor_give_notice_at_any_point_of_a_history() {
    for rotations in 0..3 {
        let mut ana = rotated(&words(1), rotations);
        let number = ana.current();
        let stolen = words(1).key(number);
        let thief = forked(&ana, &words(9), &words(9));
        assert_eq!(ana.learn(thief.bytes()), Err(HistoryError::Broken), "after {rotations} rotations");
        // The current rotation once more, with another promise: its key was used and is gone from every machine.
        if let Some(rotation) = ana.since(Seen::default()).last() {
            let mut other = Signed::<Rotation>::from_bytes(rotation).unwrap().unverified().clone();
            other.next = key_digest(&words(9).rotation_key(number + 1).verify_key());
            let forged = Verified::sign(other, Signer { id: ana.id(), key: number }, &stolen);
            assert!(ana.learn(forged.bytes()).is_err(), "after {rotations} rotations");
        }
        let notice = Verified::sign(Compromise { number }, Signer { id: ana.id(), key: number }, &stolen);
        assert!(ana.learn(notice.bytes()).is_err(), "after {rotations} rotations");
    }
}

#[test]
fn a_notice_that_comes_late_is_told_to_those_who_have_seen_later_ones() {
    let ana = words(1);
    let mut history = rotated(&ana, 1);
    let first = history.compromise(&ana);
    let rotation = history.rotate(&ana).unwrap();
    history.learn(rotation.bytes()).unwrap();
    let second = history.compromise(&ana);
    history.learn(second.bytes()).unwrap();
    let bo_has = history.seen();
    history.learn(first.bytes()).unwrap();
    assert_eq!(history.since(bo_has), [first.bytes().to_vec()]);
}

#[test]
fn routine_leaves_old_signatures_standing_and_compromise_does_not() {
    let ana = words(1);
    let mut history = rotated(&ana, 1);
    let old = Signer { id: history.id(), key: 0 };
    let signed = || {
        Signed::<Compromise>::from_bytes(Verified::sign(Compromise { number: 7 }, old, &ana.key(0)).bytes()).unwrap()
    };
    assert_eq!(history.reason(1), Some(Reason::Routine));
    assert!(history.verify(signed()).is_ok());

    let notice = history.compromise(&ana);
    history.learn(notice.bytes()).unwrap();
    assert_eq!(history.reason(1), Some(Reason::Compromised));
    assert_eq!(history.verify(signed()), Err(RecordError::Key));
}

#[test]
fn a_fork_is_evidence_and_the_first_seen_stays() {
    let ana = words(1);
    let mut seen = History::begin(&ana);
    let first = seen.rotate(&ana).unwrap();
    let second = forked(&seen, &ana, &words(5));
    seen.learn(first.bytes()).unwrap();
    let before = seen.clone();
    let fork = Learned::Fork { first: first.bytes().to_vec(), second: second.bytes().to_vec() };
    assert_eq!(seen.learn(second.bytes()), Ok(fork));
    assert_eq!(seen, before);
}

#[test]
fn events_out_of_order_or_of_others_are_refused() {
    let ana = rotated(&words(1), 2);
    let second = ana.since(Seen { rotations: 1, notices: 0 });
    assert_eq!(History::begin(&words(1)).learn(&second[0]), Err(HistoryError::Gap));
    assert_eq!(History::begin(&words(2)).learn(&second[0]), Err(HistoryError::OtherIdentity));
    assert_eq!(ana.since(ana.seen()), Vec::<Vec<u8>>::new());
}

#[test]
fn a_history_is_full_after_64_events() {
    let mut history = rotated(&words(1), 63);
    assert_eq!(history.rotate(&words(1)), Err(HistoryError::Full));
    let sixty_fifth = forked(&history, &words(1), &words(1));
    assert!(history.learn(sixty_fifth.bytes()).is_err());
}
