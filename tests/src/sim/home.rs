//! The home of one person: storage, engine, clock, and what the network knows of it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use kith_protocol::address::{Hint, Host, Reach, Transports};
use kith_protocol::engine::{Engine, Notice};
use kith_protocol::hello::SharedSecret;
use kith_protocol::id::{IdentityId, LetterId, Locator, PeerId, SessionId};
use kith_protocol::store::{MemoryStore, Read, Table};
use kith_protocol::words::RecoveryWords;

use super::mailboxes::Mailboxes;
use super::nearby::Names;
use super::queue::Millis;

/// Names a home in a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Who(pub usize);

/// A crash that is going to happen at a step of a home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crash {
    /// The step is lost as if it had never been made.
    BeforeCommit,
    /// The step is durable, but nothing of what it asks for is done.
    BeforeEffects,
}

/// The home of one person.
pub struct Home {
    /// The person's name.
    pub name: String,
    /// The recovery words.
    pub words: RecoveryWords,
    /// What is durable.
    pub store: MemoryStore,
    /// The engine, while the node runs.
    pub engine: Option<Engine>,
    /// Who this is.
    pub id: IdentityId,
    /// The libp2p key of the machine.
    pub peer: PeerId,
    /// How far the clock of this home is ahead of the world's, in seconds.
    pub skew: i64,
    /// Where the node listens; `None` behind a router that lets nobody in.
    pub address: Option<Hint>,
    /// Whether the machine has a network.
    pub online: bool,
    /// Nodes in different parts of the network do not see each other.
    pub part: u32,
    /// Counts the starts of the node: what was planned for an earlier one is void.
    pub run: u64,
    /// Everything that the engine told, with the time.
    pub notices: Vec<(Millis, Notice)>,
    /// Steps that were made durable since the beginning.
    pub steps: u64,
    /// The crash that waits, and at which step.
    pub crash: Option<(u64, Crash)>,
    /// How often each letter was handled, by sender and letter, over the whole life of the home.
    pub handled: BTreeMap<Vec<u8>, u32>,
    /// What it holds for others, and others for it.
    pub mailboxes: Mailboxes,
    /// What it was told about names on local networks.
    pub names: Names,
    pub(super) doors: BTreeMap<Locator, SharedSecret>,
    pub(super) sessions: BTreeSet<SessionId>,
    /// Letters that an answer is waited for, with the number of the attempt.
    pub(super) asked: BTreeMap<(SessionId, LetterId), u64>,
    pub(super) wake: Option<Millis>,
    pub(super) spins: u32,
}

impl Home {
    /// An address that no other home has, or had.
    pub(super) fn fresh_address(number: usize, run: u64) -> Hint {
        let [.., high, low] = number.to_be_bytes();
        let port = 4000 + u16::try_from(run % 60_000).unwrap();
        Hint { reach: Reach::Direct, host: Host::Ip4([10, 0, high, low].into()), port, transports: Transports::Both }
    }

    /// An older storage is in place: what it does not know of was not handled by this home.
    pub(super) fn remember_what_the_store_does(&mut self) {
        let mut known = BTreeMap::new();
        let mut remember = |key: &[u8], _: &[u8]| {
            if key.len() > 32 {
                known.insert(key.to_vec(), 1);
            }
            ControlFlow::Continue(())
        };
        self.store.scan(Table::Handled, b"", b"", &mut remember).expect("a storage in memory answers");
        self.handled = known;
    }

    /// True if the node runs and has a network.
    pub const fn is_up(&self) -> bool {
        self.online && self.engine.is_some()
    }

    pub(super) fn listens_at(&self, addresses: &[Hint]) -> bool {
        self.is_up() && self.address.as_ref().is_some_and(|own| addresses.contains(own))
    }
}
