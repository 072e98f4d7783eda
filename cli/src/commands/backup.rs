//! `kith backup`, `kith verify`, `kith restore`.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use kith_node::backup::{self, Machine, RestoreError};
use kith_node::home::{Home, HomeError};
use kith_node::recovering::{self, MetSince, RecoverError};
use kith_protocol::backup::{BackupError, check};
use kith_protocol::store::StoreError;
use kith_protocol::text::Name;
use kith_protocol::time::Timestamp;
use kith_protocol::words::RecoveryWords;
use serde_json::{Value, json};

use crate::args::{Backup, Restore, Verify};
use crate::client::Client;
use crate::out;
use crate::recovery;
use crate::trouble::Trouble;

const STANDARD_OUTPUT: &str = "-";
/// A backup is what is stored, and capsules are less.
pub const SETTINGS: &str = "Settings do not come back: say again what you told kith up, kith mail, kith password and kith \
                            passphrase.";
/// Whoever asks so says when they have it.
const TAKE: &str = "/backup?confirms=true";

/// Writes everything into one file, which is there whole or not at all.
pub async fn backup(client: &Client, backup: &Backup, json: bool) -> Result<(), Trouble> {
    if backup.file == Path::new(STANDARD_OUTPUT) {
        let mut size = 0;
        let mut give_out = |piece: &[u8]| {
            size += piece.len() as u64;
            out::raw(piece)
        };
        client.copy(TAKE, &mut give_out).await?;
        say_kept(client, size).await;
        return Ok(());
    }
    let unfinished = backup.file.with_extension("unfinished");
    let written = write(client, &unfinished, &backup.file).await;
    let kept = written.and_then(|size| {
        let named = std::fs::rename(&unfinished, &backup.file).and_then(|()| sync_folder_of(&backup.file));
        named.map(|()| size).map_err(|error| Trouble::file(&backup.file, &error))
    });
    if kept.is_err() {
        // The reason is told; what is left is of no use.
        let _ = std::fs::remove_file(&unfinished);
    }
    let size = kept?;
    say_kept(client, size).await;
    if json {
        return out::json(&json!({ "file": backup.file, "bytes": size }));
    }
    out::say(format!("{}: {} KiB. Your recovery words alone open it.", backup.file.display(), size.div_ceil(1024)));
    Ok(())
}

/// The name of a file is durable once its folder is. Where folders cannot be synced, as on some shares, or not be read, as where
/// things are only handed in, nothing more can be done for it.
fn sync_folder_of(file: &Path) -> std::io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::PermissionDenied) => Ok(()),
        synced => synced,
    }
}

/// From now on it counts as made. It is there also where that could not be noted.
async fn say_kept(client: &Client, size: u64) {
    let noted: Result<Value, Trouble> = client.post("/backup/kept", &json!({ "bytes": size })).await;
    if noted.is_err() {
        out::aside("The node could not note that this backup was made, so kith doctor does not count it.");
    }
}

/// Writes, makes durable, and reads it back. What fails is told of the file that was named.
async fn write(client: &Client, path: &Path, named: &Path) -> Result<u64, Trouble> {
    let failed = |error: &std::io::Error| Trouble::file(named, error);
    let opened = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    let mut file = opened.map_err(|error| failed(&error))?;
    client.copy(TAKE, &mut |piece| file.write_all(piece).map_err(|error| failed(&error))).await?;
    file.sync_all().map_err(|error| failed(&error))?;
    whole(path)?;
    Ok(file.metadata().map_err(|error| failed(&error))?.len())
}

/// Says whether every byte of a backup is there, which needs no words.
pub fn verify(verify: &Verify, json: bool) -> Result<(), Trouble> {
    whole(&verify.file)?;
    if json {
        return out::json(&json!({ "whole": true }));
    }
    out::say(format!("{} is whole. The recovery words of its owner open it.", verify.file.display()));
    Ok(())
}

fn whole(path: &Path) -> Result<(), Trouble> {
    let file = File::open(path).map_err(|error| Trouble::file(path, &error))?;
    check(BufReader::new(file)).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &BackupError) -> Trouble {
    let trouble = Trouble::failed(format!("{}: {error}", path.display()));
    match error {
        BackupError::TooNew => trouble.hint("use the version of Kith that wrote it, or a later one"),
        BackupError::WrongWords => trouble.hint("use the words of the identity whose backup it is"),
        BackupError::Damaged(_) => trouble.hint("take another copy of it, or the backup before"),
        BackupError::NotABackup | BackupError::BadKey | BackupError::Io(_) => trouble,
    }
}

