//! Vouches, as people give and take them.

use kith_protocol::engine::Error;
use kith_protocol::engine::introduction::{Asked, Proposed};
use kith_protocol::engine::vouches::{
    HeldVouch, VouchKey, VouchOptions, VouchShown, vouches_about, vouches_about_me, vouches_by_me,
};
use kith_protocol::id::PersonId;
use kith_protocol::text::Line;
use kith_protocol::vouch::{Basis, Interest, Strength, VouchReach};

use super::home::Who;
use super::world::World;

/// What is said in a story where it does not matter what.
pub const WORDS: &str = "She delivered on the day, three years in a row.";

/// A vouch of a person in these words.
pub fn vouch_of(person: PersonId, words: &str, reach: VouchReach) -> VouchOptions {
    VouchOptions {
        person,
        basis: Basis::Supplier,
        words: Line::new(words).expect("a story uses plain words"),
        skills: ["ball valves", "keeping dates"].map(|skill| Line::new(skill).expect("a short word")).to_vec(),
        since: Some(2021),
        until: Some(2024),
        strength: Strength::new(3).expect("3 is the strongest"),
        interest: Interest::None,
        interest_words: None,
        reach,
        life: None,
    }
}

impl World {
    /// Vouches for a contact.
    pub fn vouches(&mut self, issuer: Who, subject: Who, reach: VouchReach) -> VouchKey {
        self.vouches_so(issuer, subject, |options| options.reach = reach)
    }

    /// Vouches in a way of one's own.
    pub fn vouches_so(&mut self, issuer: Who, subject: Who, say: impl Fn(&mut VouchOptions)) -> VouchKey {
        self.tries_to_vouch(issuer, subject, say).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Vouches in a way that may be refused.
    pub fn tries_to_vouch(
        &mut self,
        issuer: Who,
        subject: Who,
        say: impl Fn(&mut VouchOptions),
    ) -> Result<VouchKey, Error> {
        let mut options = vouch_of(self.person_id(issuer, subject), WORDS, VouchReach::Contacts);
        say(&mut options);
        let live = |held: &HeldVouch| held.content().is_some();
        let before = self.given(issuer).into_iter().filter(live).map(|held| held.key).collect::<Vec<_>>();
        let held = self.tries(issuer, |turn| {
            // After a crash the person looks whether it was done.
            let done = vouches_by_me(turn.read())?.into_iter().find(|held| live(held) && !before.contains(&held.key));
            done.map_or_else(|| turn.vouch(options.clone()), Ok)
        })?;
        Ok(held.key)
    }

    /// Says another thing in the place of what was said.
    pub fn changes_vouch(&mut self, issuer: Who, key: VouchKey, words: &str, reach: VouchReach) {
        let subject = self.who_is(key.subject).expect("somebody of this world");
        let options = vouch_of(self.person_id(issuer, subject), words, reach);
        self.does(issuer, |turn| turn.change_vouch(key, options.clone()));
    }

    /// Says the same for longer.
    pub fn renews_vouch(&mut self, issuer: Who, key: VouchKey) {
        let ends = self.reads_vouch(issuer, key).and_then(|shown| shown.ends);
        self.does(issuer, |turn| {
            // After a crash the person looks whether it was done.
            let held = vouches_by_me(turn.read())?.into_iter().find(|held| held.key == key);
            let done = held.filter(|held| held.read().is_some_and(|vouch| vouch.expires > ends));
            done.map_or_else(|| turn.renew_vouch(key, None), Ok)
        });
    }

    /// Says the same for longer, a day later.
    pub fn renews_after(&mut self, issuer: Who, key: VouchKey) {
        self.run_for(24 * 3_600);
        self.renews_vouch(issuer, key);
    }

    /// Says it no more.
    pub fn revokes_vouch(&mut self, issuer: Who, key: VouchKey) {
        self.does(issuer, |turn| turn.revoke_vouch(key));
    }

    /// The subject says how far a vouch may be shown.
    pub fn lets_show(&mut self, subject: Who, key: VouchKey, reach: VouchReach) {
        let issuer = self.who_is(key.issuer).expect("somebody of this world");
        let person = self.person_id(subject, issuer);
        self.does(subject, |turn| turn.accept_vouch(person, key.slot, reach));
    }

    /// What somebody vouches of others.
    pub fn given(&self, who: Who) -> Vec<HeldVouch> {
        vouches_by_me(&self.home(who).store).unwrap()
    }

    /// What others vouch of somebody, as they hold it.
    pub fn vouched(&self, who: Who) -> Vec<HeldVouch> {
        vouches_about_me(&self.home(who).store).unwrap()
    }

    /// What somebody holds of another, from whomever.
    pub fn holds_vouches_about(&self, who: Who, other: Who) -> Vec<HeldVouch> {
        vouches_about(&self.home(who).store, self.home(other).id).unwrap()
    }

    /// A vouch as somebody holds it.
    pub fn held_vouch(&self, who: Who, key: VouchKey) -> Option<HeldVouch> {
        let subject = self.who_is(key.subject).expect("somebody of this world");
        self.holds_vouches_about(who, subject).into_iter().find(|held| held.key == key)
    }

    /// A vouch as somebody reads it.
    pub fn reads_vouch(&self, who: Who, key: VouchKey) -> Option<VouchShown> {
        let held = self.held_vouch(who, key)?;
        Some(VouchShown::of(&self.home(who).store, &held, self.clock(who)).unwrap())
    }

    /// Brings two together to the end; what the target and the asker were shown.
    pub fn introduces(&mut self, asker: Who, introducer: Who, target: Who) -> (Proposed, Asked) {
        let key = self.asks(asker, introducer, "a buyer in Ghent");
        self.run_for(60);
        self.passes(introducer, asker, target);
        self.run_for(60);
        let proposed = self.is_proposed(target, introducer);
        self.consents(target, introducer, kith_protocol::card::Tier::Contacts);
        self.run_for(600);
        (proposed, self.has_asked_id(asker, key.id))
    }

    pub(super) fn person_id(&self, who: Who, other: Who) -> PersonId {
        self.knows(who, other).expect("they know each other").id
    }
}
