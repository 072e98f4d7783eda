//! What people do, and what they see.

use std::ops::ControlFlow;

use kith_protocol::card::{CardView, FieldKind, Tier};
use kith_protocol::engine::captures::{Capture, Outcome, Whom};
use kith_protocol::engine::inbox::{Item, ItemKind, items};
use kith_protocol::engine::invites::InviteOptions;
use kith_protocol::engine::meetings::{HeldMeeting, meetings_with};
use kith_protocol::engine::outbox::{Waiting, waiting_for};
use kith_protocol::engine::people::{self, PersonChange, card_of};
use kith_protocol::engine::person::{Person, Reach};
use kith_protocol::engine::scans::{ScanOptions, Scanned, read_code};
use kith_protocol::engine::{CardChange, Engine, Error, Notice, Own, Turn};
use kith_protocol::id::{InviteId, LetterId, Locator, PersonId};
use kith_protocol::identity::Reason;
use kith_protocol::invite::Invite;
use kith_protocol::letter::body::kind;
use kith_protocol::limits;
use kith_protocol::store::{MemoryStore, Read, Store, Table, Write};
use kith_protocol::text::Line;
use kith_protocol::time::Timestamp;
use kith_protocol::wire::{self, Bytes};
use kith_protocol::words::RecoveryWords;
use rand::RngExt;

use super::home::{Home, Who};
use super::world::World;

/// A code that somebody shows.
#[derive(Clone, Debug)]
pub struct Code {
    /// Whose it is.
    pub owner: Who,
    /// Its id in the owner's home.
    pub invite: InviteId,
    /// The text in the picture.
    pub text: String,
    /// What of the owner's card its scanners get.
    pub tier: Tier,
    /// Whether it is for many.
    pub printed: bool,
}

impl Code {
    /// What the text says.
    pub fn read(&self) -> Invite {
        read_code(&self.text).expect("a code that was just drawn can be read")
    }
}

/// How somebody scans.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scan<'s> {
    /// What of their card they give.
    pub tier: Tier,
    /// The event that they note.
    pub event: Option<&'s str>,
    /// A note about the person.
    pub note: &'s str,
}

fn line<const MAX: usize>(text: &str) -> Line<MAX> {
    Line::new(text).expect("a story uses plain words")
}

impl World {
    /// Somebody with a card that has a line for each tier: an organisation for everybody, an e-mail address for
    /// contacts, a private one for people named one by one.
    pub fn person(&mut self, name: &str) -> Who {
        let who = self.somebody(name);
        let mail = name.to_lowercase().replace(' ', ".");
        self.does(who, |turn| {
            turn.change_card(vec![
                CardChange::Field(FieldKind::Organisation, Some(line(&format!("{name} & Co"))), None),
                CardChange::Field(FieldKind::Email, Some(line(&format!("{mail}@work.example"))), None),
                CardChange::Field(FieldKind::PersonalEmail, Some(line(&format!("{mail}@home.example"))), None),
            ])
        });
        who
    }

