//! `kith intro`.

use kith_node::api::model::IntroductionForm;
use serde_json::{Value, json};

use crate::args::{Intro, NewAsk, api_name};
use crate::client::Client;
use crate::out;
use crate::trouble::Trouble;
use kith_node::api::{path, query};

/// Asks for introductions, carries them, and answers those who ask.
pub async fn run(client: &Client, intro: &Intro, json: bool) -> Result<(), Trouble> {
    let (to, body) = match intro {
        Intro::List { part, open } => {
            let part = part.as_ref().map(api_name);
            return list(client, part.as_deref(), *open, json).await;
        }
        Intro::Show { id } => {
            let form: IntroductionForm = client.get(&path(&["introductions", id])).await?;
            return tell(&form, json);
        }
        Intro::Ask(new) => (path(&["introductions"]), ask(new)),
        Intro::Make { one, other, note, note_for_b, days } => (
            path(&["introductions", "suggest"]),
            json!({ "one": one, "other": other, "note": note, "note_for_other": note_for_b, "days": days }),
        ),
        about_one => {
            let (id, action, body) = act(about_one);
            (path(&["introductions", id, action]), body)
        }
    };
    let form: IntroductionForm = client.post(&to, &body).await?;
    tell(&form, json)?;
    if !json {
        super::mention_waiting(client);
    }
    Ok(())
}

fn ask(new: &NewAsk) -> Value {
    json!({
        "who": new.who,
        "about": new.about,
        "via": new.via,
        "purpose": api_name(&new.purpose),
        "why": new.why,
        "blurb": new.blurb,
        "tier": new.tier.map(|tier| tier.name()),
        "days": new.days,
    })
}

/// Which introduction it is about, what is to be done, and what goes along.
fn act(intro: &Intro) -> (&str, &'static str, Value) {
    match intro {
        Intro::Pass { id, to, note } => (id, "pass", json!({ "to": to, "note": note })),
        Intro::Return { id, note } => (id, "return", json!({ "note": note })),
        Intro::Decline { id } => (id, "decline", Value::Null),
        Intro::Later { id, until } => (id, "later", json!({ "until": until })),
        Intro::Accept { id, tier, blurb } => {
            (id, "accept", json!({ "tier": tier.map(|tier| tier.name()), "blurb": blurb }))
        }
        Intro::Withdraw { id } => (id, "withdraw", Value::Null),
        Intro::Edit { id, about, purpose, why, blurb } => {
            let purpose = purpose.as_ref().map(api_name);
            (id, "edit", json!({ "about": about, "purpose": purpose, "why": why, "blurb": blurb }))
        }
        Intro::Outcome { id, met, useful, thanks } => {
            (id, "outcome", json!({ "met": met, "useful": useful, "thanks": thanks }))
        }
        // Done above: they are about none, or change nothing.
        Intro::Ask(_) | Intro::Make { .. } | Intro::List { .. } | Intro::Show { .. } => ("", "", Value::Null),
    }
}

fn tell(form: &IntroductionForm, json: bool) -> Result<(), Trouble> {
    if json {
        return out::json(form);
    }
    out::introduction(form);
    Ok(())
}

async fn list(client: &Client, part: Option<&str>, open: bool, json: bool) -> Result<(), Trouble> {
    let asked = query(&[("part", part), ("open", open.then_some("true"))]);
    let all: Vec<IntroductionForm> = client.get(&format!("/introductions{asked}")).await?;
    if json {
        return out::json(&all);
    }
    if all.is_empty() {
        out::aside("No introductions: kith intro ask asks a contact for one, kith intro make brings two together.");
    }
    all.iter().for_each(|form| out::introduction_line(&form.line));
    Ok(())
}
