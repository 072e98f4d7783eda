//! Whether the home can be written, and for how long.

use super::Api;
use super::finding::{Finding, Health};
use crate::room::{Enough, Room};

const SUBJECT: &str = "disk";

/// What the doctor says of it.
pub(super) fn finding(api: &Api) -> Finding {
    let probe = api.home.folder().join("doctor-probe");
    let written = std::fs::write(&probe, [0; 4096]).and_then(|()| std::fs::remove_file(&probe));
    match written {
        Ok(()) => say(Room::of(api.home.folder())),
        Err(error) => {
            let advice = "make room, or give this user the right to write the folder";
            Finding::new(SUBJECT, Health::Bad, format!("the home cannot be written: {error}"), Some(advice))
        }
    }
}

fn say(room: Option<Room>) -> Finding {
    let Some(room) = room else {
        return Finding::new(
            SUBJECT,
            Health::Good,
            "the home can be written; the system does not say for how long",
            None,
        );
    };
    let finding = match room.files {
        Some(files) if room.enough() < (Room { files: None, ..room }).enough() => {
            format!("{} are free, but room for {files} files only", bytes(room.free))
        }
        _ => format!("{} of {} are free", bytes(room.free), bytes(room.size)),
    };
    let (health, advice) = match room.enough() {
        Enough::Enough => (Health::Good, None),
        Enough::Little => {
            let advice = "make room, or move the home to a larger disk; under 500 MB nothing more is held for others";
            (Health::Warning, Some(advice))
        }
        Enough::None => {
            (Health::Bad, Some("make room now: soon nothing that comes can be written down, and nobody is told"))
        }
    };
    Finding::new(SUBJECT, health, finding, advice)
}

/// Bytes as people say them, in steps of a thousand.
pub(super) fn bytes(bytes: u64) -> String {
    let steps = [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match steps.iter().find(|(step, _)| bytes >= *step) {
        Some((step, unit)) if bytes / step < 10 => format!("{}.{} {unit}", bytes / step, bytes % step * 10 / step),
        Some((step, unit)) => format!("{} {unit}", bytes / step),
        None => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_fills_up_is_told_of_before_it_is_full() {
        let at = |free, files| say(Some(Room { free, size: 64_000_000_000, files }));
        let good = at(40_000_000_000, Some(4_000_000));
        assert_eq!((good.health, good.finding.as_str()), (Health::Good, "40 GB of 64 GB are free"));
        let little = at(1_500_000_000, None);
        assert_eq!((little.health, little.finding.as_str()), (Health::Warning, "1.5 GB of 64 GB are free"));
        assert!(little.advice.unwrap().contains("make room"));
        assert_eq!(at(49_000_000, None).health, Health::Bad);
        let crowded = at(40_000_000_000, Some(12));
        assert_eq!(
            (crowded.health, crowded.finding.as_str()),
            (Health::Bad, "40 GB are free, but room for 12 files only")
        );
        assert_eq!(say(None).health, Health::Good);
    }

    #[test]
    fn sizes_are_said_as_people_say_them() {
        let said = [999, 1_000, 9_990_000, 10_000_000, 2_050_000_000, 3_200_000_000_000].map(bytes);
        assert_eq!(said, ["999 bytes", "1.0 kB", "9.9 MB", "10 MB", "2.0 GB", "3.2 TB"]);
    }
}
