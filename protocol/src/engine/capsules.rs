//! What contacts keep for me, and I for them, in case that one of us loses everything but the words.
//!
//! A capsule goes to each contact with each new grant, so once a week, and to new ones within the hour. Each holds some of my
//! contacts, so those of several contacts together hold all of them.

use std::ops::ControlFlow;

use super::backups::capsule_keys;
use super::deadline::Ends;
use super::door::pair_secrets;
use super::effect::{Answer, Refusal};
use super::entity::{self, Entity};
use super::error::Result;
use super::incoming::history_of;
use super::invites::OwnInvite;
use super::live::Party;
use super::own::Own;
use super::person::{Person, Reach};
use super::turn::Turn;
use crate::crypto::{cut, sha256};
use crate::id::{IdentityId, PersonId};
use crate::identity::History;
use crate::letter::body::{KeepCapsule, Recover};
use crate::letter::{Body, Opened};
use crate::limits;
use crate::recovery::{Acquaintance, Capsule, GivenBack, ROOM};
use crate::store::Table;
use crate::wire::{self, Bytes};

crate::wire_map! {
    /// The newest capsule that a contact gave me.
    struct Kept {
        1 => person: PersonId,
        2 => keeper: IdentityId,
        3 => sealed: Bytes<{ limits::CAPSULE }>,
    }
}

impl Entity for Kept {
    const TABLE: Table = Table::Kept;

    fn key(&self) -> Vec<u8> {
        self.person.0.to_vec()
    }
}

crate::wire_map! {
    /// Who gave me a capsule under this keeper id.
    struct KeptFor {
        1 => keeper: IdentityId,
        2 => person: PersonId,
    }
}

impl Entity for KeptFor {
    const TABLE: Table = Table::Kept;

    fn key(&self) -> Vec<u8> {
        [&self.keeper.0[..], &self.person.0].concat()
    }
}

crate::wire_map! {
    /// New contacts who have no capsule yet; at most [`limits::CAPSULES_DUE`].
    struct CapsulesDue {
        1 => people: Vec<PersonId>,
    }
}

impl Entity for CapsulesDue {
    const TABLE: Table = Table::Meta;

    fn key(&self) -> Vec<u8> {
        DUE.to_vec()
    }
}

const DUE: &[u8] = b"capsules due";

