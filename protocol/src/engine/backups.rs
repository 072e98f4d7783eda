//! What a backup of this home is sealed to, and what stands at its beginning.

use super::entity::{self, Entity};
use super::error::{Error, Result};
use super::own::{Own, words_fit};
use super::turn::Turn;
use crate::backup::Head;
use crate::crypto::seal::EncryptionKey;
use crate::store::{Read, Table};
use crate::time::Timestamp;
use crate::words::RecoveryWords;

crate::wire_map! {
    /// The public half of [`RecoveryWords::backup_key`].
    struct BackupKey {
        1 => key: EncryptionKey,
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

/// The beginning of a backup that is made now.
pub fn head(read: &dyn Read, now: Timestamp) -> Result<Head> {
    let own = Own::load(read)?;
    Ok(Head { made: now, identity: own.id(), name: own.card.name.clone(), generation: own.generation })
}

impl Turn<'_> {
    /// Somebody typed my words: if they are, backups can be sealed to them from now on.
    pub fn know_words(&mut self, words: &RecoveryWords) -> Result<()> {
        if !words_fit(&self.own()?, words) {
            return Err(Error::NotNow("these are the words of another identity"));
        }
        self.keep_backup_key(words);
        Ok(())
    }

    pub(super) fn keep_backup_key(&mut self, words: &RecoveryWords) {
        self.txn.save(&BackupKey { key: words.backup_key().public() });
    }
}
