//! Arbitrary bytes as each of the types with an encoding; the first byte chooses.
#![no_main]

use kith_fuzz::values;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Some((&number, bytes)) = data.split_first() {
        values::round_trip(number % (values::LAST + 1), bytes);
    }
});
