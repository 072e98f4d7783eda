//! The name of the day: how a node on a local network is recognised by its contacts, and by nobody else there.
//!
//! Contacts hold a seed that follows from nothing that others know. From it and the number of a day follows a peer id, which is said
//! aloud on the network, speaks for nobody and opens nothing: whoever answers where it was heard still has to be the node
//! that the contact's grant names, and to hold the secret of the pair.

use crate::crypto::derive;
use crate::crypto::sign::{SecretSeed, SigningKey};
use crate::id::PeerId;
use crate::limits;
use crate::time::Timestamp;
use crate::wire::{Reader, Wire, WireError, Writer};

/// What the names and keys of somebody's days follow from; known to them and their contacts. It is a public key, whose
/// secret they alone hold ([`crate::presence`]). Wiped from memory when dropped and never printed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, zeroize::Zeroize, zeroize::ZeroizeOnDrop)]
pub struct PresenceSeed([u8; 32]);

impl PresenceSeed {
    /// Takes what somebody gave to their contacts.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, as contacts are told them.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The name on one day. Without the seed it looks like any other peer id, and like none of another day.
    pub fn name_of(&self, day: Day) -> PeerId {
        let seed = SecretSeed(derive(&self.0, &day.0.to_be_bytes(), "kith/1/name of the day"));
        PeerId(*SigningKey::from_seed(&seed).verify_key().as_bytes())
    }
}

impl std::fmt::Debug for PresenceSeed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PresenceSeed(hidden)")
    }
}

impl Wire for PresenceSeed {
    fn encode(&self, writer: &mut Writer) {
        writer.bytes(&self.0);
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        <[u8; 32]>::decode(reader).map(Self)
    }
}

/// A day in UTC, as the number of days since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub u32);

impl Day {
    /// The day of a moment.
    pub fn of(at: Timestamp) -> Self {
        Self(u32::try_from(at.secs() / limits::DAY).unwrap_or(u32::MAX))
    }

    /// Yesterday, today and tomorrow: clocks differ, and midnight comes while people are on a network together.
    pub const fn around(self) -> [Self; 3] {
        [Self(self.0.saturating_sub(1)), self, Self(self.0.saturating_add(1))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seed(byte: u8) -> PresenceSeed {
        PresenceSeed::new([byte; 32])
    }

    #[test]
    fn every_day_and_everybody_has_another_name() {
        let today = Day::of(Timestamp::from_secs(1_776_643_200));
        assert_eq!(today, Day(20_563), "2026-04-20");
        assert_eq!(Day::of(Timestamp::from_secs(1_776_643_199)), Day(20_562), "a second before");
        let mut names: Vec<PeerId> = (0..50).flat_map(|who| today.around().map(|day| seed(who).name_of(day))).collect();
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all);
        assert_eq!(seed(1).name_of(today), seed(1).name_of(today), "contacts come to the same name");
    }

    #[test]
    fn a_name_is_a_key_that_libraries_take() {
        let name = seed(7).name_of(Day(0));
        assert!(crate::crypto::sign::VerifyKey::from_bytes(&name.0).is_ok());
        assert_eq!(format!("{:?}", seed(7)), "PresenceSeed(hidden)");
    }
}
