use super::*;
use crate::address::{Host, Reach, Transports};

fn key() -> MailboxKey {
    MailboxKey::new([7; 32])
}

fn hint() -> Hint {
    Hint { reach: Reach::Direct, host: Host::Ip4([203, 0, 113, 9].into()), port: 4101, transports: Transports::Both }
}

fn parcel(length: usize) -> Parcel {
    Bytes::new(vec![9; length]).unwrap()
}

#[test]
fn a_pass_admits_its_bearer_to_one_label_of_one_mailbox() {
    let (bo, chi) = (key().label(PersonId([1; 10])), key().label(PersonId([2; 10])));
    assert_ne!(bo, chi);
    assert!(key().lock().admits(&bo, &key().token(&bo)));
    assert!(!key().lock().admits(&chi, &key().token(&bo)), "Bo writes under the label of Chi");
    let other = MailboxKey::new([8; 32]);
    assert!(!other.lock().admits(&bo, &key().token(&bo)), "a pass of another mailbox");
    assert!(key().lock().fits(&key()) && !key().lock().fits(&other));
}

#[test]
fn nothing_of_the_key_can_be_read_off_a_pass() {
    let label = key().label(PersonId([1; 10]));
    let seen = [key().id().0, label.0, key().token(&label)];
    assert!(seen.iter().all(|bytes| !bytes.starts_with(&[7; 4])));
    assert_eq!(format!("{:?}", key()), "MailboxKey(hidden)");
}

#[test]
fn who_holds_the_code_finds_the_place_and_reads_the_door() {
    let (code, other) = (SharedSecret::new([1; 32]), SharedSecret::new([2; 32]));
    assert_ne!(code.mailbox_label(), code.locator(), "one cannot be told from the other");
    let door = Door { peer: PeerId([3; 32]), hints: vec![hint()] };
    let sealed = door.seal(&code, [4; 32]).unwrap();
    assert_eq!(Door::open(&sealed, &code), Ok(door));
    assert!(Door::open(&sealed, &other).is_err());
}

#[test]
fn a_door_with_every_address_at_its_longest_fits() {
    let longest = Hint {
        reach: Reach::Relayed(PeerId([9; 32])),
        host: Host::Dns(crate::text::Line::new(&"a".repeat(64)).unwrap()),
        ..hint()
    };
    let door = Door { peer: PeerId([3; 32]), hints: vec![longest; limits::ADDRESSES] };
    assert!(door.seal(&SharedSecret::new([1; 32]), [4; 32]).is_ok());
}

#[test]
fn messages_come_back_from_their_bytes_and_nothing_else_does() {
    let label = key().label(PersonId([1; 10]));
    let door = Door { peer: PeerId([3; 32]), hints: vec![hint()] }.seal(&SharedSecret::new([1; 32]), [4; 32]).unwrap();
    let slot = Slot { label, token: [5; 16], until: Timestamp::from_secs(9), most: 4, door: door.clone() };
    let leave = |mailbox| Leave { mailbox, label, token: [5; 16], parcel: parcel(512), replaces: true };
    let requests = [
        Request::Leave(leave(Some(key().id()))),
        Request::Leave(leave(None)),
        Request::Keep(Keep { key: key(), slots: vec![slot], void: vec![label] }),
        Request::Collect(Collect { key: key(), after: 3, wait: 50 }),
        Request::Take(Take { key: key(), numbers: vec![1, 2, 9] }),
        Request::Close(Close { key: key() }),
    ];
    for request in requests {
        let bytes = request.to_bytes();
        assert_eq!(Request::from_bytes(&bytes), Ok(request));
        assert!(Request::from_bytes(&bytes[..bytes.len() - 1]).is_err());
        assert!(Request::from_bytes(&[&bytes[..], &[0]].concat()).is_err());
    }
    let held = |number| Held { number, label, parcel: parcel(SLIP) };
    let responses = [
        Response::Stored(SealedDoor::default()),
        Response::Stored(door),
        Response::Done,
        Response::Parcels(vec![held(1), held(2)]),
        Response::No,
        Response::Full,
    ];
    for response in responses {
        let bytes = response.to_bytes();
        assert_eq!(Response::from_bytes(&bytes), Ok(response));
    }
    assert!(Response::from_bytes(&Response::Parcels(vec![held(2), held(2)]).to_bytes()).is_err(), "a number twice");
}

#[test]
fn what_is_beyond_a_bound_is_refused() {
    let label = key().label(PersonId([1; 10]));
    let leave = |length| Leave { mailbox: None, label, token: [0; 16], parcel: parcel(length), replaces: false };
    for (length, fits) in [(SLIP, true), (512, true), (limits::LETTER, true), (0, false), (511, false), (65, false)] {
        let bytes = Request::Leave(leave(length)).to_bytes();
        assert_eq!(Request::from_bytes(&bytes).is_ok(), fits, "{length} bytes");
        assert!(bytes.len() <= MESSAGE);
    }
    let take = |count| Take { key: key(), numbers: vec![u64::MAX; count] };
    let bytes = |count| Request::Take(take(count)).to_bytes();
    assert!(
        Request::from_bytes(&bytes(limits::MAILBOX_TAKEN)).is_ok() && bytes(limits::MAILBOX_TAKEN).len() <= MESSAGE
    );
    assert!(Request::from_bytes(&bytes(limits::MAILBOX_TAKEN + 1)).is_err());
    let collect = Request::Collect(Collect { key: key(), after: 0, wait: 51 });
    assert!(Request::from_bytes(&collect.to_bytes()).is_err(), "who waits longer asks again");
}

#[test]
fn the_longest_list_of_codes_fits_one_message() {
    let label = key().label(PersonId([1; 10]));
    let door = Bytes::new(vec![1; 300]).unwrap();
    let slot = Slot { label, token: [5; 16], until: Timestamp::from_secs(limits::LATEST_TIME), most: u16::MAX, door };
    let keep = Keep { key: key(), slots: vec![slot; limits::MAILBOX_SLOTS], void: vec![label; limits::MAILBOX_VOID] };
    assert!(Request::Keep(keep).to_bytes().len() <= MESSAGE);
}

#[test]
fn a_large_letter_fits_a_response_with_what_goes_beside_it() {
    let held = Held { number: u64::MAX, label: Locator([1; 16]), parcel: parcel(limits::LETTER) };
    let bytes = Response::Parcels(vec![held]).to_bytes();
    assert!(bytes.len() <= limits::LETTER + PER_PARCEL + 8 && bytes.len() <= MESSAGE, "{}", bytes.len());
}
