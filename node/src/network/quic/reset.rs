//! The key from which a node tells peers that it knows their connection no more (RFC 9000 §10.3).

use hmac::{Hmac, KeyInit, Mac};
use libp2p::identity::Keypair;
use quinn::crypto::{CryptoError, HmacKey};
use sha2::Sha256;

/// Follows from the node's key, so that it outlives the process. quinn has this for the libraries of two others; which of
/// them counts depends on what else is in the tree.
pub(super) struct ResetKey(Hmac<Sha256>);

impl ResetKey {
    /// The key of this node; `None` if nothing can follow from its key.
    pub(super) fn of(keypair: &Keypair) -> Option<Self> {
        let secret = keypair.derive_secret(b"kith quic stateless reset")?;
        Hmac::new_from_slice(&secret).ok().map(Self)
    }

    fn over(&self, data: &[u8]) -> Hmac<Sha256> {
        self.0.clone().chain_update(data)
    }
}

impl HmacKey for ResetKey {
    fn sign(&self, data: &[u8], signature_out: &mut [u8]) {
        signature_out.copy_from_slice(&self.over(data).finalize().into_bytes());
    }

    fn signature_len(&self) -> usize {
        32
    }

    fn verify(&self, data: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        self.over(data).verify_slice(signature).map_err(|_| CryptoError)
    }
}
