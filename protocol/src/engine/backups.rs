//! What a backup of this home is sealed to, and what stands at its beginning.

use super::entity::{self, Entity};
use super::error::{Error, Result};
use super::own::{OTHER_WORDS, Own, words_fit};
use super::rounds::Round;
use super::turn::Turn;
use crate::backup::Head;
use crate::crypto::seal::EncryptionKey;
use crate::crypto::sign::VerifyKey;
use crate::id::IdentityId;
use crate::recovery::Keeper;
use crate::store::{Read, Table};
use crate::time::Timestamp;
use crate::words::RecoveryWords;

crate::wire_map! {
    /// The public half of [`RecoveryWords::backup_key`].
    struct BackupKey {
        1 => key: EncryptionKey,
        /// Under which id contacts keep capsules; none in a home of an earlier version whose words were not typed in since.
        2 => keeper: Option<IdentityId>,
        /// The public half of [`RecoveryWords::recovery_door_key`]; none in such a home, or one of a version after that.
        3 => door: Option<VerifyKey>,
    }
}

impl Entity for BackupKey {
    const TABLE: Table = Table::Meta;

    fn key(&self) -> Vec<u8> {
        KEY.to_vec()
    }
}

const KEY: &[u8] = b"backup key";

/// What backups of this home are sealed to; none in a home of an earlier version whose words were not typed in since.
pub fn backup_key(read: &dyn Read) -> Result<Option<EncryptionKey>> {
    Ok(entity::load::<BackupKey>(read, KEY)?.map(|stored| stored.key))
}

/// What goes along with my capsules, all of it public.
pub(super) struct CapsuleKeys {
    /// What they are sealed to.
    pub seal_to: EncryptionKey,
    /// Under which id they are kept.
    pub keeper: IdentityId,
    /// Whom contacts open a door for.
    pub door: Option<VerifyKey>,
}

/// Those of this home; none where the words were not typed in since there are capsules.
pub(super) fn capsule_keys(read: &dyn Read) -> Result<Option<CapsuleKeys>> {
    let stored = entity::load::<BackupKey>(read, KEY)?;
    Ok(stored.and_then(|BackupKey { key, keeper, door }| Some(CapsuleKeys { seal_to: key, keeper: keeper?, door })))
}

/// The beginning of a backup that is made now.
pub fn head(read: &dyn Read, now: Timestamp) -> Result<Head> {
    let own = Own::load(read)?;
    Ok(Head { made: now, identity: own.id(), name: own.card.name.clone(), generation: own.generation })
}

impl Turn<'_> {
    /// Somebody typed my words: if they are, backups can be sealed to them from now on. If contacts keep less for them than this
    /// version gives, they get it.
    pub fn know_words(&mut self, words: &RecoveryWords) -> Result<()> {
        if !words_fit(&self.own()?, words) {
            return Err(Error::NotNow(OTHER_WORDS));
        }
        let is_complete = capsule_keys(&self.txn)?.is_some_and(|keys| keys.door.is_some());
        self.keep_backup_key(words);
        if !is_complete {
            self.begin_round(Round { capsules: true, ..Round::default() })?;
        }
        Ok(())
    }

    pub(super) fn keep_backup_key(&mut self, words: &RecoveryWords) {
        let door = Some(words.recovery_door_key().verify_key());
        self.txn.save(&BackupKey { key: words.backup_key().public(), keeper: Some(Keeper::of(words).id()), door });
    }
}
