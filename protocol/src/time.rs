//! Time as the protocol knows it: whole seconds since 1970-01-01 UTC, always given from outside.

use crate::limits;
use crate::wire::{Reader, Wire, WireError, Writer};

/// A moment: seconds since 1970-01-01 00:00 UTC, at most [`limits::LATEST_TIME`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The moment that many seconds after 1970, or the latest one that we can name.
    pub const fn from_secs(secs: u64) -> Self {
        if secs > limits::LATEST_TIME { Self(limits::LATEST_TIME) } else { Self(secs) }
    }

    /// Seconds since 1970.
    pub const fn secs(self) -> u64 {
        self.0
    }

    /// This moment and so many seconds, stopping at the latest one.
    #[must_use]
    pub const fn plus(self, secs: u64) -> Self {
        Self::from_secs(self.0.saturating_add(secs))
    }

    /// This moment less so many seconds, stopping at 1970.
    #[must_use]
    pub const fn minus(self, secs: u64) -> Self {
        Self(self.0.saturating_sub(secs))
    }

    /// Seconds from `earlier` until this moment; 0 if it lies in the future.
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The UTC day of this moment.
    pub const fn day(self) -> Day {
        Day(self.0 / limits::DAY)
    }
}

impl Wire for Timestamp {
    fn encode(&self, writer: &mut Writer) {
        writer.uint(self.0);
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let secs = reader.uint()?;
        if secs > limits::LATEST_TIME { Err(WireError::OutOfRange("time")) } else { Ok(Self(secs)) }
    }
}

/// A UTC day: days since 1970-01-01.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Day(u64);

impl Day {
    /// Days since 1970-01-01.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The first second of this day.
    pub const fn start(self) -> Timestamp {
        Timestamp::from_secs(self.0.saturating_mul(limits::DAY))
    }

    /// True if the two days are the same or neighbours: two people who meet at midnight, or whose clocks
    /// disagree a little, still met on one day.
    pub const fn is_near(self, other: Self) -> bool {
        self.0.abs_diff(other.0) <= 1
    }
}

impl Wire for Day {
    fn encode(&self, writer: &mut Writer) {
        writer.uint(self.0);
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let day = reader.uint()?;
        if day > limits::LATEST_TIME / limits::DAY { Err(WireError::OutOfRange("day")) } else { Ok(Self(day)) }
    }
}

/// A date as it stands in a calendar, wherever one is: days since 1970-01-01, at most the last day of the year 9999.
/// It is no moment, so that nothing moves it when somebody travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Date(u64);

impl Date {
    const LAST: u64 = limits::LATEST_TIME / limits::DAY;

    /// The date so many days after 1970-01-01, or the last one that we can name.
    pub const fn from_number(days: u64) -> Self {
        if days > Self::LAST { Self(Self::LAST) } else { Self(days) }
    }

    /// Days since 1970-01-01.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// So many days later.
    #[must_use]
    pub const fn plus(self, days: u64) -> Self {
        Self::from_number(self.0.saturating_add(days))
    }

    /// Days from `earlier` until this date; 0 if it lies later.
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl Wire for Date {
    fn encode(&self, writer: &mut Writer) {
        writer.uint(self.0);
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let days = reader.uint()?;
        if days > Self::LAST { Err(WireError::OutOfRange("date")) } else { Ok(Self(days)) }
    }
}
