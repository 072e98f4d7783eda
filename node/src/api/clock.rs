//! Whether the clock of this machine can be right. Nobody is asked for the time: what lies in the home is compared.

use std::path::Path;
use std::time::UNIX_EPOCH;

use kith_protocol::engine::Own;
use kith_protocol::limits;
use kith_protocol::time::Timestamp;

use super::finding::{Finding, Health};
use super::model::when;
use super::{Api, Problem};
use crate::machine::now;

const SUBJECT: &str = "clock";
/// Before the program was there: the first of January 2026.
const EARLIEST: Timestamp = Timestamp::from_secs(1_767_225_600);
/// What is not worth a word: a clock that is set while the node runs moves by seconds.
const SLACK: u64 = 5 * 60;
/// There where systemd has set the clock by a server (systemd-timesyncd.service(8)).
const SYNCHRONISED: &str = "/run/systemd/timesync/synchronized";

/// What the doctor says of it.
pub(super) fn finding(api: &Api) -> Result<Finding, Problem> {
    let own = Own::load(api.handle.view())?;
    // A grant is made for a time that is known, so its end tells when it was made at the earliest.
    let granted = own.grant_ends.minus(limits::GRANT_LIFE);
    let stored = [Some(granted), Some(own.created), written(&api.home.folder().join("store"))];
    let stored = stored.into_iter().flatten().max().unwrap_or_default();
    Ok(say(now(), stored, Path::new(SYNCHRONISED).exists()))
}

/// When a storage was last written: its newest journal. Other files may be of a time when the clock was ahead.
fn written(store: &Path) -> Option<Timestamp> {
    let files = std::fs::read_dir(store).ok()?.flatten();
    let journals = files.filter(|file| file.file_name().to_string_lossy().starts_with("journal-"));
    let newest = journals.max_by_key(std::fs::DirEntry::file_name)?;
    let since = newest.metadata().ok()?.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(Timestamp::from_secs(since.as_secs()))
}

fn say(now: Timestamp, stored: Timestamp, is_synchronised: bool) -> Finding {
    let advice = "set it, and let the system keep it set (timedatectl set-ntp true): contacts do not believe what is dated wrong";
    if now < EARLIEST {
        return Finding::new(SUBJECT, Health::Bad, format!("{} cannot be", when(now)), Some(advice));
    }
    if now.plus(SLACK) < stored {
        let finding =
            format!("the clock has gone back: it says {}, and this home was written {}", when(now), when(stored));
        let health = if now.plus(limits::CLOCK_SKEW) < stored { Health::Bad } else { Health::Warning };
        return Finding::new(SUBJECT, health, finding, Some(advice));
    }
    let by_whom = if is_synchronised { "; the system sets it by a time server" } else { "" };
    Finding::new(SUBJECT, Health::Good, format!("{}{by_whom}", when(now)), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

    #[test]
    fn a_clock_that_went_back_is_told_of_and_one_that_was_set_a_little_is_not() {
        assert_eq!(say(NOW, NOW, false).health, Health::Good);
        assert_eq!(say(NOW, NOW.plus(SLACK), false).health, Health::Good);
        let hours = say(NOW, NOW.plus(3 * 3_600), false);
        assert!(hours.health == Health::Warning && hours.finding.contains("this home was written"));
        let years = say(NOW.minus(30 * limits::DAY), NOW, true);
        assert!(years.health == Health::Bad && years.advice.unwrap().contains("set it"));
    }

    #[test]
    fn a_clock_without_a_battery_is_told_of_in_a_home_that_is_new() {
        let dead = say(Timestamp::from_secs(3), Timestamp::default(), false);
        assert!(dead.health == Health::Bad && dead.finding.contains("1970"));
        assert!(say(NOW, NOW, true).finding.ends_with("by a time server"));
    }
}
