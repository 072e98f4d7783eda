//! `kith people`, `kith person`.

use axum::http::Method;
use kith_node::api::PeoplePage;
use kith_node::api::model::{PersonDetails, PersonForm, WrittenForm};
use serde_json::{Value, json};

use crate::args::{Along, People, PeopleCommand, Person};
use crate::client::Client;
use crate::out;
use crate::trouble::Trouble;
use kith_node::api::{path, query};

/// Lists people, or writes them out.
pub async fn list(client: &Client, people: &People, json: bool) -> Result<(), Trouble> {
    if let Some(PeopleCommand::Export { csv, event, tag, .. }) = &people.command {
        let form = if *csv { "csv" } else { "vcf" };
        let asked = query(&[("event", event.as_deref()), ("tag", tag.as_deref())]);
        return client.copy_out(&format!("/people/{form}{asked}")).await;
    }
    let page = (people.page - 1).to_string();
    let asked = query(&[("query", people.query.as_deref()), ("tag", people.tag.as_deref()), ("page", Some(&page))]);
    let found: PeoplePage = client.get(&format!("/people{asked}")).await?;
    if json {
        return out::json(&found);
    }
    out::people(&found.people);
    match (found.total, found.people.len()) {
        (0, _) if people.query.is_none() && people.tag.is_none() => {
            out::aside("Nobody yet: kith invite shows your code, kith scan takes in theirs.");
        }
        (0, _) => out::aside("Nobody fits."),
        (total, shown) if total > shown => out::aside(format!("{shown} of {total}; --page shows others.")),
        _ => {}
    }
    Ok(())
}

/// Shows or changes what I keep about a person.
pub async fn person(client: &Client, person: &Person, json: bool) -> Result<(), Trouble> {
    let (who, change) = match person {
        Person::Show { who } => return show(client, who, json).await,
        Person::Add { name, along } => return add(client, name, along, json).await,
        Person::Write { who, text } => return write(client, who, text, json).await,
        Person::HandOver { who, to, note } => return hand_over(client, who, to, note.as_deref(), json).await,
        Person::Join { who, into } => return join(client, who, into, json).await,
        Person::Forget { who } => return forget(client, who, json).await,
        Person::Name { who, petname } => (who, json!({ "petname": petname })),
        Person::Tag { who, tag, remove: false } => (who, json!({ "tag": tag })),
        Person::Tag { who, tag, remove: true } => (who, json!({ "untag": tag })),
        Person::Note { who, text } => (who, json!({ "note": text })),
        Person::Touch { who } => (who, json!({ "touch": true })),
        Person::Cadence { who, days } => (who, json!({ "cadence_days": days })),
        Person::Tier { who, tier } => (who, json!({ "tier": tier.name() })),
        Person::Need { who, text } => (who, json!({ "need": text })),
        Person::Promise { who, text } => (who, json!({ "promise": text })),
        Person::Next { who, text, due } => (who, json!({ "next": text, "due": due })),
        Person::Postpone { who, due } => (who, json!({ "due": due })),
        Person::Done { who } => (who, json!({ "done": true })),
        Person::Block { who, undo } => (who, json!({ "block": !undo })),
    };
    let details: PersonDetails = client.ask(Method::PATCH, &path(&["people", who]), Some(&change)).await?;
    if json {
        return out::json(&details);
    }
    out::person(&details);
    Ok(())
}

async fn show(client: &Client, who: &str, json: bool) -> Result<(), Trouble> {
    let details: PersonDetails = client.get(&path(&["people", who])).await?;
    if json {
        return out::json(&details);
    }
    out::person(&details);
    Ok(())
}

async fn add(client: &Client, name: &str, along: &Along, json: bool) -> Result<(), Trouble> {
    let added: PersonForm = client.post("/people", &super::captured(along, &[("name", Some(name))])).await?;
    if json {
        return out::json(&added);
    }
    out::say(format!("Written down {} ({}).", added.name, out::short(&added.id)));
    Ok(())
}

async fn write(client: &Client, who: &str, text: &str, json: bool) -> Result<(), Trouble> {
    let written: WrittenForm = client.post(&path(&["people", who, "letters"]), &json!({ "text": text })).await?;
    if json {
        return out::json(&written);
    }
    out::say("Written. It stays here until their node has it.");
    super::mention_waiting(client);
    Ok(())
}

async fn hand_over(client: &Client, who: &str, to: &str, note: Option<&str>, json: bool) -> Result<(), Trouble> {
    let body = json!({ "to": to, "note": note });
    let done: Value = client.post(&path(&["people", who, "hand-over"]), &body).await?;
    if json {
        return out::json(&done);
    }
    out::say("Handed over. They decide whether to write them down.");
    super::mention_waiting(client);
    Ok(())
}

async fn join(client: &Client, who: &str, into: &str, json: bool) -> Result<(), Trouble> {
    let joined: PersonDetails = client.post(&path(&["people", who, "join"]), &json!({ "into": into })).await?;
    if json {
        return out::json(&joined);
    }
    out::say(format!("One person now: {} ({}).", joined.person.name, out::short(&joined.person.id)));
    Ok(())
}

async fn forget(client: &Client, who: &str, json: bool) -> Result<(), Trouble> {
    let done: Value = client.ask(Method::DELETE, &path(&["people", who]), None).await?;
    if json {
        return out::json(&done);
    }
    out::say("Forgotten.");
    super::mention_waiting(client);
    Ok(())
}
