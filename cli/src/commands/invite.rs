//! `kith invite`.

use std::path::Path;

use axum::http::Method;
use kith_node::api::InvitesPage;
use kith_node::api::model::{InviteForm, Prepared, ShownInvite};
use kith_node::codes::draw::Drawing;
use serde::Serialize;
use serde_json::json;

use crate::args::{Invite, InviteCommand, NewInvite};
use crate::client::Client;
use crate::out;
use crate::trouble::Trouble;
use kith_node::api::{path, query};

/// Pixels of a module in a PNG: a version 6 code becomes about 500 pixels wide.
const SCALE: u32 = 10;

/// Makes a code or looks after those I made.
pub async fn run(client: &Client, invite: &Invite, json: bool) -> Result<(), Trouble> {
    match &invite.command {
        None => create(client, &invite.new, json).await,
        Some(InviteCommand::List { open, after }) => list(client, *open, after.as_deref(), json).await,
        Some(InviteCommand::Show { id, png, svg }) => {
            let shown: ShownInvite = client.get(&path(&["invites", id])).await?;
            show(client, &shown, png.as_deref(), svg.as_deref(), json)
        }
        Some(InviteCommand::Prepare { count, event, tier, svg_dir }) => {
            let tier = tier.map(|tier| tier.name());
            let body = json!({ "count": count, "event": event, "tier": tier });
            // Before anything is made, so that no code is lost for want of a place.
            svg_dir.as_deref().map(make_folder).transpose()?;
            let prepared: Prepared = client.post("/invites/prepare", &body).await?;
            show_prepared(client, &prepared, svg_dir.as_deref(), json)
        }
        Some(InviteCommand::Revoke { id }) => {
            let revoked: InviteForm = client.ask(Method::POST, &path(&["invites", id, "revoke"]), None).await?;
            if json {
                return out::json(&revoked);
            }
            out::say("Withdrawn. Nobody can use this code any more.");
            Ok(())
        }
    }
}

async fn create(client: &Client, new: &NewInvite, json: bool) -> Result<(), Trouble> {
    let body = json!({
        "printed": new.printed,
        "event": new.event,
        "meant_for": new.meant_for,
        "tier": new.tier.map(|tier| tier.name()),
    });
    let shown: ShownInvite = client.post("/invites", &body).await?;
    show(client, &shown, new.png.as_deref(), new.svg.as_deref(), json)
}

fn show(
    client: &Client,
    shown: &ShownInvite,
    png: Option<&Path>,
    svg: Option<&Path>,
    json: bool,
) -> Result<(), Trouble> {
    let drawing = Drawing::new(&shown.link).map_err(|error| Trouble::failed(error.to_string()))?;
    if let Some(file) = png {
        write(file, &drawing.png(SCALE))?;
    }
    if let Some(file) = svg {
        write(file, drawing.svg().as_bytes())?;
    }
    if json {
        return out::json(&Written { shown, png, svg });
    }
    if out::is_watched() {
        out::say(drawing.terminal());
    }
    out::say(&shown.link);
    let who = if shown.invite.kind == "live" { "one person" } else { "everybody who reads it" };
    let event = shown.invite.event.as_deref().map(|event| format!(", {event}")).unwrap_or_default();
    if let Some(why) = over(&shown.invite.state) {
        out::aside(format!("{why}: nobody can use this code any more. kith invite makes a fresh one."));
        return Ok(());
    }
    out::aside(format!("A code for {who}{event}, until {}.", out::when(&shown.invite.expires)));
    say_where_it_leads(client, shown.has_address);
    Ok(())
}

fn say_where_it_leads(client: &Client, has_address: bool) {
    if !has_address && client.elsewhere().is_none() {
        out::aside("This node has never been up, so the code names no address and leads nowhere. Run kith up first.");
    } else {
        let until_then = "whoever scans the code reaches you once you run kith up";
        super::mention_unless_running(client, "The code leads to nobody here", until_then);
    }
}

fn make_folder(folder: &Path) -> Result<(), Trouble> {
    std::fs::create_dir_all(folder).map_err(|error| Trouble::file(folder, &error))
}

fn show_prepared(client: &Client, prepared: &Prepared, folder: Option<&Path>, json: bool) -> Result<(), Trouble> {
    for code in &prepared.codes {
        if let Some(folder) = folder {
            // By their ids, so that codes of another day in the same folder stay.
            write(&folder.join(format!("code-{}.svg", code.id)), code.svg.as_bytes())?;
        }
    }
    if json {
        return out::json(prepared);
    }
    prepared.codes.iter().for_each(|code| out::say(&code.link));
    out::aside(format!("Each is for one person, until {}.", out::when(&prepared.until)));
    say_where_it_leads(client, prepared.has_address);
    Ok(())
}

/// Why a code in this state is of no use, if so.
fn over(state: &str) -> Option<&'static str> {
    match state {
        "used" => Some("Used"),
        "revoked" => Some("Withdrawn"),
        "expired" => Some("Expired"),
        _ => None,
    }
}

/// A code and the files it was written to.
#[derive(Serialize)]
struct Written<'w> {
    #[serde(flatten)]
    shown: &'w ShownInvite,
    #[serde(skip_serializing_if = "Option::is_none")]
    png: Option<&'w Path>,
    #[serde(skip_serializing_if = "Option::is_none")]
    svg: Option<&'w Path>,
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), Trouble> {
    std::fs::write(file, bytes).map_err(|error| Trouble::file(file, &error))
}

async fn list(client: &Client, open: bool, after: Option<&str>, json: bool) -> Result<(), Trouble> {
    let asked = query(&[("open", open.then_some("true")), ("after", after)]);
    let found: InvitesPage = client.get(&format!("/invites{asked}")).await?;
    if json {
        return out::json(&found);
    }
    found.invites.iter().for_each(out::invite);
    match found.invites.last() {
        _ if found.total == 0 && open => out::aside("No code of yours is out: kith invite makes one."),
        _ if found.total == 0 => out::aside("You have made no codes yet: kith invite makes one."),
        Some(last) if found.more => {
            let (shown, total, last) = (found.invites.len(), found.total, out::short(&last.id));
            out::aside(format!("{shown} of {total}; --after {last} shows the next."));
        }
        _ => {}
    }
    Ok(())
}
