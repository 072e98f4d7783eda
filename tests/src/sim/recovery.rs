//! People who lost everything but their words.

use kith_protocol::engine::{Answer, Error, Recovery, recover};
use kith_protocol::id::PeerId;
use kith_protocol::identity::History;
use kith_protocol::recovery::{Addressee, Capsule, GivenBack, Keeper};
use kith_protocol::store::{MemoryStore, Store};
use kith_protocol::time::Timestamp;
use kith_protocol::wire;
use kith_protocol::words::RecoveryWords;
use rand::RngExt;

use super::home::{Home, Who};
use super::people::Code;
use super::world::World;

impl World {
    /// Asks whoever shows a code for what they keep for somebody with these words.
    pub fn asks_back(&mut self, words: &RecoveryWords, code: &Code, skip: u32) -> Option<GivenBack> {
        let invite = code.read();
        let secret = invite.shared_secret();
        let session = self.knocks(code.owner, secret.locator()).expect("the code is out");
        let to = Addressee { id: invite.key.0, key: invite.key, secret };
        let (now, seed) = (self.clock(code.owner), self.random.random());
        let wish = Keeper::of(words).wish(&to, skip, now, seed).expect("a code can be sealed to");
        match self.hands_in(code.owner, session, &wish.sealed.bytes) {
            Answer::GivenBack(kept) => Some(wire::decode(kept.as_slice()).expect("what is returned is well formed")),
            _ => None,
        }
    }

    /// Whoever goes on from a backup that was made then asks whoever shows a code for people met since. Who is a contact again.
    pub fn asks_whom_they_met_since(&mut self, who: Who, code: &Code, made: Timestamp) -> Vec<String> {
        let words = self.home(who).words.clone();
        let back = self.asks_back(&words, code, 0).expect("a contact keeps something");
        let capsule = Capsule::open(back.sealed.as_slice(), &words.backup_key()).expect("these are the words");
        assert!(capsule.made >= made, "what was kept before says nothing");
        let names = self.does(who, |turn| turn.met_since(capsule.people.clone()));
        names.iter().map(ToString::to_string).collect()
    }

    /// Somebody lost their machine and all backups. They have their words, and a contact shows them a code.
    pub fn recovers_by(&mut self, who: Who, code: &Code) -> Result<(), Error> {
        self.recovers_with(who, std::slice::from_ref(code))
    }

    /// The same with several contacts, of whom the first one's capsule names the people.
    pub fn recovers_with(&mut self, who: Who, codes: &[Code]) -> Result<(), Error> {
        self.stop(who);
        let words = self.home(who).words.clone();
        let mut all = Vec::new();
        for code in codes {
            let back = self.asks_back(&words, code, 0).expect("a contact keeps something");
            let capsule = Capsule::open(back.sealed.as_slice(), &words.backup_key()).expect("these are the words");
            all.push((History::from_bytes(&back.history).expect("a history"), capsule));
        }
        let key = all.iter().map(|(_, capsule)| capsule.key).max().unwrap_or_default();
        let (history, capsule) = all.swap_remove(0);
        let (peer, now, seed) = (PeerId(self.random.random()), self.clock(who), self.random.random());
        let mut store = MemoryStore::default();
        let Capsule { card, people, .. } = capsule;
        let step = recover(&store, now, seed, Recovery { words: &words, history, key, card, people, peer })?;
        store.commit(&step.writes).expect("the memory has room");
        let run = self.home(who).run;
        let home = self.home_mut(who);
        (home.peer, home.store) = (peer, store);
        home.handled.clear();
        home.address = home.address.is_some().then(|| Home::fresh_address(who.0, run));
        self.start(who);
        Ok(())
    }
}
