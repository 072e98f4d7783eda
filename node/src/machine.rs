//! What the machine gives and the protocol takes as arguments: the moment, and random bytes.

use std::time::{SystemTime, UNIX_EPOCH};

use kith_protocol::time::Timestamp;

/// The present moment by the clock of this machine.
pub fn now() -> Timestamp {
    let secs = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Timestamp::from_secs(secs)
}

/// Random bytes from the operating system.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    #[allow(clippy::expect_used, reason = "a system that has no randomness can make no keys: there is no way on")]
    getrandom::fill(&mut bytes).expect("the operating system gives randomness");
    bytes
}
