//! What contacts keep for me, and I for them, in case that one of us loses everything but the words.
//!
//! A capsule goes to each contact with every second new grant, so each fortnight, with each change of key, and to new ones
//! within the hour. Each holds some of my contacts, so those of several contacts together hold all of them.
//!
//! With those for new contacts one goes to whoever holds a mailbox for me, whose capsules begin with the newest contacts: so who
//! goes on from last night's backup hears of people met since from somebody whom the backup knows.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

use super::backups::{CapsuleKeys, capsule_keys};
use super::deadline::Ends;
use super::door::pair_secrets;
use super::effect::{Answer, Refusal};
use super::entity::{self, Entity};
use super::error::Result;
use super::incoming::{history_of, history_of_person};
use super::invites::OwnInvite;
use super::live::Party;
use super::mailboxes::own_mailboxes;
use super::own::Own;
use super::person::{Person, Reach};
use super::turn::Turn;
use crate::crypto::{cut, sha256};
use crate::id::{IdentityId, PersonId, SessionId};
use crate::identity::History;
use crate::letter::body::{KeepCapsule, Recover};
use crate::letter::{Body, Opened};
use crate::limits;
use crate::recovery::{Acquaintance, Capsule, GivenBack, ROOM};
use crate::store::{Read, Table};
use crate::time::Timestamp;
use crate::wire::{self, Bytes};

crate::wire_map! {
    /// A capsule that a contact gave me.
    struct Kept {
        1 => person: PersonId,
        2 => keeper: IdentityId,
        3 => sealed: Bytes<{ limits::CAPSULE }>,
        /// When it came.
        4 => came: Timestamp,
        /// 0 for the newest; 1 for one of before.
        5 => place: u8,
        /// The number of the key that signed the letter.
        6 => key: u8,
    }
}

impl Entity for Kept {
    const TABLE: Table = Table::Kept;

    fn key(&self) -> Vec<u8> {
        kept_key(self.person, self.place)
    }
}

/// The places of what a contact gave me: the newest, and one of before.
const PLACES: [u8; 2] = [0, 1];

fn kept_key(person: PersonId, place: u8) -> Vec<u8> {
    [&person.0[..], &[place]].concat()
}

crate::wire_map! {
    /// Who gave me a capsule under this keeper id.
    struct KeptFor {
        1 => keeper: IdentityId,
        2 => person: PersonId,
        3 => place: u8,
    }
}

impl Entity for KeptFor {
    const TABLE: Table = Table::Kept;

    fn key(&self) -> Vec<u8> {
        [&self.keeper.0[..], &self.person.0, &[self.place]].concat()
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
        let hosts = own_mailboxes(&self.txn)?.into_iter().map(|mailbox| mailbox.keeper);
        let to: BTreeSet<PersonId> = hosts.chain(due.people.iter().copied()).collect();
        for person in to {
            if let Some(person) = self.txn.load::<Person>(&person.0)?.filter(holds_capsule) {
                self.send_capsule(&own, &person)?;
            }
        }
        Ok(())
    }

    /// Gives a contact the capsule as it is now. A home whose words were not typed in since there are capsules has none.
    pub(super) fn send_capsule(&mut self, own: &Own, person: &Person) -> Result<()> {
        let Some(CapsuleKeys { seal_to, keeper, door }) = capsule_keys(&self.txn)? else { return Ok(()) };
        let people = self.acquaintances_for(own, person.id)?;
        let capsule = Capsule { made: self.now, card: own.card.clone(), people, key: own.history().current() };
        if let Some(sealed) = capsule.seal(&seal_to, self.random.bytes()) {
            self.send(person.id, &Body::KeepCapsule(KeepCapsule { keeper, sealed, door }), limits::LETTER_LIFE)?;
        }
        Ok(())
    }

    /// Whom the capsule at this contact holds: themselves, and as many others as fit.
    fn acquaintances_for(&self, own: &Own, person: PersonId) -> Result<Vec<Acquaintance>> {
        let mut room = ROOM.saturating_sub(wire::encode(&own.card).len() + ENDS);
        let mut people = Vec::new();
        let holds_mailbox = own_mailboxes(&self.txn)?.iter().any(|mailbox| mailbox.keeper == person);
        let around = if holds_mailbox { self.newest(person)? } else { self.around(person)? };
        for id in around {
            let Some(one) = acquaintance(&self.txn, id)? else { continue };
            // One with a long history leaves the room to others.
            let Some(left) = room.checked_sub(wire::encode(&one).len()) else { continue };
            room = left;
            people.push(one);
        }
        Ok(people)
    }

