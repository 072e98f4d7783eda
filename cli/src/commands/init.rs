//! `kith init`, `kith words`: beginning.

use std::io::{BufRead, IsTerminal, Write};

use kith_node::home::{Home, OpenHome};
use kith_node::node::Desk;
use kith_protocol::card::FieldKind;
use kith_protocol::engine::{CardChange, Own};
use kith_protocol::text::{Line, Name};
use zeroize::Zeroizing;

use crate::args::{Init, Words};
use crate::client::Client;
use crate::out;
use crate::recovery;
use crate::trouble::Trouble;

/// Makes an identity without running a node.
pub async fn run(home: &Home, init: &Init, json: bool) -> Result<(), Trouble> {
    let given = [
        (FieldKind::Organisation, &init.org),
        (FieldKind::Title, &init.title),
        (FieldKind::Email, &init.email),
        (FieldKind::Mobile, &init.phone),
    ];
    // Everything is checked before anything is made.
    let mut changes = Vec::new();
    for (kind, value) in given {
        if let Some(value) = value {
            let value = Line::new(value).map_err(|error| Trouble::usage(format!("{}: {error}", kind.name())))?;
            changes.push(CardChange::Field(kind, Some(value), None));
        }
    }
    let open = create(home, &init.name)?;
    let id = Own::load(&open.store).map_err(|error| Trouble::failed(error.to_string()))?.id();
    let desk = Desk::open(open)?;
    let changed = desk.handle().act(move |turn| turn.change_card(changes)).await;
    desk.close().await?;
    changed.map_err(|error| Trouble::failed(error.to_string()))?;
    if json {
        return out::json(
            &serde_json::json!({ "identity": id.to_string(), "home": home.folder(), "words_file": home.words_file().exists().then(|| home.words_file()) }),
        );
    }
    out::say(format!("{} lives in {} now.", init.name.trim(), home.folder().display()));
    out::say("Next: kith up runs the node, kith invite shows a code, kith card set fills in your card.");
    Ok(())
}

/// Makes an identity and gives its owner the words: on a terminal, else in a file.
pub fn create(home: &Home, name: &str) -> Result<OpenHome, Trouble> {
    let name = Name::new(name).map_err(|error| Trouble::usage(format!("name: {error}")))?;
    let (open, words) = home.create(name)?;
    if !std::io::stdout().is_terminal() {
        out::aside(format!("Your recovery words are in {}.", home.words_file().display()));
        out::aside("Write them on paper, then run kith words --done.");
        return Ok(open);
    }
    out::say("These 24 words are you. Write them on paper; they are shown once. Whoever has them is you.\n");
    recovery::show(&words);
    home.forget_words()?;
    Ok(open)
}

/// Asks on the terminal; without one nothing waits for an answer.
pub fn ask(question: &str) -> Result<String, Trouble> {
    if !std::io::stdin().is_terminal() {
        return Err(Trouble::usage("this home is new and needs a name").hint("say it with --name \"Your Name\""));
    }
    let _ = write!(std::io::stdout(), "{question} ");
    let _ = std::io::stdout().flush();
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.map_err(|error| Trouble::failed(format!("the answer cannot be read: {error}")))?;
    Ok(answer.trim().to_owned())
}

/// Says whether the words that somebody types in are those of this home.
pub async fn check_words(client: &Client, words: &Words, json: bool) -> Result<(), Trouble> {
    let words = recovery::words(words.words_file.as_deref())?;
    let typed = Zeroizing::new(words.words().join(" "));
    let _: serde_json::Value = client.post("/words/check", &serde_json::json!({ "words": typed.as_str() })).await?;
    if json {
        return out::json(&serde_json::json!({ "yours": true }));
    }
    out::say("These are your words.");
    Ok(())
}

/// Says where the words are, or deletes the file in which they lie.
pub fn words(home: &Home, words: &Words, json: bool) -> Result<(), Trouble> {
    if !home.exists() {
        return Err(kith_node::home::HomeError::Missing(home.folder().to_owned()).into());
    }
    let file = home.words_file();
    if words.done {
        let was_there = home.forget_words()?;
        if json {
            return out::json(&serde_json::json!({ "deleted": was_there }));
        }
        out::say(if was_there { "Deleted. Keep the paper safe." } else { "There was no file with the words." });
        return Ok(());
    }
    if json {
        return out::json(&serde_json::json!({ "file": file.exists().then_some(file) }));
    }
    if file.exists() {
        out::say(format!("Your recovery words are in {}.", file.display()));
        out::say("Write them on paper, then run kith words --done.");
    } else {
        out::say("The words were shown once and are kept nowhere but on your paper.");
    }
    Ok(())
}
