//! `kith recover`: the machine is lost, or in other hands.

use std::path::Path;

use kith_node::backup::Machine;
use kith_node::codes::read;
use kith_node::going_on::{self, GoingOnError};
use kith_node::home::Home;
use kith_node::recovering::{self, First, NoPlace, RecoverError};
use kith_protocol::invite::Invite;
use serde_json::json;

use super::backup;
use super::scan::{Code, code, is_code_text};
use crate::args::Recover;
use crate::out;
use crate::recovery;
use crate::trouble::Trouble;

const WANTED: &str = "ask a contact to run kith invite, and give the picture or the link here; or an address of their node, which \
                      kith status shows them, such as 192.0.2.7:7517";

/// Makes a home of the words, and a backup or what contacts keep; or goes on with the one that is there.
pub async fn recover(home: &Home, recover: &Recover, json: bool) -> Result<(), Trouble> {
    let words_file = recover.words_file.as_deref();
    match (&recover.backup, &recover.code) {
        (Some(file), _) => backup::make_home(home, file, words_file, Machine::Stolen, json).await,
        (None, Some(code)) => by_contact(home, code, words_file, json).await,
        (None, None) if home.exists() => go_on_here(home, words_file, json),
        (None, None) => {
            Err(Trouble::usage("give a contact's code or address, or a backup with --backup FILE").hint(WANTED))
        }
    }
}

/// The home that is here has fallen silent, and is to go on.
fn go_on_here(home: &Home, words_file: Option<&Path>, json: bool) -> Result<(), Trouble> {
    let words = recovery::words(words_file)?;
    let name = going_on::go_on_here(home, &words).map_err(|error| match error {
        GoingOnError::Home(error) => error.into(),
        GoingOnError::Engine(error) => Trouble::failed(error.to_string()).hint(
            "kith rotate changes the key of a home that goes on; another home is made in another folder: --home DIR",
        ),
        GoingOnError::Store(error) => Trouble::failed(error.to_string()),
    })?;
    if json {
        return out::json(&json!({ "name": name.to_string(), "home": home.folder() }));
    }
    out::say(format!("{name} goes on in {}.", home.folder().display()));
    out::say(
        "You sign with a new key; all your codes are withdrawn. Run kith up: your contacts are told, and any other machine stops.",
    );
    Ok(())
}

async fn by_contact(home: &Home, given: &str, words_file: Option<&Path>, json: bool) -> Result<(), Trouble> {
    backup::nobody_lives_in(home)?;
    let first = first(given)?;
    let words = recovery::words(words_file)?;
    let back = recovering::recover(home, first, &words).await.map_err(in_words)?;
    if json {
        let (name, home) = (back.name.to_string(), home.folder());
        return out::json(&json!({ "name": name, "contacts": back.contacts, "answered": back.answered, "home": home }));
    }
    out::say(format!("{} is back in {}.", back.name, home.folder().display()));
    out::say(format!("Contacts that are there again: {}; {} of them answered just now.", back.contacts, back.answered));
    out::say(
        "You sign with a new key, and nothing that the machine of before says is believed from now on. Run kith up: your contacts are told.",
    );
    out::say(backup::SETTINGS);
    out::say(
        "What they wrote in the last 30 days comes again. Notes, vouches and codes were on the machine alone: a backup would bring them.",
    );
    Ok(())
}

/// Who is asked: what is a file is no address.
fn first(given: &str) -> Result<First, Trouble> {
    if Path::new(given).exists() {
        return invite(given).map(First::Shows);
    }
    match given.parse() {
        Ok(place) => Ok(First::IsAt(place)),
        Err(NoPlace) if is_code_text(given) || given == "-" => invite(given).map(First::Shows),
        Err(NoPlace) => Err(Trouble::not_found(format!("{given:?} is no file, no code and no address")).hint(WANTED)),
    }
}

/// The Kith code in what was given.
fn invite(given: &str) -> Result<Invite, Trouble> {
    let texts = match code(given)? {
        Code::Text(text) => vec![text],
        Code::Picture(picture) => {
            read::read(&picture).map_err(|error| Trouble::failed(error.to_string()).hint(WANTED))?
        }
    };
    let found = texts.iter().find_map(|text| Invite::from_text(text.trim()).ok());
    found.ok_or_else(|| Trouble::failed("this is no Kith code and no address").hint(WANTED))
}

fn in_words(error: RecoverError) -> Trouble {
    match error {
        RecoverError::Home(error) => error.into(),
        RecoverError::NotReached(_) => Trouble::failed(error.to_string())
            .hint("their node must run and be reachable from here: best you are in one room, on one network"),
        RecoverError::NotLetIn => Trouble::failed(error.to_string()).hint(
            "is it the node of a contact, whom you met an hour or more before it was lost? With one that an earlier version of Kith \
             made or keeps, their code helps: they run kith invite, and you give the picture or the link here",
        ),
        RecoverError::SomebodyElse => Trouble::failed(error.to_string())
            .hint("leave out what follows /p2p/ at its end: their node may have another number by now"),
        RecoverError::NothingKept(_) => Trouble::failed(error.to_string()).hint(
            "ask another contact, whom you met an hour or more before it was lost; or are these words of before, or of \
             somebody else?",
        ),
        other => Trouble::failed(other.to_string()),
    }
}
