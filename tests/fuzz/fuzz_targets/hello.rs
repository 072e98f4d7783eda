//! Hello messages and answers to letters.
#![no_main]

use kith_protocol::engine::{Answer, Refusal};
use kith_protocol::hello::{Ends, MESSAGE, Request, Responder, Response, SharedSecret};
use kith_protocol::id::PeerId;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(request) = Request::from_bytes(data) {
        assert_eq!(request.to_bytes(), data);
        assert!(data.len() <= MESSAGE);
        if let Request::Open(open) = request {
            let ends = Ends { initiator: PeerId([1; 32]), responder: PeerId([2; 32]) };
            let secret = SharedSecret::new([3; 32]);
            assert!(Responder::reply(secret, ends, &open, [4; 16]).is_none(), "a tag was guessed");
        }
    }
    if let Ok(response) = Response::from_bytes(data) {
        assert_eq!(response.to_bytes(), data);
    }
    match Answer::from_bytes(data) {
        // Refusals that a later version knows are read as the most general one.
        Some(Answer::Refused(Refusal::NotAccepted)) => assert!((20..=31).contains(&data[0])),
        Some(answer) => assert_eq!(answer.to_bytes(), data),
        None => {}
    }
});
