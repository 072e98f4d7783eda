//! `kith event`.

use axum::http::Method;
use kith_node::api::model::{EventForm, EventPage};
use serde_json::{Value, json};

use crate::args::{Event, EventChange, OnOff};
use crate::client::Client;
use crate::out;
use crate::trouble::Trouble;
use kith_node::api::{EventModeForm, path, query};

/// Looks after events.
pub async fn run(client: &Client, event: &Event, json: bool) -> Result<(), Trouble> {
    match event {
        Event::List => list(client, json).await,
        Event::Add { name, from, to, place } => {
            let body = json!({ "name": name, "first": from, "last": to, "place": place });
            tell(&client.post("/events", &body).await?, json)
        }
        Event::Show { which, page } => show(client, which, *page, json).await,
        Event::Set(change) => set(client, change, json).await,
        Event::Mode { wanted } => mode(client, *wanted, json).await,
        Event::Remove { which } => {
            let done: Value = client.ask(Method::DELETE, &path(&["events", which]), None).await?;
            if json {
                return out::json(&done);
            }
            out::say("Removed. Whom you met there stays.");
            Ok(())
        }
    }
}

async fn list(client: &Client, json: bool) -> Result<(), Trouble> {
    let events: Vec<EventForm> = client.get("/events").await?;
    if json {
        return out::json(&events);
    }
    if events.is_empty() {
        out::aside("No events: kith event add NAME --from DATE adds the next one you go to.");
    }
    events.iter().for_each(out::event);
    Ok(())
}

async fn show(client: &Client, which: &str, page: u32, json: bool) -> Result<(), Trouble> {
    let asked = query(&[("page", Some(&(page - 1).to_string()))]);
    let shown: EventPage = client.get(&format!("{}{asked}", path(&["events", which]))).await?;
    if json {
        return out::json(&shown);
    }
    out::event(&shown.event);
    shown.list.iter().for_each(out::doing);
    if shown.total > shown.list.len() {
        out::aside(format!("{} of {}; --page shows others.", shown.list.len(), shown.total));
    }
    Ok(())
}

async fn set(client: &Client, change: &EventChange, json: bool) -> Result<(), Trouble> {
    let EventChange { which, name, from, to, place } = change;
    let body = json!({ "name": name, "first": from, "last": to, "place": place });
    tell(&client.ask(Method::PATCH, &path(&["events", which]), Some(&body)).await?, json)
}

async fn mode(client: &Client, wanted: Option<OnOff>, json: bool) -> Result<(), Trouble> {
    let mode: EventModeForm = match wanted {
        None => client.get("/event-mode").await?,
        Some(wanted) => {
            let body = json!({ "on": wanted == OnOff::On });
            client.ask(Method::PUT, "/event-mode", Some(&body)).await?
        }
    };
    if json {
        return out::json(&mode);
    }
    out::event_mode(&mode);
    if mode.on {
        super::mention_unless_running(client, "Nobody is looked for from here", "it begins with kith up");
    }
    Ok(())
}

fn tell(event: &EventForm, json: bool) -> Result<(), Trouble> {
    if json {
        return out::json(event);
    }
    out::event(event);
    Ok(())
}
