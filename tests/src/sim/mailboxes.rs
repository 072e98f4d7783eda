//! Mailboxes: what nodes hold for others, and how those leave and collect it.
//!
//! What a node holds for others is durable at once, as if its disk never lied; the way there may lose what is said.

use std::collections::{BTreeMap, BTreeSet};

use kith_protocol::address::{Hint, Reach};
use kith_protocol::engine::{Errand, Left};
use kith_protocol::id::{Locator, MailboxId, PeerId};
use kith_protocol::limits;
use kith_protocol::mailbox::{Held, Keep, Leave, Lock, MailboxKey, Parcel, SealedDoor, Slot};

use super::home::Who;
use super::queue::Millis;
use super::world::{Event, World};

/// Milliseconds until a node looks again for one that it did not reach: the first time, and at most.
const TRIES_AGAIN: (Millis, Millis) = (60_000, 2 * 3_600_000);
/// Milliseconds until what says nothing yet is looked at again.
const LOOKS_AGAIN: Millis = 600_000;
/// Milliseconds until a node that is not there is given up.
const NOBODY: Millis = 10_000;
/// Parcels under one label.
const OF_ONE_LABEL: usize = 64;

/// What a node holds for one owner.
#[derive(Debug)]
pub struct HeldMailbox {
    lock: Lock,
    owner: PeerId,
    slots: Vec<Slot>,
    void: Vec<Locator>,
    parcels: Vec<(Held, bool)>,
    next: u64,
}

/// A mailbox of one's own, as the network keeps it while the node runs.
pub(super) struct Collecting {
    addresses: Vec<Hint>,
    keep: Keep,
    is_open: bool,
    /// Tries to reach the host in vain.
    tries: u32,
    /// Numbers that the driver has, or has taken.
    emitted: BTreeSet<u64>,
    taken: BTreeSet<u64>,
}

/// What one home has to do with mailboxes.
#[derive(Default)]
pub struct Mailboxes {
    /// What it holds for others; survives everything.
    pub(super) held: BTreeMap<MailboxId, HeldMailbox>,
    /// Whose nodes may have one here.
    pub(super) admitted: BTreeSet<PeerId>,
    /// Its own, at other nodes.
    pub(super) own: BTreeMap<PeerId, Collecting>,
}

impl Mailboxes {
    /// The node went off: only what it holds for others stays.
    pub(super) fn switched_off(&mut self) {
        self.admitted.clear();
        self.own.clear();
    }

    pub(super) fn dismiss(&mut self, peer: PeerId, successor: Option<PeerId>) {
        self.admitted.remove(&peer);
        match successor {
            None => self.held.retain(|_, held| held.owner != peer),
            Some(successor) => {
                for held in self.held.values_mut().filter(|held| held.owner == peer) {
                    held.owner = successor;
                }
            }
        }
    }

    /// How many nodes hold one for it.
    pub fn own_hosts(&self) -> usize {
        self.own.len()
    }

    /// Parcels that lie here.
    pub fn parcels(&self) -> usize {
        self.held.values().map(|held| held.parcels.len()).sum()
    }

    /// What lies here, for a story that looks for names in it.
    pub fn everything(&self) -> String {
        format!("{:?}", self.held)
    }
}

impl World {
    pub(super) fn opens_mailbox(&mut self, who: Who, host: PeerId, addresses: Vec<Hint>, keep: Keep) {
        let before = self.home_mut(who).mailboxes.own.remove(&host);
        let (emitted, taken) = before.map(|before| (before.emitted, before.taken)).unwrap_or_default();
        let collecting = Collecting { addresses, keep, is_open: false, tries: 0, emitted, taken };
        self.home_mut(who).mailboxes.own.insert(host, collecting);
        self.plan_collecting(who, host, 50);
    }

    fn plan_collecting(&mut self, who: Who, host: PeerId, after: Millis) {
        let run = self.home(who).run;
        self.queue.plan(self.now + after, Event::Collects { who, run, host });
    }

    pub(super) fn closes_mailbox(&mut self, who: Who, host: PeerId, key: &MailboxKey) {
        let Some(own) = self.home_mut(who).mailboxes.own.remove(&host) else { return };
        if let Some(keeper) = self.host_at(who, Some(host), &own.addresses) {
            self.home_mut(keeper).mailboxes.held.remove(&key.id());
        }
    }

