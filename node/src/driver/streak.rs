//! Commits that fail one after the other, as they do while the disk is full.
//!
//! What is overdue stays so while nothing can be stored. Without a pause the driver would do it again at once and for ever.

use std::time::{Duration, Instant};

/// The pause after the first failure; each further one that comes after a pause doubles it.
const FIRST: Duration = Duration::from_secs(1);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(60);
/// How often failures are written into the log, which may lie on the same disk.
const SAY: Duration = Duration::from_secs(60);

/// Failures since something was stored.
#[derive(Debug, Default)]
pub(super) struct Streak {
    pause: Option<Duration>,
    until: Option<Instant>,
    said: Option<Instant>,
}

impl Streak {
    /// Something could not be stored. True if the log is to say so.
    ///
    /// What others bring during a pause fails too, and does not put off its end.
    pub(super) fn failed(&mut self, now: Instant) -> bool {
        if self.left(now).is_zero() {
            let pause = self.pause.map_or(FIRST, |pause| (pause * 2).min(LONGEST));
            self.pause = Some(pause);
            self.until = Some(now + pause);
        }
        let is_news = self.said.is_none_or(|said| now.saturating_duration_since(said) >= SAY);
        if is_news {
            self.said = Some(now);
        }
        is_news
    }

    /// Something was stored.
    pub(super) fn ended(&mut self) {
        (self.pause, self.until) = (None, None);
    }

    /// For how long the driver begins nothing by itself.
    pub(super) fn left(&self, now: Instant) -> Duration {
        self.until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_minute_and_the_log_hears_of_a_failure_once_a_minute() {
        let (begun, mut streak, mut said) = (Instant::now(), Streak::default(), 0);
        let mut now = begun;
        let mut pauses = Vec::new();
        while now < begun + Duration::from_secs(600) {
            said += usize::from(streak.failed(now));
            pauses.push(streak.left(now).as_secs());
            now += streak.left(now);
        }
        assert_eq!(pauses[..8], [1, 2, 4, 8, 16, 32, 60, 60]);
        assert!(said <= 10, "{said} lines in ten minutes");
    }

    #[test]
    fn what_others_bring_during_a_pause_does_not_put_off_its_end() {
        let (now, mut streak) = (Instant::now(), Streak::default());
        assert!(streak.failed(now));
        let later = now + Duration::from_millis(600);
        assert!(!streak.failed(later));
        assert_eq!(streak.left(later), Duration::from_millis(400));
    }

    #[test]
    fn it_begins_anew_after_something_was_stored() {
        let (now, mut streak) = (Instant::now(), Streak::default());
        streak.failed(now);
        streak.failed(now + FIRST);
        streak.ended();
        assert_eq!(streak.left(now), Duration::ZERO);
        streak.failed(now);
        assert_eq!(streak.left(now), FIRST);
    }
}
