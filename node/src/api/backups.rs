//! Backups, and the words that open them.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures::stream;
use kith_protocol::limits;
use kith_protocol::time::Timestamp;
use kith_protocol::words::RecoveryWords;
use serde::Deserialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::model::when;
use super::node::{Finding, Health};
use super::{Api, Kind, Problem, ProblemBody};
use crate::backup::{Backups, Plan, Record, Unmade};
use crate::driver::now;

/// Bytes that are read at a time.
const PIECE: usize = 64 * 1024;
/// Days after which a backup is called old, if none are made by themselves.
const OLD: u64 = 30;

/// Everything that the home holds, in one file that the recovery words alone open.
#[utoipa::path(get, path = "/backup", tag = "node",
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>), (status = 409, body = ProblemBody), (status = 500, body = ProblemBody)))]
pub(super) async fn take(State(api): State<Api>) -> Result<Response, Problem> {
    let (file, size) = api.backups.make().await?;
    let name = format!("attachment; filename=\"kith-{}.backup\"", now().secs());
    let headers = [
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (CONTENT_DISPOSITION, name),
        (CONTENT_LENGTH, size.to_string()),
    ];
    let taking = Taking { file, left: size, size, backups: api.backups.clone() };
    Ok((headers, Body::from_stream(stream::try_unfold(taking, Taking::next))).into_response())
}

/// A backup on its way out.
struct Taking {
    file: File,
    left: u64,
    size: u64,
    backups: Backups,
}

impl Taking {
    /// The next piece. With the last one the backup counts as made.
    async fn next(mut self) -> std::io::Result<Option<(Bytes, Self)>> {
        if self.left == 0 {
            return Ok(None);
        }
        let read = tokio::task::spawn_blocking(move || {
            let mut piece = vec![0; PIECE.min(usize::try_from(self.left).unwrap_or(PIECE))];
            self.file.read_exact(&mut piece)?;
            self.left -= piece.len() as u64;
            if self.left == 0 {
                self.backups.was_taken(self.size);
            }
            Ok(Some((piece.into(), self)))
        });
        read.await.map_err(std::io::Error::other)?
    }
}

impl From<Unmade> for Problem {
    fn from(unmade: Unmade) -> Self {
        let (hint, message) = (unmade.hint(), unmade.to_string());
        match unmade {
            Unmade::NoKey => Self::new(StatusCode::CONFLICT, Kind::Conflict, message, Some(hint)),
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
    let (record, plan, home) = (api.backups.record(), api.backups.plan().cloned(), api.home.folder().to_owned());
    let (shown, planned) = (record.clone(), plan.clone());
    // A disk over a network may take its time.
    let looked = tokio::task::spawn_blocking(move || Place::look(&shown, planned.as_ref(), &home));
    say(&record, plan.as_ref(), looked.await.unwrap_or_default(), now())
}

/// Where backups go by themselves.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    /// The last one is not there any more.
    is_lost: bool,
    /// It is on the disk of the home.
    is_beside_home: bool,
}

impl Place {
    fn look(record: &Record, plan: Option<&Plan>, home: &Path) -> Self {
        let Some(plan) = plan else { return Self::default() };
        // What an earlier plan made may lie anywhere by now.
        let last = record.file.as_ref().filter(|file| file.parent() == Some(&plan.to));
        let disk = |folder: &Path| std::fs::metadata(folder).ok().map(|found| found.dev());
        Self {
            is_lost: last.is_some_and(|file| !file.exists()),
            is_beside_home: disk(&plan.to).is_some_and(|at| Some(at) == disk(home)),
        }
    }
}

fn say(record: &Record, plan: Option<&Plan>, place: Place, now: Timestamp) -> Finding {
    let finding = |health, finding: String, advice| Finding::new("backup", health, finding, advice);
    let made = record.made.map(Timestamp::from_secs);
    let told = made.map_or_else(|| "there is none".to_owned(), |made| format!("the last one was made {}", when(made)));
    if let Some(trouble) = &record.trouble {
        let advice = "see that the folder of --backup-to is there, may be written, and has room";
        return finding(Health::Bad, format!("{told}; since then: {trouble}"), Some(advice));
    }
    let by_itself = plan.map(|plan| format!(", into {}", plan.to.display())).unwrap_or_default();
    if place.is_lost {
        let advice = "see that the disk of --backup-to is mounted; kith backup FILE makes a new one";
        return finding(Health::Bad, format!("{told}{by_itself}, and is not there any more"), Some(advice));
    }
    let longest = plan.map_or(OLD * limits::DAY, |plan| plan.every.saturating_mul(2).saturating_add(limits::DAY));
    if made.is_none_or(|made| now.since(made) > longest) {
        let advice =
            "kith backup FILE makes one; kith up --backup-to DIR makes one each day. Keep them on another machine";
        return finding(Health::Warning, format!("{told}{by_itself}"), Some(advice));
    }
    if place.is_beside_home {
        let advice = "kith up --backup-to DIR, on another disk; or copy them to another machine";
        let told = format!("{told}{by_itself}, on the disk of the home: if this disk dies, both are gone");
        return finding(Health::Warning, told, Some(advice));
    }
    finding(Health::Good, format!("{told}{by_itself}"), None)
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
        let (there, lost) = (Place::default(), Place { is_lost: true, ..Place::default() });
        let beside = Place { is_beside_home: true, ..Place::default() };
        let failed = Record { trouble: Some("no room".to_owned()), ..made(0) };
        let table = [
            (made(0), None, there, Health::Good, "the last one was made"),
            (made(OLD), None, there, Health::Good, "the last one was made"),
            (made(OLD + 1), None, there, Health::Warning, "the last one was made"),
            (Record::default(), None, there, Health::Warning, "there is none"),
            (made(0), Some(&nightly), there, Health::Good, "/mnt/usb"),
            (made(3), Some(&nightly), there, Health::Good, "/mnt/usb"),
            (made(4), Some(&nightly), there, Health::Warning, "/mnt/usb"),
            (Record::default(), Some(&nightly), there, Health::Warning, "there is none"),
            (made(0), Some(&nightly), lost, Health::Bad, "not there any more"),
            (made(0), Some(&nightly), beside, Health::Warning, "both are gone"),
            (failed, Some(&nightly), there, Health::Bad, "since then: no room"),
        ];
        for (record, plan, place, health, told) in table {
            let said = say(&record, plan, place, NOW);
            assert!(said.health == health && said.finding.contains(told), "{record:?} {plan:?} {place:?}: {said:?}");
        }
    }

    #[test]
    fn the_last_file_is_looked_for_where_the_plan_puts_them() {
        let home = tempfile::tempdir().unwrap();
        let plan = Plan { to: home.path().join("backups"), every: limits::DAY };
        std::fs::create_dir(&plan.to).unwrap();
        let of = |file: &Path| Record { file: Some(file.to_owned()), ..made(0) };
        let last = of(&plan.to.join("last.backup"));
        let look = |record: &Record| Place::look(record, Some(&plan), home.path());
        assert!(look(&last).is_lost && look(&last).is_beside_home);
        std::fs::write(plan.to.join("last.backup"), "whole").unwrap();
        assert!(!look(&last).is_lost);
        assert!(!look(&of(Path::new("/elsewhere/last.backup"))).is_lost);
        assert!(!Place::look(&last, None, home.path()).is_beside_home);
    }
}
