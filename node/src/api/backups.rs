//! Backups, and the words that open them.

use std::fs::File;
use std::io::Read;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures::stream;
use kith_protocol::limits;
use kith_protocol::time::Timestamp;
use kith_protocol::words::RecoveryWords;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use zeroize::Zeroizing;

use super::finding::{Finding, Health};
use super::model::when;
use super::{Api, Kind, Problem, ProblemBody};
use crate::backup::{Away, Backups, Folder, LastFile, OTHER_DISK, Place, Plan, Record, Unmade};
use crate::machine::now;

/// Bytes that are read at a time.
const PIECE: usize = 64 * 1024;
/// Days after which a backup is called old, if none are made by themselves.
const OLD: u64 = 30;

/// Who takes a backup.
#[derive(Deserialize, IntoParams)]
pub(super) struct Taker {
    /// Whoever takes it says when they have it (`/backup/kept`), and until then it does not count as made. Else it counts
    /// when all of it was sent, wherever it got to.
    confirms: Option<bool>,
}

/// Everything that the home holds, in one file that the recovery words alone open.
#[utoipa::path(get, path = "/backup", params(Taker), tag = "node",
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>), (status = 409, body = ProblemBody), (status = 500, body = ProblemBody)))]
pub(super) async fn take(
    State(api): State<Api>,
    taker: Result<Query<Taker>, QueryRejection>,
) -> Result<Response, Problem> {
    let confirms = taker?.0.confirms.unwrap_or_default();
    let (file, away) = api.backups.make().await?;
    let name = format!("attachment; filename=\"kith-{}.backup\"", now().secs());
    let headers = [
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (CONTENT_DISPOSITION, name),
        (CONTENT_LENGTH, away.size.to_string()),
    ];
    let left = away.size;
    let counts = if confirms {
        api.backups.hand_out(away);
        None
    } else {
        Some((api.backups.clone(), away))
    };
    let taking = Taking { file, left, counts };
    Ok((headers, Body::from_stream(stream::try_unfold(taking, Taking::next))).into_response())
}

/// A backup on its way out.
struct Taking {
    file: File,
    left: u64,
    /// As what it counts, and where, once all of it is on its way.
    counts: Option<(Backups, Away)>,
}

impl Taking {
    /// The next piece. With the last one the backup counts as made, unless somebody says so: nothing is asked for after as
    /// many bytes as were announced.
    async fn next(mut self) -> std::io::Result<Option<(Bytes, Self)>> {
        if self.left == 0 {
            return Ok(None);
        }
        let read = tokio::task::spawn_blocking(move || {
            let mut piece = vec![0; PIECE.min(usize::try_from(self.left).unwrap_or(PIECE))];
            self.file.read_exact(&mut piece)?;
            self.left -= piece.len() as u64;
            if self.left == 0
                && let Some((backups, away)) = &self.counts
            {
                backups.was_taken(away);
            }
            Ok(Some((piece.into(), self)))
        });
        read.await.map_err(std::io::Error::other)?
    }
}

/// A backup that somebody has.
#[derive(Deserialize, ToSchema)]
pub(super) struct KeptBackup {
    /// How long it is.
    bytes: u64,
}

