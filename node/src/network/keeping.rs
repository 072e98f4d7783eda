//! One mailbox of ours at somebody's node: what is said to the host next, and what its answers mean.
//!
//! ```text
//! Keep ─ Done ─► Collect ─ Parcels ─► Collect …        Take, whenever the driver has parcels safe
//! ```
//!
//! A parcel is handed to the driver once for each connection, and stays with the host until a Take is answered. What is
//! under way when the connection breaks is not known to be done: it comes again.

use std::collections::BTreeSet;
use std::time::Duration;

use kith_protocol::address::Hint;
use kith_protocol::limits;
use kith_protocol::mailbox::{Collect, Held, Keep, MESSAGE, MailboxKey, Request, Response, Take};
use libp2p::PeerId;
use tokio::time::Instant;

/// The first pause before a host that was not reached is tried again; doubled each time.
const PAUSE_FIRST: Duration = Duration::from_secs(2);
/// The longest such pause.
const PAUSE_LAST: Duration = Duration::from_secs(10 * 60);
/// How long what was put back lies there before it is asked for again, if nothing else is taken.
const LYING: Duration = Duration::from_secs(10 * 60);
/// Before a host that is busy, or hands out nothing without waiting, is asked again; and before our own driver is.
const BREATH: Duration = Duration::from_secs(1);
/// Parcels that the driver may have and has neither taken nor put back: 4 MiB of the largest.
const WITH_DRIVER: usize = 64;
/// Numbers that wait to be taken. What is beyond comes again.
const TO_TAKE: usize = 4_096;

/// Where the host is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// It is looked for.
    Seeking,
    /// It was not reached, and is looked for again at this time.
    Pausing(Instant),
    /// It is connected.
    There(PeerId),
    /// It holds nothing for us, and is left alone.
    Refused,
}

/// Which request an answer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Keep,
    /// The serial tells the newest from those that it took the place of.
    Collect(u64),
    Take,
}

/// What an answer means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Nothing that the driver must know.
    Nothing,
    /// The mailbox is open.
    Opened,
    /// There is none for us.
    Refused,
    /// This lay there.
    Parcels(Vec<Held>),
    /// The host does not do what it said it would: as if it were lost.
    Broken,
}

/// See above.
pub(super) struct Keeping {
    pub addresses: Vec<Hint>,
    pub way: Way,
    /// The driver knows that the host is not reached.
    pub is_told: bool,
    /// Of all connections to hosts; tells answers over this one from those over an earlier one.
    pub connection: u64,
    keep: Keep,
    /// The host has not been told of `keep`.
    is_news: bool,
    is_keeping: bool,
    is_open: bool,
    collecting: Option<u64>,
    collects: u64,
    /// No Collect before.
    collect_from: Option<Instant>,
    after: u64,
    with_driver: BTreeSet<u64>,
    to_take: BTreeSet<u64>,
    taking: BTreeSet<u64>,
    take_from: Option<Instant>,
    /// Something was put back; and when it is asked for again at the latest.
    lying: Option<Instant>,
    failures: u32,
}

impl Keeping {
    pub(super) fn new(addresses: Vec<Hint>, keep: Keep, connection: u64) -> Self {
        Self {
            addresses,
            way: Way::Seeking,
            is_told: false,
            connection,
            keep: fitting(keep),
            is_news: true,
            is_keeping: false,
            is_open: false,
            collecting: None,
            collects: 0,
            collect_from: None,
            after: 0,
            with_driver: BTreeSet::new(),
            to_take: BTreeSet::new(),
            taking: BTreeSet::new(),
            take_from: None,
            lying: None,
            failures: 0,
        }
    }

    /// True if this is the mailbox's key.
    pub(super) fn is_of(&self, key: &MailboxKey) -> bool {
        self.keep.key == *key
    }

    /// The host is to be told something else. Of several things said in a hurry it hears the last.
    pub(super) fn renew(&mut self, keep: Keep) {
        self.keep = fitting(keep);
        self.is_news = true;
    }

    /// What is to be said now; asked again until there is nothing.
    pub(super) fn next(&mut self, now: Instant, is_crowded: bool) -> Option<(Asked, Request)> {
        if self.is_news && !self.is_keeping {
            (self.is_news, self.is_keeping) = (false, true);
            return Some((Asked::Keep, Request::Keep(self.keep.clone())));
        }
        if !self.is_open {
            return None;
        }
        if self.taking.is_empty() && !self.to_take.is_empty() && is_due(&mut self.take_from, now) {
            self.taking = self.to_take.iter().copied().take(limits::MAILBOX_TAKEN).collect();
            self.to_take.retain(|number| !self.taking.contains(number));
            let numbers = self.taking.iter().copied().collect();
            return Some((Asked::Take, Request::Take(Take { key: self.keep.key.clone(), numbers })));
        }
        if self.lying.is_some_and(|at| at <= now) {
            self.start_over();
        }
        if self.collecting.is_some() || self.with_driver.len() >= WITH_DRIVER || !is_due(&mut self.collect_from, now) {
            return None;
        }
        if is_crowded {
            self.collect_from = Some(now + BREATH);
            return None;
        }
        self.collects += 1;
        self.collecting = Some(self.collects);
        let wait = u8::try_from(limits::MAILBOX_WAIT).unwrap_or(u8::MAX);
        let collect = Collect { key: self.keep.key.clone(), after: self.after, wait };
        // An honest host waits when it has nothing.
        self.collect_from = Some(now + BREATH);
        Some((Asked::Collect(self.collects), Request::Collect(collect)))
    }

