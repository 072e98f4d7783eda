//! Whose nodes hold letters for me while mine is off.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use kith_protocol::engine::mailboxes::{MailboxState, OwnMailbox, own_mailboxes, wishes};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::finding::{Finding, Health};
use super::model::{choice_name, name_of, time, when};
use super::{Api, Kind, Problem, ProblemBody};
use crate::driver::Refused;

const SUBJECT: &str = "mailbox";

/// A mailbox of mine.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MailboxForm {
    /// The id of the contact whose node it is.
    pub id: String,
    /// Their name.
    pub name: String,
    /// `asked`, `open` or `refused`.
    pub state: String,
    /// The same in words.
    pub state_in_words: String,
    /// Since when.
    pub since: String,
    /// Since when their node was not reached, if that is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost: Option<String>,
    /// True if I chose it.
    pub chosen: bool,
}

fn mailboxes(api: &Api) -> Result<Vec<MailboxForm>, Problem> {
    let view = api.handle.view();
    let wanted = wishes(view)?.wanted;
    let form = |mailbox: &OwnMailbox| MailboxForm {
        id: mailbox.keeper.to_string(),
        name: name_of(view, mailbox.keeper).unwrap_or_default(),
        state: choice_name(&mailbox.state),
        state_in_words: in_words(mailbox).to_owned(),
        since: time(mailbox.since),
        lost: mailbox.lost.map(time),
        chosen: wanted.contains(&mailbox.keeper),
    };
    Ok(own_mailboxes(view)?.iter().map(form).collect())
}

const fn in_words(mailbox: &OwnMailbox) -> &'static str {
    match (mailbox.state, mailbox.lost) {
        (MailboxState::Asked, None) => "was asked and has not answered yet",
        (MailboxState::Asked, Some(_)) => "is to be asked and is not reached",
        (MailboxState::Open, None) => "holds letters for you",
        (MailboxState::Open, Some(_)) => "holds letters for you and is not reached now",
        (MailboxState::Refused, _) => "holds no letters for you; it is asked again in a day",
    }
}

/// Lists the nodes that hold letters for me while mine is off, or were asked to.
#[utoipa::path(get, path = "/mailboxes", tag = "node", responses((status = 200, body = Vec<MailboxForm>)))]
pub(super) async fn list(State(api): State<Api>) -> Result<Json<Vec<MailboxForm>>, Problem> {
    Ok(Json(mailboxes(&api)?))
}

/// Whose node is to hold letters for me.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewMailbox {
    /// A contact: name, petname, or the beginning of an id.
    who: String,
}

/// Asks the node of a contact to hold letters for me, before those that were chosen for me.
#[utoipa::path(post, path = "/mailboxes", request_body = NewMailbox, tag = "node",
    responses((status = 202, body = Vec<MailboxForm>), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn choose(
    State(api): State<Api>,
    body: Result<Json<NewMailbox>, JsonRejection>,
) -> Result<(StatusCode, Json<Vec<MailboxForm>>), Problem> {
    let keeper = api.handle.roster().find(&body?.0.who)?.id;
    api.handle.act(move |turn| turn.want_mailbox(keeper)).await.map_err(advised)?;
    Ok((StatusCode::ACCEPTED, Json(mailboxes(&api)?)))
}

fn advised(refused: Refused) -> Problem {
    Problem::from(refused)
        .advise(Kind::Conflict, "choose a contact whose node has an address of its own: a server, say")
}

/// Takes what the node of a contact holds for me away from it: it is asked no more.
#[utoipa::path(delete, path = "/mailboxes/{who}", params(("who" = String, Path, description = "name, petname, or the beginning of an id")), tag = "node",
    responses((status = 204), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn leave(State(api): State<Api>, Path(who): Path<String>) -> Result<StatusCode, Problem> {
    let keeper = api.handle.roster().find(&who)?.id;
    api.handle.act(move |turn| turn.leave_mailbox(keeper)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What the doctor says of them.
pub(super) fn finding(api: &Api) -> Result<Finding, Problem> {
    let all = own_mailboxes(api.handle.view())?;
    Ok(say(&all, |mailbox| name_of(api.handle.view(), mailbox.keeper).unwrap_or_default()))
}

fn say(all: &[OwnMailbox], name: impl Fn(&OwnMailbox) -> String) -> Finding {
    let open: Vec<&OwnMailbox> = all.iter().filter(|mailbox| mailbox.state == MailboxState::Open).collect();
    let names: Vec<String> = open.iter().map(|mailbox| name(mailbox)).collect();
    if open.is_empty() {
        let advice = "while your node is off, letters wait at their senders: meet somebody whose node is reached from everywhere, \
                      or choose one with kith mailbox use";
        return Finding::new(SUBJECT, Health::Warning, "nobody's node holds letters for you", Some(advice));
    }
    let held = format!("the node of {} holds letters for you while yours is off", names.join(" and of "));
    let lost = open.iter().filter_map(|mailbox| mailbox.lost).min();
    match lost.filter(|_| open.iter().all(|mailbox| mailbox.lost.is_some())) {
        None => Finding::new(SUBJECT, Health::Good, held, None),
        Some(since) => {
            let advice = "what was left there comes when it is back; kith mailbox use chooses another one";
            let finding = format!("{held}, and is not reached since {}", when(since));
            Finding::new(SUBJECT, Health::Warning, finding, Some(advice))
        }
    }
}

#[cfg(test)]
mod tests {
    use kith_protocol::id::{PeerId, PersonId};
    use kith_protocol::time::Timestamp;

    use super::*;

    fn at_bo(state: MailboxState, lost: Option<u64>) -> OwnMailbox {
        let (keeper, host) = (PersonId([1; 10]), PeerId([2; 32]));
        let (since, lost) = (Timestamp::from_secs(1_800_000_000), lost.map(Timestamp::from_secs));
        OwnMailbox { keeper, host, addresses: Vec::new(), state, since, lost, void: Vec::new() }
    }

    #[test]
    fn the_doctor_says_whose_node_it_is_and_what_to_do_without_one() {
        let bo = |_: &OwnMailbox| "Bo".to_owned();
        let none = say(&[at_bo(MailboxState::Asked, None)], bo);
        assert_eq!(none.health, Health::Warning);
        assert!(none.advice.unwrap().contains("kith mailbox use"));
        let open = say(&[at_bo(MailboxState::Open, None)], bo);
        assert_eq!((open.health, open.advice), (Health::Good, None));
        assert_eq!(open.finding, "the node of Bo holds letters for you while yours is off");
        let lost = say(&[at_bo(MailboxState::Open, Some(1_800_000_100))], bo);
        assert!(lost.health == Health::Warning && lost.finding.contains("not reached since"));
        let one_of_two = [at_bo(MailboxState::Open, Some(1_800_000_100)), at_bo(MailboxState::Open, None)];
        assert_eq!(say(&one_of_two, bo).health, Health::Good);
    }
}
