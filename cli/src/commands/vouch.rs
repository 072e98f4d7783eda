//! `kith vouch`.

use axum::http::Method;
use kith_node::api::model::{VouchForm, VouchesForm};
use serde_json::json;

use crate::args::{NewVouch, Vouch, VouchCommand, api_name};
use crate::client::Client;
use crate::out;
use crate::trouble::Trouble;
use kith_node::api::{path, query};

/// Says something of a contact, or looks after what is said.
pub async fn run(client: &Client, vouch: &Vouch, json: bool) -> Result<(), Trouble> {
    let (form, done): (VouchForm, _) = match (&vouch.command, &vouch.new) {
        (Some(VouchCommand::List { about }), _) => return list(client, about.as_deref(), json).await,
        (Some(VouchCommand::Accept { id, reach }), _) => {
            let body = json!({ "reach": api_name(reach) });
            (client.post(&path(&["vouches", id, "accept"]), &body).await?, "Said how far it may be shown.")
        }
        (Some(VouchCommand::Revoke { id }), _) => {
            (client.ask(Method::POST, &path(&["vouches", id, "revoke"]), None).await?, "You say it no more.")
        }
        (Some(VouchCommand::Renew { id }), _) => {
            (client.ask(Method::POST, &path(&["vouches", id, "renew"]), None).await?, "You say it for longer.")
        }
        (None, Some(new)) => (give(client, new).await?, "Said. They are asked whether it may be shown."),
        (None, None) => return Err(Trouble::usage("say of whom, or what to do").hint("see kith vouch --help")),
    };
    if json {
        return out::json(&form);
    }
    out::say(done);
    out::vouch(&form);
    super::mention_waiting(client);
    Ok(())
}

async fn give(client: &Client, new: &NewVouch) -> Result<VouchForm, Trouble> {
    let body = json!({
        "who": new.who,
        "basis": api_name(&new.basis),
        "words": new.words,
        "skills": new.skill,
        "since": new.since,
        "until": new.until,
        "strength": new.strength,
        "interest": api_name(&new.interest),
        "interest_words": new.interest_words,
        "reach": api_name(&new.reach),
    });
    client.post("/vouches", &body).await
}

async fn list(client: &Client, about: Option<&str>, json: bool) -> Result<(), Trouble> {
    let all: VouchesForm = client.get(&format!("/vouches{}", query(&[("about", about)]))).await?;
    if json {
        return out::json(&all);
    }
    let shown = [&all.given, &all.about_me, &all.about];
    if shown.iter().all(|vouches| vouches.is_empty()) {
        out::aside("Nobody has said anything yet: kith vouch WHO says what is true of a contact.");
    }
    shown.into_iter().flatten().for_each(out::vouch);
    Ok(())
}
