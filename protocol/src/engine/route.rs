//! The way to a person: whom to seal to, whom to call and where, under which secret.

use super::error::Result;
use super::keys::PairSecrets;
use super::person::{Person, Reach, Scan};
use super::turn::Turn;
use crate::address::{self, Hint};
use crate::crypto::seal::EncryptionKey;
use crate::hello::SharedSecret;
use crate::id::{IdentityId, PeerId};
use crate::identity::NodeGrant;
use crate::mailbox::Pass;
use crate::record::Signed;

/// A way to a person.
pub(super) struct Route {
    /// Whether it is the way of the first letter, under the secret of a code.
    pub is_first: bool,
    /// Whom to seal to; unknown between my claim and their answer.
    pub addressee: Option<Addressee>,
    pub secret: SharedSecret,
    pub peer: Option<PeerId>,
    pub addresses: Vec<Hint>,
    /// Where letters for them may be left.
    pub mailboxes: Vec<Pass>,
    /// Their grant counts now.
    pub grant_counts: bool,
    /// The key that signed the grant was given up: whoever reads what is sealed to it may be a thief.
    pub is_given_up: bool,
}

/// Whom a letter is sealed to.
pub(super) struct Addressee {
    pub to: [u8; 32],
    pub key: EncryptionKey,
}

impl Route {
    /// To somebody whose code I scanned: my claim under the secret of the code; once it is handled, calls under
    /// the secret of the pair, so that they can give me their answer.
    fn by_scan(scan: &Scan, pair: PairSecrets, failures: u32) -> Self {
        let (is_first, secret, addressee) = match (scan.claim, pair.code) {
            (Some(_), Some(code)) => (true, code, Some(Addressee { to: scan.key.0, key: scan.key })),
            _ => (false, pair.current, None),
        };
        let front_doors = scan.hints.iter().filter(|hint| hint.reach == address::Reach::FrontDoor).cloned();
        let (peer, addresses) = match &scan.door {
            Some(door) if failures.is_multiple_of(2) => {
                (Some(door.peer), front_doors.chain(door.hints.iter().cloned()).collect())
            }
            _ => (scan.node, scan.hints.clone()),
        };
        let mailboxes = Vec::new();
        Self { is_first, addressee, secret, peer, addresses, mailboxes, grant_counts: true, is_given_up: false }
    }
}

impl Turn<'_> {
    /// How letters get to a person now; `None` if there is no way.
    pub(super) fn route(&self, person: &Person) -> Result<Option<Route>> {
        let Some(pair) = super::door::pair_secrets(&self.txn, person.id)? else { return Ok(None) };
        match (&person.scan, person.identity, self.txn.load::<Reach>(&person.id.0)?) {
            (Some(scan), ..) => {
                let failures = self.live.pauses.get(&person.id).map_or(0, |pause| pause.failures);
                Ok(Some(Route::by_scan(scan, pair, failures)))
            }
            (None, Some(identity), Some(reach)) => {
                let failures = self.live.pauses.get(&person.id).map_or(0, |pause| pause.failures);
                self.route_to_contact(identity, reach, pair.to_call_under(failures).clone())
            }
            (None, ..) => Ok(None),
        }
    }

    fn route_to_contact(&self, identity: IdentityId, reach: Reach, secret: SharedSecret) -> Result<Option<Route>> {
        let Some(history) = super::incoming::history_of(&self.txn, identity)? else { return Ok(None) };
        // Its signature was checked before it was stored.
        let Ok(signed) = Signed::<NodeGrant>::from_bytes(reach.grant.as_slice()) else { return Ok(None) };
        let grant = signed.unverified();
        let grant_counts = grant.check_signed_by(signed.claimed_signer().key, &history, self.now).is_ok();
        let is_given_up = history.is_compromised(signed.claimed_signer().key);
        let addressee = Some(Addressee { to: identity.0, key: grant.encryption });
        let (peer, addresses, mailboxes) = (Some(grant.peer), reach.hints, reach.mailboxes);
        Ok(Some(Route { is_first: false, addressee, secret, peer, addresses, mailboxes, grant_counts, is_given_up }))
    }
}
