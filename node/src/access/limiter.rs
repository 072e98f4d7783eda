//! How often something may be tried: a password or a code, or leaving a card.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

use kith_protocol::time::Timestamp;

/// Addresses that are remembered. Whoever has more of them meets the bound for all.
const SOURCES: usize = 1024;

/// How many tries there may be.
#[derive(Debug)]
pub struct Rates {
    /// In a row from one address.
    pub burst: u64,
    /// Seconds for another one from one address.
    pub again: u64,
    /// The same on this machine, which then counts for itself; `None` if it is an address like any other.
    pub again_local: Option<u64>,
    /// In a row from everywhere together.
    pub burst_all: u64,
    /// Seconds for another one from everywhere together.
    pub again_all: u64,
}

/// For getting in. A person mistypes twice, and looks the password up after that; half a thousand in a day from one
/// address, three thousand of any number of them. At this machine the owner sits; a thief who got as far could read
/// the home.
pub const GETTING_IN: Rates = Rates { burst: 5, again: 180, again_local: Some(15), burst_all: 20, again_all: 30 };

/// Counts tries.
#[derive(Debug)]
pub struct Limiter {
    rates: Rates,
    all: Bucket,
    each: HashMap<IpAddr, Bucket>,
}

/// Tries that were made and have not been forgotten yet, as the moment at which all of them are.
#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    empty_at: u64,
}

impl Bucket {
    /// Seconds until another try; 0 for now.
    fn wait(self, now: u64, burst: u64, again: u64) -> u64 {
        (self.empty_at.saturating_sub(now) + again).saturating_sub(burst * again)
    }

    fn add(&mut self, now: u64, again: u64) {
        self.empty_at = self.empty_at.max(now) + again;
    }
}

impl Default for Limiter {
    fn default() -> Self {
        Self::new(GETTING_IN)
    }
}

impl Limiter {
    /// Nothing was tried yet.
    pub fn new(rates: Rates) -> Self {
        Self { rates, all: Bucket::default(), each: HashMap::new() }
    }

    /// Takes a try.
    ///
    /// # Errors
    /// Seconds until there may be another.
    pub fn take(&mut self, address: IpAddr, now: Timestamp) -> Result<(), u64> {
        let now = now.secs();
        let Rates { burst, again, burst_all, again_all, .. } = self.rates;
        let local = self.apart(address);
        let again = local.unwrap_or(again);
        let source = source(address);
        let one = self.each.get(&source).copied().unwrap_or_default().wait(now, burst, again);
        // What others try must not keep the owner out of the own machine.
        let all = if local.is_some() { 0 } else { self.all.wait(now, burst_all, again_all) };
        if one.max(all) > 0 {
            return Err(one.max(all));
        }
        self.make_room(now);
        self.each.entry(source).or_default().add(now, again);
        if local.is_none() {
            self.all.add(now, again_all);
        }
        Ok(())
    }

    /// The pace of this machine, if the address is of this machine and that counts for itself.
    fn apart(&self, address: IpAddr) -> Option<u64> {
        self.rates.again_local.filter(|_| address.is_loopback())
    }

    /// The try was a good one: nothing is held against that address.
    pub fn forgive(&mut self, address: IpAddr) {
        self.each.remove(&source(address));
        if self.apart(address).is_none() {
            self.all.empty_at = self.all.empty_at.saturating_sub(self.rates.again_all);
        }
    }

    fn make_room(&mut self, now: u64) {
        if self.each.len() < SOURCES {
            return;
        }
        self.each.retain(|_, bucket| bucket.empty_at > now);
        // The one that would be forgotten first.
        let first = self.each.iter().min_by_key(|(_, bucket)| bucket.empty_at).map(|(source, _)| *source);
        if let Some(first) = first.filter(|_| self.each.len() >= SOURCES) {
            self.each.remove(&first);
        }
    }
}

/// What counts as one address: one household has a whole /64 of IPv6, and an address of IPv4 is the same on a socket
/// for both.
pub(crate) fn source(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into()
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Timestamp {
        Timestamp::from_secs(1_800_000_000 + secs)
    }

    #[test]
    fn after_five_tries_an_address_waits_and_another_does_not() {
        let mut limiter = Limiter::default();
        let (mallory, ana) = ("203.0.113.9".parse().unwrap(), "198.51.100.7".parse().unwrap());
        for _ in 0..5 {
            assert_eq!(limiter.take(mallory, at(0)), Ok(()));
        }
        assert_eq!(limiter.take(mallory, at(0)), Err(180));
        assert_eq!(limiter.take(ana, at(0)), Ok(()));
        assert_eq!(limiter.take(mallory, at(100)), Err(80));
        assert_eq!(limiter.take(mallory, at(180)), Ok(()));
        assert!(limiter.take(mallory, at(181)).is_err());
    }

    #[test]
    fn mallory_with_many_addresses_meets_one_bound_and_the_owner_at_home_does_not() {
        let mut limiter = Limiter::default();
        let tried =
            (0..100_000u32).filter(|n| limiter.take(IpAddr::V4((0x0b00_0000 + n).into()), at(0)).is_ok()).count();
        assert_eq!(tried, 20);
        let in_one_house = |n: u128| IpAddr::V6(Ipv6Addr::from_bits((0x2001_0db8 << 96) + n));
        let tried = (0..1000).filter(|n| limiter.take(in_one_house(*n), at(86_400)).is_ok()).count();
        assert_eq!(tried, 5);
        assert!(limiter.each.len() <= SOURCES);
        assert_eq!(limiter.take("127.0.0.1".parse().unwrap(), at(0)), Ok(()));
    }

    #[test]
    fn at_home_the_wait_is_short() {
        let mut limiter = Limiter::default();
        let home = "127.0.0.1".parse().unwrap();
        while limiter.take(home, at(0)).is_ok() {}
        assert_eq!(limiter.take(home, at(0)), Err(15));
        assert_eq!(limiter.take(home, at(15)), Ok(()));
    }

    #[test]
    fn the_map_of_addresses_is_bounded() {
        let mut limiter = Limiter::default();
        for n in 0..5000u32 {
            let _ = limiter.take(IpAddr::V4((0x0b00_0000 + n).into()), at(u64::from(n) / 100));
            // As if there were no bound for all.
            limiter.all = Bucket::default();
            assert!(limiter.each.len() <= SOURCES);
        }
    }
}
