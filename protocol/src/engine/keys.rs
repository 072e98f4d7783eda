//! My own secret keys, as the engine holds them in memory and as they lie in the storage.

use super::entity::Entity;
use super::error::{Error, Result};
use crate::crypto::seal::DecryptionKey;
use crate::crypto::sign::{SecretSeed, SigningKey};
use crate::crypto::{Random, derive};
use crate::hello::SharedSecret;
use crate::id::{IntroId, InviteId, Locator, PersonId, RecordId};
use crate::identity::History;
use crate::invite::{InviteKind, InviteSecret, shared_secret};
use crate::limits;
use crate::record::{Signer, Statement, Verified};
use crate::store::{Read, Table};
use crate::time::Timestamp;

crate::wire_map! {
    /// The current signing key. Earlier ones are gone; later ones are in the words.
    pub(super) struct StoredSigningKey {
        1 => pub seed: SecretSeed,
    }
}

impl Entity for StoredSigningKey {
    const TABLE: Table = Table::Secrets;

    fn key(&self) -> Vec<u8> {
        SIGNING.to_vec()
    }
}

crate::wire_map! {
    /// A key that letters may be sealed to.
    pub(super) struct StoredEncryptionKey {
        /// Counts my encryption keys.
        1 => pub number: u32,
        2 => pub seed: SecretSeed,
        /// When the last letter sealed to it can have arrived; not known while it is the current one.
        3 => pub until: Option<Timestamp>,
    }
}

impl Entity for StoredEncryptionKey {
    const TABLE: Table = Table::Secrets;

    fn key(&self) -> Vec<u8> {
        [ENCRYPTION, &self.number.to_be_bytes()].concat()
    }
}

crate::wire_map! {
    /// The secrets of a code that I show.
    pub(super) struct InviteSecrets {
        1 => pub invite: InviteId,
        2 => pub key: SecretSeed,
        3 => pub secret: InviteSecret,
        /// What the shared secret is bound to beside them.
        4 => pub printed: bool,
        5 => pub expires: Timestamp,
    }
}

impl InviteSecrets {
    /// Those of a new code.
    pub(super) fn new(random: &mut Random, printed: bool, expires: Timestamp) -> Self {
        let (key, invite) = (SecretSeed(random.bytes()), InviteId(random.bytes()));
        Self { invite, key, secret: random.bytes(), printed, expires }
    }

    /// Those of the code for whoever signed this ask: the same each time, so that a machine which was restored from before my yes
    /// makes the code that they may have in hand.
    pub(super) fn for_ask(read: &dyn Read, ask: RecordId, expires: Timestamp) -> Result<Self> {
        let signing: StoredSigningKey = super::entity::load(read, SIGNING)?.ok_or(Error::NoIdentity)?;
        let mut random = Random::new(derive(&signing.seed.0, &ask.0, "kith/1/code for an ask"));
        Ok(Self::new(&mut random, false, expires))
    }

    /// What opens a letter that is sealed to the code.
    pub(super) fn opening(&self) -> (DecryptionKey, SharedSecret) {
        let key = DecryptionKey::from_seed(&self.key);
        let kind = if self.printed { InviteKind::Printed } else { InviteKind::Live };
        let shared = shared_secret(kind, &key.public(), &self.secret, self.expires);
        (key, shared)
    }
}

impl Entity for InviteSecrets {
    const TABLE: Table = Table::Secrets;

    fn key(&self) -> Vec<u8> {
        invite_key(self.invite)
    }
}

crate::wire_map! {
    /// The secrets that I share with a person.
    pub(super) struct PairSecrets {
        1 => pub person: PersonId,
        /// From the newest scan that both of us know of.
        2 => pub current: SharedSecret,
        /// The one before, in a home that was last written when only one was kept.
        3 => previous: Option<SharedSecret>,
        /// The secret of the newest code of theirs that I scanned.
        4 => pub code: Option<SharedSecret>,
        /// When the current one was scanned, by the scanner's clock; not known in an old home.
        5 => scanned: Option<Timestamp>,
        /// Those of earlier scans, in which calls and letters may still arrive, the newest first.
        6 => earlier: Vec<ScanSecret>,
        /// Codes of theirs that I scanned before that one, the oldest first, so that I know them when I see them again.
        7 => pub codes: Vec<Locator>,
    }
}

crate::wire_map! {
    /// What an earlier scan made.
    struct ScanSecret {
        1 => secret: SharedSecret,
        2 => scanned: Option<Timestamp>,
    }
}

