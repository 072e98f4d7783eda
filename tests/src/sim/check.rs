//! What must hold whatever happens.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use kith_protocol::card::Tier;
use kith_protocol::engine::code_lists::missing_code_lists;
use kith_protocol::engine::inbox::items;
use kith_protocol::engine::outbox::{Waiting, waiting_for};
use kith_protocol::engine::people::card_of;
use kith_protocol::engine::person::Person;
use kith_protocol::id::{LetterId, PersonId};
use kith_protocol::limits;
use kith_protocol::store::{MemoryStore, Read, Store, Table, Write};
use kith_protocol::time::Timestamp;

use super::home::Who;
use super::people::Code;
use super::world::World;

/// What people agreed to, as a witness saw it.
#[derive(Default)]
pub(super) struct Consents {
    /// Who showed whom what they are: by scanning, by a live code that was scanned, by saying yes.
    given: BTreeSet<(Who, Who)>,
    /// Whose live code was scanned by whom.
    shown: BTreeSet<(Who, Who)>,
    /// The most of the first one's card that the second one may see.
    tiers: BTreeMap<(Who, Who), Tier>,
}

impl Consents {
    pub(super) fn scanned(&mut self, scanner: Who, code: &Code, tier: Tier) {
        self.given.insert((scanner, code.owner));
        self.allowed(scanner, code.owner, tier);
        self.allowed(code.owner, scanner, code.tier);
        if !code.printed {
            self.shown.insert((code.owner, scanner));
        }
    }

    pub(super) fn accepted(&mut self, who: Who, other: Who, tier: Tier) {
        self.given.insert((who, other));
        self.allowed(who, other, tier);
    }

    pub(super) fn allowed(&mut self, who: Who, other: Who, tier: Tier) {
        let most = self.tiers.entry((who, other)).or_insert(tier);
        *most = (*most).max(tier);
    }

    fn has_given(&self, who: Who, other: Who) -> bool {
        self.given.contains(&(who, other)) || self.shown.contains(&(who, other))
    }
}

/// Seconds that a running node has for what is due.
const TICK: u64 = 2;

impl World {
    /// Checks everything that must hold at any time.
    pub fn check(&self) {
        for who in self.whos() {
            self.check_contacts(who);
            self.check_handled(who);
            self.check_count(who);
            self.check_code_lists(who);
            if self.home(who).engine.is_some() {
                self.check_dates(who);
            }
        }
    }

    /// True if somebody agreed to be known to another.
    pub fn has_agreed(&self, who: Who, to: Who) -> bool {
        self.consents.has_given(who, to)
    }

    /// Nobody holds a contact without the consent of both, or a card above the tier that was chosen.
    fn check_contacts(&self, who: Who) {
        for person in self.people(who) {
            let Some(other) = person.identity.and_then(|id| self.who_is(id)) else { continue };
            let (here, there) = (&self.home(who).name, &self.home(other).name);
            if person.is_contact() {
                assert!(self.consents.has_given(who, other), "{here} holds {there} and never agreed to");
                assert!(self.consents.has_given(other, who), "{here} holds {there}, who never agreed to it");
            }
            if let Some(card) = card_of(&self.home(who).store, person.id).expect("a storage in memory answers") {
                let most = self.consents.tiers.get(&(other, who));
                let fits = most.is_some_and(|most| card.tier <= *most);
                assert!(fits, "{here} holds the card of {there} for {:?}, chosen was {most:?}", card.tier);
            }
        }
    }

    /// No letter was handled twice.
    pub fn check_handled(&self, who: Who) {
        let home = self.home(who);
        let twice = home.handled.values().filter(|times| **times > 1).count();
        assert_eq!(twice, 0, "{} handled {twice} letters twice", home.name);
    }

    /// Whatever is acknowledged is durably handled at the other end.
    pub(super) fn check_acknowledged(&self, from: Who, to: Who, letter: LetterId) {
        let key = [&self.home(from).id.0[..], &letter.0].concat();
        let handled = self.home(to).handled.get(&key).copied().unwrap_or_default();
        assert_eq!(handled, 1, "{} acknowledged a letter that it handled {handled} times", self.home(to).name);
    }

    /// Whatever waits has a date, and none is past.
    fn check_dates(&self, who: Who) {
        let (now, home) = (self.clock(who), self.home(who));
        let late = now.minus(TICK);
        let read = &home.store;
        let deadlines = keys(read, Table::Deadlines);
        let overdue = deadlines.iter().filter(|key| time_of(key) < late).count();
        assert_eq!(overdue, 0, "{} has {overdue} deadlines that are past", home.name);
        for letter in self.outbox(who) {
            let key = deadline_of(&letter);
            assert!(deadlines.contains(&key), "a letter of {} waits without a date", home.name);
            assert!(letter.expires >= late, "a letter of {} is past its date", home.name);
        }
        for item in items(read).expect("an inbox can be read") {
            assert!(item.until >= late, "{} is still asked what is past its date", home.name);
        }
        for person in self.people(who) {
            if let Some(scan) = &person.scan {
                let waits = scan.problem.is_none();
                assert!(!waits || scan.gives_up >= late, "{} waits for {} for ever", home.name, person.name.as_str());
            }
        }
        self.check_hidden_people(who);
    }

