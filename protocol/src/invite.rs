//! What a code says: how to reach me once, and nothing about who I am.
//!
//! ```text
//! payload = flags 1 ‖ invite key 32 ‖ secret 16 ‖ expiry 4 ‖ name length 1 ‖ name ≤ 24 ‖ { hint length 1 ‖ hint }…
//! code    = "KITH:" ‖ base32(payload)          upper case, no padding: QR alphanumeric mode
//! link    = https://host/c# ‖ base32(payload)  what follows # never reaches a server
//! flags   = version (bits 0–3) ‖ printed (bit 4) ‖ zero
//! ```
//!
//! The invite key and the secret are fresh for every code, so that two codes of one person have nothing in
//! common beyond the flags, the name, the hints and the time. Flags and expiry go into the shared secret: who
//! changes them on a code has made a code that leads nowhere.

use data_encoding::{BASE32_NOPAD, BASE32_NOPAD_NOCASE};

use crate::address::Hint;
use crate::crypto::derive;
use crate::crypto::seal::EncryptionKey;
use crate::hello::SharedSecret;
use crate::limits;
use crate::text::{Line, cut_at_grapheme};
use crate::time::Timestamp;
use crate::wire::WireError;

/// The version that this program writes and reads.
pub const VERSION: u8 = 1;

const PRINTED: u8 = 0x10;
const SCHEME: &str = "KITH:";

/// How many people a code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InviteKind {
    /// One person, here and now.
    Live,
    /// Whoever reads it: a badge, a slide, the foot of a letter.
    Printed,
}

/// The secret of a code, known to whoever saw it.
pub type InviteSecret = [u8; 16];

/// What a code says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite {
    /// For one person or for many.
    pub kind: InviteKind,
    /// The first letter is sealed to this key.
    pub key: EncryptionKey,
    /// Hello and first letter are tied to this secret.
    pub secret: InviteSecret,
    /// Until when it is shown.
    pub expires: Timestamp,
    /// Who shows it, as they call themselves; at most [`limits::CODE_NAME`] bytes.
    pub name: Line<{ limits::CODE_NAME }>,
    /// Where their node may be reached, best first.
    pub hints: Vec<Hint>,
}

/// Why a code cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InviteError {
    /// Not a Kith code at all.
    #[error("this is not a Kith code")]
    Foreign,
    /// Made by a newer version.
    #[error("this code was made by a newer version of Kith")]
    TooNew,
    /// Made by a version whose codes are no longer read.
    #[error("this code was made by a version of Kith that is too old")]
    TooOld,
    /// A Kith code, but damaged.
    #[error("this Kith code is damaged: {0}")]
    Damaged(#[from] WireError),
}

