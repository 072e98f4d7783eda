//! Local networks, on which names of the day are said and heard.

use std::collections::BTreeSet;

use kith_protocol::address::Hint;
use kith_protocol::engine::Effect;
use kith_protocol::id::PeerId;
use kith_protocol::nearby::{Day, PresenceSeed};
use kith_protocol::store::{Store, Table, Write};

use super::home::{Home, Who};
use super::world::World;

/// What the network of one home was told about names.
#[derive(Clone, Debug, Default)]
pub struct Names {
    own: Option<PresenceSeed>,
    expected: BTreeSet<PresenceSeed>,
    looks_around: bool,
}

impl Names {
    pub(super) fn run(&mut self, effect: Effect) {
        match effect {
            Effect::BeFound { seed } => self.own = Some(seed),
            Effect::Expect { seed } => drop(self.expected.insert(seed)),
            Effect::ExpectNoMore { seed } => drop(self.expected.remove(&seed)),
            Effect::LookAround { on } => self.looks_around = on,
            _ => {}
        }
    }
}

impl World {
    /// Turns event mode on or off.
    pub fn looks_around(&mut self, who: Who, on: bool) {
        self.does(who, |turn| turn.set_event_mode(on));
    }

    /// Brings the machine somewhere else while the node is off, and switches it on there, where nobody can be told of it.
    pub fn moves_while_off(&mut self, who: Who) {
        let run = self.home(who).run;
        self.home_mut(who).address = Some(Home::fresh_address(who.0, run));
        self.start(who);
    }

    /// Somebody's node listens at these addresses, says its network.
    pub fn listens_at(&mut self, who: Who, hints: &[Hint]) {
        self.input(who, |turn| turn.addresses_changed(hints.to_vec()));
    }

    /// The home is one of a version that knew no names of the day.
    pub fn loses_presence_seed(&mut self, who: Who) {
        let gone = Write { table: Table::Secrets, key: b"presence".to_vec(), value: None };
        self.home_mut(who).store.commit(&[gone]).expect("the memory has room");
    }

    /// The home is one of a version whose seed was drawn, and had no secret.
    pub fn has_seed_without_secret(&mut self, who: Who) {
        let seed = [&[0xa1, 1, 0x58, 32][..], &[0x17; 32]].concat();
        let old = Write { table: Table::Secrets, key: b"presence".to_vec(), value: Some(seed) };
        self.home_mut(who).store.commit(&[old]).expect("the memory has room");
    }

    /// What somebody's node says of itself today; nothing unless it looks around.
    pub fn says_name(&self, who: Who) -> Option<PeerId> {
        let names = &self.home(who).names;
        let own = names.own.as_ref().filter(|_| names.looks_around);
        own.map(|own| own.name_of(Day::of(self.clock(who))))
    }

    /// Somebody's node hears this name said at these addresses, or not any more. True if it is one of a contact.
    pub fn hears(&mut self, who: Who, name: PeerId, at: Vec<Hint>) -> bool {
        let days = Day::of(self.clock(who)).around();
        let names = &self.home(who).names;
        let is_named = |seed: &&PresenceSeed| days.iter().any(|day| seed.name_of(*day) == name);
        let Some(seed) = names.expected.iter().find(is_named).filter(|_| names.looks_around).cloned() else {
            return false;
        };
        self.input(who, |turn| turn.seen_nearby(&seed, at));
        true
    }
}
