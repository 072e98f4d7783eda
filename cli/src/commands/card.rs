//! `kith card`.

use axum::http::Method;
use kith_node::api::model::CardForm;
use serde_json::{Value, json};

use crate::args::{Card, Format};
use crate::client::Client;
use crate::out;
use crate::trouble::Trouble;
use kith_node::api::query;

/// Shows or changes my card.
pub async fn run(client: &Client, card: &Card, json: bool) -> Result<(), Trouble> {
    match card {
        Card::Show { eyes } => {
            let shown: CardForm = client.get(&format!("/card{}", query(&[("as", eyes.as_deref())]))).await?;
            if json {
                return out::json(&shown);
            }
            out::card(&shown);
        }
        Card::Export { eyes, format: Format::Vcard3, small } => {
            let form = small.then_some("small");
            client.copy_out(&format!("/card/vcf{}", query(&[("as", Some(eyes)), ("form", form)]))).await?;
        }
        Card::Set { field, value, tier } => {
            let change =
                json!({ "changes": [{ "field": field, "value": value, "tier": tier.map(|tier| tier.name()) }] });
            let changed: Value = client.ask(Method::PATCH, "/card", Some(&change)).await?;
            if json {
                return out::json(&changed);
            }
            if changed.get("changed") == Some(&Value::Bool(false)) {
                out::say("Your card says so already.");
            } else {
                let contacts = changed.get("contacts").and_then(Value::as_u64).unwrap_or_default();
                out::say(format!("Changed. Contacts who see your card: {contacts}."));
                if contacts > 0 {
                    super::mention_waiting(client);
                }
            }
        }
    }
    Ok(())
}
