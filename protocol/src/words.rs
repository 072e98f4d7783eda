//! The 24 words from which an identity can be made again (BIP-39, English list, 256 bits).

use crate::crypto::derive;
use crate::crypto::seal::DecryptionKey;
use crate::crypto::sign::{SecretSeed, SigningKey};

/// The words, as the 32 bytes that they spell. Whoever has them is the identity.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryWords(SecretSeed);

/// Why a list of words is not one of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WordsError {
    /// Not 24 words.
    #[error("there are {0} words; recovery words are 24")]
    Count(usize),
    /// A word that is not in the list. Counted from 1; the word itself stays out of the error.
    #[error("word {0} is not one of the list; check its spelling")]
    Unknown(usize),
    /// The checksum in the last word does not fit.
    #[error("these words do not belong together; check their order")]
    Checksum,
}

impl RecoveryWords {
    /// The words that spell these bytes.
    pub const fn from_entropy(entropy: [u8; 32]) -> Self {
        Self(SecretSeed(entropy))
    }

    /// Reads words as a person types them: any case, any white space.
    pub fn parse(text: &str) -> Result<Self, WordsError> {
        let words = text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
        let count = words.split(' ').filter(|word| !word.is_empty()).count();
        if count != 24 {
            return Err(WordsError::Count(count));
        }
        let mnemonic =
            bip39::Mnemonic::parse_in_normalized(bip39::Language::English, &words).map_err(|error| match error {
                bip39::Error::UnknownWord(index) => WordsError::Unknown(index + 1),
                _ => WordsError::Checksum,
            })?;
        let (mut entropy, _) = mnemonic.to_entropy_array();
        let mut seed = [0; 32];
        seed.copy_from_slice(entropy.split_at(32).0);
        zeroize::Zeroize::zeroize(&mut entropy);
        Ok(Self(SecretSeed(seed)))
    }

    /// The words in order.
    pub fn words(&self) -> Vec<&'static str> {
        bip39::Mnemonic::from_entropy_in(bip39::Language::English, &self.0.0)
            .map(|mnemonic| mnemonic.words().collect())
            // 32 bytes are one of the lengths that BIP-39 allows.
            .unwrap_or_default()
    }

    /// The seed of the signing key with this number: k0, k1, k2 … (HKDF-SHA256).
    pub fn key_seed(&self, number: u8) -> SecretSeed {
        SecretSeed(derive(&self.0.0, &[number], "kith/1/identity key"))
    }

    /// The signing key with this number.
    pub fn key(&self, number: u8) -> SigningKey {
        SigningKey::from_seed(&self.key_seed(number))
    }

    /// The key that backups are sealed to: its public half lies in the home, its secret half nowhere but in the words.
    pub fn backup_key(&self) -> DecryptionKey {
        DecryptionKey::from_seed(&SecretSeed(derive(&self.0.0, b"", "kith/1/backup key")))
    }

    /// The words of another identity, which signs nothing but the wish to have a capsule back; see [`crate::recovery`].
    pub(crate) fn keeper(&self) -> Self {
        Self(SecretSeed(derive(&self.0.0, b"", "kith/1/keeper")))
    }

    /// The key of the doors behind which contacts give back capsules to whoever knows their address alone; see
    /// [`crate::recovery::RecoveryDoor`]. Contacts hold its public half.
    pub fn recovery_door_key(&self) -> SigningKey {
        SigningKey::from_seed(&SecretSeed(derive(&self.0.0, b"", "kith/1/recovery door key")))
    }

    /// The key that signs the change to the signing key with this number, from 1. It is made from the words when
    /// it is needed and kept on no machine, so that nobody who steals a machine can change keys.
    pub fn rotation_key(&self, number: u8) -> SigningKey {
        SigningKey::from_seed(&SecretSeed(derive(&self.0.0, &[number], "kith/1/rotation key")))
    }
}

impl std::fmt::Debug for RecoveryWords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecoveryWords(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_spell_the_same_bytes_again_however_they_are_typed() {
        let words = RecoveryWords::from_entropy([7; 32]);
        let typed = words.words().join("\n  ").to_uppercase();
        assert_eq!(words.words().len(), 24);
        assert_eq!(RecoveryWords::parse(&typed), Ok(words));
    }

    #[test]
    fn a_slip_of_the_pen_is_named() {
        let words = RecoveryWords::from_entropy([7; 32]).words();
        assert_eq!(RecoveryWords::parse(&words[..23].join(" ")), Err(WordsError::Count(23)));
        let mut misspelt = words.clone();
        misspelt[4] = "kithkith";
        assert_eq!(RecoveryWords::parse(&misspelt.join(" ")), Err(WordsError::Unknown(5)));
        let mut swapped = words;
        swapped.swap(0, 23);
        assert_eq!(RecoveryWords::parse(&swapped.join(" ")), Err(WordsError::Checksum));
    }
}
