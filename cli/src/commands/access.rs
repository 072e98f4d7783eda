//! `kith open`, `kith phone`, `kith password`, `kith sessions`: letting browsers in; `kith passphrase`: what opens the keys.

use axum::http::Method;
use kith_node::api::{Elsewhere, Ended, SessionForm, WayIn, path};
use kith_node::codes::draw::Drawing;
use kith_node::home::{Home, Passphrase};
use serde_json::{Value, json};

use crate::args::{Password, Sessions, SessionsCommand, SetPassphrase};
use crate::client::Client;
use crate::out;
use crate::passphrase;
use crate::trouble::Trouble;

/// Prints a link that lets the owner in once.
pub async fn open(client: &Client, json: bool) -> Result<(), Trouble> {
    needs_node(client)?;
    let way: WayIn = client.post("/access/link", &Value::Null).await?;
    if json {
        return out::json(&way);
    }
    out::say(&way.url);
    out::aside(format!("Open it in a browser on this machine; it counts once, until {}.", out::when(&way.ends)));
    Ok(())
}

/// Shows a code that lets a phone in.
pub async fn phone(client: &Client, json: bool) -> Result<(), Trouble> {
    needs_node(client)?;
    let way: WayIn = client.post("/access/phone", &Value::Null).await?;
    if json {
        return out::json(&way);
    }
    if let Some(trust) = &way.trust {
        out::aside(format!("First, once for each phone: open {trust} on it and install the certificate."));
    }
    let drawing = Drawing::new(&way.url).map_err(|error| Trouble::failed(error.to_string()))?;
    if out::is_watched() {
        out::say(drawing.terminal());
    }
    out::say(&way.url);
    if let Some(code) = &way.code {
        out::say(format!("Code: {code}"));
    }
    let ends = out::when(&way.ends);
    out::aside(format!("It counts twice, until {ends}: in the browser, and in the app on the home screen."));
    Ok(())
}

/// Sets the password.
pub async fn password(client: &Client, password: &Password, json: bool) -> Result<(), Trouble> {
    let secret = passphrase::new(&passphrase::PASSWORD, password.password_file.as_deref())?;
    let body = json!({ "password": secret.as_str() });
    let _: Value = client.ask(Method::PUT, "/access/password", Some(&body)).await?;
    if json {
        return out::json(&json!({ "set": true }));
    }
    out::say("Set. Browsers that were signed in are signed out.");
    Ok(())
}

/// Puts the keys of the home behind a passphrase, or takes it away.
pub fn set_passphrase(home: &Home, set: &SetPassphrase, json: bool) -> Result<(), Trouble> {
    if home.running().is_some() {
        return Err(Trouble::failed("a node runs in this home")
            .hint("stop it first: it asks for the passphrase when it starts"));
    }
    let new = match set.remove {
        true => None,
        false => {
            let secret = passphrase::new(&passphrase::NEW_KEYS, set.new_passphrase_file.as_deref())?;
            Some(Passphrase::new(secret).map_err(|error| Trouble::usage(error.to_string()))?)
        }
    };
    home.set_passphrase(new.as_ref())?;
    if json {
        return out::json(&json!({ "set": new.is_some() }));
    }
    match new {
        Some(_) => out::say(
            "Set. Each start asks for it, and each command while no node runs. Nobody can give it back to you.",
        ),
        None => out::say("The keys lie in the clear now, readable for you alone."),
    }
    Ok(())
}

/// Lists the browsers that are signed in, or signs them out.
pub async fn sessions(client: &Client, sessions: &Sessions, json: bool) -> Result<(), Trouble> {
    match &sessions.command {
        None => list(client, json).await,
        Some(SessionsCommand::End { id }) => {
            let _: Value = client.ask(Method::DELETE, &path(&["sessions", id]), None).await?;
            ended(1, json)
        }
        Some(SessionsCommand::EndAll) => {
            let all: Ended = client.post("/sessions/end-others", &Value::Null).await?;
            ended(all.ended, json)
        }
    }
}

async fn list(client: &Client, json: bool) -> Result<(), Trouble> {
    let sessions: Vec<SessionForm> = client.get("/sessions").await?;
    if json {
        return out::json(&sessions);
    }
    if sessions.is_empty() {
        out::aside("No browser is signed in: kith open and kith phone let one in.");
    }
    for session in sessions {
        let (seen, ends) = (out::when(&session.seen), out::when(&session.ends));
        out::say(format!("{}  {}; last used {seen}; ends {ends}", session.id, session.label));
    }
    Ok(())
}

fn ended(browsers: usize, json: bool) -> Result<(), Trouble> {
    if json {
        return out::json(&json!({ "ended": browsers }));
    }
    out::say(format!("Signed out: {browsers}."));
    Ok(())
}

fn needs_node(client: &Client) -> Result<(), Trouble> {
    match client.elsewhere() {
        Some(elsewhere) => Err(Trouble::not_running(elsewhere.message()).hint(Elsewhere::ADVICE)),
        None if client.is_running() => Ok(()),
        None => Err(Trouble::not_running("no node runs in this home")),
    }
}
