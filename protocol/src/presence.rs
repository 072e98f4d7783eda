//! Where somebody's node is, as a record that strangers keep for a day ([`crate::day_record`]). Contacts find it by the seed
//! that they were given; only the owner can write it.

use crate::address::Hint;
use crate::crypto::sign::{SecretSeed, SigningKey};
use crate::day_record::{DayKey, DayRecord, ROOM, Subject};
use crate::id::PeerId;
use crate::limits;
use crate::mailbox::Pass;
use crate::nearby::{Day, PresenceSeed};
use crate::record::RecordBytes;
use crate::time::Timestamp;
use crate::wire::{self, Reader, Wire, WireError, Writer};

const WHEREABOUTS: Subject = Subject { day_key: "kith/1/presence day", content: "kith/1/presence content" };

/// What the keys of somebody's days are made of; they alone hold it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresenceSecret(SecretSeed);

impl PresenceSecret {
    /// Takes 32 bytes that are already uniform.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(SecretSeed(bytes))
    }

    /// What contacts are given.
    pub fn seed(&self) -> PresenceSeed {
        PresenceSeed::new(*SigningKey::from_seed(&self.0).verify_key().as_bytes())
    }
}

impl Wire for PresenceSecret {
    fn encode(&self, writer: &mut Writer) {
        self.0.encode(writer);
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        SecretSeed::decode(reader).map(Self)
    }
}

impl PresenceSeed {
    /// Under which key the record of a day lies; `None` if the seed is one of an earlier version, which had no records.
    pub fn key_of(&self, day: Day) -> Option<DayKey> {
        WHEREABOUTS.key_of(self.as_bytes(), day)
    }
}

crate::wire_map! {
    /// A node that holds a mailbox, by where it is now. Who may leave letters there has a pass.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct HostAt {
        /// The node.
        1 => pub host: PeerId,
        /// Where anybody can reach it; at most [`limits::MAILBOX_ADDRESSES`].
        2 => pub hints: Vec<Hint>,
    }
}

crate::wire_map! {
    /// "My node is here now", for all contacts alike.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Whereabouts {
        /// The current node grant.
        1 => pub grant: RecordBytes,
        /// As in a presence letter.
        2 => pub counter: u64,
        /// Where the node may be reached.
        3 => pub hints: Vec<Hint>,
        /// Nodes that hold its mailboxes; at most [`limits::MAILBOXES`].
        4 => pub hosts: Vec<HostAt>,
    }
}

impl Whereabouts {
    /// Seals and signs it for the day of `now`. What does not fit is left out: addresses of mailboxes first, which rarely
    /// change. `None` if not even the grant fits.
    pub fn sign(mut self, secret: &PresenceSecret, now: Timestamp, seed: [u8; 32]) -> Option<DayRecord> {
        while wire::encode(&self).len() > ROOM {
            self.hosts.pop().map(|_| ()).or_else(|| self.hints.pop().map(|_| ()))?;
        }
        DayRecord::sign(&wire::encode(&self), &WHEREABOUTS, &secret.0, now, seed)
    }

    /// Reads what a record says, as whoever was given the seed. `None` if it is of somebody else, or breaks a bound.
    pub fn read(record: &DayRecord, seed: &PresenceSeed) -> Option<Self> {
        let whereabouts: Self = wire::decode(&record.open(seed.as_bytes(), &WHEREABOUTS)?).ok()?;
        whereabouts.is_bounded().then_some(whereabouts)
    }

    fn is_bounded(&self) -> bool {
        let fits = |host: &HostAt| host.hints.len() <= limits::MAILBOX_ADDRESSES;
        self.hints.len() <= limits::ADDRESSES && self.hosts.len() <= limits::MAILBOXES && self.hosts.iter().all(fits)
    }

    /// Passes that were given earlier, with the addresses at which their hosts are now.
    pub fn passes(&self, mut known: Vec<Pass>) -> Vec<Pass> {
        for pass in &mut known {
            if let Some(now) = self.hosts.iter().find(|at| at.host == pass.host && !at.hints.is_empty()) {
                pass.hints.clone_from(&now.hints);
            }
        }
        known
    }
}

#[cfg(test)]
mod tests;
