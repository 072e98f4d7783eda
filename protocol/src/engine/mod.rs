//! The rules of Kith as a machine without a world: what happened goes in, changes and acts come out.
//!
//! ```text
//! Engine::turn(storage, now, seed, what happened) → Step { writes, effects, notices }
//! ```
//!
//! Whoever drives the engine makes the writes of a step durable in one piece and only then runs its effects.
//! All that must survive is in the storage; what the engine itself holds ([`live`]) may be lost at any time.
//! So a crash between any two steps loses nothing that was acknowledged and repeats nothing that was done.
//!
//! The rules are methods of [`Turn`], each subject in its file:
//!
//! | file | subject |
//! |---|---|
//! | `own` | my identity, card, grant, rotation |
//! | `invites`, `claims` | codes that I show, claims of those who scanned them |
//! | `scans` | codes of others that I scanned |
//! | `contact` | taking people in and letting them go |
//! | `people` | finding people, notes, tags |
//! | `joining` | one person who stands twice among my people |
//! | `rounds` | what all contacts are told, some in each step |
//! | `meetings`, `inbox`, `forks`, `presence` | what their names say |
//! | `relays` | whose nodes pass things on for mine, and mine for whose |
//! | `nearby` | contacts on the same local network |
//! | `whereabouts` | contacts found again in the DHT, and I by them |
//! | `disowned` | keys that were given up, of mine and of people I met |
//! | `mailboxes` | contacts' nodes that hold letters for me while mine is off |
//! | `leaving`, `collecting` | letters that go into a mailbox, and what lies in mine |
//! | `captures` | what I note at the moment we meet, taken in once |
//! | `events`, `follow_up` | where we meet, and what is to be done then |
//! | `agenda` | what is due and who was met where, by time |
//! | `code_lists` | which codes are out, and in which order all were made |
//! | `correspondence` | what a contact and I write to each other |
//! | `handover` | somebody whom a contact hands over to me, or I to a contact |
//! | `guests` | cards that visitors leave on my public page |
//! | `introduction` | asking for one, carrying one, being asked |
//! | `vouches` | what people say of each other |
//! | `outbox`, `incoming` | letters that go and letters that come |
//! | `route`, `answered` | the way to a person; what follows from answers to my letters |
//! | `sent` | letters that arrived, for a contact who goes on from a backup |
//! | `session`, `door`, `live` | who is on the line |
//! | `backups`, `restore` | what a backup is sealed to; coming back from one |
//! | `capsules`, `recovered` | what contacts keep for me and I for them; coming back from words and a contact |
//! | `recovery_doors` | where who has nothing but words and my address asks for what I keep |
//! | `replaced` | a machine whose home goes on elsewhere falls silent |
//! | `deadline` | everything that waits has an end |

pub mod agenda;
mod answered;
pub mod backups;
mod capsules;
pub mod captures;
mod claims;
pub mod code_lists;
mod collecting;
mod contact;
pub mod correspondence;
mod deadline;
pub mod disowned;
mod door;
pub mod effect;
mod entity;
pub mod error;
pub mod events;
pub mod follow_up;
pub mod forks;
pub mod guests;
pub mod handover;
pub mod inbox;
mod incoming;
pub mod introduction;
pub mod invites;
pub mod joining;
mod key_news;
mod keys;
mod leaving;
mod live;
pub mod mailboxes;
pub mod meetings;
pub mod nearby;
pub mod notice;
pub mod outbox;
pub mod own;
pub mod people;
pub mod person;
mod presence;
mod recovered;
mod recovery_doors;
mod relays;
mod replaced;
mod restore;
mod rounds;
mod route;
pub mod scans;
mod sent;
mod session;
mod slip;
mod turn;
mod txn;
pub mod vouches;
pub mod whereabouts;

pub use capsules::acquaintances;
pub use effect::{Answer, Effect, Errand, Left, Receipt, Refusal, Ticket};
pub use error::{CodeError, Error, Result};
pub use incoming::history_of;
pub use notice::Notice;
pub use own::{Beginning, CardChange, Own, create};
pub use recovered::{Recovery, recover};
pub use replaced::replaced_since;
pub use slip::AnswerSlip;
pub use turn::{Step, Turn};
pub use txn::Txn;

use crate::id::{IdentityId, PeerId, PersonId, SessionId};
use crate::store::Read;
use crate::time::Timestamp;
use keys::Keys;
use live::Live;

/// The rules and what they need in memory.
pub struct Engine {
    keys: Keys,
    live: Live,
}

impl Engine {
    /// Wakes an identity that lies in a storage.
    pub fn open(read: &dyn Read) -> Result<Self> {
        let history = Own::load(read)?.history();
        Ok(Self { keys: Keys::load(read, history)?, live: Live::default() })
    }

    /// Who this is.
    pub const fn id(&self) -> IdentityId {
        self.keys.signer.id
    }

    /// Makes one step: `act` calls methods of [`Turn`], and what they changed comes back.
    ///
    /// `seed` is the randomness of the step, never used twice. If `act` fails, nothing is changed. If the step
    /// cannot be made durable, the engine must be opened again.
    pub fn turn<R>(
        &mut self,
        read: &dyn Read,
        now: Timestamp,
        seed: [u8; 32],
        act: impl FnOnce(&mut Turn<'_>) -> Result<R>,
    ) -> Result<(R, Step)> {
        let mut turn = Turn::new(read, now, seed, &mut self.keys, &mut self.live);
        let done = act(&mut turn).and_then(|done| {
            turn.keep_presence_seed()?;
            turn.keep_agenda()?;
            turn.keep_code_lists()?;
            turn.keep_relays()?;
            turn.keep_mailboxes()?;
            Ok(done)
        });
        match done {
            Ok(done) => Ok((done, turn.into_step())),
            Err(error) => {
                turn.undo()?;
                Err(error)
            }
        }
    }

    /// When [`Turn::time_passed`] is next to be called, if nothing happens before.
    pub fn next_wakeup(&self, read: &dyn Read) -> Result<Option<Timestamp>> {
        session::next_wakeup(read, &self.live)
    }

    /// Sessions that are open.
    pub fn sessions(&self) -> Vec<SessionId> {
        self.live.sessions.keys().copied().collect()
    }

    /// True if a session with this person is open.
    pub fn is_connected(&self, person: PersonId) -> bool {
        self.live.is_connected(person)
    }

    /// Whose node this is among my contacts.
    pub fn whose(&self, peer: PeerId) -> Option<PersonId> {
        self.live.nodes.get(&peer)?.first().copied()
    }

    /// With whom this session is.
    pub fn with_whom(&self, session: SessionId) -> Option<PersonId> {
        self.live.person_of(session)
    }

    /// Contacts who were heard on a network that this node is on.
    pub fn nearby(&self) -> Vec<PersonId> {
        self.live.nearby.keys().copied().collect()
    }

    /// People with an open session.
    pub fn connected(&self) -> Vec<PersonId> {
        self.live.connected()
    }
}
