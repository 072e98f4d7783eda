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
    let key = old.key(number);
    let next = key_digest(&fresh.key(number + 1).verify_key());
    let rotation = Rotation { previous: history.head(), number, key: key.verify_key(), next };
    Verified::sign(rotation, Signer { id: history.id(), key: number }, &key)
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
    let notice = history.compromise(&words(1).key(2));
    assert_eq!(history.learn(notice.bytes()), Ok(Learned::New));
    assert_eq!(history.learn(notice.bytes()), Ok(Learned::Known));
    let bytes = wire::encode(&history.to_bytes());
    assert_eq!(History::from_bytes(&wire::decode(&bytes).unwrap()), Ok(history));
}

#[test]
fn the_thief_of_a_current_key_cannot_rotate() {
    let mut ana = History::begin(&words(1));
    let thief = forked(&ana, &words(9), &words(9));
    assert_eq!(ana.learn(thief.bytes()), Err(HistoryError::Broken));
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

    let notice = history.compromise(&ana.key(1));
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
