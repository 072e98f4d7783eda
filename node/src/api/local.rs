//! Dates and times as they are where somebody is.

use jiff::civil;
use jiff::tz::{Offset, TimeZone};
use kith_protocol::engine::agenda::By;
use kith_protocol::engine::follow_up::Due;
use kith_protocol::limits;
use kith_protocol::time::{Date, Timestamp};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Problem;
use crate::driver::now;
use crate::here;

/// Where the clock stands for whoever asks; left out for the clock of the node.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
pub struct Here {
    /// The date there, as 2026-04-20.
    pub date: Option<String>,
    /// Minutes that the clock there is ahead of UTC; less than 0 if it is behind.
    #[param(minimum = -1080, maximum = 1080)]
    pub offset: Option<i32>,
}

/// A date and the time zone that it is meant in.
#[derive(Clone, Debug)]
pub struct Local {
    /// Today, there.
    pub date: Date,
    zone: TimeZone,
}

impl Local {
    /// What whoever asks says, or what their clock says as far as it is known.
    ///
    /// # Errors
    /// If it is no date, or no offset that a place on earth has.
    pub fn of(here: &Here) -> Result<Self, Problem> {
        let zone = match here.offset {
            None => here::zone(),
            Some(minutes) if minutes.abs() <= 18 * 60 => {
                Offset::from_seconds(minutes * 60).map_or(TimeZone::UTC, TimeZone::fixed)
            }
            Some(_) => return Err(Problem::bad_input("offset: no place is so far ahead of UTC or behind it", None)),
        };
        let date = match &here.date {
            Some(text) => date("date", text)?,
            None => date_in(&zone, now()),
        };
        Ok(Self { date, zone })
    }

    /// The clock of whoever asks.
    pub fn here() -> Self {
        let zone = here::zone();
        Self { date: date_in(&zone, now()), zone }
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

fn number_of(date: civil::Date) -> Date {
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

/// A date that somebody wrote into a field of this name.
///
/// # Errors
/// If it is none, or before 1970.
pub fn date(field: &str, text: &str) -> Result<Date, Problem> {
    let read = text.trim().parse::<civil::Date>().ok().filter(|_| text.trim().len() == 10);
    read.filter(|date| date.year() >= 1970).map(number_of).ok_or_else(|| {
        let shown: String = text.chars().take(64).collect();
        Problem::bad_input(format!("{field}: {shown:?} is no date"), Some("write it as 2026-12-01"))
    })
}

/// A moment that somebody wrote into a field of this name.
///
/// # Errors
/// If it is none, or before 1970.
pub fn moment(field: &str, text: &str) -> Result<Timestamp, Problem> {
    let read = text.trim().parse::<jiff::Timestamp>().ok();
    read.and_then(|at| u64::try_from(at.as_second()).ok()).map(Timestamp::from_secs).ok_or_else(|| {
        let shown: String = text.chars().take(64).collect();
        Problem::bad_input(format!("{field}: {shown:?} is no time"), Some("write it as 2026-12-01T08:00:00Z"))
    })
}

/// When something is due: a date or a moment.
///
/// # Errors
/// If it is neither.
pub fn due(field: &str, text: &str) -> Result<Due, Problem> {
    if text.trim().len() == 10 { date(field, text).map(Due::On) } else { moment(field, text).map(Due::At) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_comes_back_as_it_was_written() {
        for text in ["1970-01-01", "2026-02-28", "2028-02-29", "9999-12-31"] {
            assert_eq!(date_text(date("first", text).unwrap()), text);
        }
        for text in ["", "2026-2-1", "2026-02-30", "1969-12-31", "20260201", "tomorrow", "2026-02-01T08:00:00Z"] {
            assert!(date("first", text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_day_ends_where_somebody_is() {
        let in_tokyo = Here { date: Some("2026-04-20".into()), offset: Some(540) };
        let local = Local::of(&in_tokyo).unwrap();
        assert_eq!(local.end_of(local.date), moment("at", "2026-04-20T14:59:59Z").unwrap());
        assert!(local.is_due(Due::On(local.date), local.within(0)) && !local.is_due(Due::On(local.date), local.over()));
        assert!(Local::of(&Here { date: None, offset: Some(5_000) }).is_err());
    }
}
