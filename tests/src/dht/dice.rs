//! Chance that is the same on every run: splitmix64, by itself and as a hash.

/// A small generator (splitmix64). Good enough to draw a sample, never for a secret.
pub struct Dice(u64);

impl Dice {
    /// Dice that fall the same way for the same `parts`.
    pub fn new(parts: &[u64]) -> Self {
        Self(mix(parts))
    }

    /// The next 64 bits.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        scramble(self.0)
    }

    /// A number below `bound`; 0 if `bound` is 0. The bias is below `bound` / 2^64.
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.roll()) * bound as u128) >> 64) as usize
    }

    /// A number from 0 to below 1.
    pub fn share(&mut self) -> f64 {
        (self.roll() >> 11) as f64 / 2f64.powi(53)
    }
}

/// A hash of a few numbers: what lets a node's table and manners be looked up again instead of stored.
pub fn mix(parts: &[u64]) -> u64 {
    parts.iter().fold(0x6b69_7468, |hash, part| scramble(hash.wrapping_add(0x9e37_79b9_7f4a_7c15) ^ scramble(*part)))
}

/// Whether the one named by `parts` belongs to the given share (0 to 1) of all.
pub fn falls(share: f64, parts: &[u64]) -> bool {
    (mix(parts) as f64) < share * 2f64.powi(64)
}

fn scramble(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
