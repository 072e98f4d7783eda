//! Who was heard, where, and when that was told.

use std::collections::BTreeMap;
use std::time::Duration;

use kith_protocol::address::{Hint, Transports};
use kith_protocol::limits;
use kith_protocol::nearby::PresenceSeed;
use tokio::time::Instant;

/// For how long somebody is taken to be there who is heard no more: three questions without an answer.
pub(super) const REMEMBERED: Duration = Duration::from_secs(60);
/// A full list of addresses gives up one that was not heard for this long, and none that was: so a liar who comes later
/// does not crowd out who is really there.
const GIVEN_UP: Duration = Duration::from_secs(45);
/// Between two words about one person: a liar who says another address each time causes one call in that time.
const PACE: Duration = Duration::from_secs(10);

/// Where somebody was heard.
#[derive(Debug, Default)]
struct Heard {
    at: Vec<(Hint, Instant)>,
    told: Vec<Hint>,
    told_at: Option<Instant>,
}

impl Heard {
    fn hints(&self) -> Vec<Hint> {
        self.at.iter().map(|(hint, _)| hint.clone()).collect()
    }

    /// When something is to be told or forgotten.
    fn next_deadline(&self) -> Option<Instant> {
        let forgotten = self.at.iter().map(|(_, heard)| *heard + REMEMBERED).min();
        let told = (self.hints() != self.told).then(|| self.told_at.map_or_else(Instant::now, |at| at + PACE));
        forgotten.into_iter().chain(told).min()
    }
}

/// Everybody who was heard of late; at most [`limits::NEARBY`], each at [`limits::NEARBY_ADDRESSES`].
#[derive(Debug, Default)]
pub(super) struct Sightings(BTreeMap<PresenceSeed, Heard>);

impl Sightings {
    /// Somebody was heard there.
    pub(super) fn note(&mut self, seed: &PresenceSeed, hint: Hint, now: Instant) {
        if !self.0.contains_key(seed) && self.0.len() >= limits::NEARBY {
            return;
        }
        let at = &mut self.0.entry(seed.clone()).or_default().at;
        if let Some((known, heard)) = at.iter_mut().find(|(known, _)| is_same_place(known, &hint)) {
            if known.transports != hint.transports {
                known.transports = Transports::Both;
            }
            *heard = now;
        } else if at.len() < limits::NEARBY_ADDRESSES {
            at.push((hint, now));
        } else if let Some(oldest) = at.iter_mut().min_by_key(|(_, heard)| *heard)
            && now.duration_since(oldest.1) >= GIVEN_UP
        {
            *oldest = (hint, now);
        }
    }

    /// From now on only these are of interest.
    pub(super) fn retain(&mut self, is_expected: impl Fn(&PresenceSeed) -> bool) {
        self.0.retain(|seed, _| is_expected(seed));
    }

    /// What is to be told now: who is where, or nowhere any more.
    pub(super) fn news(&mut self, now: Instant) -> Vec<(PresenceSeed, Vec<Hint>)> {
        let mut news = Vec::new();
        for (seed, heard) in &mut self.0 {
            heard.at.retain(|(_, at)| now.duration_since(*at) < REMEMBERED);
            let hints = heard.hints();
            if hints != heard.told && heard.told_at.is_none_or(|at| now.duration_since(at) >= PACE) {
                (heard.told, heard.told_at) = (hints.clone(), Some(now));
                news.push((seed.clone(), hints));
            }
        }
        // Who left a moment ago is kept, so that coming and going has its pace, too.
        self.0.retain(|_, heard| {
            !heard.at.is_empty()
                || !heard.told.is_empty()
                || heard.told_at.is_some_and(|at| now.duration_since(at) < PACE)
        });
        news
    }

    /// When [`Sightings::news`] may have some.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.0.values().filter_map(Heard::next_deadline).min()
    }
}

fn is_same_place(one: &Hint, other: &Hint) -> bool {
    (&one.host, one.port) == (&other.host, other.port)
}

#[cfg(test)]
mod tests {
    use kith_protocol::address::{Host, Reach};

    use super::*;

    fn bo() -> PresenceSeed {
        PresenceSeed::new([2; 32])
    }

    fn at(last: u8, transports: Transports) -> Hint {
        Hint { reach: Reach::Lan, host: Host::Ip4([192, 168, 1, last].into()), port: 7517, transports }
    }

    fn tcp(last: u8) -> Hint {
        at(last, Transports::Tcp)
    }

    #[test]
    fn bo_is_told_of_once_and_again_when_he_is_gone() {
        let (mut all, begun) = (Sightings::default(), Instant::now());
        all.note(&bo(), tcp(4), begun);
        all.note(&bo(), at(4, Transports::Quic), begun);
        assert_eq!(all.news(begun), [(bo(), vec![at(4, Transports::Both)])]);
        let later = begun + Duration::from_secs(20);
        all.note(&bo(), tcp(4), later);
        assert!(all.news(later).is_empty(), "he is where he was");
        let gone = later + REMEMBERED;
        assert!(all.next_deadline().is_some_and(|deadline| deadline <= gone));
        assert_eq!(all.news(gone), [(bo(), vec![])]);
        assert!(all.news(gone + PACE).is_empty());
        assert!(all.0.is_empty() && all.next_deadline().is_none());
    }

    #[test]
    fn a_liar_who_says_many_addresses_is_told_of_at_a_pace_and_does_not_crowd_out_who_is_there() {
        let (mut all, begun) = (Sightings::default(), Instant::now());
        all.note(&bo(), tcp(4), begun);
        let mut told = all.news(begun).len();
        for second in 1..60 {
            let now = begun + Duration::from_secs(second);
            if second % 20 == 0 {
                all.note(&bo(), tcp(4), now);
            }
            for n in 0..100 {
                all.note(&bo(), tcp(u8::try_from(second).unwrap().wrapping_mul(7).wrapping_add(n).max(5)), now);
            }
            for (_, hints) in all.news(now) {
                told += 1;
                assert!(hints.len() <= limits::NEARBY_ADDRESSES && hints.contains(&tcp(4)));
            }
        }
        assert!(told <= 7, "{told} times in a minute");
    }

    #[test]
    fn no_more_people_are_remembered_than_fit() {
        let (mut all, now) = (Sightings::default(), Instant::now());
        for number in 0..600_u32 {
            let mut seed = [0; 32];
            seed[..4].copy_from_slice(&number.to_be_bytes());
            all.note(&PresenceSeed::new(seed), tcp(9), now);
        }
        assert_eq!(all.news(now).len(), limits::NEARBY);
    }
}
