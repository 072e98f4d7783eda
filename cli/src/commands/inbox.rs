//! `kith inbox`.

use axum::http::Method;
use kith_node::api::model::{ItemForm, PersonForm};
use serde_json::{Value, json};

use crate::args::{Inbox, InboxCommand};
use crate::client::Client;
use crate::out;
use crate::trouble::Trouble;
use kith_node::api::path;

/// Shows what waits on me, or decides.
pub async fn run(client: &Client, inbox: &Inbox, json: bool) -> Result<(), Trouble> {
    match &inbox.command {
        None => {
            let items: Vec<ItemForm> = client.get("/inbox").await?;
            if json {
                return out::json(&items);
            }
            if items.is_empty() {
                out::aside("Nothing waits on you.");
            }
            items.iter().for_each(out::item);
        }
        Some(InboxCommand::Accept { id, tier }) => {
            let body = json!({ "tier": tier.map(|tier| tier.name()) });
            let person: PersonForm = client.post(&path(&["inbox", id, "accept"]), &body).await?;
            if json {
                return out::json(&person);
            }
            out::say(format!("Accepted: {}, {}.", person.name, person.how));
            super::mention_waiting(client);
        }
        Some(InboxCommand::Ignore { id }) => {
            let done: Value = client.ask(Method::POST, &path(&["inbox", id, "ignore"]), None).await?;
            if json {
                return out::json(&done);
            }
            out::say("Ignored.");
        }
    }
    Ok(())
}
