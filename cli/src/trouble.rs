//! What went wrong, in words, and with which exit code.

use std::ffi::OsStr;
use std::io::{Error, ErrorKind};
use std::path::Path;
use std::process::ExitCode;

use kith_node::api::{Kind, ProblemBody};
use kith_node::home::HomeError;
use kith_node::node::NodeError;
use kith_node::serve::ca::CaError;
use kith_protocol::store::StoreError;

/// Why a command did not do what was asked.
#[derive(Debug)]
pub struct Trouble {
    kind: TroubleKind,
    message: String,
    hint: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TroubleKind {
    Failed,
    Usage,
    NotRunning,
    NotFound,
    ForGood,
}

impl Trouble {
    /// It failed.
    pub fn failed(message: impl Into<String>) -> Self {
        Self { kind: TroubleKind::Failed, message: message.into(), hint: None }
    }

    /// It was asked for wrongly.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { kind: TroubleKind::Usage, message: message.into(), hint: None }
    }

    /// It needs a running node.
    pub fn not_running(message: impl Into<String>) -> Self {
        Self { kind: TroubleKind::NotRunning, message: message.into(), hint: Some("start it with kith up".into()) }
    }

    /// There is nothing by that name.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self { kind: TroubleKind::NotFound, message: message.into(), hint: None }
    }

    /// It failed, and fails again as long as nobody does something about it: whoever looks after services is not to start
    /// it again.
    pub fn for_good(message: impl Into<String>) -> Self {
        Self { kind: TroubleKind::ForGood, message: message.into(), hint: None }
    }

    /// A file that was named could not be read or written.
    pub fn file(path: &Path, error: &Error) -> Self {
        let hint = match error.kind() {
            ErrorKind::NotFound => "check the path: the file, or the folder that it is to lie in, is not there",
            ErrorKind::PermissionDenied => "let this user read and write there, or choose another place",
            ErrorKind::IsADirectory => "that is a folder: name a file in it",
            ErrorKind::InvalidData => "that is no text: name another file",
            ErrorKind::StorageFull => "make room on the disk, or choose another place",
            _ => "check the path and the disk",
        };
        Self::failed(format!("{}: {error}", path.display())).hint(hint)
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says it on standard error.
    pub fn print(&self, json: bool) {
        if json {
            let kind = match self.kind {
                TroubleKind::Failed => "failed",
                TroubleKind::Usage => "usage",
                TroubleKind::NotRunning => "not_running",
                TroubleKind::NotFound => "not_found",
                TroubleKind::ForGood => "failed_for_good",
            };
            let body = serde_json::json!({ "error": { "kind": kind, "message": self.message, "hint": self.hint } });
            eprintln!("{body}");
            return;
        }
        eprintln!("kith: {}", self.message);
        if let Some(hint) = &self.hint {
            eprintln!("hint: {hint}");
        }
    }

    /// See product words: 1 failed, 2 wrong usage, 3 needs a running node, 4 not found or ambiguous, 5 failed and
    /// fails again. The units in packaging/systemd start nothing again after 2 and 5.
    pub const fn code(&self) -> u8 {
        match self.kind {
            TroubleKind::Failed => 1,
            TroubleKind::Usage => 2,
            TroubleKind::NotRunning => 3,
            TroubleKind::NotFound => 4,
            TroubleKind::ForGood => 5,
        }
    }

    /// The same, for the end of the program.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code())
    }
}

impl From<ProblemBody> for Trouble {
    fn from(problem: ProblemBody) -> Self {
        let kind = match problem.kind {
            Kind::BadInput => TroubleKind::Usage,
            Kind::NotFound | Kind::Ambiguous => TroubleKind::NotFound,
            _ => TroubleKind::Failed,
        };
        let message = match kind {
            TroubleKind::Usage => in_own_words(&problem.message),
            _ => problem.message,
        };
        Self { kind, message, hint: problem.hint }
    }
}

/// Fields of the API that go by another name on the command line.
const CALLED: [(&str, &str); 7] = [
    ("cadence_days", "DAYS"),
    ("first", "--from"),
    ("last", "--to"),
    ("meant_for", "--for"),
    ("note_for_other", "--note-for-b"),
    ("interest_words", "--interest-words"),
    ("tags", "--tag"),
];

/// What the API says of a field, said of what was typed.
fn in_own_words(message: &str) -> String {
    let said = message.split_once(": ").and_then(|(field, rest)| {
        let (_, called) = CALLED.iter().find(|(name, _)| *name == field)?;
        Some(format!("{called}: {rest}"))
    });
    said.unwrap_or_else(|| message.to_owned())
}

