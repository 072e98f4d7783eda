//! People who lost everything but their words.

use kith_protocol::card::OwnCard;
use kith_protocol::engine::{Answer, Error, Recovery, recover};
use kith_protocol::identity::History;
use kith_protocol::letter::Body;
use kith_protocol::letter::body::KeepCapsule;
use kith_protocol::recovery::{Addressee, Capsule, GivenBack, Keeper, RecoveryDoor};
use kith_protocol::store::{MemoryStore, Read, Store, Table, Write};
use kith_protocol::text::Name;
use kith_protocol::time::Timestamp;
use kith_protocol::wire;
use kith_protocol::words::RecoveryWords;
use rand::RngExt;

use super::home::{Home, Who};
use super::mallory::Mallory;
use super::people::Code;
use super::world::World;

impl World {
    /// Asks whoever shows a code for what they keep for somebody with these words.
    pub fn asks_back(&mut self, words: &RecoveryWords, code: &Code, skip: u32) -> Option<GivenBack> {
        let invite = code.read();
        let to = Addressee { id: invite.key.0, key: invite.key, secret: invite.shared_secret() };
        self.wishes(words, code.owner, &to, skip).expect("the code is out")
    }

    /// The same with nothing but the address of somebody's node. `None` if it says nothing to these words at all.
    pub fn asks_back_at(&mut self, words: &RecoveryWords, of: Who, skip: u32) -> Option<Option<GivenBack>> {
        let door = RecoveryDoor::of_words(words, &self.home(of).peer).expect("it has a key");
        self.wishes(words, of, &door.addressee(), skip)
    }

    fn wishes(&mut self, words: &RecoveryWords, of: Who, to: &Addressee, skip: u32) -> Option<Option<GivenBack>> {
        let session = self.knocks(of, to.secret.locator())?;
        let (now, seed) = (self.clock(of), self.random.random());
        let wish = Keeper::of(words).wish(to, skip, now, seed).expect("it can be sealed to");
        Some(match self.hands_in(of, session, &wish.sealed.bytes) {
            Answer::GivenBack(kept) => Some(wire::decode(kept.as_slice()).expect("what is returned is well formed")),
            _ => None,
        })
    }

    /// A home as a version left it that knew of capsules and of no doors: what follows from the words lacks its last field.
    pub fn forgets_what_doors_follow_from(&mut self, who: Who) {
        const KEY: &[u8] = b"backup key";
        let store = &mut self.home_mut(who).store;
        let mut stored = store.get(Table::Meta, KEY).expect("it can be read").expect("the words are known");
        assert_eq!((stored[0], stored.len()), (0xa3, 1 + 3 * 35), "three fields of 32 bytes");
        stored[0] = 0xa2;
        stored.truncate(1 + 2 * 35);
        let write = Write { table: Table::Meta, key: KEY.to_vec(), value: Some(stored) };
        store.commit(&[write]).expect("the memory has room");
    }

    /// Has a contact keep something under the keeper id and the key of these words, by hand.
    pub fn gives_to_keep(&mut self, from: Who, at: Who, words: &RecoveryWords) {
        let home = self.home(from);
        let mallory = Mallory::thief(&home.name, self.history(from), &home.words, 0);
        let locator = self.shared_doors(from, at)[0];
        let secret = self.home(at).doors[&locator].clone();
        let card = OwnCard::new(Name::new("Somebody").expect("a name"));
        let made = self.clock(at);
        let capsule = Capsule { made, card, people: Vec::new(), key: 0 };
        let sealed = capsule.seal(&words.backup_key().public(), self.random.random()).expect("it is small");
        let (keeper, door) = (Keeper::of(words).id(), Some(words.recovery_door_key().verify_key()));
        let pen = self.pen(at, Body::KeepCapsule(KeepCapsule { keeper, sealed, door }));
        let sealed = mallory.seals(&pen, &self.encryption_key(at), &secret);
        let session = self.knocks(at, locator).expect("they are contacts");
        let answer = self.hands_in(at, session, &sealed);
        assert!(matches!(answer, Answer::Handled(_)), "{answer:?}");
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
        let (peer, now, seed) = (self.fresh_machine(), self.clock(who), self.random.random());
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
