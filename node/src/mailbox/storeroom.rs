//! What may be left, handed out and taken. Changes are made in memory at once and written together by
//! [`Storeroom::commit`]; nobody is told of them before.

use std::io;
use std::sync::Arc;

use kith_protocol::crypto::same;
use kith_protocol::id::{MailboxId, PeerId};
use kith_protocol::mailbox::{
    Close, Collect, Held, Keep, Leave, MESSAGE, MailboxKey, PER_PARCEL, Response, SealedDoor, Take,
};
use kith_protocol::time::Timestamp;

use super::book::{Book, Lying, Mailbox, Reading};
use super::quota;
use super::record::{self, Closed, Kept, Record, Stored, Taken};
use super::segments::{FRAME, Place, Segments};
use crate::store::disk::Disk;

/// Bytes of a response beside its parcels.
const RESPONSE: usize = 16;

#[derive(Debug)]
pub(super) struct Storeroom {
    disk: Arc<dyn Disk>,
    pub(super) book: Book,
    pub(super) segments: Segments,
    /// Records that are not written yet, and where they will lie.
    pub(super) frame: Vec<u8>,
    base: (u32, u32),
    /// Bytes of parcels that may lie here in all.
    most: u64,
}

impl Storeroom {
    /// Reads the files.
    ///
    /// # Errors
    /// If they cannot be read at all; what is damaged is stepped over.
    pub fn open(disk: Arc<dyn Disk>, now: Timestamp) -> io::Result<Self> {
        let mut reading = Reading::default();
        let segments = Segments::open(Arc::clone(&disk), |payload, segment, start| {
            let mut rest = payload;
            while let Some((kind, body)) = record::split_first(&mut rest) {
                let offset = payload.len() - rest.len() - body.len();
                let place = placed(segment, start, offset, body);
                match Record::from_parts(kind, body) {
                    Some(record) => reading.take_in(record, place),
                    None => tracing::error!(kind, "a record of the mailboxes is of an unknown form"),
                }
            }
        })?;
        let mut book = reading.finish();
        book.forget_old(now);
        Ok(Self { disk, book, segments, frame: Vec::new(), base: (0, 0), most: quota::BYTES })
    }

    /// Forgets what could not be written, by reading the files anew.
    pub fn reopen(&mut self, now: Timestamp) -> io::Result<()> {
        *self = Self { most: self.most, ..Self::open(Arc::clone(&self.disk), now)? };
        Ok(())
    }

    /// From now on so many bytes of parcels may lie here in all. What lies here already stays.
    pub const fn allow(&mut self, most: u64) {
        self.most = most;
    }

    /// Adds a record to what will be written, and says where it will lie.
    fn write(&mut self, record: &Record) -> io::Result<Place> {
        let (kind, body) = record.to_parts();
        self.write_parts(kind, &body)
    }

