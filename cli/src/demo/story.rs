//! The story: two people meet at Hannover Messe.

use std::path::Path;

use axum::http::Method;
use kith_node::api::ScanResult;
use kith_node::api::model::{ItemForm, PersonDetails, PersonForm, ShownInvite};
use kith_node::codes::draw::Drawing;
use serde_json::{Value, json};

use super::Show;
use super::actor::{Actor, picture};
use crate::out;
use crate::trouble::Trouble;

const EVENT: &str = "Hannover Messe";

/// Acts it out.
pub async fn act(show: &mut Show, ana: &mut Actor, bo: &mut Actor, stage: &Path) -> Result<(), Trouble> {
    out::say("Two people meet at a trade show. Each has a node of their own; no server is in the middle.");
    ana_shows_a_code(show, ana, stage).await?;
    bo_scans_it_offline(show, bo, stage).await?;
    both_hold_each_other(show, ana, bo).await?;
    they_sign_that_they_met(show, ana, bo).await?;
    both_are_killed(show, ana, bo).await?;
    closing_table(show, ana, bo).await
}

async fn ana_shows_a_code(show: &mut Show, ana: &mut Actor, stage: &Path) -> Result<(), Trouble> {
    show.scene("At the stand of Sousa Valves");
    ana.start()?;
    fill_in_card(
        ana,
        &[("org", "Sousa Valves Lda"), ("title", "Managing director"), ("email", "ana@sousa-valves.example")],
    )
    .await?;
    show.done("Ana's node runs, and her card says who she is");
    let client = ana.client().await?;
    let shown: ShownInvite = client.post("/invites", &json!({ "event": EVENT })).await?;
    let drawing = Drawing::new(&shown.link).map_err(|error| Trouble::failed(error.to_string()))?;
    let file = picture(stage);
    std::fs::write(&file, drawing.png(10)).map_err(|error| Trouble::failed(format!("{}: {error}", file.display())))?;
    expect(shown.qr_version <= 6, "the code is small enough for any camera")?;
    out::say(drawing.terminal());
    show.done(&format!("Ana shows a live code (QR version {}), good for one person", shown.qr_version));
    Ok(())
}

async fn bo_scans_it_offline(show: &mut Show, bo: &mut Actor, stage: &Path) -> Result<(), Trouble> {
    show.scene("In front of it, with no network in the hall");
    // A first start and stop: Bo had his node at home before he came to the fair.
    bo.start()?;
    fill_in_card(bo, &[("org", "Lindqvist Marine"), ("title", "Buyer"), ("mobile", "+46 70 123 45 67")]).await?;
    bo.kill()?;
    show.done("Bo has a card too; his node is off");
    let bytes = std::fs::read(picture(stage)).map_err(|error| Trouble::failed(error.to_string()))?;
    let client = bo.client().await?;
    expect(!client.is_running(), "Bo's node is off")?;
    let scanned: ScanResult =
        client.send_bytes("/scans/picture?note=wants%20a%20quote%20for%20ball%20valves", bytes).await?;
    client.close().await?;
    expect(scanned.person.standing == "pending", "Bo waits for Ana's answer")?;
    show.done(&format!("Bo scans the picture: {:?} is pending, his letter waits in the outbox", scanned.person.name));
    Ok(())
}

async fn both_hold_each_other(show: &mut Show, ana: &Actor, bo: &mut Actor) -> Result<(), Trouble> {
    show.scene("Bo finds a network");
    bo.start()?;
    show.done("Bo's node runs and calls Ana's");
    let at_bo = bo.until("Ana Sousa", "Bo holds Ana's card", |ana| ana.person.standing == "contact").await?;
    let at_ana = ana.until("Bo Lindqvist", "Ana holds Bo's card", |bo| bo.person.standing == "contact").await?;
    expect(says(&at_bo, "email", "ana@sousa-valves.example"), "Bo sees what Ana shows her contacts")?;
    expect(says(&at_ana, "mobile", "+46 70 123 45 67"), "Ana sees what Bo shows his contacts")?;
    expect(at_bo.person.how.contains(EVENT) && at_ana.person.how.contains(EVENT), "both know where they met")?;
    show.done("Both hold each other");
    Ok(())
}

