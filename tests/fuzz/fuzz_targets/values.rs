//! Arbitrary bytes as each of the types with an encoding; the first byte chooses.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Some((&number, bytes)) = data.split_first() {
        kith_fuzz::values::round_trip(number % 15, bytes);
    }
});
