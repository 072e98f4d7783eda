//! My own secret keys, as the engine holds them in memory and as they lie in the storage.

use super::entity::Entity;
use super::error::{Error, Result};
use crate::crypto::seal::DecryptionKey;
use crate::crypto::sign::{SecretSeed, SigningKey};
use crate::hello::SharedSecret;
use crate::id::{IntroId, InviteId, PersonId};
use crate::identity::History;
use crate::invite::{InviteKind, InviteSecret, shared_secret};
use crate::limits;
use crate::record::{Signer, Statement, Verified};
use crate::store::{Read, Table};
use crate::time::Timestamp;

crate::wire_map! {
    /// The current signing key. Earlier ones are gone; later ones are in the words.
    pub(super) struct StoredSigningKey {
        1 => pub seed: SecretSeed,
    }
}

impl Entity for StoredSigningKey {
    const TABLE: Table = Table::Secrets;

    fn key(&self) -> Vec<u8> {
        SIGNING.to_vec()
    }
}

crate::wire_map! {
    /// A key that letters may be sealed to.
    pub(super) struct StoredEncryptionKey {
        /// Counts my encryption keys.
        1 => pub number: u32,
        2 => pub seed: SecretSeed,
        /// When the last letter sealed to it can have arrived; not known while it is the current one.
        3 => pub until: Option<Timestamp>,
    }
}

impl Entity for StoredEncryptionKey {
    const TABLE: Table = Table::Secrets;

    fn key(&self) -> Vec<u8> {
        [ENCRYPTION, &self.number.to_be_bytes()].concat()
    }
}

crate::wire_map! {
    /// The secrets of a code that I show.
    pub(super) struct InviteSecrets {
        1 => pub invite: InviteId,
        2 => pub key: SecretSeed,
        3 => pub secret: InviteSecret,
        /// What the shared secret is bound to beside them.
        4 => pub printed: bool,
        5 => pub expires: Timestamp,
    }
}

impl InviteSecrets {
    /// What opens a letter that is sealed to the code.
    pub(super) fn opening(&self) -> (DecryptionKey, SharedSecret) {
        let key = DecryptionKey::from_seed(&self.key);
        let kind = if self.printed { InviteKind::Printed } else { InviteKind::Live };
        let shared = shared_secret(kind, &key.public(), &self.secret, self.expires);
        (key, shared)
    }
}

impl Entity for InviteSecrets {
    const TABLE: Table = Table::Secrets;

    fn key(&self) -> Vec<u8> {
        invite_key(self.invite)
    }
}

crate::wire_map! {
    /// The secrets that I share with a person.
    pub(super) struct PairSecrets {
        1 => pub person: PersonId,
        /// From the newest scan that both of us know of.
        2 => pub current: SharedSecret,
        /// The one before, in which letters may still arrive.
        3 => pub previous: Option<SharedSecret>,
        /// The secret of the newest code of theirs that I scanned.
        4 => pub code: Option<SharedSecret>,
    }
}

impl Entity for PairSecrets {
    const TABLE: Table = Table::Secrets;

    fn key(&self) -> Vec<u8> {
        pair_key(self.person)
    }
}

crate::wire_map! {
    /// What opens the consent to an ask of mine.
    pub(super) struct ReplyKey {
        1 => pub introducer: PersonId,
        2 => pub id: IntroId,
        3 => pub seed: SecretSeed,
    }
}

impl Entity for ReplyKey {
    const TABLE: Table = Table::Secrets;

    fn key(&self) -> Vec<u8> {
        Self::name(self.introducer, self.id)
    }
}

impl ReplyKey {
    pub(super) fn name(introducer: PersonId, id: IntroId) -> Vec<u8> {
        [&b"reply"[..], &introducer.0, &id.0].concat()
    }
}

const SIGNING: &[u8] = b"signing";
const ENCRYPTION: &[u8] = b"encryption";

pub(super) fn invite_key(invite: InviteId) -> Vec<u8> {
    [&b"invite"[..], &invite.0].concat()
}

pub(super) fn pair_key(person: PersonId) -> Vec<u8> {
    [&b"pair"[..], &person.0].concat()
}

/// My keys, ready for use.
pub(super) struct Keys {
    pub signer: Signer,
    /// My key history: every letter asks for it.
    pub history: History,
    pub signing: SigningKey,
    /// The current one first.
    pub opening: Vec<DecryptionKey>,
}

impl Keys {
    /// Reads the keys that belong to the newest event of my history.
    pub(super) fn load(read: &dyn Read, history: History) -> Result<Self> {
        let signer = Signer { id: history.id(), key: history.current() };
        let stored: StoredSigningKey = super::entity::load(read, SIGNING)?.ok_or(Error::NoIdentity)?;
        let mut stored_keys = stored_encryption_keys(read)?;
        stored_keys.reverse();
        let opening = stored_keys.iter().map(|stored| DecryptionKey::from_seed(&stored.seed)).collect();
        Ok(Self { signer, history, signing: SigningKey::from_seed(&stored.seed), opening })
    }

    /// Signs in my name.
    pub(super) fn sign<T: Statement>(&self, statement: T) -> Verified<T> {
        Verified::sign(statement, self.signer, &self.signing)
    }
}

/// My encryption keys, the oldest first.
pub(super) fn stored_encryption_keys(read: &dyn Read) -> Result<Vec<StoredEncryptionKey>> {
    Ok(super::entity::list(read, ENCRYPTION, limits::ENCRYPTION_KEYS)?)
}
