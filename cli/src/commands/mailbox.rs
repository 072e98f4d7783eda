//! `kith mailbox`: the nodes that hold letters for me while mine is off.

use axum::http::Method;
use kith_node::api::{MailboxForm, path};
use serde_json::{Value, json};

use crate::args::{Mailbox, MailboxCommand};
use crate::client::Client;
use crate::out;
use crate::trouble::Trouble;

/// Lists them, chooses one or leaves one.
pub async fn run(client: &Client, mailbox: &Mailbox, json: bool) -> Result<(), Trouble> {
    match &mailbox.command {
        None => show(&client.get::<Vec<MailboxForm>>("/mailboxes").await?, json),
        Some(MailboxCommand::Use { who }) => {
            let all: Vec<MailboxForm> = client.post("/mailboxes", &json!({ "who": who })).await?;
            show(&all, json)?;
            super::mention_waiting(client);
            Ok(())
        }
        Some(MailboxCommand::Leave { who }) => {
            let _: Value = client.ask(Method::DELETE, &path(&["mailboxes", who]), None).await?;
            if json {
                return out::json(&json!({ "left": true }));
            }
            out::say("Left. Your contacts learn where to leave letters now.");
            Ok(())
        }
    }
}

fn show(all: &[MailboxForm], json: bool) -> Result<(), Trouble> {
    if json {
        return out::json(&all);
    }
    if all.is_empty() {
        out::aside("Nobody's node holds letters for you: kith mailbox use asks a contact's.");
    }
    for mailbox in all {
        let chosen = if mailbox.chosen { " (you chose it)" } else { "" };
        out::say(format!("The node of {} {}{chosen}.", mailbox.name, mailbox.state_in_words));
    }
    Ok(())
}
