//! What is going to happen, in the order of time and, within one millisecond, in the order of planning.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Milliseconds of the world's own time.
pub type Millis = u64;

/// Events by time.
pub struct Queue<E> {
    heap: BinaryHeap<Reverse<Planned<E>>>,
    planned: u64,
}

struct Planned<E> {
    at: Millis,
    number: u64,
    event: E,
}

impl<E> PartialEq for Planned<E> {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl<E> Eq for Planned<E> {}

impl<E> PartialOrd for Planned<E> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Planned<E> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

impl<E> Queue<E> {
    /// Nothing is planned.
    pub const fn new() -> Self {
        Self { heap: BinaryHeap::new(), planned: 0 }
    }

    /// Plans an event.
    pub fn plan(&mut self, at: Millis, event: E) {
        self.planned += 1;
        self.heap.push(Reverse(Planned { at, number: self.planned, event }));
    }

    /// When the next event is.
    pub fn next_at(&self) -> Option<Millis> {
        self.heap.peek().map(|Reverse(next)| next.at)
    }

    /// Takes the next event, unless it is later than `until`.
    pub fn take(&mut self, until: Millis) -> Option<(Millis, E)> {
        if self.next_at()? > until {
            return None;
        }
        self.heap.pop().map(|Reverse(next)| (next.at, next.event))
    }
}
