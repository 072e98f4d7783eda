//! Places for connections: a number of them in all, and a part of it for one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

use crate::access::limiter::source;

/// Connections at a time: a browser opens six, and a person has a few browsers. Others wait outside.
const ALL: usize = 256;
/// Of these, from one address: a hall full of visitors behind one router finds room, and whoever keeps places for
/// nothing leaves as many to others.
const OF_ONE: usize = 128;

/// The places of one port.
#[derive(Clone)]
pub(super) struct Places {
    all: Arc<Semaphore>,
    taken: Arc<Mutex<HashMap<IpAddr, usize>>>,
    of_one: usize,
}

impl Places {
    pub(super) fn new() -> Self {
        Self::of(ALL, OF_ONE)
    }

    fn of(all: usize, of_one: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(all)), taken: Arc::default(), of_one }
    }

    /// Waits until there is room for one more.
    ///
    /// # Errors
    /// Never: the semaphore is not closed.
    pub(super) async fn room(&self) -> Result<OwnedSemaphorePermit, AcquireError> {
        Arc::clone(&self.all).acquire_owned().await
    }

    /// The place of a connection that came into this room, unless its address has its part already. Proxies on this
    /// machine bring everybody, and have no bound of their own.
    pub(super) fn place(&self, room: OwnedSemaphorePermit, address: IpAddr) -> Option<Place> {
        let source = source(address);
        let mut taken = self.taken();
        let count = taken.entry(source).or_default();
        if *count >= self.of_one && !source.is_loopback() {
            return None;
        }
        *count += 1;
        Some(Place { places: self.clone(), source, _room: room })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one connection, which is free again when this is dropped.
pub(super) struct Place {
    places: Places,
    source: IpAddr,
    _room: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        if let Some(count) = taken.get_mut(&self.source) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                taken.remove(&self.source);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_keeps_places_for_nothing_leaves_some_to_others() {
        let places = Places::of(8, 3);
        let come = async |address: &str| {
            let room = places.room().await.unwrap();
            places.place(room, address.parse().unwrap())
        };
        let mut mallory = Vec::new();
        for number in 0..3 {
            // One household has a whole /64.
            mallory.push(come(&format!("2001:db8::{number}")).await.unwrap());
        }
        assert!(come("2001:db8::99").await.is_none());
        let ana = come("192.0.2.7").await;
        assert!(ana.is_some() && come("2001:db8:0:1::1").await.is_some());
        let [first, second] =
            ["::ffff:192.0.2.1", "::ffff:198.51.100.1"].map(|address| source(address.parse().unwrap()));
        assert!(first != second && first.is_ipv4(), "{first} {second}");
        mallory.pop();
        assert!(come("2001:db8::99").await.is_some(), "a place is free again");
        drop((mallory, ana));
        assert!(places.taken().is_empty(), "nobody is remembered who has left");
        let mut by_proxy = Vec::new();
        for _ in 0..8 {
            by_proxy.push(come("127.0.0.1").await.unwrap());
        }
        assert_eq!(places.all.available_permits(), 0);
    }
}
