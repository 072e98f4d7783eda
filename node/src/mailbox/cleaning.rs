//! Forgetting what is too old, and winning room back.
//!
//! Room is won at the oldest file alone. Whatever says that a parcel was taken lies behind the parcel, so it goes when the
//! parcel is gone and never before.

use std::io;

use kith_protocol::id::MailboxId;
use kith_protocol::time::Timestamp;

use super::book::{Lying, Mailbox};
use super::quota;
use super::record::Kept;
use super::segments::SEGMENT;
use super::storeroom::Storeroom;

/// Bytes of records that are written anew at once.
const MOVED: usize = 1024 * 1024;

impl Storeroom {
    /// Gives up mailboxes that nobody collects from, and forgets parcels that nobody can be waiting for.
    pub fn sweep(&mut self, now: Timestamp) -> io::Result<()> {
        let silent = |one: &Mailbox| now.since(one.heard) >= quota::SILENCE;
        let silent: Vec<_> = self.book.iter().filter(|(_, one)| silent(one)).map(|(id, _)| *id).collect();
        for mailbox in silent {
            tracing::info!("a mailbox is given up: its owner was not heard of for a long time");
            self.give_up(mailbox)?;
        }
        self.book.forget_old(now);
        Ok(())
    }

    /// True if less than half of what lies on the disk is needed, and there is a file to win.
    pub fn is_wasteful(&self) -> bool {
        self.segments.total() > 2 * self.book.alive() + SEGMENT
    }

    /// Writes anew what is needed of the oldest file, and removes it.
    pub fn clean(&mut self) -> io::Result<()> {
        let Some(oldest) = self.segments.oldest() else { return Ok(()) };
        if self.segments.is_active(oldest) {
            self.segments.roll()?;
        }
        let boxes: Vec<Kept> =
            self.book.iter().filter(|(_, one)| one.segment == oldest).map(|(_, one)| one.to_record()).collect();
        for kept in boxes {
            self.write_kept(kept)?;
            self.commit_if_long()?;
        }
        let in_oldest = |lying: &Lying| lying.place.segment == oldest;
        let of_box = |(id, one): (&MailboxId, &Mailbox)| {
            let all = one.parcels.iter().filter(|(_, lying)| in_oldest(lying));
            all.map(|(number, lying)| (*id, *number, lying.clone())).collect::<Vec<_>>()
        };
        let parcels: Vec<_> = self.book.iter().flat_map(of_box).collect();
        for (mailbox, number, lying) in parcels {
            match self.segments.read(lying.place) {
                Ok(body) => {
                    let place = self.write_parts(2, &body)?;
                    self.book.store(&mailbox, number, Lying { place, ..lying });
                    self.commit_if_long()?;
                }
                Err(error) => {
                    tracing::error!(%error, number, "a parcel cannot be read, and is lost");
                    self.book.take(&mailbox, number);
                }
            }
        }
        self.commit()?;
        self.segments.remove(oldest)
    }

    fn commit_if_long(&mut self) -> io::Result<()> {
        if self.frame.len() >= MOVED { self.commit() } else { Ok(()) }
    }

    /// How many mailboxes there are, and bytes in the files.
    pub fn size(&self) -> (usize, u64) {
        (self.book.len(), self.segments.total())
    }
}