    /// A contact, then the others, the newest first.
    fn newest(&self, person: PersonId) -> Result<Vec<PersonId>> {
        let mut all = Vec::new();
        entity::each::<Person>(&self.txn, b"", b"", |other| {
            if holds_capsule(&other) && other.id != person {
                all.push((Reverse(other.created), other.id));
            }
            ControlFlow::Continue(())
        })?;
        all.sort_unstable();
        let others = all.into_iter().take(limits::CAPSULE_PEOPLE - 1).map(|(_, id)| id);
        Ok(std::iter::once(person).chain(others).collect())
    }

    /// A contact, then the others as on a ring, from a place that is another one for each contact.
    fn around(&self, person: PersonId) -> Result<Vec<PersonId>> {
        let from: [u8; 10] = cut(&sha256(&[b"capsule", &person.0]));
        let mut around = vec![person];
        for start in [&from[..], b""] {
            entity::each::<Person>(&self.txn, b"", start, |other| {
                if holds_capsule(&other) && !around.contains(&other.id) {
                    around.push(other.id);
                }
                if around.len() < limits::CAPSULE_PEOPLE { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
        }
        Ok(around)
    }

    /// A contact wants something kept: the newest is, and one of before. The one of before gives way to the newest no
    /// sooner than it is [`limits::CAPSULE_BEFORE`] old, so that neither a thief who sends another, nor a machine that has
    /// recovered less than it had, takes everything away.
    /// With a new key and another keeper id fresh words have come, and what the words of before open goes.
    pub(super) fn capsule_arrived(&mut self, person: PersonId, key: u8, capsule: KeepCapsule) -> Result<()> {
        let newest = self.txn.load::<Kept>(&kept_key(person, 0))?;
        if newest.is_some_and(|newest| newest.keeper != capsule.keeper && key > newest.key) {
            self.forget_kept(person)?;
        }
        let before = self.txn.load::<Kept>(&kept_key(person, 1))?;
        let gives_way = before.is_none_or(|before| self.now.since(before.came) >= limits::CAPSULE_BEFORE);
        let newest = self.unkeep(person, 0)?.filter(|_| gives_way);
        let door_of_newest = self.take_recovery_door(person, 0)?;
        if let Some(newest) = newest {
            self.unkeep(person, 1)?;
            self.take_recovery_door(person, 1)?;
            self.keep(Kept { place: 1, ..newest });
            self.open_recovery_door(person, 1, door_of_newest);
        }
        let KeepCapsule { keeper, sealed, door } = capsule;
        self.keep(Kept { person, keeper, sealed, came: self.now, place: 0, key });
        self.open_recovery_door(person, 0, door);
        Ok(())
    }

    fn keep(&mut self, kept: Kept) {
        self.txn.save(&KeptFor { keeper: kept.keeper, person: kept.person, place: kept.place });
        self.txn.save(&kept);
    }

    fn unkeep(&mut self, person: PersonId, place: u8) -> Result<Option<Kept>> {
        let kept = self.txn.load::<Kept>(&kept_key(person, place))?;
        if let Some(kept) = &kept {
            self.txn.forget(&KeptFor { keeper: kept.keeper, person, place });
            self.txn.forget(kept);
        }
        Ok(kept)
    }

    /// Nothing is kept for somebody any more.
    pub(super) fn forget_kept(&mut self, person: PersonId) -> Result<()> {
        for place in PLACES {
            self.unkeep(person, place)?;
            self.take_recovery_door(person, place)?;
        }
        Ok(())
    }

    /// Somebody asks for what is kept under a keeper id, and proves to have the words that it comes from.
    pub(super) fn answer_wish(&self, session: SessionId, party: Party, opened: Opened) -> Result<Answer> {
        let receipts = opened.receipts();
        let found = match self.checked_wish(session, party, opened)? {
            Some((keeper, wish)) => self.kept_for(keeper, wish.skip)?,
            None => None,
        };
        let bytes = found.and_then(|returned| Bytes::new(wire::encode(&returned)).ok());
        let refused = || Answer::Refused(Refusal::NotAccepted, receipts.refused(Refusal::NotAccepted.number()));
        Ok(bytes.map_or_else(refused, Answer::GivenBack))
    }

    fn checked_wish(&self, session: SessionId, party: Party, opened: Opened) -> Result<Option<(IdentityId, Recover)>> {
        let me = match party {
            // A printed code is in many hands, and an answer would tell whose it is.
            Party::Invite(invite) => {
                let invite = self.txn.load::<OwnInvite>(&invite.0)?;
                invite.filter(|invite| !invite.printed).map(|invite| invite.key.0)
            }
            Party::Pair(_) | Party::Scanned(_) | Party::Former(_) => Some(self.keys.signer.id.0),
            Party::Keeper(..) => self.recovery_door_of(session)?.map(|door| door.addressee().id),
        };
        // A keeper changes no keys.
        let whole = opened.history.as_ref();
        let whole = whole.filter(|whole| whole.rotations.is_empty() && whole.compromises.is_empty());
        let Some(history) = whole.and_then(|whole| History::from_bytes(whole).ok()) else { return Ok(None) };
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
        let mut skip = usize::try_from(skip).unwrap_or(usize::MAX);
        let mut found = None;
        entity::each::<KeptFor>(&self.txn, &keeper.0, b"", |candidate| {
            match self.given_back(&candidate) {
                Ok(None) => {}
                Ok(Some(_)) if skip > 0 => skip -= 1,
                outcome => found = Some(outcome),
            }
            if found.is_none() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        found.unwrap_or(Ok(None))
    }

    /// What a contact gave me, if they still are one.
    fn given_back(&self, candidate: &KeptFor) -> Result<Option<GivenBack>> {
        let person = self.txn.load::<Person>(&candidate.person.0)?.filter(Person::is_contact);
        let identity = person.filter(|person| !person.blocked).and_then(|person| person.identity);
        let history = identity.map(|identity| history_of(&self.txn, identity)).transpose()?.flatten();
        let kept = self.txn.load::<Kept>(&kept_key(candidate.person, candidate.place))?;
        Ok(history.zip(kept).map(|(history, kept)| GivenBack { history: history.to_bytes(), sealed: kept.sealed }))
    }
}

/// Bytes of a capsule around card and people.
const ENDS: usize = 32;

/// True if a person is among those who keep something for me, and stand in what others keep.
fn holds_capsule(person: &Person) -> bool {
    person.is_contact() && !person.blocked
}

fn acquaintance(read: &dyn Read, id: PersonId) -> Result<Option<Acquaintance>> {
    let (Some(person), Some(reach)) = (entity::load::<Person>(read, &id.0)?, entity::load::<Reach>(read, &id.0)?)
    else {
        return Ok(None);
    };
    let Some(history) = history_of_person(read, &person)? else { return Ok(None) };
    let Some(pair) = pair_secrets(read, id)? else { return Ok(None) };
    Ok(Some(Acquaintance {
        history: history.to_bytes(),
        pair: pair.current.clone(),
        grant: reach.grant,
        hints: reach.hints.into_iter().take(limits::CAPSULE_HINTS).collect(),
        mailboxes: reach.mailboxes.into_iter().take(1).collect(),
        name: person.name,
        tier: person.tier,
        presence: reach.presence,
    }))
}

/// Contacts who may keep something for me, `most` of them, those who hold mailboxes for me first.
pub fn acquaintances(read: &dyn Read, most: usize) -> Result<Vec<Acquaintance>> {
    let mut whom: Vec<PersonId> = own_mailboxes(read)?.into_iter().map(|mailbox| mailbox.keeper).collect();
    entity::each::<Person>(read, b"", b"", |person| {
        if holds_capsule(&person) && !whom.contains(&person.id) {
            whom.push(person.id);
        }
        if whom.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    let mut all = Vec::new();
    for id in whom {
        all.extend(acquaintance(read, id)?);
    }
    Ok(all)
}