impl Turn<'_> {
    /// A new contact gets a capsule soon.
    pub(super) fn plan_capsule_for(&mut self, person: PersonId) -> Result<()> {
        let mut due = self.txn.load::<CapsulesDue>(DUE)?.unwrap_or(CapsulesDue { people: Vec::new() });
        if due.people.is_empty() {
            self.set_deadline(self.now.plus(limits::CAPSULE_PACE), Ends::Capsules);
        }
        if due.people.len() < limits::CAPSULES_DUE && !due.people.contains(&person) {
            due.people.push(person);
            self.txn.save(&due);
        }
        Ok(())
    }

    pub(super) fn capsules_due(&mut self) -> Result<()> {
        let Some(due) = self.txn.load::<CapsulesDue>(DUE)? else { return Ok(()) };
        self.txn.forget(&due);
        let own = self.own()?;
        for person in due.people {
            if let Some(person) = self.txn.load::<Person>(&person.0)?.filter(Person::is_contact) {
                self.send_capsule(&own, &person)?;
            }
        }
        Ok(())
    }

    /// Gives a contact the capsule as it is now. A home whose words were not typed in since there are capsules has none.
    pub(super) fn send_capsule(&mut self, own: &Own, person: &Person) -> Result<()> {
        let Some((key, keeper)) = capsule_keys(&self.txn)? else { return Ok(()) };
        let capsule = Capsule { made: self.now, card: own.card.clone(), people: self.acquaintances_for(own, person)? };
        if let Some(sealed) = capsule.seal(&key, self.random.bytes()) {
            self.send(person.id, &Body::KeepCapsule(KeepCapsule { keeper, sealed }), limits::LETTER_LIFE)?;
        }
        Ok(())
    }

    /// Whom the capsule at this contact holds: themselves, and as many others as fit, beginning at another place for each.
    fn acquaintances_for(&self, own: &Own, person: &Person) -> Result<Vec<Acquaintance>> {
        let mut room = ROOM.saturating_sub(wire::encode(&own.card).len() + ENDS);
        let mut people = Vec::new();
        for id in self.around(person.id)? {
            let Some(one) = self.acquaintance(id)? else { continue };
            match room.checked_sub(wire::encode(&one).len()) {
                Some(left) => room = left,
                None => break,
            }
            people.push(one);
        }
        Ok(people)
    }

    /// A contact, then the others as on a ring, from a place that is another one for each contact.
    fn around(&self, person: PersonId) -> Result<Vec<PersonId>> {
        let from: [u8; 10] = cut(&sha256(&[b"capsule", &person.0]));
        let mut around = vec![person];
        for start in [&from[..], b""] {
            entity::each::<Person>(&self.txn, b"", start, |other| {
                if other.is_contact() && !other.blocked && !around.contains(&other.id) {
                    around.push(other.id);
                }
                if around.len() < limits::CAPSULE_PEOPLE { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
        }
        Ok(around)
    }

    fn acquaintance(&self, id: PersonId) -> Result<Option<Acquaintance>> {
        let (Some(person), Some(reach)) = (self.txn.load::<Person>(&id.0)?, self.txn.load::<Reach>(&id.0)?) else {
            return Ok(None);
        };
        let Some(history) = person.identity.map(|identity| history_of(&self.txn, identity)).transpose()?.flatten()
        else {
            return Ok(None);
        };
        let Some(pair) = pair_secrets(&self.txn, id)? else { return Ok(None) };
        Ok(Some(Acquaintance {
            history: history.to_bytes(),
            pair: pair.current.clone(),
            grant: reach.grant,
            hints: reach.hints.into_iter().take(limits::CAPSULE_HINTS).collect(),
            mailboxes: reach.mailboxes.into_iter().take(1).collect(),
            name: person.name,
            tier: person.tier,
        }))
    }

    /// A contact wants something kept: the newest is.
    pub(super) fn capsule_arrived(&mut self, person: PersonId, capsule: KeepCapsule) -> Result<()> {
        self.forget_kept(person)?;
        self.txn.save(&KeptFor { keeper: capsule.keeper, person });
        self.txn.save(&Kept { person, keeper: capsule.keeper, sealed: capsule.sealed });
        Ok(())
    }

    /// Nothing is kept for somebody any more.
    pub(super) fn forget_kept(&mut self, person: PersonId) -> Result<()> {
        if let Some(before) = self.txn.load::<Kept>(&person.0)? {
            self.txn.forget(&KeptFor { keeper: before.keeper, person });
            self.txn.forget(&before);
        }
        Ok(())
    }

    /// Somebody asks for what is kept under a keeper id, and proves to have the words that it comes from.
    pub(super) fn answer_wish(&self, party: Party, opened: Opened) -> Result<Answer> {
        let receipts = opened.receipts();
        let found = match self.checked_wish(party, opened)? {
            Some((keeper, wish)) => self.kept_for(keeper, wish.skip)?,
            None => None,
        };
        let bytes = found.and_then(|returned| Bytes::new(wire::encode(&returned)).ok());
        let refused = || Answer::Refused(Refusal::NotAccepted, receipts.refused(Refusal::NotAccepted.number()));
        Ok(bytes.map_or_else(refused, Answer::GivenBack))
    }

    fn checked_wish(&self, party: Party, opened: Opened) -> Result<Option<(IdentityId, Recover)>> {
        let me = match party {
            Party::Invite(invite) => self.txn.load::<OwnInvite>(&invite.0)?.map(|invite| invite.key.0),
            Party::Pair(_) | Party::Scanned(_) | Party::Former(_) => Some(self.keys.signer.id.0),
        };
        let history = opened.history.as_ref().and_then(|whole| History::from_bytes(whole).ok());
        let Some(history) = history else { return Ok(None) };
        let Ok(letter) = history.verify(opened.letter) else { return Ok(None) };
        if Some(letter.to) != me || self.judge_time(&letter).is_some() {
            return Ok(None);
        }
        match Body::of(&letter) {
            Ok(Body::Recover(wish)) => Ok(Some((history.id(), wish))),
            _ => Ok(None),
        }
    }

    fn kept_for(&self, keeper: IdentityId, skip: u32) -> Result<Option<GivenBack>> {
        let skip = usize::try_from(skip).unwrap_or(usize::MAX).min(limits::CAPSULE_PEOPLE);
        let candidates: Vec<KeptFor> = entity::list(&self.txn, &keeper.0, skip + 1)?;
        let Some(candidate) = candidates.into_iter().nth(skip) else { return Ok(None) };
        let person = self.txn.load::<Person>(&candidate.person.0)?.filter(|person| person.is_contact());
        let identity = person.filter(|person| !person.blocked).and_then(|person| person.identity);
        let history = identity.map(|identity| history_of(&self.txn, identity)).transpose()?.flatten();
        let kept = self.txn.load::<Kept>(&candidate.person.0)?;
        let returned = history.zip(kept);
        Ok(returned.map(|(history, kept)| GivenBack { history: history.to_bytes(), sealed: kept.sealed }))
    }
}

/// Bytes of a capsule around card and people.
const ENDS: usize = 32;
