//! The favour: Bo vouches for both, and brings them together.

use axum::http::Method;
use kith_node::api::model::{IntroductionForm, PersonDetails, VouchForm, VouchesForm};
use serde_json::{Value, json};

use super::fair::accept;
use super::stage::{Stage, Who, expect};
use crate::out;
use crate::trouble::Trouble;

pub(super) async fn bo_vouches_for_ana(stage: &mut Stage) -> Result<(), Trouble> {
    let vouch = json!({
        "who": "Ana Sousa", "basis": "supplier", "words": "Delivered forty valves, on time, twice.",
        "skills": ["ball valves", "small series"], "since": 2021, "until": 2024, "strength": 3, "interest": "none",
    });
    let _: VouchForm = stage.bo.asks(Method::POST, "/vouches", Some(vouch)).await?;
    let item = stage.ana.until_asked("vouched").await?;
    out::say(format!("     Ana's inbox: {}", item.question));
    accept(&stage.ana, &item).await?;
    until_accepted(stage).await?;
    stage.done("Bo vouches for Ana; Ana lets contacts see it");
    Ok(())
}

pub(super) async fn bo_vouches_for_chi(stage: &mut Stage) -> Result<(), Trouble> {
    let vouch = json!({
        "who": "Chi Okafor", "basis": "client", "words": "Knows what a yard needs, and pays on the day.",
        "strength": 2, "interest": "financial", "interest_words": "Chi buys from my company",
    });
    let _: VouchForm = stage.bo.asks(Method::POST, "/vouches", Some(vouch)).await?;
    let item = stage.chi.until_asked("vouched").await?;
    accept(&stage.chi, &item).await?;
    until_accepted(stage).await?;
    stage.done("Bo vouches for Chi, and says what Bo has to gain; Chi lets contacts see it");
    Ok(())
}

async fn until_accepted(stage: &Stage) -> Result<(), Trouble> {
    let all_accepted = |vouches: &VouchesForm| vouches.given.iter().all(|vouch| vouch.accepted.is_some());
    stage.bo.until_get("/vouches", "Bo hears that his vouch may be shown", all_accepted).await?;
    Ok(())
}

/// Comes back with the id of the introduction.
pub(super) async fn ana_asks(stage: &mut Stage) -> Result<String, Trouble> {
    stage.scene("A week later: Ana looks for a buyer at a yard, and Bo knows many", &[Who::Ana, Who::Bo])?;
    let ask = json!({
        "about": "whoever buys valves at a shipyard in Ghent", "via": "Bo Lindqvist", "purpose": "client",
        "why": "A yard of that size needs small series on time, which is what we make.",
        "blurb": "We make ball valves in Porto, DN 15 to DN 600, in series of ten and more. May I send you a sample?",
    });
    let asked: IntroductionForm = stage.ana.asks(Method::POST, "/introductions", Some(ask)).await?;
    let item = stage.bo.until_asked("introduce").await?;
    out::say(format!("     Bo's inbox: {}", item.question));
    let id = asked.line.id;
    stage.done("Ana asks Bo; what she wrote will be forwarded as it is");
    Ok(id)
}

pub(super) async fn bo_proposes_and_chi_consents(stage: &mut Stage, id: &str) -> Result<(), Trouble> {
    stage.scene("The target is asked first, and only Bo will know the answer", &[Who::Chi, Who::Bo])?;
    let pass = json!({ "to": "Chi Okafor", "note": "She has delivered to us for three years. Worth ten minutes." });
    let _: IntroductionForm = stage.bo.asks(Method::POST, &path(id, "pass"), Some(pass)).await?;
    let item = stage.chi.until_asked("meet").await?;
    out::say(format!("     Chi's inbox: {}", item.question));
    if let Some(shown) = &item.introduction {
        for vouch in &shown.vouches {
            out::say(format!("       {}", vouch.in_words));
        }
    }
    let people: Value = stage.chi.asks(Method::GET, "/people", None).await?;
    expect(people.get("total").is_some_and(|total| *total == 1), "Chi holds nobody but Bo before Chi says yes")?;
    let _: IntroductionForm =
        stage.chi.asks(Method::POST, &path(id, "accept"), Some(json!({ "tier": "contacts" }))).await?;
    until_state(&stage.bo, id, "offered", "Bo has Chi's yes").await?;
    stage.done("Bo passes it on with a word of his own; Chi says yes, sealed so that Bo cannot read it");
    Ok(())
}

pub(super) async fn bo_offers(stage: &mut Stage, id: &str) -> Result<(), Trouble> {
    let people: Value = stage.ana.asks(Method::GET, "/people", None).await?;
    expect(people.get("total").is_some_and(|total| *total == 1), "Ana holds nobody but Bo while Chi's yes is with Bo")?;
    stage.scene("Ana switches on", &[Who::Ana, Who::Bo])?;
    until_state(&stage.ana, id, "connecting", "Ana has Chi's yes").await?;
    stage.done("Bo hands on what Chi sealed; Ana's first letter to Chi waits");
    Ok(())
}

pub(super) async fn ana_and_chi_connect(stage: &mut Stage, id: &str) -> Result<(), Trouble> {
    stage.scene("Bo has gone home", &[Who::Chi, Who::Ana])?;
    let is_contact = |person: &PersonDetails| person.person.standing == "contact";
    let at_ana = stage.ana.until("Chi Okafor", "Ana holds Chi's card", is_contact).await?;
    let at_chi = stage.chi.until("Ana Sousa", "Chi holds Ana's card", is_contact).await?;
    for details in [&at_ana, &at_chi] {
        expect(details.person.how == "introduced by Bo Lindqvist", "both say who introduced them")?;
        expect(details.meetings.is_empty(), "nobody says that they met")?;
    }
    until_state(&stage.ana, id, "connected", "Ana's introduction is connected").await?;
    stage.done("Ana and Chi hold each other, though Bo is not there");
    Ok(())
}

pub(super) async fn ana_says_thanks(stage: &mut Stage, id: &str) -> Result<(), Trouble> {
    let outcome = json!({ "met": true, "useful": true, "thanks": "Chi ordered a sample. You saved me a year." });
    stage.scene("Two weeks later", &[Who::Bo])?;
    let _: IntroductionForm = stage.ana.asks(Method::POST, &path(id, "outcome"), Some(outcome)).await?;
    stage.starts(Who::Ana)?;
    stage.say_who_is_up();
    let thanked = |one: &IntroductionForm| one.outcomes.iter().any(|outcome| outcome.thanks.is_some());
    let at_bo = stage.bo.until_get(&format!("/introductions/{id}"), "Bo is thanked", thanked).await?;
    for outcome in &at_bo.outcomes {
        let thanks = outcome.thanks.as_deref().unwrap_or_default();
        out::say(format!("     Bo reads: {} says it was of use: {thanks:?}", outcome.by.name));
    }
    stage.done("Bo hears how it went, and is thanked");
    Ok(())
}

async fn until_state(actor: &super::actor::Actor, id: &str, state: &str, what: &str) -> Result<(), Trouble> {
    let is_there = |one: &IntroductionForm| one.line.state == state;
    actor.until_get(&format!("/introductions/{id}"), what, is_there).await?;
    Ok(())
}

fn path(id: &str, act: &str) -> String {
    format!("/introductions/{id}/{act}")
}
