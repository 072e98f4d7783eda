//! Making a home: for somebody new, or of something else, such as a backup.

use kith_protocol::crypto::sign::{SecretSeed, SigningKey};
use kith_protocol::engine::{self, Beginning};
use kith_protocol::id::PeerId;
use kith_protocol::store::Store;
use kith_protocol::text::Name;
use kith_protocol::words::RecoveryWords;

use super::{Home, HomeError, OpenHome};
use crate::machine::{now, random};
use crate::store::FileStore;

impl Home {
    /// Makes an identity. The words are in [`Home::words_file`] before anything else is durable, so that no
    /// crash can leave an identity whose words nobody has seen. What an earlier try left is removed.
    ///
    /// # Errors
    /// [`HomeError::Exists`] if somebody lives here, [`HomeError::KeysGone`] if somebody did.
    pub fn create(&self, name: Name) -> Result<(OpenHome, RecoveryWords), HomeError> {
        let lock = self.lock()?;
        if !self.exists() && self.has_store() {
            return Err(HomeError::KeysGone(self.folder.clone()));
        }
        let lock = self.make_room(lock)?;
        let mut open = self.open_with(lock, self.write_keys()?)?;
        let words = RecoveryWords::from_entropy(random());
        self.write_words(&words)?;
        let beginning = Beginning { words: &words, name, peer: peer_of(&open.node_seed) };
        let step = engine::create(&open.store, now(), random(), beginning)?;
        open.store.commit(&step.writes)?;
        Ok((open, words))
    }

    /// Makes a home of something else than a new identity: with fresh keys, and an empty storage that `fill` fills, whose
    /// last commit makes it somebody's. What an earlier try left is removed; a storage whose keys are gone is put aside.
    ///
    /// # Errors
    /// [`HomeError::Exists`] if somebody lives here, or what `fill` says.
    pub fn begin_anew<E: From<HomeError>>(
        &self,
        fill: impl FnOnce(&mut FileStore, PeerId) -> Result<(), E>,
    ) -> Result<(), E> {
        let lock = self.make_room(self.lock()?)?;
        let mut open = self.open_with(lock, self.write_keys()?)?;
        let peer = peer_of(&open.node_seed);
        fill(&mut open.store, peer)?;
        let (_, store, _, lock) = open.into_parts();
        let closed = store.close().map_err(HomeError::from);
        drop(lock);
        Ok(closed?)
    }
}

/// The peer id of the libp2p key with this seed.
fn peer_of(seed: &SecretSeed) -> PeerId {
    PeerId(*SigningKey::from_seed(seed).verify_key().as_bytes())
}