    /// The count of people is kept beside them, and is theirs.
    fn check_count(&self, who: Who) {
        let home = self.home(who);
        let kept = home.store.get(Table::Meta, b"people").expect("a storage in memory answers");
        let people = keys(&home.store, Table::People).len();
        let counted = kept.map_or(0, |bytes| *bytes.last().expect("a number"));
        let is_small = people < 24;
        assert!(!is_small || usize::from(counted) == people, "{} counts {counted} of {people} people", home.name);
    }

    /// Who was forgotten only stays as long as a letter to them waits.
    fn check_hidden_people(&self, who: Who) {
        let home = self.home(who);
        for key in keys(&home.store, Table::People) {
            let person = PersonId(key.try_into().expect("ten bytes"));
            let known: Person = kith_protocol::engine::people::person(&home.store, person).expect("a person");
            let waits = !waiting_for(&home.store, person).expect("an outbox").is_empty();
            let shown = kith_protocol::engine::people::is_shown(&known);
            assert!(
                shown || waits || known.is_expected(),
                "{} was told to forget {} and did not",
                home.name,
                known.name.as_str()
            );
        }
    }

    /// The lists of codes are what they would be if they were made from the codes anew.
    fn check_code_lists(&self, who: Who) {
        let (name, store) = (&self.home(who).name, &self.home(who).store);
        let listed = [Table::OpenCodes, Table::CodesMade].map(|table| keys(store, table));
        let made = without_code_lists(store.clone());
        assert_eq!(listed, [Table::OpenCodes, Table::CodesMade].map(|table| keys(&made, table)), "codes of {name}");
    }

    /// Every letter of somebody that waits.
    pub fn outbox(&self, who: Who) -> Vec<Waiting> {
        let read = &self.home(who).store;
        let people: BTreeSet<PersonId> =
            keys(read, Table::Outbox).iter().map(|key| PersonId(key[..10].try_into().expect("ten bytes"))).collect();
        people.into_iter().flat_map(|person| waiting_for(read, person).expect("an outbox")).collect()
    }

    /// True if the outbox of everybody is empty.
    pub fn has_delivered_all(&self) -> bool {
        self.whos().all(|who| self.outbox(who).is_empty())
    }

    /// What somebody's node knows and told about another, for a test that failed.
    pub fn story_of(&self, who: Who, other: Who) -> String {
        let home = self.home(who);
        let Some(person) = self.knows(who, other) else { return format!("{} knows nobody there", home.name) };
        let id = format!("{:?}", person.id);
        let about = home.notices.iter().map(|(at, notice)| format!("{}.{:03} s {notice:?}", at / 1000, at % 1000));
        let told: Vec<String> = about.filter(|notice| notice.contains(&id)).collect();
        let letters: Vec<String> =
            self.waiting(who, other).iter().map(|letter| format!("{} of {:?}", letter.kind, letter.written)).collect();
        format!("{}: {person:#?}\nletters waiting: {letters:?}\n{}", home.name, told.join("\n"))
    }

    /// How many entries a table of somebody's home has.
    pub fn entries(&self, who: Who, table: Table) -> usize {
        keys(&self.home(who).store, table).len()
    }
}

/// The home as an earlier version would have left it, opened by this one.
fn without_code_lists(mut store: MemoryStore) -> MemoryStore {
    let listed = [Table::OpenCodes, Table::CodesMade].into_iter().flat_map(|table| {
        let listed = keys(&store, table);
        listed.into_iter().map(move |key| Write { table, key, value: None })
    });
    let form = Write { table: Table::Meta, key: b"code lists".to_vec(), value: None };
    let gone: Vec<_> = listed.chain([form]).collect();
    store.commit(&gone).expect("a storage in memory takes it");
    let missing = missing_code_lists(&store).expect("codes that can be read");
    store.commit(&missing).expect("a storage in memory takes it");
    store
}

fn keys(read: &dyn Read, table: Table) -> BTreeSet<Vec<u8>> {
    let mut keys = BTreeSet::new();
    read.scan(table, b"", b"", &mut |key, _| {
        keys.insert(key.to_vec());
        ControlFlow::Continue(())
    })
    .expect("a storage in memory answers");
    keys
}

fn time_of(key: &[u8]) -> Timestamp {
    Timestamp::from_secs(u64::from_be_bytes(key[..8].try_into().expect("eight bytes")))
}

/// The deadline that a letter in the outbox must have.
pub(super) fn deadline_of(letter: &Waiting) -> Vec<u8> {
    const { assert!(limits::STORE_KEY >= 8 + 1 + 10 + 16) };
    [&letter.expires.secs().to_be_bytes()[..], &[1], &letter.person.0, &letter.id.0].concat()
}