    /// Takes in what the host said.
    pub(super) fn answered(&mut self, asked: Asked, response: Response, now: Instant) -> Said {
        match asked {
            Asked::Keep => {
                self.is_keeping = false;
                self.kept(&response)
            }
            Asked::Collect(serial) if self.collecting != Some(serial) => Said::Nothing,
            Asked::Collect(_) => {
                self.collecting = None;
                self.collected(response, now)
            }
            Asked::Take => self.took(&response, now),
        }
    }

    fn kept(&mut self, response: &Response) -> Said {
        match response {
            Response::Done => {
                self.is_open = true;
                Said::Opened
            }
            // Something else is to be said to it meanwhile.
            Response::No | Response::Full if self.is_news => Said::Nothing,
            Response::No => Said::Refused,
            // It is busy, or its disk is: it is asked again later.
            Response::Full | Response::Stored(_) | Response::Parcels(_) | Response::Found(_) => Said::Broken,
        }
    }

    fn collected(&mut self, response: Response, now: Instant) -> Said {
        match response {
            Response::Parcels(parcels) => {
                self.failures = 0;
                if !parcels.is_empty() {
                    self.collect_from = None;
                }
                Said::Parcels(self.new_among(parcels))
            }
            Response::Full => {
                self.collect_from = Some(now + BREATH);
                Said::Nothing
            }
            Response::Stored(_) | Response::Done | Response::No | Response::Found(_) => Said::Broken,
        }
    }

    fn new_among(&mut self, parcels: Vec<Held>) -> Vec<Held> {
        let mut new = Vec::new();
        for held in parcels {
            if self.with_driver.len() >= WITH_DRIVER {
                break;
            }
            if held.number <= self.after {
                continue;
            }
            self.after = held.number;
            let is_taken = self.to_take.contains(&held.number) || self.taking.contains(&held.number);
            if !is_taken && self.with_driver.insert(held.number) {
                new.push(held);
            }
        }
        new
    }

    fn took(&mut self, response: &Response, now: Instant) -> Said {
        match response {
            Response::Done => {
                self.taking.clear();
                if self.lying.is_some() {
                    self.start_over();
                }
                Said::Nothing
            }
            Response::Full => {
                self.to_take.append(&mut self.taking);
                self.take_from = Some(now + BREATH);
                Said::Nothing
            }
            Response::Stored(_) | Response::Parcels(_) | Response::No | Response::Found(_) => Said::Broken,
        }
    }

    /// The parcel is safe with the driver.
    pub(super) fn take(&mut self, number: u64) {
        self.with_driver.remove(&number);
        if !self.taking.contains(&number) && self.to_take.len() < TO_TAKE {
            self.to_take.insert(number);
        }
    }

    /// The driver makes nothing of the parcel yet.
    pub(super) fn put_back(&mut self, number: u64, now: Instant) {
        if self.with_driver.remove(&number) {
            self.lying.get_or_insert(now + LYING);
        }
    }

    /// Everything that lies there is asked for again. The next Collect takes the place of one that waits.
    fn start_over(&mut self) {
        (self.after, self.lying, self.collecting, self.collect_from) = (0, None, None, None);
    }

    /// The host is not reached any more, or was not. `jitter` spreads those who lost the same host.
    pub(super) fn lost(&mut self, now: Instant, jitter: u8, connection: u64) {
        let doubled = PAUSE_FIRST.saturating_mul(1 << self.failures.min(10)).min(PAUSE_LAST);
        let pause = doubled.mul_f32(0.75 + f32::from(jitter) / 512.0);
        self.failures = self.failures.saturating_add(1);
        self.way = Way::Pausing(now + pause);
        self.connection = connection;
        (self.is_news, self.is_keeping, self.is_open) = (true, false, false);
        (self.collecting, self.collect_from, self.take_from) = (None, None, None);
        (self.after, self.lying) = (0, None);
        self.with_driver.clear();
        self.to_take.append(&mut self.taking);
    }

    /// The network is another one, or the addresses are: the host is looked for at once.
    pub(super) fn hurry(&mut self) {
        self.failures = 0;
        if matches!(self.way, Way::Pausing(_)) {
            self.way = Way::Seeking;
        }
    }

    /// When something must be done, if nothing happens before.
    pub(super) fn next_deadline(&self, now: Instant) -> Option<Instant> {
        match self.way {
            Way::Pausing(until) => Some(until),
            Way::There(_) => {
                let waits = [self.lying, self.collect_from, self.take_from];
                waits.into_iter().flatten().filter(|at| *at > now).min()
            }
            Way::Seeking | Way::Refused => None,
        }
    }
}

fn is_due(from: &mut Option<Instant>, now: Instant) -> bool {
    if from.is_none_or(|at| at <= now) {
        *from = None;
    }
    from.is_none()
}

/// A message has an end. With doors of the usual size all slots fit; otherwise the last go.
fn fitting(mut keep: Keep) -> Keep {
    while Request::Keep(keep.clone()).to_bytes().len() > MESSAGE {
        tracing::warn!(slots = keep.slots.len(), "not all codes can lead to the mailbox");
        keep.slots.pop();
    }
    keep
}

#[cfg(test)]
mod tests;
