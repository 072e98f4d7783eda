//! At the fair: Ana and Bo by a live code, Bo and Chi by a badge.

use axum::http::Method;
use kith_node::api::CaptureResult;
use kith_node::api::model::{ItemForm, PersonDetails, PersonForm, ShownInvite};
use serde_json::json;

use super::actor::Actor;
use super::stage::{Stage, Who, expect, fill_in_card};
use crate::out;
use crate::trouble::Trouble;

const EVENT: &str = "Hannover Messe";
const LIVE_CODE: &str = "ana-live-code.png";
const BADGE: &str = "chi-badge.png";

pub(super) async fn ana_shows_a_code(stage: &mut Stage) -> Result<(), Trouble> {
    stage.scene("At the stand of Sousa Valves", &[Who::Ana])?;
    let fields = [("org", "Sousa Valves Lda"), ("title", "Managing director"), ("email", "ana@sousa-valves.example")];
    fill_in_card(&stage.ana, &fields).await?;
    stage.done("Ana's node runs, and her card says who she is");
    let shown: ShownInvite = stage.ana.asks(Method::POST, "/invites", Some(json!({ "event": EVENT }))).await?;
    let drawing = stage.draw(LIVE_CODE, &shown.link)?;
    expect(shown.qr_version <= 6, "the code is small enough for any camera")?;
    out::say(drawing.terminal());
    stage.done(&format!("Ana shows a live code (QR version {}), good for one person", shown.qr_version));
    Ok(())
}

pub(super) async fn bo_scans_it_offline(stage: &mut Stage) -> Result<(), Trouble> {
    out::say("\nIn front of it, with no network in the hall");
    // A first start and stop: Bo had his node at home before he came to the fair.
    stage.starts(Who::Bo)?;
    let fields = [("org", "Lindqvist Marine"), ("title", "Buyer"), ("mobile", "+46 70 123 45 67")];
    fill_in_card(&stage.bo, &fields).await?;
    stage.bo.kill()?;
    stage.done("Bo has a card too; his node is off");
    let bytes = stage.picture(LIVE_CODE)?;
    let client = stage.bo.client().await?;
    expect(!client.is_running(), "Bo's node is off")?;
    let scanned: CaptureResult =
        client.send_bytes("/scans/picture?note=wants%20a%20quote%20for%20ball%20valves", bytes).await?;
    client.close().await?;
    expect(scanned.person.standing == "pending", "Bo waits for Ana's answer")?;
    stage.done(&format!("Bo scans the picture: {:?} is pending, his letter waits in the outbox", scanned.person.name));
    Ok(())
}

pub(super) async fn both_hold_each_other(stage: &mut Stage) -> Result<(), Trouble> {
    out::say("\nBo finds a network");
    stage.starts(Who::Bo)?;
    stage.say_who_is_up();
    stage.done("Bo's node runs and calls Ana's");
    let is_contact = |person: &PersonDetails| person.person.standing == "contact";
    let at_bo = stage.bo.until("Ana Sousa", "Bo holds Ana's card", is_contact).await?;
    let at_ana = stage.ana.until("Bo Lindqvist", "Ana holds Bo's card", is_contact).await?;
    expect(says(&at_bo, "email", "ana@sousa-valves.example"), "Bo sees what Ana shows her contacts")?;
    expect(says(&at_ana, "mobile", "+46 70 123 45 67"), "Ana sees what Bo shows his contacts")?;
    expect(at_bo.person.how.contains(EVENT) && at_ana.person.how.contains(EVENT), "both know where they met")?;
    stage.done("Both hold each other");
    Ok(())
}

pub(super) async fn they_sign_that_they_met(stage: &mut Stage) -> Result<(), Trouble> {
    let item = the_only_question(&stage.ana).await?;
    out::say(format!("     Ana's inbox: {}", item.question));
    accept(&stage.ana, &item).await?;
    let signed =
        |person: &PersonDetails| person.meetings.iter().any(|meeting| meeting.signed_by_me && meeting.signed_by_them);
    stage.bo.until("Ana Sousa", "Bo has a meeting record", signed).await?;
    stage.ana.until("Bo Lindqvist", "Ana has a meeting record", signed).await?;
    stage.done("Ana says it was him; both sign that they met");
    Ok(())
}

pub(super) async fn both_are_killed(stage: &mut Stage) -> Result<(), Trouble> {
    stage.scene("The power goes", &[Who::Ana, Who::Bo])?;
    for (who, other) in [(&stage.ana, "Bo Lindqvist"), (&stage.bo, "Ana Sousa")] {
        let details = who.view_of(other).await?;
        expect(details.person.standing == "contact" && !details.meetings.is_empty(), "nothing was lost")?;
    }
    stage.done("Both nodes were killed, run again, and still hold each other");
    fill_in_card(&stage.ana, &[("mobile", "+351 912 345 678")]).await?;
    let has_it = |ana: &PersonDetails| says(ana, "mobile", "+351 912 345 678");
    stage.bo.until("Ana Sousa", "Bo sees Ana's new number", has_it).await?;
    stage.done("Ana adds a number to her card, and Bo has it");
    Ok(())
}

/// A badge is for everybody: who scans it waits until its owner shares back.
pub(super) async fn bo_scans_chis_badge(stage: &mut Stage) -> Result<(), Trouble> {
    stage.scene("In the evening: Chi wears a badge with a printed code", &[Who::Chi, Who::Bo])?;
    let fields = [("org", "Ghent Yards"), ("title", "Head of procurement"), ("email", "chi@ghent-yards.example")];
    fill_in_card(&stage.chi, &fields).await?;
    let badge = json!({ "event": "Badge 2026", "printed": true, "tier": "contacts" });
    let shown: ShownInvite = stage.chi.asks(Method::POST, "/invites", Some(badge)).await?;
    stage.draw(BADGE, &shown.link)?;
    let bytes = stage.picture(BADGE)?;
    let client = stage.bo.client().await?;
    let _: CaptureResult = client.send_bytes("/scans/picture", bytes).await?;
    client.close().await?;
    let item = stage.chi.until_asked("share_back").await?;
    out::say(format!("     Chi's inbox: {}", item.question));
    accept(&stage.chi, &item).await?;
    let is_contact = |person: &PersonDetails| person.person.standing == "contact";
    stage.bo.until("Chi Okafor", "Bo holds Chi's card", is_contact).await?;
    stage.chi.until("Bo Lindqvist", "Chi holds Bo's card", is_contact).await?;
    stage.done("Bo scans the badge, Chi shares back, both hold each other");
    Ok(())
}

pub(super) async fn the_only_question(actor: &Actor) -> Result<ItemForm, Trouble> {
    let mut items: Vec<ItemForm> = actor.asks(Method::GET, "/inbox", None).await?;
    match (items.pop(), items.is_empty()) {
        (Some(item), true) => Ok(item),
        _ => Err(Trouble::failed(format!("{} is asked exactly one thing", actor.first_name()))),
    }
}

pub(super) async fn accept(actor: &Actor, item: &ItemForm) -> Result<(), Trouble> {
    let _: PersonForm = actor.asks(Method::POST, &format!("/inbox/{}/accept", item.id), Some(json!({}))).await?;
    Ok(())
}

fn says(person: &PersonDetails, field: &str, value: &str) -> bool {
    let fields = person.card.iter().flat_map(|card| &card.fields);
    fields.into_iter().any(|line| line.field == field && line.value == value)
}
