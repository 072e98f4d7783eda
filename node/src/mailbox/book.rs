//! What lies where: everything about mailboxes but the parcels themselves, in memory.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kith_protocol::id::{Locator, MailboxId, PeerId};
use kith_protocol::mailbox::{Lock, Slot};
use kith_protocol::time::Timestamp;

use super::quota;
use super::record::{self, Kept, Record, Stored};
use super::segments::Place;

/// A parcel that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lying {
    pub label: Locator,
    pub came: Timestamp,
    pub replaces: bool,
    /// Its own length and checksum, by which another like it is noticed.
    pub size: u32,
    pub crc: u32,
    /// Where its record lies.
    pub place: Place,
}

impl Lying {
    pub fn new(stored: &Stored, place: Place) -> Self {
        let parcel = stored.parcel.as_slice();
        let size = u32::try_from(parcel.len()).unwrap_or(u32::MAX);
        let crc = crc32c::crc32c(parcel);
        Self { label: stored.label, came: stored.came, replaces: stored.replaces, size, crc, place }
    }
}

/// A mailbox.
#[derive(Clone, Debug)]
pub(super) struct Mailbox {
    pub lock: Lock,
    pub owner: PeerId,
    /// When its owner was heard of, as it is written down.
    pub heard: Timestamp,
    pub slots: Vec<Slot>,
    pub void: BTreeSet<Locator>,
    /// The number of the next parcel.
    pub next: u64,
    pub parcels: BTreeMap<u64, Lying>,
    /// Where its record lies, and how long it is.
    pub segment: u32,
    pub length: u64,
}

impl Mailbox {
    /// What is written down of it.
    pub fn to_record(&self) -> Kept {
        Kept {
            lock: self.lock.clone(),
            owner: self.owner,
            next: self.next,
            heard: self.heard,
            slots: self.slots.clone(),
            void: self.void.iter().copied().collect(),
        }
    }

    /// What lies under a label, by number.
    pub fn under(&self, label: Locator) -> impl Iterator<Item = (u64, &Lying)> {
        self.parcels.iter().filter(move |(_, lying)| lying.label == label).map(|(number, lying)| (*number, lying))
    }

    /// Bytes of its parcels.
    pub fn bytes(&self) -> u64 {
        self.parcels.values().map(|lying| u64::from(lying.size)).sum()
    }
}

/// All mailboxes.
#[derive(Debug, Default)]
pub(super) struct Book {
    boxes: HashMap<MailboxId, Mailbox>,
    slots: HashMap<Locator, MailboxId>,
    /// Bytes of all parcels.
    bytes: u64,
    /// Bytes of the records that are needed.
    alive: u64,
}

fn on_disk(lying: &Lying) -> u64 {
    record::HEAD as u64 + u64::from(lying.place.length)
}

impl Book {
    pub fn get(&self, mailbox: &MailboxId) -> Option<&Mailbox> {
        self.boxes.get(mailbox)
    }

    /// The mailbox that the codes of this label lead to.
    pub fn behind(&self, label: &Locator) -> Option<&Mailbox> {
        self.slots.get(label).and_then(|mailbox| self.boxes.get(mailbox))
    }

    pub fn iter(&self) -> impl Iterator<Item = (&MailboxId, &Mailbox)> {
        self.boxes.iter()
    }

    pub fn len(&self) -> usize {
        self.boxes.len()
    }

    /// Bytes of all parcels.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Bytes of all records that are needed.
    pub const fn alive(&self) -> u64 {
        self.alive
    }

    /// Those of this owner, who was heard of longest ago in the first.
    pub fn of_owner(&self, owner: &PeerId) -> Vec<MailboxId> {
        let mut all: Vec<_> = self.boxes.iter().filter(|(_, one)| one.owner == *owner).collect();
        all.sort_by_key(|(id, one)| (one.heard, **id));
        all.into_iter().map(|(id, _)| *id).collect()
    }

    /// A mailbox is as this says from now on; what lies in it stays.
    pub fn keep(&mut self, kept: Kept, segment: u32, length: u64) {
        let id = kept.lock.mailbox;
        let before = self.boxes.remove(&id);
        let (parcels, next) = match before {
            Some(before) => {
                self.forget_slots(id, &before);
                self.alive -= before.length;
                (before.parcels, before.next.max(kept.next))
            }
            None => (BTreeMap::new(), kept.next),
        };
        for slot in &kept.slots {
            // The storeroom lets nobody name a code that leads to another mailbox.
            self.slots.entry(slot.label).or_insert(id);
        }
        self.alive += length;
        let void = kept.void.into_iter().collect();
        let Kept { lock, owner, heard, slots, .. } = kept;
        self.boxes.insert(id, Mailbox { lock, owner, heard, slots, void, next, parcels, segment, length });
    }

