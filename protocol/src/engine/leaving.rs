//! Leaving letters in the mailboxes of people who are not there.
//!
//! What was left stays in the outbox until its recipient says that they have it: a mailbox may lose it, and calls go on.

use super::correspondence::WordsState;
use super::effect::{Effect, Errand, Left};
use super::error::Result;
use super::notice::Notice;
use super::outbox::{Waiting, waiting_for};
use super::person::Person;
use super::route::Route;
use super::turn::Turn;
use crate::address::{Hint, Reach};
use crate::hello::SharedSecret;
use crate::id::{LetterId, PeerId, PersonId};
use crate::letter::body::kind;
use crate::limits;
use crate::mailbox::{Door, Leave, Parcel, Pass, SealedDoor};

/// A parcel on its way to a mailbox.
#[derive(Clone, Debug)]
pub(super) struct Leaving {
    /// Whom it is for.
    pub person: PersonId,
    /// The letter in it; none for an answer, of which nothing more is expected.
    pub letter: Option<LetterId>,
    /// The secret of the code that leads there, if it is a code.
    pub code: Option<SharedSecret>,
}

/// Where a parcel can be left.
pub(super) struct Place {
    host: Option<PeerId>,
    addresses: Vec<Hint>,
    /// All but the parcel.
    leave: Leave,
    code: Option<SharedSecret>,
}

impl Place {
    /// In a mailbox that somebody gave me a pass to.
    pub(super) fn with_pass(pass: &Pass) -> Self {
        let leave = Leave {
            mailbox: Some(pass.mailbox),
            label: pass.label,
            token: pass.token,
            parcel: Parcel::default(),
            replaces: false,
        };
        Self { host: Some(pass.host), addresses: pass.hints.clone(), leave, code: None }
    }

    /// Behind the front door that a code names.
    fn behind_front_door(hints: &[Hint], code: &SharedSecret) -> Option<Self> {
        let addresses: Vec<Hint> = hints.iter().filter(|hint| hint.reach == Reach::FrontDoor).cloned().collect();
        let (label, token) = (code.mailbox_label(), code.mailbox_token());
        let leave = Leave { mailbox: None, label, token, parcel: Parcel::default(), replaces: false };
        (!addresses.is_empty()).then(|| Self { host: None, addresses, leave, code: Some(code.clone()) })
    }
}

impl Route {
    /// True if there is no address to call.
    pub(super) fn leads_to_a_mailbox_alone(&self) -> bool {
        let may_call = self.addresses.iter().any(|hint| hint.reach != Reach::FrontDoor);
        !may_call && self.place(0).is_some()
    }

    /// Where letters on this way can be left; of two mailboxes another one after each failure.
    fn place(&self, failures: u32) -> Option<Place> {
        if self.is_first {
            return Place::behind_front_door(&self.addresses, &self.secret);
        }
        let turn = usize::try_from(failures).unwrap_or_default().checked_rem(self.mailboxes.len())?;
        self.mailboxes.get(turn).map(Place::with_pass)
    }
}

