//! Which day's mail was dealt with, and what went wrong. No clock is read here.

use jiff::Zoned;
use jiff::civil::{Date, Time};
use kith_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::trouble::Unsent;

/// Seconds that the first failed try of a day is waited after; each one more doubles it, up to [`LONGEST`].
const AGAIN: u64 = 5 * 60;
const LONGEST: u64 = 2 * 3_600;
/// Tries in one day: to its end, with the pauses above.
const TRIES: u32 = 20;

/// What is remembered of mails between runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// The last day that was dealt with: a mail left, nothing waited, or it was given up.
    pub(super) day: Option<Date>,
    /// True from just before the words of a mail leave until the server has answered.
    pub(super) leaving: bool,
    /// True if that day was given up, and certainly no mail of it left.
    pub(super) given_up: bool,
    /// Failed tries, in a row.
    pub(super) tries: u32,
    /// The day of those tries: each day has its own.
    pub(super) tried: Option<Date>,
    /// Not tried before, in seconds since 1970.
    pub(super) again: u64,
    /// When the last mail was taken, in seconds since 1970.
    pub sent: Option<u64>,
    /// Why the last one was not.
    pub trouble: Option<Trouble>,
}

/// What went wrong, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// What.
    pub message: String,
    /// What to do.
    pub hint: String,
}

impl Record {
    /// True if it is time for the mail of this day: it may be late, but never a day late.
    pub(super) fn is_due(&self, at: Time, now: &Zoned) -> bool {
        let today = now.date();
        // A day that lies a little ahead is that of another time zone; one far ahead comes from a clock that was wrong.
        let is_done = self.day.is_some_and(|day| day >= today && today.tomorrow().is_ok_and(|next| day <= next));
        let secs = u64::try_from(now.timestamp().as_second()).unwrap_or_default();
        let may_try = secs >= self.again || self.again > secs.saturating_add(LONGEST);
        !is_done && now.time() >= at && may_try
    }

    /// The day is dealt with; nothing waited.
    pub(super) fn pass(&mut self, today: Date) {
        *self = Self { day: Some(today), sent: self.sent, trouble: self.trouble.take(), ..Self::default() };
    }

    /// From now on a mail may have left.
    pub(super) fn leave(&mut self, today: Date) {
        (self.day, self.leaving) = (Some(today), true);
    }

    /// The server has it.
    pub(super) fn done(&mut self, now: Timestamp) {
        *self = Self { day: self.day, sent: Some(now.secs()), ..Self::default() };
    }

    /// It was not sent.
    pub(super) fn fail(&mut self, today: Date, now: Timestamp, why: &Unsent) {
        // Who refused it after all has not got it.
        let day = self.day.filter(|day| !self.leaving || *day != today);
        let tries = if self.tried == Some(today) { self.tries + 1 } else { 1 };
        let is_over = why.is_for_good() || tries >= TRIES;
        let pause = AGAIN.saturating_mul(1_u64.checked_shl(tries - 1).unwrap_or(u64::MAX)).min(LONGEST);
        *self = Self {
            day: if is_over { Some(today) } else { day },
            leaving: false,
            given_up: is_over && day != Some(today),
            tried: Some(today),
            tries: if is_over { 0 } else { tries },
            again: if is_over { 0 } else { now.plus(pause).secs() },
            sent: self.sent,
            trouble: Some(Trouble::of(why)),
        };
    }

    /// What a node remembers that was killed while a mail left.
    pub(super) fn woken(mut self, host: &str) -> Self {
        if std::mem::take(&mut self.leaving) {
            self.trouble = Some(Trouble::of(&Unsent::Unknown { host: host.to_owned() }));
        }
        self
    }

    /// Other settings: what went wrong with the ones before does not count.
    pub(super) fn begin_anew(&mut self) {
        let day = self.day.filter(|_| !self.given_up);
        *self = Self { day, sent: self.sent, ..Self::default() };
    }
}

