//! Where the clock stands for whoever asks: a browser says its time zone, all others have that of the node.
//!
//! A node may live on a server far from its owner. What is due today, which event is on and when somebody wrote are
//! told by the clock of the phone in the owner's hand.

use std::future::Future;

use jiff::civil;
use jiff::tz::TimeZone;
use kith_protocol::engine::agenda::By;
use kith_protocol::engine::follow_up::Due;
use kith_protocol::limits;
use kith_protocol::time::{Date, Timestamp};

use crate::machine::now;

/// Longest name of a time zone.
const NAME: usize = 64;

tokio::task_local! {
    static ZONE: TimeZone;
}

/// The time zone of whoever asks, else that of the node.
pub(crate) fn zone() -> TimeZone {
    ZONE.try_with(TimeZone::clone).unwrap_or_else(|_| TimeZone::system())
}

/// Answers somebody whose clock stands in a time zone, if it is known.
pub(crate) async fn answer<F: Future>(zone: Option<TimeZone>, answer: F) -> F::Output {
    match zone {
        Some(zone) => ZONE.scope(zone, answer).await,
        None => answer.await,
    }
}

/// The time zone with a name of the IANA database, such as `Europe/Lisbon`, if this machine knows it.
pub(crate) fn named(name: &str) -> Option<TimeZone> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+-".contains(&byte);
    let is_fit = !name.is_empty() && name.len() <= NAME && name.bytes().all(is_name);
    is_fit.then(|| TimeZone::get(name).ok()).flatten()
}

/// A date and the time zone that it is meant in.
#[derive(Clone, Debug)]
pub struct Local {
    /// Today, there.
    pub date: Date,
    zone: TimeZone,
}

impl Local {
    /// The date that it is in a zone for whoever says so, else by the clock of this machine.
    pub(crate) fn in_zone(said: Option<Date>, zone: TimeZone) -> Self {
        Self { date: said.unwrap_or_else(|| date_in(&zone, now())), zone }
    }

    /// The clock of whoever asks.
    pub fn here() -> Self {
        Self::in_zone(None, zone())
    }

    /// The date and zone of a moment.
    pub(crate) fn at(moment: &jiff::Zoned) -> Self {
        Self { date: number_of(moment.date()), zone: moment.time_zone().clone() }
    }

    /// The last second of a date.
    pub fn end_of(&self, date: Date) -> Timestamp {
        let next = civil_date(date.plus(1)).to_zoned(self.zone.clone());
        // Beyond the year 9999 there is no next date.
        let secs = next.ok().and_then(|next| u64::try_from(next.timestamp().as_second()).ok());
        Timestamp::from_secs(secs.unwrap_or(limits::LATEST_TIME)).minus(1)
    }

    /// What is over by now.
    pub fn over(&self) -> By {
        By { at: now(), on: Date::from_number(self.date.number().saturating_sub(1)) }
    }

    /// Everything until so many days from today have ended.
    pub fn within(&self, days: u64) -> By {
        let on = self.date.plus(days);
        By { at: self.end_of(on), on }
    }

    /// Whether something is due by then.
    pub fn is_due(&self, due: Due, by: By) -> bool {
        match due {
            Due::At(at) => at <= by.at,
            Due::On(date) => date <= by.on,
        }
    }
}

fn date_in(zone: &TimeZone, at: Timestamp) -> Date {
    let secs = i64::try_from(at.secs()).unwrap_or_default();
    let there = jiff::Timestamp::from_second(secs).map(|at| at.to_zoned(zone.clone()).date());
    there.map_or(Date::default(), number_of)
}

/// A date of the calendar, counted from 1970.
pub(crate) fn number_of(date: civil::Date) -> Date {
    let since = date.since(civil::date(1970, 1, 1)).map(|span| span.get_days()).unwrap_or_default();
    Date::from_number(u64::try_from(since).unwrap_or_default())
}

fn civil_date(date: Date) -> civil::Date {
    let days = i64::try_from(date.number()).unwrap_or_default();
    let epoch = civil::date(1970, 1, 1);
    epoch.checked_add(jiff::SignedDuration::from_hours(days * 24)).unwrap_or(civil::Date::MAX)
}

/// A date as programs and people read it: 2026-04-20.
pub fn date_text(date: Date) -> String {
    civil_date(date).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_says_a_zone_is_answered_in_it_and_nobody_else() {
        let lisbon = named("Europe/Lisbon").unwrap();
        let inside = answer(Some(lisbon), async { zone().iana_name().map(str::to_owned) }).await;
        assert_eq!(inside.as_deref(), Some("Europe/Lisbon"));
        assert_eq!(zone(), TimeZone::system());
        assert_eq!(answer(None, async { zone() }).await, TimeZone::system());
        for name in ["", "Nowhere/At_All", "../../etc/passwd", "/etc/localtime", "Europe/Lisbon\n", &"x".repeat(65)] {
            assert!(named(name).is_none(), "{name:?}");
        }
    }
}