impl ScanSecret {
    /// The order of scans. Of two in one second both ends take the same one for the newer.
    fn order(&self) -> (Option<Timestamp>, Locator) {
        (self.scanned, self.secret.locator())
    }
}

impl PairSecrets {
    /// What two people share who have one scan.
    pub(super) fn new(person: PersonId, secret: SharedSecret, scanned: Timestamp, code: Option<SharedSecret>) -> Self {
        let (scanned, earlier, codes) = (Some(scanned), Vec::new(), Vec::new());
        Self { person, current: secret, previous: None, code, scanned, earlier, codes }
    }

    /// All of them, the newest first.
    pub(super) fn all(&self) -> impl Iterator<Item = &SharedSecret> {
        let earlier = self.earlier.iter().map(|earlier| &earlier.secret);
        std::iter::once(&self.current).chain(&self.previous).chain(earlier)
    }

    /// True if it is one of them.
    pub(super) fn has(&self, secret: &SharedSecret) -> bool {
        self.all().any(|one| one == secret)
    }

    /// The one to call under after so many calls in vain. Every second call tries an earlier one: the other end may
    /// have lost the newest with its disk, or never have heard that I count it.
    pub(super) fn to_call_under(&self, failures: u32) -> &SharedSecret {
        let turn = usize::try_from(failures / 2).unwrap_or_default();
        let others = self.all().skip(1).count();
        let number = if failures.is_multiple_of(2) || others == 0 { 0 } else { 1 + turn % others };
        self.all().nth(number).unwrap_or(&self.current)
    }

    /// Adds the secret of a scan and returns those that are dropped for it.
    ///
    /// The newest scan gives the current secret, in whatever order the letters about it arrive: so both ends, who
    /// hear of several scans in different orders, come to call under the same one. The one that was just added is
    /// never dropped, however old its scan says it is: it may be all that the other end has.
    pub(super) fn add(&mut self, secret: SharedSecret, scanned: Timestamp) -> Vec<SharedSecret> {
        if self.has(&secret) {
            return Vec::new();
        }
        let added = ScanSecret { scanned: Some(scanned), secret };
        let mut all = self.take_all();
        let place = all.iter().position(|one| one.order() < added.order()).unwrap_or(all.len());
        all.insert(place, added);
        let last = all.len().saturating_sub(1);
        let surplus = if place == last { last.saturating_sub(1) } else { last };
        let dropped = (all.len() > limits::PAIR_SECRETS).then(|| all.remove(surplus).secret);
        let newest = all.remove(0);
        (self.current, self.scanned, self.earlier) = (newest.secret, newest.scanned, all);
        dropped.into_iter().collect()
    }

    /// Remembers a code of theirs that I scanned; returns what can be forgotten for it.
    pub(super) fn scanned_code(&mut self, code: SharedSecret) -> Option<Locator> {
        let before = self.code.replace(code.clone()).map(|before| before.locator());
        self.codes.extend(before.filter(|before| *before != code.locator() && !self.codes.contains(before)));
        (self.codes.len() > limits::PAIR_SECRETS).then(|| self.codes.remove(0))
    }

    /// Every locator that leads to this pair, or once did.
    pub(super) fn locators(&self) -> Vec<Locator> {
        self.all().chain(&self.code).map(SharedSecret::locator).chain(self.codes.iter().copied()).collect()
    }

    /// All of them with their scans, the newest first; in the form of today.
    fn take_all(&mut self) -> Vec<ScanSecret> {
        let current = ScanSecret { scanned: self.scanned, secret: self.current.clone() };
        let previous = self.previous.take().map(|secret| ScanSecret { scanned: None, secret });
        std::iter::once(current).chain(previous).chain(std::mem::take(&mut self.earlier)).collect()
    }
}

impl Entity for PairSecrets {
    const TABLE: Table = Table::Secrets;

    fn key(&self) -> Vec<u8> {
        pair_key(self.person)
    }
}

crate::wire_map! {
    /// What opens the consent to an ask of mine.
    pub(super) struct ReplyKey {
        1 => pub introducer: PersonId,
        2 => pub id: IntroId,
        3 => pub seed: SecretSeed,
    }
}

impl Entity for ReplyKey {
    const TABLE: Table = Table::Secrets;

    fn key(&self) -> Vec<u8> {
        Self::name(self.introducer, self.id)
    }
}

impl ReplyKey {
    pub(super) fn name(introducer: PersonId, id: IntroId) -> Vec<u8> {
        [&b"reply"[..], &introducer.0, &id.0].concat()
    }
}

