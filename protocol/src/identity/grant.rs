//! Which machine speaks for an identity.

use crate::crypto::seal::EncryptionKey;
use crate::id::PeerId;
use crate::identity::History;
use crate::limits;
use crate::record::{Statement, Verified};
use crate::time::Timestamp;

crate::wire_map! {
    /// The identity lets this machine speak for it, for at most [`limits::GRANT_LIFE`].
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct NodeGrant {
        /// Tells the machines apart: later after each restore or recovery.
        1 => pub generation: u32,
        /// Counts the grants of one machine.
        2 => pub seq: u64,
        /// Digest of the newest key event when it was signed.
        3 => pub head: [u8; 32],
        /// The machine's libp2p key.
        4 => pub peer: PeerId,
        /// The key that letters are sealed to.
        5 => pub encryption: EncryptionKey,
        /// From when it counts.
        6 => pub not_before: Timestamp,
        /// Until when it counts.
        7 => pub not_after: Timestamp,
    }
}

impl Statement for NodeGrant {
    const KIND: &'static str = "grant";
}

/// Why a grant is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// Its time is over.
    #[error("the node grant has ended")]
    Ended,
    /// Its time has not come, by more than clocks may differ.
    #[error("the node grant lies in the future")]
    Early,
    /// It claims a longer life than grants have.
    #[error("the node grant is valid for too long")]
    TooLong,
    /// The identity has changed its key since.
    #[error("the node grant was signed before the newest key change")]
    Superseded,
    /// A newer grant is known.
    #[error("a newer node grant is known")]
    Older,
}

impl NodeGrant {
    /// Which of two grants is newer: the higher (generation, seq).
    pub const fn order(&self) -> (u32, u64) {
        (self.generation, self.seq)
    }

    /// Checks that the grant counts now, for a signature by the key of that number that was checked before.
    pub(crate) fn check_signed_by(&self, key: u8, history: &History, now: Timestamp) -> Result<(), GrantError> {
        if self.not_after.since(self.not_before) > limits::GRANT_LIFE || self.not_after < self.not_before {
            return Err(GrantError::TooLong);
        }
        if self.head != history.head() || key != history.current() || history.is_compromised(key) {
            return Err(GrantError::Superseded);
        }
        if now > self.not_after.plus(limits::CLOCK_SKEW) {
            return Err(GrantError::Ended);
        }
        if now.plus(limits::CLOCK_SKEW) < self.not_before {
            return Err(GrantError::Early);
        }
        Ok(())
    }
}

impl Verified<NodeGrant> {
    /// Checks that the grant counts now, for the history as it is known now.
    pub fn check(&self, history: &History, now: Timestamp) -> Result<(), GrantError> {
        self.check_signed_by(self.signer().key, history, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Signer;
    use crate::words::RecoveryWords;

    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

    fn words() -> RecoveryWords {
        RecoveryWords::from_entropy([1; 32])
    }

    fn grant(history: &History, life: u64) -> Verified<NodeGrant> {
        let grant = NodeGrant {
            generation: 0,
            seq: 1,
            head: history.head(),
            peer: PeerId([2; 32]),
            encryption: EncryptionKey([3; 32]),
            not_before: NOW,
            not_after: NOW.plus(life),
        };
        Verified::sign(grant, Signer { id: history.id(), key: history.current() }, &words().key(history.current()))
    }

    #[test]
    fn a_grant_counts_within_its_time_and_the_skew_of_clocks() {
        let history = History::begin(&words());
        let grant = grant(&history, limits::GRANT_LIFE);
        let end = NOW.plus(limits::GRANT_LIFE);
        assert_eq!(grant.check(&history, NOW), Ok(()));
        assert_eq!(grant.check(&history, NOW.minus(limits::CLOCK_SKEW)), Ok(()));
        assert_eq!(grant.check(&history, NOW.minus(limits::CLOCK_SKEW + 1)), Err(GrantError::Early));
        assert_eq!(grant.check(&history, end.plus(limits::CLOCK_SKEW)), Ok(()));
        assert_eq!(grant.check(&history, end.plus(limits::CLOCK_SKEW + 1)), Err(GrantError::Ended));
    }

    #[test]
    fn a_grant_dies_with_the_key_that_signed_it_and_never_lives_longer_than_allowed() {
        let mut history = History::begin(&words());
        assert_eq!(grant(&history, limits::GRANT_LIFE + 1).check(&history, NOW), Err(GrantError::TooLong));
        let old = grant(&history, limits::GRANT_LIFE);
        let rotation = history.rotate(&words()).unwrap();
        history.learn(rotation.bytes()).unwrap();
        assert_eq!(old.check(&history, NOW), Err(GrantError::Superseded));
        assert_eq!(grant(&history, limits::GRANT_LIFE).check(&history, NOW), Ok(()));
    }
}
