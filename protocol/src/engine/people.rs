//! My people: finding them, and what I write down about them.

use std::ops::ControlFlow;

use super::entity;
use super::error::{Error, Result};
use super::follow_up::{FollowUpChange, follow_up};
use super::person::{Encounter, HeldCard, Person, PersonNote, PersonOf, Standing, Way};
use super::turn::Turn;
use crate::card::{CardView, Tier};
use crate::folding::fold;
use crate::id::{IdentityId, PersonId};
use crate::limits;
use crate::record::Signed;
use crate::store::{Read, StoreError, Table};
use crate::text::{Label, Line, Name, Note};
use crate::time::Timestamp;

/// Those whose answer to a scan of mine I expect.
pub(super) fn expected(read: &dyn Read) -> Result<Vec<PersonId>> {
    Ok(select(read, Person::is_expected)?.into_iter().map(|person| person.id).collect())
}

fn select(read: &dyn Read, wanted: impl Fn(&Person) -> bool) -> std::result::Result<Vec<Person>, StoreError> {
    let mut found = Vec::new();
    entity::each::<Person>(read, b"", b"", |person| {
        if wanted(&person) {
            found.push(person);
        }
        ControlFlow::Continue(())
    })?;
    Ok(found)
}

/// One person.
pub fn person(read: &dyn Read, id: PersonId) -> Result<Person> {
    entity::load(read, &id.0)?.ok_or_else(|| Error::NotFound { what: "person", name: id.short() })
}

/// The person that an identity is, if it is one of mine.
pub fn by_identity(read: &dyn Read, identity: IdentityId) -> Result<Option<Person>> {
    match entity::load::<PersonOf>(read, &identity.0)? {
        Some(entry) => Ok(entity::load(read, &entry.person.0)?),
        None => Ok(None),
    }
}

/// The card view that a person gave me, if I hold one.
pub fn card_of(read: &dyn Read, id: PersonId) -> Result<Option<CardView>> {
    Ok(entity::load::<HeldCard>(read, &id.0)?.and_then(|held| read_card(&held)))
}

/// The view that we checked when we stored it.
pub(super) fn read_card(held: &HeldCard) -> Option<CardView> {
    Signed::<CardView>::from_bytes(held.record.as_slice()).ok().map(|card| card.unverified().clone())
}

/// My notes about a person, the oldest first.
pub fn notes_about(read: &dyn Read, id: PersonId) -> Result<Vec<PersonNote>> {
    Ok(entity::list(read, &id.0, limits::NOTES)?)
}

/// The one person that `who` names: by id or the beginning of it, by name, or by the beginning of a word of a name.
pub fn find(read: &dyn Read, who: &str) -> Result<Person> {
    let everybody = select(read, |_| true)?;
    let names: Vec<String> = everybody.iter().map(folded_names).collect();
    let called = everybody.iter().zip(&names);
    let called = called.map(|(one, names)| Called { id: one.id, shown: one.display_name(), names });
    person(read, choose(who, called)?)
}

/// Somebody, for [`choose`].
#[derive(Clone, Copy, Debug)]
pub struct Called<'p> {
    /// Their id.
    pub id: PersonId,
    /// What they are called in a list.
    pub shown: &'p str,
    /// All their names as [`folded_names`] gives them.
    pub names: &'p str,
}

/// What somebody calls themselves and what I call them, folded, one on a line.
pub fn folded_names(person: &Person) -> String {
    let names = [Some(&person.name), person.petname.as_ref()];
    let names: Vec<String> = names.into_iter().flatten().map(|name| fold(name.as_str())).collect();
    names.join("\n")
}