impl Invite {
    /// The payload, at most [`limits::INVITE_PAYLOAD`] bytes: a hint that does not fit any more is left out.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![self.kind.flags()];
        bytes.extend_from_slice(&self.key.0);
        bytes.extend_from_slice(&self.secret);
        bytes.extend_from_slice(&expiry_bytes(self.expires));
        push_short(&mut bytes, self.name.as_str().as_bytes());
        for hint in self.hints.iter().filter(|hint| hint.fits_in_code()).take(limits::INVITE_HINTS) {
            let hint = hint.to_bytes();
            if bytes.len() + 1 + hint.len() <= limits::INVITE_PAYLOAD {
                push_short(&mut bytes, &hint);
            }
        }
        bytes
    }

    /// Reads a payload.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InviteError> {
        let (&flags, rest) = bytes.split_first().ok_or(WireError::Truncated)?;
        match flags & 0x0f {
            VERSION => {}
            0 => return Err(InviteError::TooOld),
            _ => return Err(InviteError::TooNew),
        }
        if bytes.len() > limits::INVITE_PAYLOAD {
            return Err(WireError::TooLarge("the code").into());
        }
        let kind = match flags & 0xf0 {
            0 => InviteKind::Live,
            PRINTED => InviteKind::Printed,
            _ => return Err(WireError::OutOfRange("the flags of the code").into()),
        };
        let (key, rest) = rest.split_first_chunk::<32>().ok_or(WireError::Truncated)?;
        let (secret, rest) = rest.split_first_chunk::<16>().ok_or(WireError::Truncated)?;
        let (expires, rest) = rest.split_first_chunk::<4>().ok_or(WireError::Truncated)?;
        let (name, mut rest) = take_short(rest)?;
        let name = read_name(name)?;
        let mut hints = Vec::new();
        while !rest.is_empty() {
            let (hint, after) = take_short(rest)?;
            let hint = Hint::from_bytes(hint)?;
            if !hint.fits_in_code() {
                return Err(WireError::OutOfRange("the reach of an address in a code").into());
            }
            hints.push(hint);
            rest = after;
        }
        if hints.len() > limits::INVITE_HINTS {
            return Err(WireError::TooLarge("the list of addresses").into());
        }
        let expires = Timestamp::from_secs(u64::from(u32::from_be_bytes(*expires)));
        Ok(Self { kind, key: EncryptionKey(*key), secret: *secret, expires, name, hints })
    }

    /// The text inside the QR code: at most 154 characters, version 6 at level M.
    pub fn to_code(&self) -> String {
        format!("{SCHEME}{}", BASE32_NOPAD.encode(&self.to_bytes()))
    }

    /// A link that any phone camera opens; `host` is a public name, with a path if need be.
    pub fn to_link(&self, host: &str) -> String {
        format!("https://{host}/c#{}", BASE32_NOPAD.encode(&self.to_bytes()))
    }

    /// Reads a code or a link as it was scanned, pasted or typed: in either case, with white space around it.
    pub fn from_text(text: &str) -> Result<Self, InviteError> {
        let text = text.trim();
        let payload = payload_of(text).ok_or(InviteError::Foreign)?;
        let compact: String = payload.chars().filter(|c| !c.is_whitespace()).collect();
        let bytes = BASE32_NOPAD_NOCASE.decode(compact.as_bytes()).map_err(|_| WireError::BadText)?;
        Self::from_bytes(&bytes)
    }

    /// The secret under which hello and first letter go.
    pub fn shared_secret(&self) -> SharedSecret {
        shared_secret(self.kind, &self.key, &self.secret, self.expires)
    }
}

impl InviteKind {
    const fn flags(self) -> u8 {
        match self {
            Self::Live => VERSION,
            Self::Printed => VERSION | PRINTED,
        }
    }
}

/// Seconds fit four bytes until 2106; a later time is as good as the last one.
fn expiry_bytes(expires: Timestamp) -> [u8; 4] {
    u32::try_from(expires.secs()).unwrap_or(u32::MAX).to_be_bytes()
}

/// The shared secret of a code, from everything in it that must not be changed.
pub fn shared_secret(kind: InviteKind, key: &EncryptionKey, secret: &InviteSecret, expires: Timestamp) -> SharedSecret {
    let salt = [&[kind.flags()][..], &key.0, &expiry_bytes(expires)].concat();
    SharedSecret::new(derive(secret, &salt, "kith/1/invite"))
}

/// A name for a code: cut so that nobody sees half a character.
pub fn code_name(name: &str) -> Option<Line<{ limits::CODE_NAME }>> {
    Line::cut(cut_at_grapheme(name, limits::CODE_NAME))
}

/// What a code says of a person whose first character alone is longer than a code's name may be.
pub(crate) fn nameless() -> Line<{ limits::CODE_NAME }> {
    Line::placeholder('?')
}

/// What follows the scheme of a code, or the # of a link to a card page.
fn payload_of(text: &str) -> Option<&str> {
    let scheme = text.get(..SCHEME.len()).filter(|scheme| scheme.eq_ignore_ascii_case(SCHEME));
    if scheme.is_some() {
        return text.get(SCHEME.len()..);
    }
    let is_web = text.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("https://"))
        || text.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("http://"));
    let (page, payload) = text.split_once('#')?;
    let is_card_page = page.ends_with("/c") || page.ends_with("/C");
    (is_web && is_card_page).then_some(payload)
}

/// A name from a code is shown, so it must be clean, and it is in the one form that we would write.
fn read_name(bytes: &[u8]) -> Result<Line<{ limits::CODE_NAME }>, InviteError> {
    let text = std::str::from_utf8(bytes).map_err(|_| WireError::BadText)?;
    let name = Line::new(text).map_err(|_| WireError::BadText)?;
    if name.as_str() == text { Ok(name) } else { Err(WireError::BadText.into()) }
}