/// Somebody has the backup that was handed out last, whole, and where it stays: it counts as made.
#[utoipa::path(post, path = "/backup/kept", request_body = KeptBackup, tag = "node",
    responses((status = 204), (status = 400, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn kept(
    State(api): State<Api>,
    body: Result<Json<KeptBackup>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let KeptBackup { bytes } = body?.0;
    let backups = api.backups.clone();
    match tokio::task::spawn_blocking(move || backups.was_kept(bytes)).await {
        Ok(true) => Ok(StatusCode::NO_CONTENT),
        Ok(false) => {
            let hint = "take one by /backup?confirms=true, and say once that you have it";
            let message = "no backup of this length was handed out last";
            Err(Problem::new(StatusCode::CONFLICT, Kind::Conflict, message, Some(hint)))
        }
        Err(_) => Err(Unmade::Stopping.into()),
    }
}

impl From<Unmade> for Problem {
    fn from(unmade: Unmade) -> Self {
        let (hint, message) = (unmade.hint(), unmade.to_string());
        match unmade {
            Unmade::NoKey | Unmade::Busy => Self::new(StatusCode::CONFLICT, Kind::Conflict, message, Some(hint)),
            Unmade::Refused(refused) => refused.into(),
            _ => Self::failed(message, Some(hint)),
        }
    }
}

/// Words to be looked at.
#[derive(Deserialize, ToSchema)]
pub(super) struct TypedWords {
    /// The 24 words.
    #[schema(max_length = 1024)]
    words: String,
}

/// Says whether these are the recovery words of this home. From then on backups can be made, if they could not before.
#[utoipa::path(post, path = "/words/check", request_body = TypedWords, tag = "node",
    responses((status = 204), (status = 400, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn check_words(
    State(api): State<Api>,
    body: Result<Json<TypedWords>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let typed = Zeroizing::new(body?.0.words);
    let words = RecoveryWords::parse(&typed).map_err(|error| Problem::bad_input(format!("words: {error}"), None))?;
    api.handle.act(move |turn| turn.know_words(&words)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How old the last backup is, and whether it would be there when it is needed.
pub(super) async fn finding(api: &Api) -> Finding {
    let place = api.backups.look().await;
    say(&api.backups.record(), api.backups.plan(), place, now())
}

fn say(record: &Record, plan: Option<&Plan>, place: Place, now: Timestamp) -> Finding {
    let finding = |health, finding: String, advice| Finding::new("backup", health, finding, advice);
    if place.folder == Folder::Silent {
        let advice = "see that the disk of --backup-to, and the machine that serves it, are there; kith backup FILE makes one \
                      elsewhere";
        let told = format!("{}, which does not answer", tell(record, plan, place));
        return finding(Health::Bad, told, Some(advice));
    }
    // Of a plan that was given up nothing is expected.
    if let Some(trouble) = record.trouble.as_ref().filter(|_| plan.is_some()) {
        let advice = match place.folder {
            Folder::OtherDisk => OTHER_DISK,
            _ => "see that the folder of --backup-to is there, may be written, and has room",
        };
        let told = tell(record, None, place);
        return finding(Health::Bad, format!("{told}; since then: {trouble}"), Some(advice));
    }
    let told = tell(record, plan, place);
    match place.folder {
        Folder::Gone => {
            let advice = "see that the disk of --backup-to is mounted; kith backup FILE makes a new one";
            return finding(Health::Bad, format!("{told}; that folder is not there any more"), Some(advice));
        }
        Folder::OtherDisk => {
            return finding(
                Health::Bad,
                format!("{told}; that folder lies on another disk than before"),
                Some(OTHER_DISK),
            );
        }
        Folder::There | Folder::Silent => {}
    }
    let longest = plan.map_or(OLD * limits::DAY, |plan| plan.every.saturating_mul(2).saturating_add(limits::DAY));
    let made = record.made.map(Timestamp::from_secs);
    if made.is_none_or(|made| now.since(made) > longest) {
        let advice =
            "kith backup FILE makes one; kith up --backup-to DIR makes one each day. Keep them on another machine";
        return finding(Health::Warning, told, Some(advice));
    }
    if place.is_beside_home {
        let advice = "kith up --backup-to DIR, on another disk; or copy them to another machine";
        let told = match place.last {
            LastFile::Moved => format!("{told}; what lies there is on the disk of the home, and dies with it"),
            _ => format!("{told}, on the disk of the home: if this disk dies, both are gone"),
        };
        return finding(Health::Warning, told, Some(advice));
    }
    finding(Health::Good, told, None)
}

/// When the last one was made and where it went: of those that are made by themselves, if the plan has made any.
fn tell(record: &Record, plan: Option<&Plan>, place: Place) -> String {
    let told = |made: Option<u64>| {
        let made = made.map(Timestamp::from_secs);
        let none = if record.size == 0 { "there is none" } else { "there is none since the words were changed" };
        made.map_or_else(|| none.to_owned(), |made| format!("the last one was made {}", when(made)))
    };
    match (plan, place.last) {
        (None, _) => told(record.made),
        (Some(plan), last) if last == LastFile::None || record.planned.is_none() => {
            format!("{}; the next goes into {}", told(record.made), plan.to.display())
        }
        (Some(plan), LastFile::Moved) => {
            format!("{}, into {}, and was moved away from there", told(record.planned), plan.to.display())
        }
        (Some(plan), _) => format!("{}, into {}", told(record.planned), plan.to.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_776_643_200);

    fn made(days_ago: u64) -> Record {
        let made = Some(NOW.minus(days_ago * limits::DAY).secs());
        Record { made, size: 1, planned: made, ..Record::default() }
    }

    #[test]
    fn a_backup_is_good_as_long_as_it_is_fresh_and_would_be_there() {
        let nightly = Plan { to: "/mnt/usb".into(), every: limits::DAY };
        let (new, there) = (Place::default(), Place { last: LastFile::There, ..Place::default() });
        let moved = Place { last: LastFile::Moved, ..there };
        let (gone, other) = (Place { folder: Folder::Gone, ..there }, Place { folder: Folder::OtherDisk, ..there });
        let silent = Place { folder: Folder::Silent, ..new };
        let beside = |place: Place| Place { is_beside_home: true, ..place };
        let failed = Record { trouble: Some("no room".to_owned()), ..made(0) };
        let of_words_of_before = Record { made: None, planned: None, ..made(0) };
        let table = [
            (made(0), None, new, Health::Good, "the last one was made"),
            (made(OLD), None, new, Health::Good, "the last one was made"),
            (made(OLD + 1), None, new, Health::Warning, "the last one was made"),
            (Record::default(), None, new, Health::Warning, "there is none"),
            (made(0), Some(&nightly), there, Health::Good, ", into /mnt/usb"),
            (made(3), Some(&nightly), there, Health::Good, ", into /mnt/usb"),
            (made(4), Some(&nightly), there, Health::Warning, ", into /mnt/usb"),
            (Record::default(), Some(&nightly), new, Health::Warning, "there is none; the next goes into /mnt/usb"),
            (made(0), Some(&nightly), new, Health::Good, "; the next goes into /mnt/usb"),
            (made(0), Some(&nightly), gone, Health::Bad, "not there any more"),
            (failed.clone(), Some(&nightly), silent, Health::Bad, "the next goes into /mnt/usb, which does not answer"),
            (made(0), Some(&nightly), other, Health::Bad, "another disk than before"),
            (made(0), Some(&nightly), moved, Health::Good, "moved away"),
            (made(0), Some(&nightly), beside(there), Health::Warning, "both are gone"),
            (made(0), Some(&nightly), beside(moved), Health::Warning, "dies with it"),
            (failed.clone(), None, new, Health::Good, "the last one was made"),
            (failed, Some(&nightly), there, Health::Bad, "since then: no room"),
            (of_words_of_before.clone(), None, new, Health::Warning, "there is none since the words were changed"),
            (of_words_of_before, Some(&nightly), there, Health::Warning, "were changed; the next goes into /mnt/usb"),
        ];
        for (record, plan, place, health, told) in table {
            let said = say(&record, plan, place, NOW);
            assert!(said.health == health && said.finding.contains(told), "{record:?} {plan:?} {place:?}: {said:?}");
        }
    }

    #[test]
    fn who_is_told_where_the_last_one_went_is_told_when_that_one_was_made() {
        let nightly = Plan { to: "/mnt/usb".into(), every: limits::DAY };
        let by_hand = Record { made: Some(NOW.secs()), ..made(2) };
        let there = Place { last: LastFile::There, ..Place::default() };
        let said = |record: &Record| say(record, Some(&nightly), there, NOW).finding;
        assert_eq!(said(&by_hand), said(&made(2)));
        assert_ne!(said(&by_hand), said(&made(0)));
    }

    #[test]
    fn who_swapped_the_disk_is_told_how_to_go_on() {
        let nightly = Plan { to: "/mnt/usb".into(), every: limits::DAY };
        let failed = Record { trouble: Some("another disk".to_owned()), ..made(1) };
        let place = Place { folder: Folder::OtherDisk, last: LastFile::There, is_beside_home: true };
        for record in [failed, made(1)] {
            let said = say(&record, Some(&nightly), place, NOW);
            assert!(said.advice.is_some_and(|advice| advice.contains("kith backup DIR/first.backup")));
        }
    }
}