/// The one of `everybody` that `who` names, as [`find`] says.
///
/// # Errors
/// If nobody is called so, or several are and none of them is meant more than the others.
pub fn choose<'p>(who: &str, everybody: impl Iterator<Item = Called<'p>> + Clone) -> Result<PersonId> {
    if let Some(id) = PersonId::from_text(who)
        && everybody.clone().any(|one| one.id == id)
    {
        return Ok(id);
    }
    let wanted = fold(who);
    let tests: [&dyn Fn(&Called<'_>) -> bool; 3] = [
        &|one| one.names.lines().any(|name| name == wanted),
        &|one| wanted.len() >= 4 && one.id.to_string().starts_with(&wanted),
        &|one| !wanted.is_empty() && one.names.split_whitespace().any(|word| word.starts_with(&wanted)),
    ];
    for test in tests {
        let mut found: Vec<Called<'_>> = everybody.clone().filter(test).collect();
        match (found.pop(), found.is_empty()) {
            (None, _) => {}
            (Some(only), true) => return Ok(only.id),
            (Some(last), false) => {
                found.push(last);
                return Err(ambiguous(who, &found));
            }
        }
    }
    Err(Error::NotFound { what: "person", name: Line::<64>::cut(who).map(|who| who.to_string()).unwrap_or_default() })
}

fn ambiguous(who: &str, found: &[Called<'_>]) -> Error {
    let candidates = found.iter().take(10).map(|one| format!("{} ({})", one.shown, one.id.short()));
    Error::Ambiguous { name: who.to_owned(), candidates: candidates.collect() }
}

/// One change to what I keep about a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PersonChange {
    /// What I call them; `None` to use their own name.
    Petname(Option<Name>),
    /// Adds a tag.
    Tag(Label),
    /// Takes a tag away.
    Untag(Label),
    /// Adds a note.
    Note(Note),
    /// We were in touch just now.
    Touch,
    /// How often I want to be in touch, in days; `None` for never.
    Cadence(Option<u32>),
    /// What of my card they see.
    Tier(Tier),
    /// Nothing of theirs reaches me any more, or it does again.
    Block(bool),
    /// What is to be done for them.
    FollowUp(FollowUpChange),
}

/// Somebody who has no Kith, as far as I know.
pub(super) struct WrittenDown {
    pub name: Name,
    pub way: Way,
    pub event: Option<Name>,
    pub foreign: Option<Note>,
    pub note: Note,
    /// When we met.
    pub at: Timestamp,
}

impl Turn<'_> {
    /// Writes down somebody whose card or name I have without Kith.
    pub(super) fn write_down(&mut self, new: WrittenDown) -> Result<PersonId> {
        let WrittenDown { name, way, event, foreign, note, at } = new;
        let mut person = self.new_person(name, Tier::Public, at)?;
        person.met(Encounter { at, way, event, late: false, by: None });
        person.foreign = foreign;
        self.txn.save(&person);
        self.add_note(person.id, at, note)?;
        self.write_to_them(person.id, at)?;
        Ok(person.id)
    }

    /// Changes what I keep about a person.
    pub fn change_person(&mut self, id: PersonId, change: PersonChange) -> Result<Person> {
        let mut person = person(&self.txn, id)?;
        match change {
            PersonChange::Petname(petname) => person.petname = petname,
            PersonChange::Tag(tag) => add_tag(&mut person, tag)?,
            PersonChange::Untag(tag) => person.tags.retain(|own| fold(own.as_str()) != fold(tag.as_str())),
            PersonChange::Note(note) => {
                self.add_note(id, self.now, note)?;
                person.touched = self.now;
            }
            PersonChange::Touch => person.touched = self.now,
            PersonChange::Cadence(days) => person.cadence = days,
            PersonChange::Tier(tier) => return self.change_tier(person, tier),
            PersonChange::Block(blocked) => return self.block(person, blocked),
            PersonChange::FollowUp(change) => {
                if self.change_follow_up(id, change)? {
                    person.touched = self.now;
                }
            }
        }
        self.txn.save(&person);
        Ok(person)
    }

    fn change_tier(&mut self, mut person: Person, tier: Tier) -> Result<Person> {
        if person.tier != tier {
            person.tier = tier;
            self.txn.save(&person);
            if person.is_contact() {
                let own = self.sign_card_again()?;
                self.send_card(&own, &person)?;
            }
        }
        Ok(person)
    }

    /// Who is no longer blocked is told what they missed.
    fn block(&mut self, mut person: Person, blocked: bool) -> Result<Person> {
        let was_blocked = std::mem::replace(&mut person.blocked, blocked);
        self.txn.save(&person);
        if blocked {
            self.end_introductions_with(person.id)?;
            if let Some(identity) = person.identity {
                self.end_proposals_for(identity)?;
            }
        }
        if was_blocked && !blocked && person.is_contact() {
            let own = self.own()?;
            self.send_card(&own, &person)?;
            self.send_presence(&own, &person)?;
            self.say_vouches_again(&person)?;
        }
        Ok(person)
    }

    pub(super) fn add_note(&mut self, person: PersonId, at: Timestamp, text: Note) -> Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        let notes = notes_about(&self.txn, person)?;
        if notes.len() >= limits::NOTES {
            return Err(Error::Full("notes about this person"));
        }
        let number = u32::try_from(notes.len()).unwrap_or(u32::MAX);
        self.txn.save(&PersonNote { person, at, number, text });
        Ok(())
    }

    /// Forgets a person altogether; a contact is told to forget me too.
    pub fn forget_person(&mut self, id: PersonId) -> Result<()> {
        let person = person(&self.txn, id)?;
        if self.may_still_answer(&person)? {
            return self.wait_for_answer_and_withdraw(person);
        }
        let farewell_waits = !super::outbox::waiting_for(&self.txn, id)?.is_empty() && person.identity.is_some();
        if person.is_contact() || farewell_waits {
            // The letter must be able to go out: the person stays, empty, until it has.
            if person.is_contact() {
                self.withdraw_from(person.clone())?;
            }
            self.forget_contents(id)?;
            let (petname, tags, encounters) = (None, Vec::new(), Vec::new());
            self.txn.save(&Person { standing: Standing::Ended, petname, tags, encounters, ..person });
            return Ok(());
        }
        self.erase(person)
    }

    /// True if my claim lies in their mailbox, or was handled: then they may come to hold me whatever I do.
    fn may_still_answer(&self, person: &Person) -> Result<bool> {
        let Some(scan) = person.scan.as_ref().filter(|scan| scan.problem.is_none()) else { return Ok(false) };
        let waiting = super::outbox::waiting_for(&self.txn, person.id)?;
        let claim = waiting.iter().find(|letter| Some(letter.id) == scan.claim);
        Ok(claim.is_none_or(|claim| claim.stored.is_some()))
    }

    /// They are told to forget me once they answer; until then they stay, and nobody sees them.
    fn wait_for_answer_and_withdraw(&mut self, mut person: Person) -> Result<()> {
        if let Some(key) = person.scan.as_ref().and_then(|scan| scan.introduction) {
            self.asked_forgotten(key)?;
        }
        self.remove_all_waiting(person.id)?;
        self.forget_contents(person.id)?;
        if let Some(scan) = person.scan.as_mut() {
            (scan.claim, scan.introduction) = (None, None);
        }
        let (petname, tags, encounters) = (None, Vec::new(), Vec::new());
        self.txn.save(&Person { standing: Standing::Ended, petname, tags, encounters, ..person });
        Ok(())
    }

    /// Somebody who was to come of an introduction will not. If nothing else is known of them, they go.
    pub(super) fn let_pending_go(&mut self, id: PersonId, erase: bool) -> Result<()> {
        let Some(mut person) = self.txn.load::<Person>(&id.0)? else { return Ok(()) };
        if person.standing != Standing::Pending {
            return Ok(());
        }
        if let Some(scan) = person.scan.take() {
            self.clear_deadline(scan.gives_up, super::deadline::Ends::Scan(id));
        }
        self.remove_all_waiting(id)?;
        self.forget_pair(id)?;
        let has_words = !notes_about(&self.txn, id)?.is_empty() || follow_up(&self.txn, id)?.is_mine();
        let is_mine = person.petname.is_some() || !person.tags.is_empty() || has_words;
        if erase && !is_mine {
            return self.erase(person);
        }
        person.standing = Standing::Unconfirmed;
        person.encounters.retain(|encounter| encounter.way != Way::Introduced);
        self.txn.save(&person);
        Ok(())
    }

    /// Takes the last trace of somebody away.
    pub(super) fn erase(&mut self, person: Person) -> Result<()> {
        let id = person.id;
        if let Some(key) = person.scan.as_ref().and_then(|scan| scan.introduction) {
            self.asked_forgotten(key)?;
        }
        self.remove_all_waiting(id)?;
        self.forget_sent(id)?;
        self.forget_kept(id)?;
        self.forget_pair(id)?;
        self.forget_contents(id)?;
        self.txn.remove(Table::Reach, &id.0);
        self.person_gone()?;
        self.txn.remove(Table::People, &id.0);
        if let Some(identity) = person.identity {
            self.txn.forget(&PersonOf { identity, person: id });
            self.stop_watching(identity)?;
            self.txn.remove(Table::Histories, &identity.0);
        }
        Ok(())
    }

    /// A letter to this person left the outbox. Somebody who was forgotten only stayed for it.
    pub(super) fn letter_gone(&mut self, id: PersonId) -> Result<()> {
        match self.txn.load::<Person>(&id.0)? {
            Some(person)
                if is_only_kept_for_letters(&person) && super::outbox::waiting_for(&self.txn, id)?.is_empty() =>
            {
                self.erase(person)
            }
            _ => self.pump(id),
        }
    }

    fn forget_contents(&mut self, id: PersonId) -> Result<()> {
        self.drop_items_about(id)?;
        self.forget_introductions_with(id)?;
        self.forget_vouches_with(id)?;
        self.forget_correspondence(id)?;
        self.forget_left(id);
        for note in notes_about(&self.txn, id)? {
            self.txn.forget(&note);
        }
        for meeting in super::meetings::meetings_with(&self.txn, id)? {
            self.txn.forget(&meeting);
        }
        self.txn.remove(Table::Cards, &id.0);
        self.txn.remove(Table::FollowUps, &id.0);
        Ok(())
    }
}

pub(super) fn add_tag(person: &mut Person, tag: Label) -> Result<()> {
    if person.tags.iter().any(|own| fold(own.as_str()) == fold(tag.as_str())) {
        return Ok(());
    }
    if person.tags.len() >= limits::TAGS {
        return Err(Error::Full("tags on this person"));
    }
    person.tags.push(tag);
    Ok(())
}

/// True for somebody who was forgotten and of whom no answer is expected.
fn is_only_kept_for_letters(person: &Person) -> bool {
    !is_shown(person) && !person.is_expected()
}

/// True for people who are shown: a forgotten contact whose letter is still on its way is not.
pub fn is_shown(person: &Person) -> bool {
    person.standing != Standing::Ended || !person.encounters.is_empty()
}
