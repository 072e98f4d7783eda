//! Hello messages and answers to letters.
#![no_main]

use kith_protocol::engine::Answer;
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
    if let Some(answer) = Answer::from_bytes(data) {
        assert_eq!(answer.to_bytes(), data);
        let is_final = matches!(answer, Answer::Handled(_) | Answer::Refused(..));
        let is_open =
            matches!(answer, Answer::Replaced(_) | Answer::GivenBack(_) | Answer::KeyChanged(_) | Answer::SealAnew(_));
        assert!(is_open || data.len() == if is_final { 33 } else { 1 }, "a final answer without a receipt");
    }
});