    pub(super) fn takes_parcel(&mut self, who: Who, host: PeerId, number: u64) {
        let Some(own) = self.home_mut(who).mailboxes.own.get_mut(&host) else { return };
        own.taken.insert(number);
        let (addresses, mailbox) = (own.addresses.clone(), own.keep.key.id());
        if let Some(keeper) = self.host_at(who, Some(host), &addresses) {
            self.forgets_taken(keeper, who, host, mailbox);
        }
    }

    /// What lies in a mailbox is less by what its owner has.
    fn forgets_taken(&mut self, keeper: Who, who: Who, host: PeerId, mailbox: MailboxId) {
        let Some(own) = self.home_mut(who).mailboxes.own.get_mut(&host) else { return };
        let taken = std::mem::take(&mut own.taken);
        if let Some(held) = self.home_mut(keeper).mailboxes.held.get_mut(&mailbox) {
            held.parcels.retain(|(parcel, _)| !taken.contains(&parcel.number));
        }
    }

    pub(super) fn puts_back(&mut self, who: Who, host: PeerId, number: u64) {
        if let Some(own) = self.home_mut(who).mailboxes.own.get_mut(&host) {
            own.emitted.remove(&number);
            self.plan_collecting(who, host, LOOKS_AGAIN);
        }
    }

    fn host_at(&self, who: Who, host: Option<PeerId>, addresses: &[Hint]) -> Option<Who> {
        let places: Vec<Hint> = addresses.iter().map(|hint| Hint { reach: Reach::Direct, ..hint.clone() }).collect();
        let fits = |&there: &Who| {
            self.home(there).listens_at(&places)
                && self.see_each_other(who, there)
                && host.is_none_or(|host| self.home(there).peer == host)
        };
        self.whos().filter(|&there| there != who).find(fits)
    }

    /// A node looks into its mailbox.
    pub(super) fn collects(&mut self, who: Who, host: PeerId) {
        let Some(own) = self.home(who).mailboxes.own.get(&host) else { return };
        let (addresses, keep, is_open) = (own.addresses.clone(), own.keep.clone(), own.is_open);
        let Some(keeper) = self.host_at(who, Some(host), &addresses) else {
            return self.lost_mailbox(who, host);
        };
        if !is_open {
            if !self.keeps(keeper, who, &keep) {
                self.home_mut(who).mailboxes.own.remove(&host);
                return self.input(who, |turn| turn.mailbox_refused(host));
            }
            if let Some(own) = self.home_mut(who).mailboxes.own.get_mut(&host) {
                (own.is_open, own.tries) = (true, 0);
            }
            self.input(who, |turn| turn.mailbox_opened(host));
        }
        self.hand_out(keeper, who, host, keep.key.id());
    }

    fn lost_mailbox(&mut self, who: Who, host: PeerId) {
        let Some(own) = self.home_mut(who).mailboxes.own.get_mut(&host) else { return };
        let (first, most) = TRIES_AGAIN;
        let after = (first << own.tries.min(16)).min(most);
        own.tries += 1;
        own.is_open = false;
        let is_news = own.tries == 1;
        self.plan_collecting(who, host, after);
        if is_news {
            self.input(who, |turn| turn.mailbox_lost(host));
        }
    }

    /// False if the host holds nothing for this owner.
    fn keeps(&mut self, keeper: Who, owner: Who, keep: &Keep) -> bool {
        let peer = self.home(owner).peer;
        let mailboxes = &mut self.home_mut(keeper).mailboxes;
        if !mailboxes.admitted.contains(&peer) {
            return false;
        }
        let lock = keep.key.lock();
        let held = mailboxes.held.entry(lock.mailbox).or_insert_with(|| HeldMailbox {
            lock,
            owner: peer,
            slots: Vec::new(),
            void: Vec::new(),
            parcels: Vec::new(),
            next: 1,
        });
        (held.owner, held.slots, held.void) = (peer, keep.slots.clone(), keep.void.clone());
        true
    }

    fn hand_out(&mut self, keeper: Who, who: Who, host: PeerId, mailbox: MailboxId) {
        let run = self.home(who).run;
        self.forgets_taken(keeper, who, host, mailbox);
        let owner = self.home(who).peer;
        let held = self.home(keeper).mailboxes.held.get(&mailbox).filter(|held| held.owner == owner);
        let Some(held) = held else { return };
        let lying: Vec<Held> = held.parcels.iter().map(|(parcel, _)| parcel.clone()).collect();
        for Held { number, label, parcel } in lying {
            if self.home(who).run != run {
                return;
            }
            let Some(own) = self.home_mut(who).mailboxes.own.get_mut(&host) else { return };
            if own.emitted.insert(number) {
                self.input(who, |turn| turn.parcel_arrived(host, number, label, parcel.as_slice()));
            }
        }
    }