impl Turn<'_> {
    /// Somebody is not there now: what waits for them is left in a mailbox of theirs, if there is one.
    pub(super) fn leave_letters(&mut self, person: &Person) -> Result<()> {
        if self.live.leave_after.get(&person.id).is_some_and(|after| *after > self.now) {
            return Ok(());
        }
        let Some(route) = self.route(person)? else { return Ok(()) };
        let failures = self.live.pauses.get(&person.id).map_or(0, |pause| pause.failures);
        if route.place(failures).is_none() {
            return Ok(());
        }
        let mut letters = waiting_for(&self.txn, person.id)?;
        letters.retain(|letter| self.is_to_be_left(letter, &route));
        letters.sort_by_key(|letter| (letter.kind != kind::WELCOME, letter.written));
        for letter in letters {
            if self.live.errands.len() >= limits::ERRANDS || self.errands_for(person.id) >= limits::ERRANDS_OF_ONE {
                break;
            }
            if let Some(place) = route.place(failures) {
                self.leave_letter(&letter, person, &route, place)?;
            }
        }
        Ok(())
    }

    /// They have other mailboxes now: what lies in one of before may never be found.
    pub(super) fn leave_again(&mut self, person: PersonId) -> Result<()> {
        for waiting in waiting_for(&self.txn, person)?.into_iter().filter(|waiting| waiting.stored.is_some()) {
            self.txn.save(&Waiting { stored: None, ..waiting });
        }
        Ok(())
    }

    fn errands_for(&self, person: PersonId) -> usize {
        self.live.errands.values().filter(|leaving| leaving.person == person).count()
    }

    fn is_to_be_left(&self, letter: &Waiting, route: &Route) -> bool {
        let under_way = self.live.errands.values().any(|leaving| leaving.letter == Some(letter.id));
        let lies_there = letter.stored.is_some_and(|at| self.now.since(at) < limits::LEFT_AGAIN_AFTER);
        route.takes(letter) && !under_way && !lies_there && letter.expires > self.now
    }

    fn leave_letter(&mut self, letter: &Waiting, person: &Person, route: &Route, mut place: Place) -> Result<()> {
        let Some((sealed, _)) = self.seal(letter, person, route, &route.secret)? else { return Ok(()) };
        // A sealed letter is never longer than the largest class.
        let Ok(parcel) = Parcel::new(sealed.bytes) else { return Ok(()) };
        place.leave.replaces = letter.kind == kind::PRESENCE;
        self.leave_parcel(person.id, Some(letter.id), place, parcel);
        Ok(())
    }

    /// Sends a parcel off to a mailbox.
    pub(super) fn leave_parcel(&mut self, person: PersonId, letter: Option<LetterId>, place: Place, parcel: Parcel) {
        let Place { host, addresses, leave, code } = place;
        // Never one that a network of before may still speak of.
        let errand = Errand(u64::from_be_bytes(self.random.bytes()));
        self.live.errands.insert(errand, Leaving { person, letter, code });
        self.effect(Effect::LeaveParcel { errand, host, addresses, leave: Leave { parcel, ..leave } });
    }

    /// What I wanted to leave in a mailbox of somebody lies there, or does not.
    pub fn parcel_left(&mut self, errand: Errand, outcome: Left) -> Result<()> {
        let Some(leaving) = self.live.errands.remove(&errand) else { return Ok(()) };
        match outcome {
            Left::Stored(door) => self.lies_in_mailbox(&leaving, &door)?,
            Left::Refused | Left::Full | Left::Unreachable => {
                // With the next call in vain there is another try.
                let pause = self.live.pauses.get(&leaving.person).map(|pause| pause.until);
                let after = pause.unwrap_or_default().max(self.now.plus(limits::MINUTE));
                self.live.leave_after.insert(leaving.person, after);
                return Ok(());
            }
        }
        self.live.leave_after.remove(&leaving.person);
        match self.txn.load::<Person>(&leaving.person.0)? {
            Some(person) if self.live.sessions_with(person.id).is_empty() => self.leave_letters(&person),
            _ => Ok(()),
        }
    }

    fn lies_in_mailbox(&mut self, leaving: &Leaving, door: &SealedDoor) -> Result<()> {
        let Some(letter) = leaving.letter else { return Ok(()) };
        let key = [&leaving.person.0[..], &letter.0].concat();
        if let Some(waiting) = self.txn.load::<Waiting>(&key)? {
            if waiting.kind == kind::ANSWERS {
                // Nobody answers it; whoever misses it asks again by leaving their letter again.
                self.remove_waiting(&waiting);
                self.letter_gone(leaving.person)?;
            } else {
                self.my_words_are(&waiting, WordsState::InMailbox)?;
                self.txn.save(&Waiting { stored: Some(self.now), ..waiting });
                self.notice(Notice::LeftInMailbox { person: leaving.person });
            }
        }
        match &leaving.code {
            Some(code) => self.through_the_door(leaving.person, code, door),
            None => Ok(()),
        }
    }

    /// The mailbox says where the owner of the code is now: they may be there, on other addresses than the code names.
    fn through_the_door(&mut self, person: PersonId, code: &SharedSecret, door: &SealedDoor) -> Result<()> {
        let Ok(door) = Door::open(door, code) else { return Ok(()) };
        let Some(mut known) = self.txn.load::<Person>(&person.0)? else { return Ok(()) };
        let Some(scan) = known.scan.as_mut().filter(|scan| scan.locator == code.locator()) else { return Ok(()) };
        if scan.door.as_ref() == Some(&door) {
            return Ok(());
        }
        scan.door = Some(door);
        self.txn.save(&known);
        self.live.pauses.remove(&person);
        self.pump(person)
    }
}
