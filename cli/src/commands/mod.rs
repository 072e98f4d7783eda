//! The commands, each in the file of its noun.

mod access;
mod backup;
mod card;
mod completions;
mod event;
mod inbox;
mod init;
mod intro;
mod invite;
mod mail;
mod mailbox;
mod people;
mod recover;
mod rotate;
mod scan;
mod status;
mod today;
pub mod up;
mod vouch;

use std::path::PathBuf;

use kith_node::api::Elsewhere;
use kith_node::home::Home;
use serde_json::Value;

use crate::args::{Along, Arguments, Command};
use crate::client::Client;
use crate::demo;
use crate::out;
use crate::passphrase;
use crate::trouble::Trouble;

/// Does what was asked.
pub async fn run(arguments: Arguments) -> Result<(), Trouble> {
    let Arguments { home, passphrase_file, json, command } = arguments;
    let command = match command {
        Command::Demo(demo) => return demo::run(&demo).await,
        Command::Completions { shell } => return completions::print(shell),
        needs_home => needs_home,
    };
    let home = Home::at(match home {
        Some(folder) => folder,
        None => usual_home()?,
    });
    let home = if opens(&command) { passphrase::unlock(home, passphrase_file.as_deref())? } else { home };
    match command {
        Command::Up(up) => up::run(&home, up).await,
        Command::Init(init) => init::run(&home, &init, json).await,
        Command::Status => status::status(&home, json).await,
        Command::Words(words) if !words.check => init::words(&home, &words, json),
        Command::Verify(verify) => backup::verify(&verify, json),
        Command::Restore(restore) => backup::restore(&home, &restore, json).await,
        Command::Recover(lost) => recover::recover(&home, &lost, json).await,
        Command::Passphrase(set) => access::set_passphrase(&home, &set, json),
        command => {
            let client = Client::open(&home).await?;
            let outcome = ask(&client, command, json).await;
            // What was asked for comes first; a home that does not close well is said after it.
            let closed = client.close().await;
            outcome.and(closed)
        }
    }
}

/// False for what needs no key of the home.
const fn opens(command: &Command) -> bool {
    match command {
        Command::Init(_) | Command::Status | Command::Verify(_) | Command::Restore(_) => false,
        Command::Words(words) => words.check,
        // With the words alone the home that is here goes on; all else makes one where there is none.
        Command::Recover(lost) => lost.code.is_none() && lost.backup.is_none(),
        _ => true,
    }
}

async fn ask(client: &Client, command: Command, json: bool) -> Result<(), Trouble> {
    match command {
        Command::Doctor => status::doctor(client, json).await,
        Command::Backup(file) => backup::backup(client, &file, json).await,
        Command::Rotate(change) => rotate::rotate(client, &change, json).await,
        Command::Words(words) => init::check_words(client, &words, json).await,
        Command::Open => access::open(client, json).await,
        Command::Phone => access::phone(client, json).await,
        Command::Password(password) => access::password(client, &password, json).await,
        Command::Sessions(sessions) => access::sessions(client, &sessions, json).await,
        Command::Card(card) => card::run(client, &card, json).await,
        Command::Invite(invite) => invite::run(client, &invite, json).await,
        Command::Scan(scan) => scan::run(client, &scan, json).await,
        Command::Today => today::run(client, json).await,
        Command::Event(event) => event::run(client, &event, json).await,
        Command::Inbox(inbox) => inbox::run(client, &inbox, json).await,
        Command::People(people) => people::list(client, &people, json).await,
        Command::Person(person) => people::person(client, &person, json).await,
        Command::Vouch(vouch) => vouch::run(client, &vouch, json).await,
        Command::Mailbox(mailbox) => mailbox::run(client, &mailbox, json).await,
        Command::Mail(mail) => mail::run(client, &mail, json).await,
        Command::Intro(intro) => intro::run(client, &intro, json).await,
        // Done above: they need no home, or open it themselves.
        Command::Up(_)
        | Command::Init(_)
        | Command::Demo(_)
        | Command::Status
        | Command::Verify(_)
        | Command::Restore(_)
        | Command::Recover(_)
        | Command::Passphrase(_)
        | Command::Completions { .. } => Ok(()),
    }
}

/// Where a home is if nothing is said (XDG Base Directory Specification).
fn usual_home() -> Result<PathBuf, Trouble> {
    let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let data = data.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".local/share")));
    let data = data.ok_or_else(|| Trouble::usage("there is no HOME").hint("say where with --home or KITH_HOME"))?;
    Ok(data.join("kith"))
}

/// The body of a capture: what goes along, and the pairs that have a value.
fn captured(along: &Along, pairs: &[(&str, Option<&str>)]) -> Value {
    let given = along.pairs().into_iter().chain(pairs.iter().copied());
    let given = given.filter_map(|(name, value)| Some((name.to_owned(), Value::from(value?))));
    given.chain([("tags".to_owned(), Value::from(along.tags.clone()))]).collect()
}

/// Says so if letters wait because no node runs, or go nowhere because none will run here any more.
fn mention_waiting(client: &Client) {
    mention_unless_running(client, "What you sent goes to nobody", "what you sent waits until kith up");
}

/// What follows from no node running here: for good if the home goes on elsewhere, or until one does.
fn mention_unless_running(client: &Client, for_good: &str, until_then: &str) {
    if let Some(elsewhere) = client.elsewhere() {
        out::aside(format!("{for_good}: {}.", elsewhere.message()));
        out::aside(format!("hint: {}", Elsewhere::ADVICE));
    } else if !client.is_running() {
        out::aside(format!("No node runs in this home: {until_then}."));
    }
}
