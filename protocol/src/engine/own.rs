//! My own identity: creating it, my card, my node grant, rotation.

use super::agenda::AgendaForm;
use super::code_lists::CodeListsForm;
use super::deadline::Ends;
use super::entity::{self, Entity};
use super::error::{Error, Result};
use super::keys::{Keys, StoredEncryptionKey, StoredSigningKey, stored_encryption_keys};
use super::rounds::Round;
use super::turn::{Step, Turn};
use super::txn::Txn;
use crate::address::Hint;
use crate::card::{CardView, FieldKind, OwnCard, Tier};
use crate::crypto::Random;
use crate::crypto::seal::DecryptionKey;
use crate::crypto::sign::{SecretSeed, SigningKey};
use crate::id::{IdentityId, PeerId};
use crate::identity::{History, HistoryBytes, HistoryError, NodeGrant, Reason};
use crate::limits;
use crate::record::{RecordBytes, Signed, Signer, Verified};
use crate::store::{Read, Table};
use crate::text::{Line, Name};
use crate::time::Timestamp;
use crate::wire::Bytes;
use crate::words::RecoveryWords;

crate::wire_map! {
    /// What I am, apart from secrets.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Own {
        /// My key history.
        1 => pub history: HistoryBytes,
        /// My card.
        2 => pub card: OwnCard,
        /// The views of my card, one per tier, as I signed them.
        3 => pub views: Vec<RecordBytes>,
        /// Tells my machines apart: the later counts.
        4 => pub generation: u32,
        /// My current node grant.
        5 => pub grant: RecordBytes,
        /// Counts my grants.
        6 => pub grant_seq: u64,
        /// Until when my grant counts.
        7 => pub grant_ends: Timestamp,
        /// The libp2p key of this machine.
        8 => pub peer: PeerId,
        /// Where this machine may be reached now.
        9 => pub hints: Vec<Hint>,
        /// Counts my presence letters.
        10 => pub presence: u64,
        /// Since when I exist.
        11 => pub created: Timestamp,
        /// Since when I know that my home goes on at another machine.
        12 => pub replaced: Option<Timestamp>,
    }
}

impl Entity for Own {
    const TABLE: Table = Table::Meta;

    fn key(&self) -> Vec<u8> {
        OWN.to_vec()
    }
}

pub(super) const OWN: &[u8] = b"own";

impl Own {
    /// My record in a storage.
    pub fn load(read: &dyn Read) -> Result<Self> {
        entity::load(read, OWN)?.ok_or(Error::NoIdentity)
    }

    /// My identity.
    pub fn id(&self) -> IdentityId {
        self.history().id()
    }

    /// My key history.
    pub fn history(&self) -> History {
        History::restore(&self.history)
    }

    /// The signed view of my card for a tier.
    pub fn view(&self, tier: Tier) -> RecordBytes {
        let index = Tier::ALL.iter().position(|one| *one == tier).unwrap_or_default();
        self.views.get(index).cloned().unwrap_or_default()
    }
}

/// What a new identity is made of.
pub struct Beginning<'b> {
    /// The recovery words, made by the caller, who shows them.
    pub words: &'b RecoveryWords,
    /// The name on the card.
    pub name: Name,
    /// The libp2p key of this machine.
    pub peer: PeerId,
}

/// Makes an identity in an empty storage.
pub fn create(read: &dyn Read, now: Timestamp, seed: [u8; 32], beginning: Beginning<'_>) -> Result<Step> {
    let Beginning { words, name, peer } = beginning;
    begin(read, now, seed, Start { words, history: History::begin(words), card: OwnCard::new(name), peer })
}

/// What an identity starts with in a new home.
pub(super) struct Start<'s> {
    pub words: &'s RecoveryWords,
    pub history: History,
    pub card: OwnCard,
    pub peer: PeerId,
}