    pub(super) fn leaves_parcel(
        &mut self,
        who: Who,
        errand: Errand,
        host: Option<PeerId>,
        at: Vec<Hint>,
        leave: Leave,
    ) {
        let when = self.delay();
        let run = self.home(who).run;
        self.queue.plan(when, Event::Leaves { who, run, errand, host, at, leave: Box::new(leave) });
    }

    pub(super) fn is_left(&mut self, who: Who, errand: Errand, host: Option<PeerId>, at: &[Hint], leave: &Leave) {
        let run = self.home(who).run;
        let Some(keeper) = self.host_at(who, host, at).filter(|_| !self.is_unlucky(self.weather.loss)) else {
            let outcome = Left::Unreachable;
            return self.queue.plan(self.now + NOBODY, Event::ParcelLeft { who, run, errand, outcome });
        };
        let (outcome, owner) = self.home_mut(keeper).mailboxes.left_here(leave);
        if let Some(owner) = owner {
            self.rings_at(owner, keeper);
        }
        // The word that it lies there may be lost on its way back.
        let outcome = if self.is_unlucky(self.weather.loss) { Left::Unreachable } else { outcome };
        let when = self.delay();
        self.queue.plan(when, Event::ParcelLeft { who, run, errand, outcome });
    }

    /// Who waits at their mailbox learns that something lies in it.
    fn rings_at(&mut self, owner: PeerId, keeper: Who) {
        let host = self.home(keeper).peer;
        let waits = |&who: &Who| self.home(who).peer == owner && self.home(who).mailboxes.own.contains_key(&host);
        for who in self.whos().filter(waits).collect::<Vec<_>>() {
            self.plan_collecting(who, host, 50);
        }
    }

    /// Throws away all that a node holds for others.
    pub fn loses_what_it_holds(&mut self, who: Who) {
        for held in self.home_mut(who).mailboxes.held.values_mut() {
            held.parcels.clear();
        }
    }
}

impl Mailboxes {
    /// What becomes of a parcel, and whose mailbox it lies in.
    fn left_here(&mut self, leave: &Leave) -> (Left, Option<PeerId>) {
        match leave.mailbox {
            Some(mailbox) => {
                let held = self.held.get_mut(&mailbox).filter(|held| held.lock.admits(&leave.label, &leave.token));
                let held = held.filter(|held| !held.void.contains(&leave.label));
                let take_in = |held: &mut HeldMailbox| {
                    (held.take_in(leave, OF_ONE_LABEL, SealedDoor::default()), Some(held.owner))
                };
                held.map_or((Left::Refused, None), take_in)
            }
            None => {
                let fits = |slot: &&Slot| slot.label == leave.label && slot.token == leave.token;
                let found = self.held.values_mut().find_map(|held| {
                    let slot = held.slots.iter().find(fits).cloned();
                    slot.map(|slot| (held, slot))
                });
                found.map_or((Left::Refused, None), |(held, slot)| {
                    (held.take_in(leave, usize::from(slot.most), slot.door), Some(held.owner))
                })
            }
        }
    }
}

impl HeldMailbox {
    fn take_in(&mut self, leave: &Leave, most: usize, door: SealedDoor) -> Left {
        let under_label = |held: &Held| held.label == leave.label;
        if self.parcels.iter().any(|(held, _)| under_label(held) && held.parcel == leave.parcel) {
            return Left::Stored(door);
        }
        if leave.replaces {
            self.parcels.retain(|(held, replaces)| !(*replaces && under_label(held)));
        }
        if self.parcels.iter().filter(|(held, _)| under_label(held)).count() >= most {
            return Left::Full;
        }
        let (number, parcel): (u64, Parcel) = (self.next, leave.parcel.clone());
        self.next += 1;
        self.parcels.push((Held { number, label: leave.label, parcel }, leave.replaces));
        Left::Stored(door)
    }
}

const _: () = assert!(limits::MAILBOX_LIVE_CLAIMS < 64, "a label holds what a code may bring");
