//! The password, as it may be stored.

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};

/// Shortest password, in characters: three words, or ten characters of any kind. Guessing is slow besides.
pub const SHORTEST: usize = 10;
/// Longest password, in bytes: longer ones would be work for nothing.
pub const LONGEST: usize = 512;

/// Why a password cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPassword {
    /// Too easily guessed.
    #[error("a password has at least {SHORTEST} characters")]
    Short,
    /// Too much work.
    #[error("a password has at most {LONGEST} bytes")]
    Long,
    /// The memory for hashing it is not there.
    #[error("the password could not be hashed")]
    NotHashed,
}

/// Hashes a password with argon2id (19 MiB, two rounds: what OWASP names as the least) into a PHC string.
///
/// # Errors
/// If it is too short or too long.
pub fn hash(password: &str, salt: [u8; 16]) -> Result<String, BadPassword> {
    if password.chars().count() < SHORTEST {
        return Err(BadPassword::Short);
    }
    if password.len() > LONGEST {
        return Err(BadPassword::Long);
    }
    let salt = SaltString::encode_b64(&salt).map_err(|_| BadPassword::NotHashed)?;
    let hash = Argon2::default().hash_password(password.as_bytes(), &salt).map_err(|_| BadPassword::NotHashed)?;
    Ok(hash.to_string())
}

/// True if it is the password. Without one, as much time passes and nothing is.
pub fn is_it(stored: Option<&str>, password: &str) -> bool {
    // Nobody knows the password of this one: its salt is known, its hash is made up.
    const NOBODYS: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$a2l0aGtpdGhraXRoa2l0aA$BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";
    let Ok(hash) = PasswordHash::new(stored.unwrap_or(NOBODYS)) else { return false };
    let fits = password.len() <= LONGEST && Argon2::default().verify_password(password.as_bytes(), &hash).is_ok();
    fits && stored.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_stored_as_an_argon2id_hash_that_only_it_fits() {
        let hash = hash("valves and more valves", [7; 16]).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(is_it(Some(&hash), "valves and more valves"));
        assert!(!is_it(Some(&hash), "valves and more valve"));
        assert!(!is_it(Some(&hash), ""));
        assert!(!is_it(None, "valves and more valves") && !is_it(Some("damaged"), "x"));
    }

    #[test]
    fn a_password_is_neither_short_nor_endless() {
        assert_eq!(hash("too short", [7; 16]), Err(BadPassword::Short));
        assert_eq!(hash(&"x".repeat(513), [7; 16]), Err(BadPassword::Long));
    }
}
