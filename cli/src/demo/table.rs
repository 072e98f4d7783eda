//! The closing table: who holds what about whom, and why.

use axum::http::Method;
use kith_node::api::PeoplePage;
use kith_node::api::model::PersonDetails;

use super::actor::Actor;
use super::stage::Stage;
use crate::out;
use crate::trouble::Trouble;

/// Reads it out of the three homes, whether their nodes run or not.
pub(super) async fn who_holds_what(stage: &Stage) -> Result<(), Trouble> {
    out::say(format!("\n{:<5} {:<13} {:<46} {:<9} {}", "who", "holds", "why", "card", "and"));
    for actor in [&stage.ana, &stage.bo, &stage.chi] {
        let page: PeoplePage = actor.asks(Method::GET, "/people", None).await?;
        for person in page.people {
            row(actor, &actor.view_of(&person.name).await?);
        }
    }
    Ok(())
}

fn row(actor: &Actor, details: &PersonDetails) {
    let fields = details.card.as_ref().map_or(0, |card| card.fields.len());
    let met = details.meetings.iter().any(|one| one.signed_by_me && one.signed_by_them);
    let mut also = Vec::new();
    if met {
        also.push("both signed that they met".to_owned());
    }
    also.extend(details.vouches.iter().map(|vouch| format!("a vouch by {}", vouch.by)));
    out::say(format!(
        "{:<5} {:<13} {:<46} {:<9} {}",
        actor.first_name(),
        details.person.name,
        details.person.how,
        format!("{fields} fields"),
        also.join(", ")
    ));
}
