//! Signed statements: COSE_Sign1 (RFC 9052 §4.2) over deterministic CBOR.
//!
//! ```text
//! record    = [ protected: bstr, {}, payload: bstr, signature: bstr .size 64 ]     untagged; exports add tag 18
//! protected = << { 1: -19, 4: kid } >>          -19 = Ed25519 (RFC 9864)
//! kid       = issuer identity id (32 bytes) ‖ key number (1 byte)
//! signed    = Sig_structure with external_aad "kith/1/<kind>"
//! ```
//!
//! A [`Signed`] record came from outside and proves nothing. [`Signed::verify`] turns it into a [`Verified`]
//! one, exactly once, at the border; rules take only those. The original bytes stay with both.

use std::ops::Deref;

use coset::{CborSerializable, CoseSign1, CoseSign1Builder, HeaderBuilder, ProtectedHeader, iana};

use crate::crypto::sha256;
use crate::crypto::sign::{SigningKey, VerifyKey};
use crate::id::{IdentityId, RecordId};
use crate::limits;
use crate::wire::{self, Bytes, Wire, WireError};

/// Something that can be signed.
pub trait Statement: Wire {
    /// What kind of record it is. Part of what is signed, so that no record passes for one of another kind.
    const KIND: &'static str;

    /// Whether hints (keys below zero) may stand in it. Not where a second spelling of the same statement would
    /// pass for a second statement.
    const HINTS: bool = true;
}

/// Who signed: an identity and which of its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signer {
    /// The identity.
    pub id: IdentityId,
    /// The number of its key, counted from 0.
    pub key: u8,
}

impl Signer {
    fn kid(self) -> Vec<u8> {
        [&self.id.0[..], &[self.key]].concat()
    }

    fn from_kid(kid: &[u8]) -> Result<Self, RecordError> {
        let (id, key) = kid.split_first_chunk::<32>().ok_or(RecordError::Header)?;
        match key {
            [key] if usize::from(*key) < limits::KEY_EVENTS => Ok(Self { id: IdentityId(*id), key: *key }),
            _ => Err(RecordError::Header),
        }
    }
}

/// Why bytes are not a record of the kind asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Not the encoding that records have.
    #[error("the record is not well formed: {0}")]
    Wire(#[from] WireError),
    /// Not a COSE_Sign1 with exactly our headers.
    #[error("the record has a header that is not ours")]
    Header,
    /// The signature does not fit.
    #[error("the signature does not fit")]
    Signature,
    /// The signer's key is not known, or no longer believed.
    #[error("the record is signed with a key that does not count")]
    Key,
}

/// A record within something else, as its bytes.
pub type RecordBytes = Bytes<{ limits::RECORD }>;

/// A record as it came off the wire: well formed, but not checked against any key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed<T> {
    bytes: Vec<u8>,
    signer: Signer,
    statement: T,
    signature: [u8; 64],
    to_be_signed: Vec<u8>,
}

impl<T: Statement> Signed<T> {
    /// Reads a record of the kind of `T`.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RecordError> {
        if bytes.len() > limits::LETTER {
            return Err(WireError::TooLarge("a record").into());
        }
        wire::check(bytes)?;
        let cose = CoseSign1::from_slice(bytes).map_err(|_| RecordError::Header)?;
        let signer = Signer::from_kid(&cose.protected.header.key_id)?;
        let ours = protected(signer);
        let as_sent = cose.protected.original_data.as_deref();
        if as_sent != ours.original_data.as_deref() || !cose.unprotected.is_empty() {
            return Err(RecordError::Header);
        }
        let to_be_signed = cose.tbs_data(aad::<T>().as_bytes());
        let signature = cose.signature.try_into().map_err(|_| RecordError::Header)?;
        let payload = cose.payload.ok_or(RecordError::Header)?;
        let statement = wire::decode(&payload)?;
        if !T::HINTS && wire::encode(&statement) != payload {
            return Err(WireError::OutOfRange("a hint in this kind of record").into());
        }
        Ok(Self { bytes: bytes.to_vec(), signer, statement, signature, to_be_signed })
    }

    /// Who claims to have signed. To find the key with, and for nothing else.
    pub const fn claimed_signer(&self) -> Signer {
        self.signer
    }

    /// The id that the record has if its signature holds.
    pub(crate) fn record_id(&self) -> RecordId {
        RecordId(sha256(&[&self.to_be_signed]))
    }

    /// The statement before any check: only for a statement that itself names the key it is signed with.
    pub(crate) const fn unverified(&self) -> &T {
        &self.statement
    }

    /// Checks the signature with the key that the caller found for [`Self::claimed_signer`].
    pub fn verify(self, key: &VerifyKey) -> Result<Verified<T>, RecordError> {
        if !key.verifies(&self.to_be_signed, &self.signature) {
            return Err(RecordError::Signature);
        }
        let id = self.record_id();
        Ok(Verified { bytes: self.bytes, id, signer: self.signer, statement: self.statement })
    }
}

