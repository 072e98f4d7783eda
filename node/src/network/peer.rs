//! A peer id as Kith writes it and as libp2p does.

use kith_protocol::id::PeerId;
use libp2p::identity::{PublicKey, ed25519};

/// The code of the identity multihash: the peer id holds the key itself, not a digest of it.
const IDENTITY_HASH: u64 = 0;

/// The libp2p form; `None` if the bytes are no Ed25519 key.
pub(super) fn to_libp2p(peer: &PeerId) -> Option<libp2p::PeerId> {
    let key = ed25519::PublicKey::try_from_bytes(&peer.0).ok()?;
    Some(PublicKey::from(key).to_peer_id())
}

/// Kith's form; `None` if the peer has a key of another kind.
pub(super) fn from_libp2p(peer: &libp2p::PeerId) -> Option<PeerId> {
    let hash = libp2p::multihash::Multihash::from(*peer);
    if hash.code() != IDENTITY_HASH {
        return None;
    }
    let key = PublicKey::try_decode_protobuf(hash.digest()).ok()?.try_into_ed25519().ok()?;
    Some(PeerId(key.to_bytes()))
}

/// As libp2p writes it, for people to pass on; nothing if it is no key.
pub fn number(peer: &PeerId) -> String {
    to_libp2p(peer).map_or_else(String::new, |peer| peer.to_base58())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_id_comes_back_from_its_libp2p_form() {
        let key = ed25519::Keypair::generate().public();
        let libp2p = PublicKey::from(key.clone()).to_peer_id();
        let kith = from_libp2p(&libp2p).unwrap();
        assert_eq!(kith.0, key.to_bytes());
        assert_eq!(to_libp2p(&kith), Some(libp2p));
        assert_eq!(from_libp2p(&libp2p::PeerId::random()), None, "a digest of some other key");
    }
}