impl From<HomeError> for Trouble {
    fn from(error: HomeError) -> Self {
        let message = error.to_string();
        match error {
            HomeError::Missing(_) => Self::not_found(message).hint("make one with kith init --name \"Your Name\""),
            HomeError::BrokenOff(_) => Self::for_good(message).hint(
                "run kith restore or kith recover again; to begin as somebody new instead, kith init --name \"Your Name\"",
            ),
            HomeError::KeysGone(_) => Self::for_good(message).hint(without(Path::new("keys"))),
            HomeError::Exists(_) => Self::failed(message).hint("choose another folder with --home"),
            HomeError::InUse(_) => Self::failed(message).hint("wait for it, or stop it"),
            HomeError::Locked(_) => Self::usage(message)
                .hint("give the passphrase in KITH_PASSPHRASE or with --passphrase-file, or run this on a terminal"),
            HomeError::WrongPassphrase(_) => Self::for_good(message).hint(
                "give it again; without it, move the folder aside (keep it), and go on from a backup and your recovery words: \
                 kith restore",
            ),
            HomeError::NotHashed => Self::failed(message).hint("it takes 64 MiB of memory: close something"),
            HomeError::Damaged(path) => Self::for_good(message).hint(without(&path)),
            HomeError::DamagedSettings(_) => Self::for_good(message).hint(
                "put back a copy of that file; or move it away, and say again what you told kith up: where it listens and \
                 how browsers reach it, backups, limits",
            ),
            HomeError::File { reason, .. } => Self::failed(message).hint(match reason.kind() {
                ErrorKind::ReadOnlyFilesystem => COPY,
                _ => "check the folder, who owns it, and the room on the disk",
            }),
            // Nothing gets better by being tried again.
            HomeError::Store(StoreError::Damaged(_)) => Self::for_good(message).hint(ASIDE),
            HomeError::Store(error) => error.into(),
            HomeError::Engine(_) => Self::failed(message),
        }
    }
}

/// The way on where a disk takes no writes any more, as one that fails.
const COPY: &str = "copy the folder of the home to another disk, and go on with the copy alone: kith --home THERE backup FILE \
                    makes a backup";

/// The way on with a storage that is damaged.
const ASIDE: &str = "copy the whole home aside before anything else";

/// The way on without a file that is damaged.
fn without(path: &Path) -> &'static str {
    match path.file_name().and_then(OsStr::to_str) {
        Some("keys") => {
            "put back a copy of that file; or move the whole folder aside (keep it), and go on from a backup and your recovery \
             words: kith restore"
        }
        Some("access.json") => {
            "move it away: browsers sign in again (kith open), and a password is set again with kith password"
        }
        Some("api-token") => "move it away: another token is made, and programs that use it are given that one",
        Some("ca.json") => "move it away: another authority is made, and installed again on phones and computers",
        _ => "put back a copy of that file, or move it away",
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        let hint = match error {
            StoreError::Full => "make room; nothing was lost",
            StoreError::ReadOnly => "give this user the right to write the folder; nothing was lost",
            StoreError::Damaged(_) => ASIDE,
            _ => "check the disk",
        };
        Self::failed(message).hint(hint)
    }
}

impl From<NodeError> for Trouble {
    fn from(error: NodeError) -> Self {
        let message = error.to_string();
        match error {
            NodeError::Home(error) => error.into(),
            NodeError::Network(_) => Self::failed(message).hint(
                "another program may be there, or the address not be there yet. Choose another with --listen, which is kept; \
                 --listen none takes back what was chosen",
            ),
            NodeError::Api { .. } => Self::failed(message).hint(
                "another program may be there, or the address not be there yet. Choose another with --web, which is kept",
            ),
            NodeError::Acme(error) => Self::usage(message).hint(error.hint()),
            NodeError::Certificate(CaError::Home(error)) => error.into(),
            NodeError::Certificate(CaError::Damaged) => Self::for_good(message).hint(without(Path::new("ca.json"))),
            NodeError::Engine(_) | NodeError::Certificate(_) | NodeError::NoPort => Self::failed(message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_a_disk_that_takes_no_writes_is_told_to_copy_the_home() {
        let file = |kind: ErrorKind| HomeError::File { path: "/srv/kith/lock".into(), reason: kind.into() };
        let hint = |kind| Trouble::from(file(kind)).hint.unwrap();
        assert!(hint(ErrorKind::ReadOnlyFilesystem).contains("kith --home THERE backup FILE"));
        assert!(hint(ErrorKind::PermissionDenied).contains("who owns it"));
    }

    #[test]
    fn what_is_wrong_with_a_field_is_said_of_what_was_typed() {
        let said =
            |kind, message: &str| Trouble::from(ProblemBody { kind, message: message.to_owned(), hint: None }).message;
        for (message, words) in [
            ("cadence_days: at most ten years", "DAYS: at most ten years"),
            ("first: \"20.4.\" is no date", "--from: \"20.4.\" is no date"),
            ("meant_for: the text is empty", "--for: the text is empty"),
            ("due: \"soon\" is no date", "due: \"soon\" is no date"),
            ("the text is empty", "the text is empty"),
        ] {
            assert_eq!(said(Kind::BadInput, message), words);
        }
        assert_eq!(said(Kind::Conflict, "last: of its kind"), "last: of its kind", "that is about no field");
    }
}