/// Appends bytes with their length in front; callers give at most 255.
fn push_short(to: &mut Vec<u8>, bytes: &[u8]) {
    to.push(u8::try_from(bytes.len()).unwrap_or(u8::MAX));
    to.extend_from_slice(bytes);
}

fn take_short(bytes: &[u8]) -> Result<(&[u8], &[u8]), InviteError> {
    let (&len, rest) = bytes.split_first().ok_or(WireError::Truncated)?;
    Ok(rest.split_at_checked(usize::from(len)).ok_or(WireError::Truncated)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::{Host, Reach, Transports};

    fn hint() -> Hint {
        Hint { reach: Reach::Direct, host: Host::Ip4([192, 0, 2, 7].into()), port: 4001, transports: Transports::Both }
    }

    fn invite(key: u8) -> Invite {
        Invite {
            kind: InviteKind::Live,
            key: EncryptionKey([key; 32]),
            secret: [key; 16],
            expires: Timestamp::from_secs(1_800_000_000),
            name: code_name("Ana Sousa-Li").unwrap(),
            hints: vec![hint()],
        }
    }

    #[test]
    fn a_code_comes_back_however_it_was_carried() {
        let invite = invite(1);
        assert_eq!(Invite::from_text(&invite.to_code()), Ok(invite.clone()));
        assert_eq!(Invite::from_text(&format!(" {} \n", invite.to_code().to_lowercase())), Ok(invite.clone()));
        assert_eq!(Invite::from_text(&invite.to_link("ana.example/kith")), Ok(invite.clone()));
        assert_eq!(Invite::from_text(&invite.to_link("ana.example").to_uppercase()), Ok(invite));
    }

    #[test]
    fn a_live_code_with_a_name_of_twelve_letters_and_one_address_fits_version_6() {
        let code = invite(1).to_code();
        println!("live code: {} characters", code.len());
        assert!(code.len() <= 154, "{} characters; version 6-M holds 154", code.len());
        let mut longest = invite(1);
        longest.name = code_name(&"W".repeat(99)).unwrap();
        longest.hints = vec![hint(); 9];
        assert!(longest.to_bytes().len() <= limits::INVITE_PAYLOAD);
        assert!(longest.to_code().len() <= 154);
    }

    #[test]
    fn what_is_wrong_with_a_code_is_said() {
        let mut newer = invite(1).to_bytes();
        newer[0] = 2;
        newer.extend_from_slice(&[0; 200]);
        assert_eq!(Invite::from_bytes(&newer), Err(InviteError::TooNew));
        newer[0] = 0;
        assert_eq!(Invite::from_bytes(&newer), Err(InviteError::TooOld));
        assert_eq!(Invite::from_text("BEGIN:VCARD"), Err(InviteError::Foreign));
        assert_eq!(Invite::from_text("https://linkedin.com/in/ana#c"), Err(InviteError::Foreign));
        assert_eq!(Invite::from_text("KITH:!!!"), Err(InviteError::Damaged(WireError::BadText)));
        let bytes = invite(1).to_bytes();
        for len in 1..bytes.len() {
            // The only other place where a code may end is before its hints.
            let cut = Invite::from_bytes(&bytes[..len]);
            assert!(cut.is_err() || cut.is_ok_and(|cut| cut.hints.is_empty()), "cut at {len}");
        }
    }

    #[test]
    fn two_codes_have_nothing_in_common_but_what_everybody_may_see() {
        // Random keys come from the engine; here they differ in every byte, so what is equal is structure.
        let (one, two) = (invite(1).to_bytes(), invite(2).to_bytes());
        let shared = one.windows(4).filter(|window| two[1..49].windows(4).any(|other| &other == window)).count();
        assert_eq!(shared, 0);
        assert_ne!(invite(1).shared_secret(), invite(2).shared_secret());
    }

    #[test]
    fn a_code_that_was_tampered_with_leads_nowhere() {
        let honest = invite(1);
        let livened = Invite { kind: InviteKind::Printed, ..honest.clone() };
        let prolonged = Invite { expires: honest.expires.plus(1), ..honest.clone() };
        assert_ne!(livened.shared_secret(), honest.shared_secret());
        assert_ne!(prolonged.shared_secret(), honest.shared_secret());
    }
}