/// Puts an identity into an empty storage.
pub(super) fn begin(read: &dyn Read, now: Timestamp, seed: [u8; 32], start: Start<'_>) -> Result<Step> {
    if entity::load::<Own>(read, OWN)?.is_some() {
        return Err(Error::IdentityExists);
    }
    let mut random = Random::new(seed);
    let Start { words, history, card, peer } = start;
    let mut txn = Txn::new(read);
    txn.save(&StoredSigningKey { seed: words.key_seed(history.current()) });
    txn.save(&StoredEncryptionKey { number: 0, seed: SecretSeed(random.bytes()), until: None });
    let mut own = Own {
        history: history.to_bytes(),
        card,
        views: Vec::new(),
        generation: 0,
        grant: RecordBytes::default(),
        grant_seq: 0,
        grant_ends: now,
        peer,
        hints: Vec::new(),
        presence: 0,
        created: now,
        replaced: None,
    };
    let mut keys = Keys::load(&txn, history)?;
    let mut live = super::live::Live::default();
    sign_views(&mut own, &keys, now);
    txn.save(&own);
    txn.save(&AgendaForm::NOW);
    txn.save(&CodeListsForm::NOW);
    let mut turn = Turn::new(&txn, now, random.bytes(), &mut keys, &mut live);
    turn.sign_grant(&mut own)?;
    turn.txn.save(&own);
    turn.keep_backup_key(words);
    turn.renew_presence_seed();
    let step = turn.into_step();
    txn.absorb(&step.writes);
    Ok(Step { writes: txn.into_writes(), ..Step::default() })
}

fn sign_views(own: &mut Own, keys: &Keys, now: Timestamp) {
    let views = Tier::ALL.into_iter().map(|tier| keys.sign(own.card.view(tier, now)));
    own.views = views.map(|view| bounded(view.bytes())).collect();
}

/// Bytes of a record that we made ourselves: a card of the most and longest fields is the largest, and
/// [`limits::RECORD`] is set above it.
pub(super) fn bounded(record: &[u8]) -> RecordBytes {
    Bytes::new(record.to_vec()).unwrap_or_default()
}

/// One change to my card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CardChange {
    /// Another name.
    Name(Name),
    /// Another value for a field, or none; and another tier, if given.
    Field(FieldKind, Option<Line<{ limits::LINE }>>, Option<Tier>),
}