    /// Somebody does something that must succeed. After a crash they do it again.
    pub fn does<R>(&mut self, who: Who, act: impl Fn(&mut Turn<'_>) -> Result<R, Error>) -> R {
        self.tries(who, act).unwrap_or_else(|error| panic!("{} cannot do that: {error}", self.home(who).name))
    }

    /// Somebody does something that may be refused. After a crash they do it again.
    pub fn tries<R>(&mut self, who: Who, act: impl Fn(&mut Turn<'_>) -> Result<R, Error>) -> Result<R, Error> {
        loop {
            match self.step(who, &act) {
                Some(done) => return done,
                None => self.run_for(2),
            }
        }
    }

    /// Shows a live code for contacts at an event.
    pub fn shows_live(&mut self, who: Who, event: &str) -> Code {
        self.shows(who, Some(event), false, Tier::Contacts, None)
    }

    /// Prints a badge with a label, for everybody.
    pub fn prints(&mut self, who: Who, label: &str) -> Code {
        self.shows(who, Some(label), true, Tier::Public, None)
    }

    /// Shows a code of any kind; `life` in seconds.
    pub fn shows(&mut self, who: Who, event: Option<&str>, printed: bool, tier: Tier, life: Option<u64>) -> Code {
        let (own, code) = self.does(who, |turn| {
            let event = event.map(line);
            turn.create_invite(InviteOptions { printed, event, tier: Some(tier), life, ..InviteOptions::default() })
        });
        Code { owner: who, invite: own.id, text: code.to_code(), tier, printed }
    }

    /// Scans a code, giving what contacts see.
    pub fn scans(&mut self, who: Who, code: &Code) -> PersonId {
        match self.tries_to_scan(who, code, Scan { tier: Tier::Contacts, ..Scan::default() }) {
            Ok(Scanned::New(person) | Scanned::Before(person)) => person,
            Err(error) => panic!("{} cannot scan: {error}", self.home(who).name),
        }
    }

    /// Scans a code in a way of one's own.
    pub fn tries_to_scan(&mut self, who: Who, code: &Code, scan: Scan<'_>) -> Result<Scanned, Error> {
        let invite = code.read();
        let scanned = self.tries(who, |turn| {
            let note = kith_protocol::text::Note::new(scan.note)?;
            turn.scan(&invite, ScanOptions { tier: Some(scan.tier), event: scan.event.map(line), note, at: None })
        });
        if scanned.is_ok() {
            self.consents.scanned(who, code, scan.tier);
        }
        scanned
    }

    /// Writes down somebody who has no Kith, and a note about them.
    pub fn writes_down(&mut self, who: Who, name: &str, note: &str) -> PersonId {
        let (name, note) = (line(name), kith_protocol::text::Note::new(note).expect("a story uses plain words"));
        self.captures(who, &Capture { note, ..Capture::of(Whom::Written(name)) }).1
    }

    /// Takes a capture in.
    pub fn captures(&mut self, who: Who, capture: &Capture) -> (Outcome, PersonId) {
        self.does(who, |turn| turn.capture(capture.clone()))
    }

    /// Takes a capture in that somebody made of a code, or of somebody else while they had that code.
    pub fn takes_in(&mut self, who: Who, code: &Code, capture: &Capture) -> (Outcome, PersonId) {
        self.consents.scanned(who, code, capture.tier.unwrap_or_default());
        self.captures(who, capture)
    }

    /// What waits on somebody.
    pub fn inbox(&self, who: Who) -> Vec<Item> {
        items(&self.home(who).store).unwrap()
    }

    /// What waits on somebody about another.
    pub fn asked_about(&self, who: Who, other: Who) -> Vec<ItemKind> {
        self.items_about(who, other).iter().map(|item| item.kind).collect()
    }

    fn items_about(&self, who: Who, other: Who) -> Vec<Item> {
        let Some(person) = self.knows(who, other) else { return Vec::new() };
        self.inbox(who).into_iter().filter(|item| item.person == person.id).collect()
    }

    /// Says yes to whatever waits about another.
    pub fn accepts(&mut self, who: Who, other: Who) {
        self.accepts_with(who, other, None);
    }

    /// Says yes and what of the card the other gets.
    pub fn accepts_with(&mut self, who: Who, other: Who, tier: Option<Tier>) {
        let items = self.items_about(who, other);
        assert!(!items.is_empty(), "{} is asked nothing about {}", self.home(who).name, self.home(other).name);
        for item in items {
            self.decides(who, &item, true, tier);
        }
    }

    /// Says no to whatever waits about another.
    pub fn ignores(&mut self, who: Who, other: Who) {
        let items = self.items_about(who, other);
        assert!(!items.is_empty(), "{} is asked nothing about {}", self.home(who).name, self.home(other).name);
        for item in items {
            self.decides(who, &item, false, None);
        }
    }

    /// Decides one thing that waits, if it still does.
    pub fn decides(&mut self, who: Who, item: &Item, yes: bool, tier: Option<Tier>) {
        let about = people::person(&self.home(who).store, item.person).ok();
        let other = about.as_ref().and_then(|person| person.identity).and_then(|id| self.who_is(id));
        if yes && let (Some(other), Some(person)) = (other, about) {
            self.consents.accepted(who, other, tier.unwrap_or(person.tier));
        }
        let id = item.id;
        let done = self.tries(who, |turn| {
            if !items(turn.read())?.iter().any(|item| item.id == id) {
                return Ok(());
            }
            if yes { turn.accept(id, tier).map(drop) } else { turn.ignore(id).map(drop) }
        });
        done.unwrap_or_else(|error| panic!("{} cannot decide: {error}", self.home(who).name));
    }

    /// The one among somebody's people that another is.
    pub fn knows(&self, who: Who, other: Who) -> Option<Person> {
        let id = self.home(other).id;
        self.people(who).into_iter().find(|person| person.identity == Some(id))
    }

    /// All of somebody's people.
    pub fn people(&self, who: Who) -> Vec<Person> {
        let read = &self.home(who).store;
        let mut all = Vec::new();
        read.scan(Table::People, b"", b"", &mut |_, value| {
            all.push(wire::decode(value).expect("a person"));
            ControlFlow::Continue(())
        })
        .expect("a storage in memory answers");
        all.retain(people::is_shown);
        all
    }

    /// The one person that somebody's people have by that name.
    pub fn finds(&self, who: Who, name: &str) -> Person {
        people::find(&self.home(who).store, name).unwrap_or_else(|error| panic!("{error}"))
    }

    /// True if somebody holds another as a contact.
    pub fn holds(&self, who: Who, other: Who) -> bool {
        self.knows(who, other).is_some_and(|person| person.is_contact())
    }

    /// True if both hold each other, and each other's card.
    pub fn are_contacts(&self, one: Who, other: Who) -> bool {
        let holds = |one, other| self.holds(one, other) && self.card(one, other).is_some();
        holds(one, other) && holds(other, one)
    }

    /// The card of another that somebody holds.
    pub fn card(&self, who: Who, other: Who) -> Option<CardView> {
        self.knows(who, other).and_then(|person| card_of(&self.home(who).store, person.id).unwrap())
    }

    /// What the card of another says, as somebody holds it.
    pub fn reads(&self, who: Who, other: Who, kind: FieldKind) -> Option<String> {
        self.card(who, other).and_then(|card| card.field(kind).map(str::to_owned))
    }

    /// Meetings of somebody with another.
    pub fn meetings(&self, who: Who, other: Who) -> Vec<HeldMeeting> {
        let person = self.knows(who, other);
        person.map(|person| meetings_with(&self.home(who).store, person.id).unwrap()).unwrap_or_default()
    }

    /// True if both hold a meeting that both signed, about the very same words.
    pub fn met(&self, one: Who, other: Who) -> bool {
        let theirs = self.meetings(other, one);
        self.meetings(one, other).iter().any(|held| {
            held.is_complete() && theirs.iter().any(|there| there.is_complete() && there.meeting == held.meeting)
        })
    }

    /// Letters of somebody that wait for another.
    pub fn waiting(&self, who: Who, other: Who) -> Vec<Waiting> {
        let person = self.knows(who, other);
        person.map(|person| waiting_for(&self.home(who).store, person.id).unwrap()).unwrap_or_default()
    }

    /// Everything that somebody's node told.
    pub fn told(&self, who: Who) -> impl Iterator<Item = &Notice> {
        self.home(who).notices.iter().map(|(_, notice)| notice)
    }

    /// Changes a line of the card, or removes it.
    pub fn changes_card(&mut self, who: Who, kind: FieldKind, value: Option<&str>) {
        self.does(who, |turn| turn.change_card(vec![CardChange::Field(kind, value.map(line), None)]));
    }

    /// Changes what somebody keeps about another.
    pub fn changes(&mut self, who: Who, other: Who, change: PersonChange) {
        let id = self.knows(who, other).expect("they know each other").id;
        if let PersonChange::Tier(tier) = change {
            self.consents.allowed(who, other, tier);
        }
        self.does(who, |turn| turn.change_person(id, change.clone()));
    }

    /// Forgets another.
    pub fn forgets(&mut self, who: Who, other: Who) {
        let id = self.knows(who, other).expect("they know each other").id;
        self.does(who, |turn| turn.forget_person(id));
    }

    /// Changes to the next key.
    pub fn rotates(&mut self, who: Who, reason: Reason) {
        let words = self.home(who).words.clone();
        self.does(who, |turn| turn.rotate(&words, None, reason));
    }

    /// Somebody's words may have been read by others: fresh ones take their place.
    pub fn changes_words(&mut self, who: Who) -> RecoveryWords {
        let (old, fresh) = (self.home(who).words.clone(), self.fresh_words());
        self.does(who, |turn| turn.rotate(&old, Some(&fresh), Reason::Compromised));
        self.home_mut(who).words = fresh;
        old
    }

    /// Whoever recovers from the words, and however often, comes to the same keys: no machine and no chance has a part.
    pub fn recovers_alike(&self, who: Who) {
        let (words, expected) = (&self.home(who).words, self.history(who));
        for _ in 0..2 {
            let mut history = kith_protocol::identity::History::begin(words);
            while history.current() < expected.current() {
                let rotation = history.rotate(words).expect("there are keys left");
                history.learn(rotation.bytes()).expect("it follows");
            }
            assert_eq!(history.head(), expected.head(), "{} recovered to another history", self.home(who).name);
        }
    }

    /// Takes the machine off the network.
    pub fn goes_offline(&mut self, who: Who) {
        self.home_mut(who).online = false;
        self.cut_what_is_apart();
    }

    /// Brings the machine back.
    pub fn comes_online(&mut self, who: Who) {
        self.home_mut(who).online = true;
    }

    /// Switches the node off and on at the same address.
    pub fn restarts(&mut self, who: Who) {
        self.stop(who);
        self.start(who);
    }

    /// Switches the node off and on at another address.
    pub fn moves(&mut self, who: Who) {
        self.stop(who);
        let run = self.home(who).run;
        self.home_mut(who).address = Some(Home::fresh_address(who.0, run));
        self.start(who);
    }

    /// Puts the node behind a router that lets nobody in.
    pub fn hides(&mut self, who: Who) {
        self.stop(who);
        self.home_mut(who).address = None;
        self.start(who);
    }

    /// Sets somebody's clock so many seconds ahead of the world's.
    pub fn sets_clock(&mut self, who: Who, skew: i64) {
        self.stop(who);
        self.home_mut(who).skew = skew;
        self.start(who);
    }

    /// Splits the network: these people only see each other.
    pub fn splits(&mut self, apart: &[Who]) {
        for who in apart {
            self.home_mut(*who).part = 1;
        }
        self.cut_what_is_apart();
    }

    /// Makes the network whole again.
    pub fn heals(&mut self) {
        for home in &mut self.homes {
            home.part = 0;
        }
        self.cut_what_is_apart();
    }

    /// A copy of all that is durable in a home.
    pub fn copies(&self, who: Who) -> MemoryStore {
        self.home(who).store.clone()
    }

    /// Puts an old copy in the place of a home.
    pub fn restores(&mut self, who: Who, copy: MemoryStore) {
        self.stop(who);
        let home = self.home_mut(who);
        home.peer = Own::load(&copy).expect("a copy is a whole home").peer;
        home.store = copy;
        home.remember_what_the_store_does();
        self.start(who);
    }

    /// Somebody's machine is gone; they go on from a backup on another one, at another address.
    pub fn restores_backup(&mut self, who: Who, backup: MemoryStore) {
        let made = self.clock(who).minus(limits::LETTER_LIFE);
        self.restores_backup_of(who, backup, made);
    }

    /// The same with a backup that was made at a certain time.
    pub fn restores_backup_of(&mut self, who: Who, backup: MemoryStore, made: Timestamp) {
        self.stop(who);
        let (peer, now, seed) = (self.fresh_machine(), self.clock(who), self.random.random());
        let mut store = backup;
        let mut engine = Engine::open(&store).expect("a backup is a whole home");
        let (_, step) =
            engine.turn(&store, now, seed, |turn| turn.restored(peer, made)).expect("a backup can be restored");
        store.commit(&step.writes).expect("the memory has room");
        let run = self.home(who).run;
        let home = self.home_mut(who);
        (home.peer, home.store) = (peer, store);
        home.remember_what_the_store_does();
        home.address = home.address.is_some().then(|| Home::fresh_address(who.0, run));
        self.start(who);
    }

    /// A home that fell silent is the one that goes on, says whoever has the words.
    pub fn goes_on_here(&mut self, who: Who) {
        self.stop(who);
        let (words, now, seed) = (self.home(who).words.clone(), self.clock(who), self.random.random());
        let home = self.home_mut(who);
        let mut engine = Engine::open(&home.store).expect("a whole home");
        let (_, step) = engine.turn(&home.store, now, seed, |turn| turn.goes_on_here(&words)).expect("the words fit");
        home.store.commit(&step.writes).expect("the memory has room");
        self.start(who);
    }

    /// So many letters to another wait that no more of their kind may: meetings that nobody signed, in this case.
    pub fn fills_outbox(&mut self, who: Who, other: Who) {
        let person = self.knows(who, other).expect("they know each other").id;
        let (written, expires) = (self.clock(who), self.clock(who).plus(limits::LETTER_LIFE));
        let mut full = Vec::new();
        for _ in 0..limits::OUTBOX_PER_PERSON {
            let id = LetterId(self.random.random());
            let (kind, body, seed) = (kind::MEETING, Bytes::new(vec![0]).expect("a byte"), self.random.random());
            let letter = Waiting { person, id, kind, body, written, expires, seed, stored: None };
            let key = [&person.0[..], &id.0].concat();
            full.push(Write { table: Table::Outbox, key, value: Some(wire::encode(&letter)) });
            let key = super::check::deadline_of(&letter);
            full.push(Write { table: Table::Deadlines, key, value: Some(Vec::new()) });
        }
        self.home_mut(who).store.commit(&full).expect("the memory has room");
        self.restarts(who);
    }

    /// Everything that a home shares with others is overwritten, as by a damaged disk.
    pub fn breaks_secrets(&mut self, who: Who) {
        let home = self.home_mut(who);
        let mut broken = Vec::new();
        home.store
            .scan(Table::Secrets, b"pair", b"", &mut |key, value| {
                let mut value = value.to_vec();
                // The person's id comes first, then the current secret: a pair has no other while nothing waits.
                value[16..48].iter_mut().for_each(|byte| *byte ^= 1);
                broken.push(Write { table: Table::Secrets, key: key.to_vec(), value: Some(value) });
                ControlFlow::Continue(())
            })
            .expect("a storage in memory answers");
        home.store.commit(&broken).expect("the memory has room");
    }

    /// Goes on from a copy of everything on another machine, at another address. Nothing happened since the copy.
    pub fn moves_to(&mut self, who: Who, copy: MemoryStore) {
        let run = self.home(who).run;
        self.home_mut(who).store = copy;
        self.home_mut(who).address = self.home(who).address.is_some().then(|| Home::fresh_address(who.0, run));
        self.start(who);
    }

    /// A second machine that runs on a copy of a home, at an address of its own: a thief's, or a mistake.
    pub fn runs_copy(&mut self, of: Who, copy: MemoryStore, name: &str) -> Who {
        let words = self.home(of).words.clone();
        let peer = Own::load(&copy).expect("a copy is a whole home").peer;
        let who = self.move_in(name, words, peer, copy);
        self.home_mut(who).remember_what_the_store_does();
        who
    }

    /// A second home from the same recovery words.
    pub fn recovers(&mut self, of: Who, name: &str) -> Who {
        let words = self.home(of).words.clone();
        self.somebody_with(name, words)
    }

    /// Fresh recovery words.
    pub fn fresh_words(&mut self) -> RecoveryWords {
        RecoveryWords::from_entropy(self.random.random())
    }

    /// Who has this identity; of several homes with it, the first.
    pub fn who_is(&self, id: kith_protocol::id::IdentityId) -> Option<Who> {
        self.ids.get(&id).copied()
    }

    /// True if one of the two knows where the other's node is now. Otherwise nothing can bring them together:
    /// both have moved, or one has and the other cannot be dialled.
    pub fn can_find_each_other(&self, one: Who, other: Who) -> bool {
        self.knows_address(one, other) || self.knows_address(other, one)
    }

    /// True if somebody knows where another's node is now.
    pub fn knows_address(&self, who: Who, other: Who) -> bool {
        let Some(address) = &self.home(other).address else { return false };
        let reach = self.reach_of(who, other);
        let waits = |person: &Person| person.scan.as_ref().is_some_and(|scan| scan.hints.contains(address));
        reach.is_some_and(|reach| reach.hints.contains(address)) || self.people(who).iter().any(waits)
    }

    /// What somebody knows of how to reach a contact.
    pub fn reach_of(&self, who: Who, other: Who) -> Option<Reach> {
        let person = self.knows(who, other)?;
        let stored = self.home(who).store.get(Table::Reach, &person.id.0).expect("a storage in memory answers")?;
        wire::decode::<Reach>(&stored).ok()
    }

    /// Locators to which both answer: the secrets of their pair.
    pub fn shared_doors(&self, one: Who, other: Who) -> Vec<Locator> {
        let theirs = &self.home(other).doors;
        self.home(one).doors.keys().filter(|door| theirs.contains_key(door)).copied().collect()
    }

    /// When everything of somebody that waits for another gives up, the last of it.
    pub fn gives_up(&self, who: Who, other: Who) -> Option<Timestamp> {
        self.waiting(who, other).iter().map(|letter| letter.expires).max()
    }
}