    pub fn store(&mut self, mailbox: &MailboxId, number: u64, lying: Lying) {
        if let Some(one) = self.boxes.get_mut(mailbox) {
            one.next = one.next.max(number + 1);
            self.bytes += u64::from(lying.size);
            self.alive += on_disk(&lying);
            if let Some(before) = one.parcels.insert(number, lying) {
                self.bytes -= u64::from(before.size);
                self.alive -= on_disk(&before);
            }
        }
    }

    pub fn take(&mut self, mailbox: &MailboxId, number: u64) -> bool {
        let taken = self.boxes.get_mut(mailbox).and_then(|one| one.parcels.remove(&number));
        if let Some(lying) = &taken {
            self.bytes -= u64::from(lying.size);
            self.alive -= on_disk(lying);
        }
        taken.is_some()
    }

    pub fn close(&mut self, mailbox: &MailboxId) {
        let Some(one) = self.boxes.remove(mailbox) else { return };
        self.forget_slots(*mailbox, &one);
        self.alive -= one.length + one.parcels.values().map(on_disk).sum::<u64>();
        self.bytes -= one.bytes();
    }

    fn forget_slots(&mut self, mailbox: MailboxId, one: &Mailbox) {
        for slot in &one.slots {
            if self.slots.get(&slot.label) == Some(&mailbox) {
                self.slots.remove(&slot.label);
            }
        }
    }

    /// Parcels that nobody can be waiting for any more.
    pub fn forget_old(&mut self, now: Timestamp) {
        let is_old = |lying: &Lying| now.since(lying.came) >= quota::PARCEL_LIFE;
        let old: Vec<(MailboxId, u64)> = self
            .boxes
            .iter()
            .flat_map(|(id, one)| one.parcels.iter().map(move |(number, lying)| (*id, *number, lying)))
            .filter(|(_, _, lying)| is_old(lying))
            .map(|(id, number, _)| (id, number))
            .collect();
        for (mailbox, number) in old {
            self.take(&mailbox, number);
        }
    }
}

/// Reads the book off the files. A parcel may lie before the newest record of its mailbox, whose older one is gone.
#[derive(Default)]
pub(super) struct Reading {
    boxes: HashMap<MailboxId, (Kept, u32, u64)>,
    parcels: HashMap<MailboxId, BTreeMap<u64, Lying>>,
    /// The highest number that was ever given: no later parcel may be mistaken for one that was taken.
    highest: HashMap<MailboxId, u64>,
}

impl Reading {
    pub fn take_in(&mut self, record: Record, place: Place) {
        match record {
            Record::Kept(kept) => {
                let length = record::HEAD as u64 + u64::from(place.length);
                self.boxes.insert(kept.lock.mailbox, (kept, place.segment, length));
            }
            Record::Stored(stored) => {
                let lying = Lying::new(&stored, place);
                self.note(stored.mailbox, stored.number);
                self.parcels.entry(stored.mailbox).or_default().insert(stored.number, lying);
            }
            Record::Taken(taken) => {
                taken.numbers.iter().for_each(|number| self.note(taken.mailbox, *number));
                if let Some(parcels) = self.parcels.get_mut(&taken.mailbox) {
                    parcels.retain(|number, _| !taken.numbers.contains(number));
                }
            }
            Record::Closed(closed) => {
                self.boxes.remove(&closed.mailbox);
                self.parcels.remove(&closed.mailbox);
                self.highest.remove(&closed.mailbox);
            }
        }
    }

    fn note(&mut self, mailbox: MailboxId, number: u64) {
        let highest = self.highest.entry(mailbox).or_default();
        *highest = number.max(*highest);
    }

    pub fn finish(mut self) -> Book {
        let mut book = Book::default();
        for (id, (mut kept, segment, length)) in self.boxes {
            kept.next = kept.next.max(self.highest.get(&id).map_or(0, |highest| highest.saturating_add(1)));
            book.keep(kept, segment, length);
            for (number, lying) in self.parcels.remove(&id).unwrap_or_default() {
                book.store(&id, number, lying);
            }
        }
        book
    }
}