const SIGNING: &[u8] = b"signing";
const ENCRYPTION: &[u8] = b"encryption";

pub(super) fn invite_key(invite: InviteId) -> Vec<u8> {
    [&b"invite"[..], &invite.0].concat()
}

pub(super) fn pair_key(person: PersonId) -> Vec<u8> {
    [&b"pair"[..], &person.0].concat()
}

/// My keys, ready for use.
pub(super) struct Keys {
    pub signer: Signer,
    /// My key history: every letter asks for it.
    pub history: History,
    pub signing: SigningKey,
    /// The current one first.
    pub opening: Vec<DecryptionKey>,
}

impl Keys {
    /// Reads the keys that belong to the newest event of my history.
    pub(super) fn load(read: &dyn Read, history: History) -> Result<Self> {
        let signer = Signer { id: history.id(), key: history.current() };
        let stored: StoredSigningKey = super::entity::load(read, SIGNING)?.ok_or(Error::NoIdentity)?;
        let mut stored_keys = stored_encryption_keys(read)?;
        stored_keys.reverse();
        let opening = stored_keys.iter().map(|stored| DecryptionKey::from_seed(&stored.seed)).collect();
        Ok(Self { signer, history, signing: SigningKey::from_seed(&stored.seed), opening })
    }

    /// Signs in my name.
    pub(super) fn sign<T: Statement>(&self, statement: T) -> Verified<T> {
        Verified::sign(statement, self.signer, &self.signing)
    }
}

/// My encryption keys, the oldest first.
pub(super) fn stored_encryption_keys(read: &dyn Read) -> Result<Vec<StoredEncryptionKey>> {
    Ok(super::entity::list(read, ENCRYPTION, limits::ENCRYPTION_KEYS)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(number: u8) -> SharedSecret {
        SharedSecret::new([number; 32])
    }

    fn scans(order: &[u8]) -> PairSecrets {
        let at = |number: u8| Timestamp::from_secs(u64::from(number / 2));
        let (first, others) = order.split_first().unwrap();
        let mut pair = PairSecrets::new(PersonId([1; 10]), secret(*first), at(*first), None);
        for number in others {
            assert!(pair.add(secret(*number), at(*number)).len() <= 1);
            assert!(pair.has(&secret(*number)));
        }
        pair
    }

    #[test]
    fn both_ends_of_a_pair_agree_in_whatever_order_they_hear_of_scans() {
        let one = scans(&[3, 1, 7, 6, 2, 4, 5]);
        let other = scans(&[4, 5, 6, 7, 1, 2, 3]);
        assert_eq!(crate::wire::encode(&one), crate::wire::encode(&other));
    }

    #[test]
    fn of_very_many_scans_the_newest_stay_and_the_one_that_was_just_heard_of() {
        let all: Vec<u8> = (1..=40).rev().collect();
        let pair = scans(&all);
        assert_eq!(pair.all().count(), limits::PAIR_SECRETS);
        assert!((30..=40).all(|number| pair.has(&secret(number))));
        assert!(pair.has(&secret(1)));
    }

    #[test]
    fn after_calls_in_vain_every_secret_gets_its_turn() {
        let pair = scans(&[2, 4, 6]);
        let turns: Vec<u8> = (0..6).map(|failures| pair.to_call_under(failures).as_bytes()[0]).collect();
        assert_eq!(turns, [6, 4, 6, 2, 6, 4]);
        assert_eq!(scans(&[2]).to_call_under(3).as_bytes()[0], 2);
    }

    #[test]
    fn a_home_that_kept_two_secrets_is_read_and_goes_on() {
        // As it was written before secrets had the time of their scan: person, current, previous.
        let mut old = vec![0xa3, 1, 0x4a];
        old.extend([1; 10]);
        for (field, number) in [(2, 7), (3, 6)] {
            old.extend([field, 0x58, 32]);
            old.extend([number; 32]);
        }
        let mut pair: PairSecrets = crate::wire::decode(&old).unwrap();
        let numbers = |pair: &PairSecrets| pair.all().map(|secret| secret.as_bytes()[0]).collect::<Vec<_>>();
        assert_eq!(numbers(&pair), [7, 6]);
        pair.add(secret(1), Timestamp::from_secs(1));
        assert_eq!(numbers(&pair), [1, 7, 6]);
        let again: PairSecrets = crate::wire::decode(&crate::wire::encode(&pair)).unwrap();
        assert_eq!(numbers(&again), [1, 7, 6]);
    }
}
