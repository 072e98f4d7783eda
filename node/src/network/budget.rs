//! How much this node passes on for others in a day, and how much of it is spent.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// A day, counted from the first thing that was passed on in it.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What is passed on, as its owner sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PassedOn {
    /// Bytes since the day began, at most: of a circuit it is known how many may pass, and not how many did.
    pub bytes: u64,
    /// Bytes that may be passed on in a day.
    pub most: u64,
    /// If nothing more is: how long until the next day.
    pub full_for: Option<Duration>,
}

/// The bytes of a day; clones are of the same one. A node that starts anew has all of them.
#[derive(Clone, Debug)]
pub struct Budget {
    most: u64,
    spent: Arc<Mutex<Spent>>,
}

#[derive(Debug, Default)]
struct Spent {
    bytes: u64,
    since: Option<Instant>,
}

impl Spent {
    fn begin_day(&mut self, now: Instant) {
        if self.since.is_none_or(|since| now >= since + DAY) {
            *self = Self { bytes: 0, since: Some(now) };
        }
    }
}

impl Budget {
    pub(super) fn new(most: u64) -> Self {
        Self { most, spent: Arc::default() }
    }

    fn at<R>(&self, now: Instant, look: impl FnOnce(&mut Spent) -> R) -> R {
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        spent.begin_day(now);
        look(&mut spent)
    }

    /// True if so many bytes are left.
    pub(super) fn has(&self, bytes: u64, now: Instant) -> bool {
        self.at(now, |spent| spent.bytes.saturating_add(bytes) <= self.most)
    }

    /// True if so many bytes are left for somebody who is no contact: they may spend half of a day and no more, so that
    /// what they do keeps nobody's contacts waiting.
    pub(super) fn has_for_strangers(&self, bytes: u64, now: Instant) -> bool {
        self.at(now, |spent| spent.bytes.saturating_add(bytes) <= self.most / 2)
    }

    /// These were passed on, or may be.
    pub(super) fn spend(&self, bytes: u64, now: Instant) {
        self.at(now, |spent| spent.bytes = spent.bytes.saturating_add(bytes));
    }

    /// What is spent now. It counts as full once a whole circuit does not fit.
    pub fn passed_on(&self) -> PassedOn {
        self.passed_on_at(Instant::now())
    }

    fn passed_on_at(&self, now: Instant) -> PassedOn {
        let most = self.most;
        let (bytes, since) = self.at(now, |spent| (spent.bytes, spent.since.unwrap_or(now)));
        let is_full = bytes.saturating_add(super::circuits::BYTES) > most;
        let left = (since + DAY).saturating_duration_since(now);
        PassedOn { bytes, most, full_for: is_full.then_some(left) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_so_many_bytes_and_the_next_has_them_again() {
        let (budget, morning) = (Budget::new(1_000_000), Instant::now());
        let hours = |hours: u64| morning + Duration::from_secs(hours * 3_600);
        assert!(budget.has(1_000_000, morning) && !budget.has(1_000_001, morning));
        budget.spend(950_000, morning);
        assert!(budget.has(50_000, morning) && !budget.has(50_001, morning));
        let seen = budget.clone().passed_on_at(hours(1));
        assert_eq!((seen.bytes, seen.full_for), (950_000, Some(Duration::from_secs(23 * 3_600))));
        let next = budget.passed_on_at(hours(24));
        assert_eq!(next, PassedOn { bytes: 0, most: 1_000_000, full_for: None });
    }

    #[test]
    fn strangers_leave_half_of_it_to_contacts() {
        let (budget, now) = (Budget::new(1_000_000), Instant::now());
        assert!(budget.has_for_strangers(500_000, now) && !budget.has_for_strangers(500_001, now));
        budget.spend(500_000, now);
        assert!(!budget.has_for_strangers(1, now) && budget.has(500_000, now));
    }

    #[test]
    fn whoever_passes_nothing_on_has_nothing_left() {
        let budget = Budget::new(0);
        assert!(!budget.has(1, Instant::now()) && budget.passed_on().full_for.is_some());
    }
}