/// A record whose signature was checked, or that we signed ourselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified<T> {
    bytes: Vec<u8>,
    id: RecordId,
    signer: Signer,
    statement: T,
}

impl<T: Statement> Verified<T> {
    /// Signs a statement.
    pub fn sign(statement: T, signer: Signer, key: &SigningKey) -> Self {
        let mut to_be_signed = Vec::new();
        let cose = CoseSign1Builder::new()
            .protected(protected(signer).header)
            .payload(wire::encode(&statement))
            .create_signature(aad::<T>().as_bytes(), |bytes| {
                to_be_signed = bytes.to_vec();
                key.sign(bytes).to_vec()
            })
            .build();
        // Only values that CBOR cannot hold fail to encode; a header of two entries and bytes is none.
        let bytes = cose.to_vec().unwrap_or_default();
        Self { bytes, id: RecordId(sha256(&[&to_be_signed])), signer, statement }
    }

    /// The bytes as they were signed and sent.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The id of the record.
    pub const fn id(&self) -> RecordId {
        self.id
    }

    /// Who signed.
    pub const fn signer(&self) -> Signer {
        self.signer
    }

    /// The statement, owned.
    pub fn into_statement(self) -> T {
        self.statement
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.statement
    }
}

fn aad<T: Statement>() -> String {
    format!("kith/1/{}", T::KIND)
}

fn protected(signer: Signer) -> ProtectedHeader {
    let header = HeaderBuilder::new().algorithm(iana::Algorithm::Ed25519).key_id(signer.kid()).build();
    let original_data = header.clone().to_vec().ok();
    ProtectedHeader { original_data, header }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::sign::SecretSeed;

    crate::wire_map! {
        #[derive(Clone, Debug, PartialEq, Eq)]
        struct Greeting { 1 => word: u64 }
    }
    impl Statement for Greeting {
        const KIND: &'static str = "greeting";
    }
    crate::wire_map! {
        #[derive(Clone, Debug, PartialEq, Eq)]
        struct Order { 1 => word: u64 }
    }
    impl Statement for Order {
        const KIND: &'static str = "order";
    }

    fn key() -> SigningKey {
        SigningKey::from_seed(&SecretSeed([3; 32]))
    }

    fn signed() -> Verified<Greeting> {
        Verified::sign(Greeting { word: 5 }, Signer { id: IdentityId([1; 32]), key: 0 }, &key())
    }

    #[test]
    fn a_record_is_what_it_was_when_it_comes_back() {
        let back = Signed::<Greeting>::from_bytes(signed().bytes()).unwrap().verify(&key().verify_key()).unwrap();
        assert_eq!(back, signed());
        assert_eq!(back.word, 5);
    }

    #[test]
    fn a_record_does_not_pass_for_another_kind() {
        let order = Signed::<Order>::from_bytes(signed().bytes()).unwrap();
        assert_eq!(order.verify(&key().verify_key()), Err(RecordError::Signature));
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let bytes = signed().bytes().to_vec();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let outcome = Signed::<Greeting>::from_bytes(&changed).and_then(|r| r.verify(&key().verify_key()));
            // A changed key number or issuer is well formed, but then another key must be looked up.
            let other_signer = outcome.as_ref().is_ok_and(|record| record.signer() != signed().signer());
            assert!(outcome.is_err() || other_signer, "byte {at} of {} was changed unnoticed", bytes.len());
        }
    }

    #[test]
    fn a_record_with_more_headers_than_ours_is_refused() {
        let cose = CoseSign1Builder::new()
            .protected(protected(signed().signer()).header)
            .unprotected(HeaderBuilder::new().iv(vec![1]).build())
            .payload(wire::encode(&Greeting { word: 5 }))
            .signature(vec![0; 64])
            .build();
        assert_eq!(Signed::<Greeting>::from_bytes(&cose.to_vec().unwrap()), Err(RecordError::Header));
    }
}
