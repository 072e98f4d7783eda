//! What owners and depositors of mailboxes ask, and what hosts say.
#![no_main]

use kith_protocol::hello::SharedSecret;
use kith_protocol::limits;
use kith_protocol::mailbox::{Door, Request, Response, is_parcel};
use kith_protocol::day_record::{DayKey, DayRecord};
use kith_protocol::wire::Bytes;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(request) = Request::from_bytes(data) {
        // What somebody adds under numbers of their own is read and not kept.
        assert_eq!(Request::from_bytes(&request.to_bytes()).as_ref(), Ok(&request));
        match request {
            Request::Leave(leave) => assert!(is_parcel(leave.parcel.as_slice().len())),
            Request::Keep(keep) => {
                assert!(keep.slots.len() <= limits::MAILBOX_SLOTS && keep.void.len() <= limits::MAILBOX_VOID);
                assert_ne!(format!("{keep:?}"), "", "a key is hidden, and can be shown so");
            }
            Request::Collect(collect) => assert!(u64::from(collect.wait) <= limits::MAILBOX_WAIT),
            Request::Take(take) => assert!(take.numbers.len() <= limits::MAILBOX_TAKEN),
            Request::Close(_) => {}
            // Its signature was right, so it comes from the seeds.
            Request::Post(record) => assert!(DayRecord::read(record.key().as_bytes(), record.as_bytes()).is_ok()),
            Request::Seek(key) => assert!(DayKey::from_bytes(key.as_bytes()).is_ok()),
        }
    }
    if let Ok(response) = Response::from_bytes(data) {
        assert_eq!(Response::from_bytes(&response.to_bytes()).as_ref(), Ok(&response));
        if let Response::Parcels(parcels) = response {
            assert!(parcels.iter().all(|held| is_parcel(held.parcel.as_slice().len())));
        }
    }
    if let Ok(sealed) = Bytes::new(data.to_vec()) {
        assert!(Door::open(&sealed, &SharedSecret::new([3; 32])).is_err(), "a seal was guessed");
    }
});
