//! Looking for contacts on the networks that the node is on.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use kith_protocol::engine::nearby::event_mode_since;
use kith_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::finding::{Finding, Health};
use super::model::{name_of, time, when};
use super::{Api, Problem, ProblemBody};

const SUBJECT: &str = "event mode";

/// Whether my node looks for contacts on the networks that it is on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct EventModeForm {
    /// True if it does.
    pub on: bool,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Contacts whose nodes are heard there now.
    pub nearby: Vec<String>,
}

/// How it is.
pub(super) fn form(api: &Api) -> Result<EventModeForm, Problem> {
    let since = event_mode_since(api.handle.view())?;
    let nearby = api.handle.status().nearby;
    Ok(EventModeForm {
        on: since.is_some(),
        since: since.map(time),
        nearby: nearby.iter().filter_map(|person| name_of(api.handle.view(), *person)).collect(),
    })
}

/// Says whether my node looks for contacts on the networks that it is on.
#[utoipa::path(get, path = "/event-mode", tag = "node", responses((status = 200, body = EventModeForm)))]
pub(super) async fn show(State(api): State<Api>) -> Result<Json<EventModeForm>, Problem> {
    Ok(Json(form(&api)?))
}

/// On or off.
#[derive(Deserialize, ToSchema)]
pub(super) struct Wish {
    /// True for on.
    on: bool,
}

/// Turns that on or off, at once and for later starts.
#[utoipa::path(put, path = "/event-mode", request_body = Wish, tag = "node",
    responses((status = 200, body = EventModeForm), (status = 400, body = ProblemBody)))]
pub(super) async fn set(
    State(api): State<Api>,
    body: Result<Json<Wish>, JsonRejection>,
) -> Result<Json<EventModeForm>, Problem> {
    let Wish { on } = body?.0;
    api.handle.act(move |turn| turn.set_event_mode(on)).await?;
    Ok(Json(form(&api)?))
}

/// What the doctor says of it, if it is on.
pub(super) fn finding(api: &Api) -> Result<Option<Finding>, Problem> {
    let since = event_mode_since(api.handle.view())?;
    Ok(since.map(|since| say(since, api.handle.status().nearby.len(), api.handle.deaf())))
}

fn say(since: Timestamp, nearby: usize, deaf: Option<String>) -> Finding {
    let on = format!("on since {}", when(since));
    if let Some(why) = deaf {
        let advice = "another program may have UDP port 5353 for itself: end it, then kith event mode off and on";
        let finding = format!("{on}, but nobody can be looked for on local networks: {why}");
        return Finding::new(SUBJECT, Health::Warning, finding, Some(advice));
    }
    let nearby = match nearby {
        0 => "no contact is heard here".to_owned(),
        1 => "1 contact is heard here".to_owned(),
        several => format!("{several} contacts are heard here"),
    };
    let advice = "kith event mode off ends it when you have left";
    Finding::new(SUBJECT, Health::Good, format!("{on}; {nearby}"), Some(advice))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_mode_is_good_as_long_as_somebody_could_be_heard() {
        let since = Timestamp::from_secs(1_776_643_200);
        let good = say(since, 1, None);
        assert!(good.health == Health::Good && good.finding.ends_with("1 contact is heard here"));
        let deaf = say(since, 0, Some("Address already in use".to_owned()));
        assert!(deaf.health == Health::Warning && deaf.finding.ends_with("Address already in use"));
        assert!(deaf.advice.unwrap().contains("5353"));
    }
}
