//! `kith rotate`: the next key, and fresh words.

use std::io::IsTerminal;

use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::args::Rotate;
use crate::client::Client;
use crate::out;
use crate::passphrase;
use crate::recovery;
use crate::trouble::Trouble;
use kith_protocol::words::RecoveryWords;

/// Changes the key, and says what follows from it.
pub async fn rotate(client: &Client, change: &Rotate, json: bool) -> Result<(), Trouble> {
    let words = recovery::words(change.words_file.as_deref())?;
    let typed = Zeroizing::new(words.words().join(" "));
    let body = json!({ "words": typed.as_str(), "stolen": change.stolen, "fresh_words": change.fresh_words });
    let rotated: Value = client.post("/keys/rotate", &body).await?;
    if json {
        return out::json(&rotated);
    }
    out::say("You sign with a new key from now on. Your contacts are told.");
    if change.stolen {
        out::say(
            "What the old key signs from now on is believed by nobody who has heard of it. All your codes are withdrawn: show and print new ones.",
        );
    }
    if let Some(file) = rotated.get("words_file").and_then(Value::as_str) {
        hand_over(client, file).await?;
    }
    super::mention_waiting(client);
    Ok(())
}

/// Gives the owner the fresh words: on a terminal, else in the file.
async fn hand_over(client: &Client, file: &str) -> Result<(), Trouble> {
    out::say("The words of before are not you any more, and a backup from before is no way back. Make a new one now.");
    out::say("Whoever has the words of before opens the backups from before: delete them.");
    if !std::io::stdout().is_terminal() {
        out::say(format!("Your fresh recovery words are in {file}."));
        out::say("Write them on paper, then run kith words --done.");
        return Ok(());
    }
    let written = passphrase::read(std::path::Path::new(file))?;
    let words = RecoveryWords::parse(&written).map_err(|error| Trouble::failed(error.to_string()))?;
    out::say("These 24 words are you from now on. Write them on paper; they are shown once.\n");
    recovery::show(&words);
    let _: Value = client.post("/words/done", &json!({})).await?;
    Ok(())
}
