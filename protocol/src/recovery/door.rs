//! A door of its own for whoever has the words and knows nothing of a contact but an address.
//!
//! A hello needs a secret that both ends share, and whoever lost everything has none but the words. Contacts hold the public
//! half of a key that follows from those; whoever dials an address learns the key of the node there by the handshake. X25519
//! between the two gives both ends one secret, which is another one at each node: so no contact can find out by it for whom
//! another one keeps something, nor can who stole a machine, which holds the public half alone.

use super::Addressee;
use crate::crypto::derive;
use crate::crypto::seal::DecryptionKey;
use crate::crypto::sign::{SecretSeed, SigningKey, VerifyKey, agree};
use crate::hello::SharedSecret;
use crate::id::PeerId;
use crate::words::RecoveryWords;

/// The door at one node for whoever has certain words. Only a wish passes.
pub struct RecoveryDoor {
    secret: SharedSecret,
}

impl RecoveryDoor {
    /// As the node has it: `owner` is the public half of [`RecoveryWords::recovery_door_key`].
    pub fn of_node(node: &SigningKey, owner: &VerifyKey) -> Self {
        Self::between(&agree(node, owner), owner, &node.verify_key())
    }

    /// As whoever has the words finds it at this node; none if its id is no key.
    pub fn of_words(words: &RecoveryWords, node: &PeerId) -> Option<Self> {
        let (owner, node) = (words.recovery_door_key(), VerifyKey::from_bytes(&node.0).ok()?);
        Some(Self::between(&agree(&owner, &node), &owner.verify_key(), &node))
    }

    fn between(agreed: &SecretSeed, owner: &VerifyKey, node: &VerifyKey) -> Self {
        let ends = [*owner.as_bytes(), *node.as_bytes()].concat();
        Self { secret: SharedSecret::new(derive(&agreed.0, &ends, "kith/1/recovery door")) }
    }

    /// The one whose secret is this.
    pub const fn with(secret: SharedSecret) -> Self {
        Self { secret }
    }

    /// What hellos go under.
    pub fn secret(&self) -> SharedSecret {
        self.secret.clone()
    }

    /// What opens a wish that came in by it.
    pub fn opening(&self) -> DecryptionKey {
        DecryptionKey::from_seed(&SecretSeed(derive(self.secret.as_bytes(), b"", "kith/1/recovery door seal")))
    }

    /// Whom a wish is sealed to.
    pub fn addressee(&self) -> Addressee {
        let key = self.opening().public();
        Addressee { id: key.0, key, secret: self.secret() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(number: u8) -> SigningKey {
        SigningKey::from_seed(&SecretSeed([number; 32]))
    }

    fn words(number: u8) -> RecoveryWords {
        RecoveryWords::from_entropy([number; 32])
    }

    /// The secret that Ana's words find at a node.
    fn found(words: &RecoveryWords, at: &SigningKey) -> SharedSecret {
        RecoveryDoor::of_words(words, &PeerId(*at.verify_key().as_bytes())).unwrap().secret()
    }

    #[test]
    fn the_words_and_the_handshake_with_bo_give_the_door_that_bo_opened() {
        let (ana, bo) = (words(1), node(2));
        let opened = RecoveryDoor::of_node(&bo, &ana.recovery_door_key().verify_key());
        assert_eq!(opened.secret(), found(&ana, &bo));
        let to = RecoveryDoor::of_words(&ana, &PeerId(*bo.verify_key().as_bytes())).unwrap().addressee();
        assert_eq!((to.key, to.id), (opened.opening().public(), opened.opening().public().0));
    }

    #[test]
    fn it_is_another_door_at_each_node_and_for_each_words() {
        let (ana, bo, chi) = (words(1), node(2), node(3));
        assert_ne!(found(&ana, &bo), found(&ana, &chi));
        assert_ne!(found(&ana, &bo), found(&words(4), &bo));
    }

    #[test]
    fn what_is_no_key_has_no_door() {
        assert!(RecoveryDoor::of_words(&words(1), &PeerId([0; 32])).is_none(), "a point of small order");
        assert!(RecoveryDoor::of_words(&words(1), &PeerId([0xff; 32])).is_none(), "a second spelling");
    }
}
