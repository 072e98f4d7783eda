//! Ed25519 keys that are another one each day: who knows the key they come from can work out each of them, who does not
//! cannot tell whose they are, nor that two are of one person; and only the owner of the secret can sign with any.
//! Key blinding as for the addresses of onion services (Tor rend-spec-v3, appendix A.2).

use curve25519_dalek::scalar::Scalar;
use ed25519_dalek::hazmat::{ExpandedSecretKey, raw_sign};
use sha2::Sha512;
use zeroize::Zeroize;

use super::derive;
use super::sign::{SecretSeed, VerifyKey};

/// The number that a key is multiplied with. The key itself goes in, so that no two keys share one.
fn factor(key: &[u8; 32], salt: &[u8], purpose: &str) -> Scalar {
    Scalar::from_bytes_mod_order_wide(&derive::<64>(key, salt, purpose))
}

/// The key of one day; `None` if `key` is none that has any.
pub fn blinded(key: &[u8; 32], salt: &[u8], purpose: &str) -> Option<VerifyKey> {
    let point = VerifyKey::from_bytes(key).ok()?.0.to_edwards() * factor(key, salt, purpose);
    VerifyKey::from_bytes(&point.compress().0).ok()
}

/// Signs with the key of one day; with it comes that key, `None` if there is none.
pub fn sign_blinded(secret: &SecretSeed, salt: &[u8], purpose: &str, message: &[u8]) -> Option<(VerifyKey, [u8; 64])> {
    let base = ed25519_dalek::SigningKey::from_bytes(&secret.0);
    let key = base.verifying_key().to_bytes();
    let public = blinded(&key, salt, purpose)?;
    let mut expanded = ExpandedSecretKey {
        scalar: base.to_scalar() * factor(&key, salt, purpose),
        // Each day's nonces come from a secret of that day (RFC 8032 §5.1.6, step 2).
        hash_prefix: derive(&secret.0, salt, "kith/1/blinded nonce"),
    };
    let signature = raw_sign::<Sha512>(&expanded, message, &public.0).to_bytes();
    expanded.scalar.zeroize();
    Some((public, signature))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PURPOSE: &str = "test";

    fn base(byte: u8) -> (SecretSeed, [u8; 32]) {
        let secret = SecretSeed([byte; 32]);
        let key = ed25519_dalek::SigningKey::from_bytes(&secret.0).verifying_key().to_bytes();
        (secret, key)
    }

    #[test]
    fn whoever_knows_the_key_finds_the_key_of_each_day_and_its_owner_alone_signs_with_it() {
        let (secret, key) = base(1);
        for day in 0..50_u32 {
            let salt = day.to_be_bytes();
            let found = blinded(&key, &salt, PURPOSE).unwrap();
            let (signer, signature) = sign_blinded(&secret, &salt, PURPOSE, b"here").unwrap();
            assert_eq!(signer, found);
            assert!(found.verifies(b"here", &signature), "day {day}");
            assert!(!found.verifies(b"there", &signature));
            assert!(!blinded(&key, &(day + 1).to_be_bytes(), PURPOSE).unwrap().verifies(b"here", &signature));
        }
    }

    #[test]
    fn days_and_people_and_purposes_have_other_keys() {
        let mut all: Vec<[u8; 32]> = (1..9)
            .flat_map(|who| (0..9_u32).map(move |day| (who, day)))
            .flat_map(|(who, day)| ["one", "other"].map(|purpose| (who, day, purpose)))
            .map(|(who, day, purpose)| *blinded(&base(who).1, &day.to_be_bytes(), purpose).unwrap().as_bytes())
            .collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn what_is_no_key_has_no_days() {
        assert!(blinded(&[0; 32], b"", PURPOSE).is_none(), "a weak key");
        assert!(blinded(&[0xff; 32], b"", PURPOSE).is_none(), "no point");
    }
}