/// Makes a home of a backup.
pub async fn restore(home: &Home, restore: &Restore, json: bool) -> Result<(), Trouble> {
    make_home(home, &restore.file, restore.words_file.as_deref(), Machine::Gone, json).await
}

/// A home is made where there is none.
pub fn nobody_lives_in(home: &Home) -> Result<(), Trouble> {
    let folder = home.folder().display();
    let somebody = || Trouble::failed(format!("there is a home in {folder} already"));
    // A service has no other folder, and a home that nobody opens is its owner's all the same.
    let aside = format!("move {folder} aside (keep it), then run this again; or take another folder: --home DIR");
    match home.open() {
        // What an earlier try left is no home, and neither is what nothing opens any more.
        Err(HomeError::Missing(_) | HomeError::BrokenOff(_) | HomeError::KeysGone(_)) => Ok(()),
        Ok(_) | Err(HomeError::InUse(_)) => Err(somebody().hint("take another folder: --home DIR")),
        Err(HomeError::Locked(_) | HomeError::WrongPassphrase(_)) => Err(somebody().hint(aside)),
        Err(error @ (HomeError::Damaged(_) | HomeError::Store(StoreError::Damaged(_)))) => {
            Err(Trouble::for_good(error.to_string()).hint(aside))
        }
        Err(error) => Err(error.into()),
    }
}

/// Makes a home of a backup; the key changes if the machine of before may be in other hands. If it is not, contacts are asked
/// whom its owner met since the backup was made.
pub async fn make_home(
    home: &Home,
    file: &Path,
    words_file: Option<&Path>,
    machine: Machine,
    json: bool,
) -> Result<(), Trouble> {
    nobody_lives_in(home)?;
    whole(file)?;
    let words = recovery::words(words_file)?;
    let head = backup::restore(home, file, &words, machine).map_err(|error| match error {
        RestoreError::Backup(error) => unreadable(file, &error),
        RestoreError::Home(error) => error.into(),
        RestoreError::Engine(error) => Trouble::failed(error.to_string()),
        RestoreError::Store(error) => Trouble::failed(error.to_string()),
    })?;
    if !json {
        out::say(format!("{} is back in {}, as of {}.", head.name, home.folder().display(), out::moment(head.made)));
    }
    let met = match machine {
        Machine::Gone => Some(whom_i_met_since(home, &words, head.made, json).await),
        // Whoever has it may have had contacts keep people of theirs.
        Machine::Stolen => None,
    };
    if json {
        let (name, made) = (head.name.to_string(), head.made.secs());
        let met = met.as_ref().and_then(|met| met.as_ref().ok());
        let met = met.map(|met| json!({ "people": met.people, "answered": met.answered }));
        return out::json(&json!({ "name": name, "made": made, "home": home.folder(), "met_since": met }));
    }
    out::say(met.as_ref().map_or_else(|| OTHERS.to_owned(), whom));
    out::say(SETTINGS);
    out::say("Run kith up: your contacts are told where you are now. Do not start the old machine again.");
    out::say(match machine {
        Machine::Gone => "Codes for one person that were out lead nowhere any more; badges lead on.",
        Machine::Stolen => "You sign with a new key. All your codes are withdrawn: show and print new ones.",
    });
    Ok(())
}

/// Who is not back by a backup.
const OTHERS: &str = "Whom you met since and who is not among your people now has to be scanned again.";

async fn whom_i_met_since(
    home: &Home,
    words: &RecoveryWords,
    made: Timestamp,
    json: bool,
) -> Result<MetSince, RecoverError> {
    if !json {
        out::say("The contacts in the backup are asked whom you met since; that takes half a minute at most.");
    }
    recovering::ask_whom_i_met_since(home, words, made).await
}

/// Whom contacts named who were met since the backup.
fn whom(met: &Result<MetSince, RecoverError>) -> String {
    match met {
        Ok(MetSince { contacts: 0, .. }) => format!("There are none in it. {OTHERS}"),
        Ok(MetSince { answered: 0, .. }) => format!("None of them could be asked. {OTHERS}"),
        Ok(MetSince { people, answered, .. }) if people.is_empty() => {
            format!("{answered} answered, and keep nobody whom you met since. {OTHERS}")
        }
        Ok(MetSince { people, .. }) => {
            let names: Vec<&str> = people.iter().map(Name::as_str).collect();
            format!("Contacts again whom you met since: {}. What they wrote comes again. {OTHERS}", names.join(", "))
        }
        Err(error) => format!("They could not be asked: {error}. {OTHERS}"),
    }
}