impl Turn<'_> {
    /// My own record, with the changes of this turn.
    pub fn own(&self) -> Result<Own> {
        Own::load(&self.txn)
    }

    /// Changes my card all at once and lets my contacts know what they may see of it. True if that changed it.
    pub fn change_card(&mut self, changes: Vec<CardChange>) -> Result<bool> {
        let mut own = self.own()?;
        let before = own.card.clone();
        for change in changes {
            match change {
                CardChange::Name(name) => own.card.rename(name),
                CardChange::Field(kind, value, tier) => own.card.set(kind, value, tier)?,
            };
        }
        if own.card == before {
            return Ok(false);
        }
        let old_views = own.views.clone();
        sign_views(&mut own, self.keys, self.now);
        if own.views.iter().any(|view| view.as_slice().is_empty() || view.as_slice().len() > CARD_BYTES) {
            return Err(Error::Full("words on the card: its signed form has to fit 6 KiB"));
        }
        let changed = changed_tiers(&old_views, &own.views);
        self.txn.save(&own);
        self.refresh_first_letters(&own)?;
        self.refresh_consents()?;
        self.tell_card(&changed)?;
        Ok(true)
    }

    /// Signs my card anew as it is, so that the view of another tier counts as a later word.
    pub(super) fn sign_card_again(&mut self) -> Result<Own> {
        let mut own = self.own()?;
        own.card.seq += 1;
        sign_views(&mut own, self.keys, self.now);
        self.txn.save(&own);
        Ok(own)
    }

    /// Signs a fresh grant with a fresh encryption key when half the life of the current one is over.
    pub(super) fn renew_grant(&mut self) -> Result<()> {
        let mut own = self.own()?;
        // A rotation in between has signed a fresh grant and set its own deadline.
        if self.now.plus(limits::GRANT_LIFE - limits::GRANT_RENEWAL) < own.grant_ends {
            return Ok(());
        }
        // With every second one, so each fortnight, contacts get what they keep for me.
        let newest = stored_encryption_keys(&self.txn)?.pop();
        let capsules = newest.is_none_or(|key| key.number.is_multiple_of(2));
        self.grant_anew(&mut own, capsules)
    }

    /// A grant that was signed while the clock was ahead counts for nobody until that time comes: now that the clock is right
    /// there is another one.
    pub(super) fn replace_grant_of_later(&mut self) -> Result<()> {
        let mut own = self.own()?;
        if own.grant_ends > self.now.plus(limits::GRANT_LIFE + limits::CLOCK_SKEW) {
            self.grant_anew(&mut own, false)?;
        }
        Ok(())
    }

    /// Signs a grant for a fresh encryption key, and tells who must know.
    pub(super) fn grant_anew(&mut self, own: &mut Own, capsules: bool) -> Result<()> {
        self.retire_encryption_key()?;
        self.sign_grant(own)?;
        self.txn.save(own);
        self.after_new_grant(own, capsules)
    }

    /// Changes to the next key, of these words or of fresh ones that take their place; see [`Reason`] for what becomes
    /// of the old key.
    pub fn rotate(&mut self, words: &RecoveryWords, fresh: Option<&RecoveryWords>, reason: Reason) -> Result<()> {
        let next = fresh.unwrap_or(words);
        let mut own = self.own()?;
        let mut history = own.history();
        let rotation = history.rotate_to(words, next).map_err(|error| match error {
            HistoryError::Broken => Error::NotNow(OTHER_WORDS),
            other => other.into(),
        })?;
        history.learn(rotation.bytes())?;
        let number = history.current();
        self.txn.save(&StoredSigningKey { seed: next.key_seed(number) });
        self.keys.signing = next.key(number);
        self.keys.signer = Signer { id: history.id(), key: number };
        if reason == Reason::Compromised {
            self.renew_presence_seed();
            let notice = history.compromise(words);
            history.learn(notice.bytes())?;
            self.keep_given_up(words, &history)?;
            self.revoke_all_invites()?;
        }
        self.keep_backup_key(next);
        own.history = history.to_bytes();
        self.keys.history = history;
        own.card.seq += 1;
        sign_views(&mut own, self.keys, self.now);
        self.retire_encryption_key()?;
        self.sign_grant(&mut own)?;
        self.txn.save(&own);
        self.after_new_grant(&own, true)?;
        self.sign_waiting_meetings_again()?;
        if reason == Reason::Compromised {
            // Whoever meets a thief now is not to wait until my own record is put there again.
            self.post_given_up()?;
            self.withdraw_consents()?;
            self.sign_asks_again()?;
            self.sign_vouches_again()?;
            // Whoever had a copy of this disk may have taken what contacts wrote, and given receipts for it.
            self.begin_round(Round { resume: Some(Timestamp::from_secs(0)), ..Round::default() })?;
        }
        self.refresh_consents()?;
        self.tell_card(&Tier::ALL)
    }

    fn after_new_grant(&mut self, own: &Own, capsules: bool) -> Result<()> {
        self.live.asked_for_grant.clear();
        self.refresh_first_letters(own)?;
        self.announce_now(capsules)
    }

    /// Signs a grant for the newest encryption key.
    fn sign_grant(&mut self, own: &mut Own) -> Result<()> {
        let encryption = self.keys.opening.first().map(DecryptionKey::public).ok_or(Error::NoIdentity)?;
        // The time, where it is later: whoever goes on from an old copy of the disk gives no number a second time.
        own.grant_seq = self.now.secs().max(own.grant_seq + 1);
        own.grant_ends = self.now.plus(limits::GRANT_LIFE);
        let grant = NodeGrant {
            generation: own.generation,
            seq: own.grant_seq,
            head: own.history().head(),
            peer: own.peer,
            encryption,
            not_before: self.now,
            not_after: own.grant_ends,
        };
        own.grant = bounded(self.keys.sign(grant).bytes());
        self.set_deadline(self.now.plus(limits::GRANT_RENEWAL), Ends::Grant);
        Ok(())
    }

    /// Makes a new encryption key the current one. The old one opens letters until the last one sealed to it
    /// can have arrived, and is then destroyed.
    fn retire_encryption_key(&mut self) -> Result<()> {
        let mut stored = stored_encryption_keys(&self.txn)?;
        let next = stored.last().map_or(0, |newest| newest.number + 1);
        if let Some(newest) = stored.last_mut() {
            // Its grant may end later than it seems, if the clock is behind at this moment.
            let last = self.now.plus(limits::GRANT_LIFE).max(self.own()?.grant_ends);
            let until = last.plus(limits::LETTER_LIFE + limits::CLOCK_SKEW);
            newest.until = Some(until);
            self.txn.save(newest);
            self.set_deadline(until, Ends::EncryptionKey(newest.number));
        }
        // More keys than a year of renewals leaves: many rotations in a row. The oldest goes early.
        if stored.len() >= limits::ENCRYPTION_KEYS
            && let Some(oldest) = stored.first()
        {
            self.txn.forget(oldest);
            self.keys.opening.pop();
        }
        let fresh = StoredEncryptionKey { number: next, seed: SecretSeed(self.random.bytes()), until: None };
        self.txn.save(&fresh);
        self.keys.opening.insert(0, DecryptionKey::from_seed(&fresh.seed));
        Ok(())
    }

    pub(super) fn destroy_encryption_key(&mut self, number: u32) -> Result<()> {
        let gone = stored_encryption_keys(&self.txn)?.into_iter().find(|stored| stored.number == number);
        if let Some(stored) = gone {
            let public = DecryptionKey::from_seed(&stored.seed).public();
            self.keys.opening.retain(|key| key.public() != public);
            self.txn.forget(&stored);
        }
        Ok(())
    }
}

