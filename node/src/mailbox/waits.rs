//! Owners who collected when nothing was there: each waits until something comes, or for as long as was asked.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use kith_protocol::id::MailboxId;
use kith_protocol::mailbox::{Collect, Response};

use super::asked::{Answers, say};
use super::storeroom::Storeroom;

/// A Collect for which there is nothing yet.
struct Waiting {
    collect: Collect,
    number: u64,
    answers: Answers,
    until: Instant,
}

/// Who waits, at most one for each mailbox.
#[derive(Default)]
pub(super) struct Waits(HashMap<MailboxId, Waiting>);

impl Waits {
    /// When each of them has waited long enough.
    pub fn ends(&self) -> impl Iterator<Item = Instant> {
        self.0.values().map(|one| one.until)
    }

    /// Answers a Collect, or lets it wait.
    pub fn begin(&mut self, collect: Collect, number: u64, answers: Answers, room: &Storeroom) {
        self.hand_out(collect, number, answers, room, None);
    }

    /// Something came into this mailbox.
    pub fn serve(&mut self, mailbox: &MailboxId, room: &Storeroom) {
        if let Some(one) = self.0.remove(mailbox) {
            self.hand_out(one.collect, one.number, one.answers, room, Some(one.until));
        }
    }

    /// This mailbox is not there any more.
    pub fn refuse(&mut self, mailbox: &MailboxId) {
        if let Some(one) = self.0.remove(mailbox) {
            say(&one.answers, one.number, Response::No);
        }
    }

    /// Nobody waits for the answer to this request any more.
    pub fn forget(&mut self, number: u64) {
        self.0.retain(|_, one| one.number != number);
    }

    /// Tells whoever waited long enough that nothing came.
    pub fn end(&mut self, now: Instant) {
        for (_, one) in self.0.extract_if(|_, one| one.until <= now) {
            say(&one.answers, one.number, Response::Parcels(Vec::new()));
        }
    }

    /// Answers a Collect, or lets it wait: until then, if that is settled already.
    fn hand_out(&mut self, collect: Collect, number: u64, answers: Answers, room: &Storeroom, until: Option<Instant>) {
        let Some(parcels) = room.collect(&collect) else { return say(&answers, number, Response::No) };
        let now = Instant::now();
        let until = until.unwrap_or_else(|| now + Duration::from_secs(collect.wait.into()));
        if !parcels.is_empty() || until <= now {
            return say(&answers, number, Response::Parcels(parcels));
        }
        let mailbox = collect.key.id();
        let older = self.0.insert(mailbox, Waiting { collect, number, answers, until });
        if let Some(older) = older {
            say(&older.answers, older.number, Response::Parcels(Vec::new()));
        }
    }
}
