use super::*;
use crate::address::{Host, Reach, Transports};
use crate::crypto::Random;
use crate::wire::Bytes;

const NOW: Timestamp = Timestamp::from_secs(1_776_643_200 + 3_600);

fn ana() -> PresenceSecret {
    PresenceSecret::new([7; 32])
}

fn hint(last: u8) -> Hint {
    Hint { reach: Reach::Direct, host: Host::Ip4([203, 0, 113, last].into()), port: 7517, transports: Transports::Both }
}

fn whereabouts(hints: usize) -> Whereabouts {
    Whereabouts {
        grant: Bytes::new(vec![9; 260]).unwrap(),
        counter: 4,
        hints: (0..hints).map(|at| hint(at as u8)).collect(),
        hosts: vec![HostAt { host: PeerId([3; 32]), hints: vec![hint(200)] }],
    }
}

#[test]
fn a_contact_reads_it_and_a_stranger_can_tell_that_it_lies_where_it_belongs() {
    let record = whereabouts(2).sign(&ana(), NOW, [1; 32]).unwrap();
    let kept = DayRecord::read(record.key().as_bytes(), record.as_bytes()).unwrap();
    assert_eq!(kept, record);
    let seed = ana().seed();
    assert_eq!(seed.key_of(Day::of(NOW)), Some(record.key()), "a contact looks under the same key");
    assert_eq!(Whereabouts::read(&kept, &seed), Some(whereabouts(2)));
    assert_eq!(Whereabouts::read(&kept, &PresenceSecret::new([8; 32]).seed()), None);
}

#[test]
fn a_record_that_was_changed_or_lies_elsewhere_is_none() {
    let record = whereabouts(2).sign(&ana(), NOW, [1; 32]).unwrap();
    for at in 0..limits::PRESENCE_RECORD {
        let mut bytes = *record.as_bytes();
        bytes[at] ^= 1;
        assert!(DayRecord::read(record.key().as_bytes(), &bytes).is_err(), "byte {at}");
    }
    let other = whereabouts(2).sign(&PresenceSecret::new([8; 32]), NOW, [1; 32]).unwrap();
    assert!(DayRecord::read(other.key().as_bytes(), record.as_bytes()).is_err());
    assert!(DayRecord::read(record.key().as_bytes(), &record.as_bytes()[1..]).is_err());
    // A contact has the seed, and not the secret: with their own secret they sign what nobody takes for Ana's.
    let mallory = whereabouts(0).sign(&PresenceSecret::new(*ana().seed().as_bytes()), NOW, [1; 32]).unwrap();
    assert_ne!(mallory.key(), record.key());
}

#[test]
fn two_days_of_one_person_have_nothing_in_common_but_what_all_records_have() {
    let tomorrow = NOW.plus(limits::DAY);
    let mut random = Random::new([5; 32]);
    let mut of = |secret: &PresenceSecret, at| whereabouts(2).sign(secret, at, random.bytes()).unwrap();
    let (one, two) = (of(&ana(), NOW), of(&ana(), tomorrow));
    let stranger = of(&PresenceSecret::new([8; 32]), tomorrow);
    assert_ne!(one.key(), two.key());
    assert_eq!(two.as_bytes()[..9], stranger.as_bytes()[..9], "version, day, second");
    // No run of four bytes behind the head stands in both, as none would in two random strings but one time in thousands.
    let runs = |record: &DayRecord| -> std::collections::BTreeSet<[u8; 4]> {
        [&record.as_bytes()[9..], record.key().as_bytes()]
            .concat()
            .windows(4)
            .map(|run| run.try_into().unwrap())
            .collect()
    };
    assert!(runs(&one).is_disjoint(&runs(&two)));
    // Nor does anything of what it says, or of the seed.
    let seed = ana().seed();
    for plain in [seed.as_bytes().as_slice(), &[9; 8], &hint(0).to_bytes()] {
        assert!(!two.as_bytes().windows(plain.len()).any(|part| part == plain));
    }
}

#[test]
fn all_records_have_one_size_and_what_does_not_fit_is_left_out() {
    let name = Host::Dns(crate::text::Line::new(&"a".repeat(64)).unwrap());
    let long = Hint { reach: Reach::Relayed(PeerId([1; 32])), host: name, port: 1, transports: Transports::Both };
    let full = Whereabouts { hints: vec![long; limits::ADDRESSES], ..whereabouts(0) };
    let record = full.clone().sign(&ana(), NOW, [1; 32]).unwrap();
    let read = Whereabouts::read(&record, &ana().seed()).unwrap();
    assert!(read.hosts.is_empty() && (5..8).contains(&read.hints.len()), "{} addresses", read.hints.len());
    assert_eq!(read.hints, full.hints[..read.hints.len()]);
    let too_much = Whereabouts { grant: Bytes::new(vec![9; 1_000]).unwrap(), ..whereabouts(0) };
    assert!(too_much.sign(&ana(), NOW, [1; 32]).is_none());
}

#[test]
fn the_later_word_of_a_day_counts_and_only_for_these_days() {
    let earlier = whereabouts(1).sign(&ana(), NOW, [1; 32]).unwrap();
    let later = whereabouts(2).sign(&ana(), NOW.plus(1), [2; 32]).unwrap();
    assert!(later.replaces(&earlier) && !earlier.replaces(&later) && !earlier.replaces(&earlier));
    assert!(later.counts_at(NOW.plus(limits::DAY)) && !later.counts_at(NOW.plus(2 * limits::DAY)));
    assert!(!later.counts_at(NOW.minus(2 * limits::DAY)));
}

#[test]
fn a_seed_of_an_earlier_version_has_no_records() {
    let seeds = (0..64_u8).map(|byte| PresenceSeed::new(crate::crypto::sha256(&[&[byte]])));
    let without = seeds.filter(|seed| seed.key_of(Day(20_563)).is_none()).count();
    assert!((16..48).contains(&without), "half of all strings are no points: {without} of 64");
}

#[test]
fn a_host_that_moved_is_found_with_the_pass_of_before() {
    let pass = |host: u8| Pass {
        host: PeerId([host; 32]),
        hints: vec![hint(1)],
        mailbox: crate::id::MailboxId([4; 16]),
        label: crate::id::Locator([5; 16]),
        token: [6; 16],
    };
    let passes = whereabouts(0).passes(vec![pass(3), pass(4)]);
    assert_eq!(passes[0], Pass { hints: vec![hint(200)], ..pass(3) });
    assert_eq!(passes[1], pass(4), "of this host nothing is said");
}