async fn they_sign_that_they_met(show: &mut Show, ana: &Actor, bo: &Actor) -> Result<(), Trouble> {
    let client = ana.client().await?;
    let items: Vec<ItemForm> = client.get("/inbox").await?;
    let [item] = &items[..] else { return Err(Trouble::failed("Ana is asked exactly one thing")) };
    out::say(format!("     Ana's inbox: {}", item.question));
    let _: PersonForm = client.post(&format!("/inbox/{}/accept", item.id), &json!({})).await?;
    let signed =
        |person: &PersonDetails| person.meetings.iter().any(|meeting| meeting.signed_by_me && meeting.signed_by_them);
    bo.until("Ana Sousa", "Bo has a meeting record", signed).await?;
    ana.until("Bo Lindqvist", "Ana has a meeting record", signed).await?;
    show.done("Ana says it was him; both sign that they met");
    Ok(())
}

async fn both_are_killed(show: &mut Show, ana: &mut Actor, bo: &mut Actor) -> Result<(), Trouble> {
    show.scene("The power goes");
    ana.kill()?;
    bo.kill()?;
    show.done("Both nodes are killed in the middle of things (SIGKILL)");
    ana.start()?;
    bo.start()?;
    for (who, other) in [(&*ana, "Bo Lindqvist"), (&*bo, "Ana Sousa")] {
        let details = who.view_of(other).await?;
        expect(details.person.standing == "contact" && !details.meetings.is_empty(), "nothing was lost")?;
    }
    show.done("Both run again and still hold each other");
    fill_in_card(ana, &[("mobile", "+351 912 345 678")]).await?;
    bo.until("Ana Sousa", "Bo sees Ana's new number", |ana| says(ana, "mobile", "+351 912 345 678")).await?;
    show.done("Ana adds a number to her card, and Bo has it");
    Ok(())
}

async fn closing_table(show: &Show, ana: &Actor, bo: &Actor) -> Result<(), Trouble> {
    out::say(format!("\n{:<8} {:<14} {:<40} {:<12} meeting", "who", "holds", "how", "sees"));
    for (who, actor, other) in [("Ana", ana, "Bo Lindqvist"), ("Bo", bo, "Ana Sousa")] {
        let details = actor.view_of(other).await?;
        let fields = details.card.as_ref().map_or(0, |card| card.fields.len());
        let meeting =
            if details.meetings.iter().any(|one| one.signed_by_me && one.signed_by_them) { "both signed" } else { "-" };
        out::say(format!(
            "{who:<8} {other:<14} {:<40} {:<12} {meeting}",
            details.person.how,
            format!("{fields} fields")
        ));
    }
    out::say(format!("\nAll of it in {:.1} s.", show.total()));
    Ok(())
}

async fn fill_in_card(actor: &Actor, fields: &[(&str, &str)]) -> Result<(), Trouble> {
    let changes: Vec<Value> = fields.iter().map(|(field, value)| json!({ "field": field, "value": value })).collect();
    let client = actor.client().await?;
    let _: Value = client.ask(Method::PATCH, "/card", Some(&json!({ "changes": changes }))).await?;
    client.close().await
}

fn says(person: &PersonDetails, field: &str, value: &str) -> bool {
    let fields = person.card.iter().flat_map(|card| &card.fields);
    fields.into_iter().any(|line| line.field == field && line.value == value)
}

fn expect(is_so: bool, what: &str) -> Result<(), Trouble> {
    if is_so { Ok(()) } else { Err(Trouble::failed(format!("the demo expected that {what}"))) }
}