    pub(super) fn write_parts(&mut self, kind: u8, body: &[u8]) -> io::Result<Place> {
        if self.frame.len() + record::HEAD + body.len() > FRAME {
            // It is durable a little earlier than the rest.
            self.commit()?;
        }
        if self.frame.is_empty() {
            self.base = self.segments.begin()?;
        }
        let length = u32::try_from(body.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
        self.frame.push(kind);
        self.frame.extend_from_slice(&length.to_be_bytes());
        let place = placed(self.base.0, self.base.1, self.frame.len(), body);
        self.frame.extend_from_slice(body);
        Ok(place)
    }

    /// Makes everything durable that was changed since the last time.
    pub fn commit(&mut self) -> io::Result<()> {
        if self.frame.is_empty() {
            return Ok(());
        }
        let written = self.segments.append(&self.frame);
        self.frame.clear();
        // A batch in which much came is rare.
        self.frame.shrink_to(64 * 1024);
        written
    }

    fn read(&self, place: Place) -> io::Result<Stored> {
        let is_written = self.frame.is_empty() || place.segment != self.base.0 || place.offset < self.base.1;
        let body = if is_written {
            self.segments.read(place)?
        } else {
            let from = (place.offset - self.base.1) as usize;
            let unwritten = self.frame.get(from..from + place.length as usize);
            unwritten.ok_or(io::ErrorKind::InvalidData)?.to_vec()
        };
        match Record::from_parts(2, &body) {
            Some(Record::Stored(stored)) => Ok(stored),
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    /// The mailbox that this key opens.
    fn opened(&self, key: &MailboxKey) -> Option<(MailboxId, &Mailbox)> {
        let id = key.id();
        self.book.get(&id).filter(|one| one.lock.fits(key)).map(|one| (id, one))
    }

    /// The owner of the mailbox that this key opens was heard of.
    pub fn hear(&mut self, key: &MailboxKey, now: Timestamp) -> io::Result<()> {
        let silent = self.opened(key).filter(|(_, one)| now.since(one.heard) >= quota::HEARD);
        match silent.map(|(_, one)| Kept { heard: now, ..one.to_record() }) {
            Some(kept) => self.write_kept(kept),
            None => Ok(()),
        }
    }

    pub(super) fn write_kept(&mut self, kept: Kept) -> io::Result<()> {
        let place = self.write(&Record::Kept(kept.clone()))?;
        self.book.keep(kept, place.segment, record::HEAD as u64 + u64::from(place.length));
        Ok(())
    }

    /// Opens a mailbox, or takes in what is new about it. `from` may have one here.
    pub fn keep(&mut self, from: PeerId, keep: Keep, now: Timestamp) -> io::Result<Response> {
        let lock = keep.key.lock();
        let (mut slots, void) = (keep.slots, keep.void);
        // Who came first has it: nobody takes another's claims away by naming the same code.
        slots.retain(|slot| self.book.behind(&slot.label).is_none_or(|one| one.lock.mailbox == lock.mailbox));
        let Some(one) = self.book.get(&lock.mailbox) else {
            return self.keep_new(Kept { lock, owner: from, next: first_number(now), heard: now, slots, void });
        };
        if !one.lock.fits(&keep.key) {
            return Ok(Response::No);
        }
        let before = one.to_record();
        // As it is written down: in order, each once.
        let void = void.into_iter().collect::<std::collections::BTreeSet<_>>().into_iter().collect();
        let mut kept = Kept { owner: from, slots, void, ..before.clone() };
        if kept != before || now.since(before.heard) >= quota::HEARD {
            kept.heard = now;
            self.write_kept(kept)?;
        }
        Ok(Response::Done)
    }

    fn keep_new(&mut self, kept: Kept) -> io::Result<Response> {
        let earlier = self.book.of_owner(&kept.owner);
        match earlier.first() {
            Some(first) if earlier.len() >= quota::BOXES_OF_OWNER => self.give_up(*first)?,
            _ if self.book.len() >= quota::BOXES => return Ok(Response::Full),
            _ => {}
        }
        self.write_kept(kept)?;
        Ok(Response::Done)
    }

    pub(super) fn give_up(&mut self, mailbox: MailboxId) -> io::Result<()> {
        self.write(&Record::Closed(Closed { mailbox }))?;
        self.book.close(&mailbox);
        Ok(())
    }

    /// Leaves a parcel; says in which mailbox, if it is a new one.
    pub fn leave(&mut self, leave: Leave, now: Timestamp) -> io::Result<(Response, Option<MailboxId>)> {
        let Some((mailbox, door, most, bytes)) = self.admitted(&leave, now) else { return Ok((Response::No, None)) };
        let Some(one) = self.book.get(&mailbox) else { return Ok((Response::No, None)) };
        if self.lies_there(one, &leave) {
            return Ok((Response::Stored(door), None));
        }
        let replaced = |lying: &Lying| leave.replaces && lying.replaces;
        let replaced: Vec<u64> = one.under(leave.label).filter(|(_, lying)| replaced(lying)).map(|(n, _)| n).collect();
        let in_all = self.book.bytes() + leave.parcel.as_slice().len() as u64 <= self.most;
        if !in_all || !has_room(one, &leave, &replaced, most, bytes) {
            return Ok((Response::Full, None));
        }
        let number = one.next;
        let Leave { label, parcel, replaces, .. } = leave;
        let stored = Stored { mailbox, number, label, came: now, replaces, parcel };
        let place = self.write(&Record::Stored(stored.clone()))?;
        self.book.store(&mailbox, number, Lying::new(&stored, place));
        self.forget(mailbox, replaced)?;
        Ok((Response::Stored(door), Some(mailbox)))
    }

    /// Whose mailbox may be left something in; with the door, and how many parcels and bytes may lie under the label.
    fn admitted(&self, leave: &Leave, now: Timestamp) -> Option<(MailboxId, SealedDoor, usize, u64)> {
        match leave.mailbox {
            Some(id) => {
                let one = self.book.get(&id);
                // Whether there is no such mailbox or no such label takes the same work.
                let decoy = || MailboxKey::new([0; 32]).lock();
                let lock = one.map_or_else(decoy, |one| one.lock.clone());
                let is_admitted = lock.admits(&leave.label, &leave.token);
                let one = one.filter(|one| is_admitted && !one.void.contains(&leave.label))?;
                Some((one.lock.mailbox, SealedDoor::default(), quota::PARCELS_OF_LABEL, quota::BYTES_OF_LABEL))
            }
            None => {
                let one = self.book.behind(&leave.label)?;
                let mut slots = one.slots.iter().filter(|slot| slot.label == leave.label && slot.until > now);
                let slot = slots.next().filter(|slot| same(&slot.token, &leave.token))?;
                let most = u64::from(slot.most);
                Some((one.lock.mailbox, slot.door.clone(), slot.most.into(), most * quota::BYTES_OF_CLAIM))
            }
        }
    }

    /// True if the very same parcel lies there already.
    fn lies_there(&self, one: &Mailbox, leave: &Leave) -> bool {
        let parcel = leave.parcel.as_slice();
        let crc = crc32c::crc32c(parcel);
        one.under(leave.label)
            .filter(|(_, lying)| lying.crc == crc && lying.size as usize == parcel.len())
            .any(|(_, lying)| self.read(lying.place).is_ok_and(|stored| stored.parcel == leave.parcel))
    }

    fn forget(&mut self, mailbox: MailboxId, numbers: Vec<u64>) -> io::Result<()> {
        if numbers.is_empty() {
            return Ok(());
        }
        for number in &numbers {
            self.book.take(&mailbox, *number);
        }
        self.write(&Record::Taken(Taken { mailbox, numbers })).map(drop)
    }

    /// The owner has these.
    pub fn take(&mut self, take: Take) -> io::Result<Response> {
        let Some((mailbox, one)) = self.opened(&take.key) else { return Ok(Response::No) };
        let numbers = take.numbers.into_iter().filter(|number| one.parcels.contains_key(number)).collect();
        self.forget(mailbox, numbers)?;
        Ok(Response::Done)
    }

    /// The owner gives it up; says which, if there was one.
    pub fn close(&mut self, close: &Close) -> io::Result<(Response, Option<MailboxId>)> {
        let Some((mailbox, _)) = self.opened(&close.key) else { return Ok((Response::No, None)) };
        self.give_up(mailbox)?;
        Ok((Response::Done, Some(mailbox)))
    }

    /// Nothing is held for this node any more; says which mailboxes are gone.
    pub fn dismiss(&mut self, owner: &PeerId) -> io::Result<Vec<MailboxId>> {
        let all = self.book.of_owner(owner);
        for mailbox in &all {
            self.give_up(*mailbox)?;
        }
        Ok(all)
    }

    /// What is held for a node is held for another one from now on; says which mailboxes that are.
    pub fn succeed(&mut self, owner: &PeerId, successor: PeerId) -> io::Result<Vec<MailboxId>> {
        let all = self.book.of_owner(owner);
        for mailbox in &all {
            if let Some(one) = self.book.get(mailbox) {
                let kept = Kept { owner: successor, ..one.to_record() };
                self.write_kept(kept)?;
            }
        }
        Ok(all)
    }

    /// True if the mailbox behind this key is held for this node.
    pub fn is_owner(&self, peer: &PeerId, key: &MailboxKey) -> bool {
        self.opened(key).is_some_and(|(_, one)| one.owner == *peer)
    }

    /// What lies there beyond a number, as much as one message holds; `None` if the key opens nothing.
    pub fn collect(&self, collect: &Collect) -> Option<Vec<Held>> {
        let (_, one) = self.opened(&collect.key)?;
        let (mut all, mut length) = (Vec::new(), RESPONSE);
        for (number, lying) in one.parcels.range(collect.after.saturating_add(1)..) {
            length += PER_PARCEL + lying.size as usize;
            if length > MESSAGE {
                break;
            }
            match self.read(lying.place) {
                Ok(stored) => all.push(Held { number: *number, label: lying.label, parcel: stored.parcel }),
                Err(error) => tracing::error!(%error, number, "a parcel cannot be read"),
            }
        }
        Some(all)
    }
}

fn placed(segment: u32, start: u32, offset: usize, body: &[u8]) -> Place {
    let (offset, length) = (u32::try_from(offset).unwrap_or(u32::MAX), u32::try_from(body.len()).unwrap_or(u32::MAX));
    Place { segment, offset: start.saturating_add(offset), length, crc: crc32c::crc32c(body) }
}

fn has_room(one: &Mailbox, leave: &Leave, replaced: &[u64], most: usize, bytes: u64) -> bool {
    let size = leave.parcel.as_slice().len() as u64;
    let (mut count, mut lying) = (1, size);
    for (_, other) in one.under(leave.label).filter(|(number, _)| !replaced.contains(number)) {
        (count, lying) = (count + 1, lying + u64::from(other.size));
    }
    let in_label = count <= most && lying <= bytes;
    let in_box = one.parcels.len() < quota::PARCELS_OF_BOX && one.bytes() + size <= quota::BYTES_OF_BOX;
    in_label && in_box
}

/// Numbers of a mailbox that is opened anew lie beyond those that it may have had before, so that a late Take of the
/// earlier ones takes nothing.
fn first_number(now: Timestamp) -> u64 {
    (now.secs() << 16).max(1)
}
