//! Chance that can be repeated.

/// Numbers that follow from a seed (SplitMix64, Steele and others 2014).
#[derive(Debug)]
pub struct Seed(u64);

impl Seed {
    /// The seed from `KITH_SEED`, else the given one; printed, so that a failure can be played again.
    pub fn new(usual: u64) -> Self {
        let given = std::env::var("KITH_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or(usual);
        println!("seed {seed} (KITH_SEED)");
        Self(seed)
    }

    /// The next number below `end`.
    pub const fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}