/// A signed view leaves room for the rest of a first letter in its record.
const CARD_BYTES: usize = 6 * 1024;

fn changed_tiers(old: &[RecordBytes], new: &[RecordBytes]) -> Vec<Tier> {
    let content = |record: &RecordBytes| {
        Signed::<CardView>::from_bytes(record.as_slice()).ok().map(|view| {
            let view = view.unverified();
            (view.name.clone(), view.fields.clone())
        })
    };
    let pairs = old.iter().zip(new).zip(Tier::ALL);
    pairs.filter(|((old, new), _)| content(old) != content(new)).map(|(_, tier)| tier).collect()
}

/// What is said of words that are not, or no longer, the ones of a home.
pub(super) const OTHER_WORDS: &str = "these are the words of another identity, or words of before";

/// A check that a key belongs to the newest event of my history: for the words that a person types in again.
pub fn words_fit(own: &Own, words: &RecoveryWords) -> bool {
    let history = own.history();
    let key: SigningKey = words.key(history.current());
    history.key(history.current()) == Some(&key.verify_key())
}

/// Reads a card view and checks it against a history.
pub(super) fn verify_card(record: &[u8], history: &History) -> Option<Verified<CardView>> {
    let view = history.verify(Signed::<CardView>::from_bytes(record).ok()?).ok()?;
    view.is_bounded().then_some(view)
}

/// Reads a node grant and checks it against a history and the time.
pub(super) fn verify_grant(record: &[u8], history: &History, now: Timestamp) -> Option<Verified<NodeGrant>> {
    let grant = history.verify(Signed::<NodeGrant>::from_bytes(record).ok()?).ok()?;
    grant.check(history, now).is_ok().then_some(grant)
}
