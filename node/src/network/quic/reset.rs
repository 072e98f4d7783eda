//! The key from which a node tells peers that it knows their connection no more (RFC 9000 §10.3).

use std::net::{IpAddr, SocketAddr};

use hmac::{Hmac, KeyInit, Mac};
use libp2p::identity::Keypair;
use quinn::crypto::{CryptoError, HmacKey};
use sha2::Sha256;

/// Follows from the node's key, so that it outlives the process, and from where the socket is: with one key for all of them, one
/// would tell what ends a connection of another (RFC 9000 §21.11), and that both are of one node. quinn has such keys for
/// two libraries; which of them counts depends on what else is in the tree.
pub(super) struct ResetKey(Hmac<Sha256>);

impl ResetKey {
    /// The key of a node's socket at this address; `None` if nothing can follow from the node's key.
    pub(super) fn of(keypair: &Keypair, at: SocketAddr) -> Option<Self> {
        let secret = keypair.derive_secret(b"kith quic stateless reset")?;
        let ip = match at.ip() {
            IpAddr::V4(ip) => ip.to_ipv6_mapped(),
            IpAddr::V6(ip) => ip,
        };
        let key = Hmac::<Sha256>::new_from_slice(&secret).ok()?;
        Some(Self(key.chain_update(ip.octets()).chain_update(at.port().to_be_bytes())))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_socket_has_a_key_of_its_own_that_stays() {
        let node = Keypair::ed25519_from_bytes([1; 32]).unwrap();
        let sign = |at: &str| {
            let mut signature = [0; 32];
            ResetKey::of(&node, at.parse().unwrap()).unwrap().sign(b"an id", &mut signature);
            signature
        };
        assert_eq!(sign("0.0.0.0:7517"), sign("0.0.0.0:7517"));
        let others = ["[::]:7517", "0.0.0.0:7518", "127.0.0.1:7517", "[::1]:7517"];
        assert!(others.iter().all(|at| sign(at) != sign("0.0.0.0:7517")));
    }
}
