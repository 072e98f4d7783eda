//! Dates and times as somebody writes them, and where their clock stands.

use jiff::civil;
use jiff::tz::{Offset, TimeZone};
use kith_protocol::engine::follow_up::Due;
use kith_protocol::time::{Date, Timestamp};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Problem;
use crate::here::{self, Local, number_of};

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

impl Here {
    /// The date and zone that whoever asks says, or those of their clock as far as it is known.
    ///
    /// # Errors
    /// If it is no date, or no offset that a place on earth has.
    pub fn local(&self) -> Result<Local, Problem> {
        let zone = match self.offset {
            None => here::zone(),
            Some(minutes) if minutes.abs() <= 18 * 60 => {
                Offset::from_seconds(minutes * 60).map_or(TimeZone::UTC, TimeZone::fixed)
            }
            Some(_) => return Err(Problem::bad_input("offset: no place is so far ahead of UTC or behind it", None)),
        };
        let date = self.date.as_deref().map(|text| date("date", text)).transpose()?;
        Ok(Local::in_zone(date, zone))
    }
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
    use crate::here::date_text;

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
        let local = in_tokyo.local().unwrap();
        assert_eq!(local.end_of(local.date), moment("at", "2026-04-20T14:59:59Z").unwrap());
        assert!(local.is_due(Due::On(local.date), local.within(0)) && !local.is_due(Due::On(local.date), local.over()));
        assert!(Here { date: None, offset: Some(5_000) }.local().is_err());
    }
}