impl Trouble {
    pub(super) fn of(why: &Unsent) -> Self {
        Self { message: why.to_string(), hint: why.hint().to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil;

    use super::*;

    fn at(day: i8, hour: i8, minute: i8) -> Zoned {
        civil::date(2026, 4, day).at(hour, minute, 0, 0).in_tz("Europe/Lisbon").unwrap()
    }

    fn secs(zoned: &Zoned) -> Timestamp {
        Timestamp::from_secs(u64::try_from(zoned.timestamp().as_second()).unwrap())
    }

    fn half_past_seven() -> Time {
        civil::time(7, 30, 0, 0)
    }

    fn away() -> Unsent {
        Unsent::Away { host: "mail.example".into(), reason: "refused".into() }
    }

    #[test]
    fn a_day_has_one_mail_and_a_laptop_that_slept_makes_up_for_the_morning() {
        let mut record = Record::default();
        assert!(!record.is_due(half_past_seven(), &at(20, 7, 29)));
        assert!(record.is_due(half_past_seven(), &at(20, 11, 0)));
        record.leave(at(20, 11, 0).date());
        assert!(!record.is_due(half_past_seven(), &at(20, 11, 0)), "the node may be killed right here");
        record.done(secs(&at(20, 11, 0)));
        assert!(!record.is_due(half_past_seven(), &at(20, 23, 59)));
        assert!(!record.is_due(half_past_seven(), &at(21, 7, 0)) && record.is_due(half_past_seven(), &at(21, 7, 30)));
    }

    #[test]
    fn whoever_flies_west_gets_no_second_mail_and_a_wrong_clock_stops_none_for_long() {
        let mut record = Record::default();
        record.pass(at(21, 8, 0).date());
        assert!(!record.is_due(half_past_seven(), &at(20, 22, 0)));
        record.pass(at(28, 8, 0).date());
        assert!(record.is_due(half_past_seven(), &at(20, 8, 0)));
    }

    #[test]
    fn a_server_that_is_away_is_asked_again_with_longer_pauses_until_the_day_is_over() {
        let (mut record, mut now, mut tries) = (Record::default(), at(20, 7, 30), 0);
        while now.date() == at(20, 0, 0).date() {
            if record.is_due(half_past_seven(), &now) {
                record.fail(now.date(), secs(&now), &away());
                tries += 1;
            }
            now = now.checked_add(jiff::Span::new().minutes(1)).unwrap();
        }
        assert!((8..=TRIES).contains(&tries), "{tries} tries");
        assert!(record.trouble.as_ref().unwrap().message.contains("not reached"));
        assert!(record.is_due(half_past_seven(), &at(21, 7, 30)), "and the next day has its own");
    }

    #[test]
    fn a_wrong_password_is_not_tried_again_that_day() {
        let mut record = Record::default();
        let wrong = Unsent::Login { host: "mail.example".into(), answer: "it answers 535".into() };
        record.fail(at(20, 7, 30).date(), secs(&at(20, 7, 30)), &wrong);
        assert!(!record.is_due(half_past_seven(), &at(20, 23, 0)) && record.is_due(half_past_seven(), &at(21, 8, 0)));
        record.begin_anew();
        assert_eq!(record.trouble, None);
    }

    #[test]
    fn a_mail_that_was_refused_at_the_last_word_has_not_come_and_is_sent_again() {
        let mut record = Record::default();
        record.leave(at(20, 7, 30).date());
        let busy = Unsent::Refused { host: "mail.example".into(), answer: "451 later".into(), for_good: false };
        record.fail(at(20, 7, 30).date(), secs(&at(20, 7, 30)), &busy);
        assert!(record.is_due(half_past_seven(), &at(20, 7, 40)));
    }

    #[test]
    fn a_node_that_was_killed_while_the_mail_left_sends_no_second_one_and_says_so() {
        let mut record = Record::default();
        record.leave(at(20, 7, 30).date());
        let record = record.woken("mail.example");
        assert!(!record.is_due(half_past_seven(), &at(20, 9, 0)));
        assert!(record.trouble.unwrap().message.contains("may have come or not"));
    }
}
