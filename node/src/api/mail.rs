//! The mail that tells the owner once a day that something waits.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use kith_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::entry::{By, may_let_in};
use super::finding::{Finding, Health};
use super::model::{time, when};
use super::{Api, Kind, Problem, ProblemBody};
use crate::home::HomeError;
use crate::mail::{BadPlan, Mail, Password, Plan, Unsent, Wanted};

const SUBJECT: &str = "mail";
/// What to do about a file that cannot be read.
const UNREAD: &str = "kith mail set sets it anew, kith mail off does without";

/// The mail of every day as it is set.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MailForm {
    /// The server that takes it.
    pub server: String,
    /// The address that it is from.
    pub from: String,
    /// The address that it goes to.
    pub to: String,
    /// The time of the day where the node is, as 07:30.
    pub at: String,
    /// Whether it names people.
    pub names: bool,
    /// How the node is called at the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    /// Where the password is: `stored`, or `credential` if the service manager hands it over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// When the last one was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<String>,
    /// Why the last one was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

fn form(mail: &Mail, plan: &Plan) -> MailForm {
    let record = mail.record();
    let password = |password: &Password| match password {
        Password::Sealed(_) => "stored".to_owned(),
        Password::Credential => "credential".to_owned(),
    };
    MailForm {
        server: plan.server.to_string(),
        from: plan.from.to_string(),
        to: plan.to.to_string(),
        at: plan.at.strftime("%H:%M").to_string(),
        names: plan.names,
        login: plan.login.as_ref().map(|login| login.name.clone()),
        password: plan.login.as_ref().map(|login| password(&login.password)),
        sent: record.sent.map(|sent| time(Timestamp::from_secs(sent))),
        trouble: record.trouble.map(|trouble| trouble.message),
    }
}

/// Says how the mail of every day is set; null if there is none.
#[utoipa::path(get, path = "/mail", tag = "node", responses((status = 200, body = Option<MailForm>)))]
pub(super) async fn show(State(api): State<Api>) -> Result<Json<Option<MailForm>>, Problem> {
    match api.mail.unread() {
        Some(why) => Err(Problem::failed(why, Some(UNREAD))),
        None => Ok(Json(api.mail.plan().map(|plan| form(&api.mail, &plan)))),
    }
}

/// How the mail of every day is to be.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewMail {
    /// smtps://host:465, or smtp://host:587, which is encrypted too unless the host is this machine.
    server: String,
    /// The address that it is from.
    from: String,
    /// The address that it goes to.
    to: String,
    /// The time of the day where the node is, as 07:30.
    at: String,
    /// Whether it names people; if not it only counts.
    #[serde(default)]
    names: bool,
    /// How the node is called at the server.
    login: Option<String>,
    /// The password; left out with a login if the service manager hands it over as kith-mail-password.
    password: Option<String>,
    /// With a login and no password: where the password is now it stays, if the server stays the same.
    #[serde(default)]
    keep_password: bool,
}

/// Sets the mail that goes out once a day if something waits, and only then.
#[utoipa::path(put, path = "/mail", request_body = NewMail, tag = "node",
    responses((status = 200, body = MailForm), (status = 400, body = ProblemBody), (status = 403, body = ProblemBody),
        (status = 500, body = ProblemBody)))]
pub(super) async fn set(
    State(api): State<Api>,
    by: By,
    body: Result<Json<NewMail>, JsonRejection>,
) -> Result<Json<MailForm>, Problem> {
    let NewMail { server, from, to, at, names, login, password, keep_password } = body?.0;
    if login.is_some() && password.is_none() && !keep_password {
        // What the service manager hands over would go to whatever server is named here.
        may_let_in(&api, &by)?;
    }
    let (login, password) = (login.as_deref(), password.map(Zeroizing::new));
    let wanted = Wanted { server: &server, from: &from, to: &to, at: &at, names, login, password, keep_password };
    let plan = api.mail.read(wanted)?;
    api.mail.set(Some(plan.clone()))?;
    Ok(Json(form(&api.mail, &plan)))
}

/// From now on no mail is sent, and the password is forgotten.
#[utoipa::path(delete, path = "/mail", tag = "node", responses((status = 204), (status = 500, body = ProblemBody)))]
pub(super) async fn off(State(api): State<Api>) -> Result<StatusCode, Problem> {
    api.mail.set(None)?;
    Ok(StatusCode::NO_CONTENT)
}

/// A mail that was sent to try it out.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct MailTried {
    /// What the server answered.
    pub answer: String,
}

/// Sends one now, whatever waits, and says what the server answered.
#[utoipa::path(post, path = "/mail/test", tag = "node",
    responses((status = 200, body = MailTried), (status = 409, body = ProblemBody), (status = 424, body = ProblemBody), (status = 500, body = ProblemBody)))]
pub(super) async fn test(State(api): State<Api>) -> Result<Json<MailTried>, Problem> {
    Ok(Json(MailTried { answer: api.mail.test().await? }))
}

impl From<BadPlan> for Problem {
    fn from(bad: BadPlan) -> Self {
        Self::bad_input(bad.to_string(), Some(bad.hint()))
    }
}

impl From<Unsent> for Problem {
    fn from(unsent: Unsent) -> Self {
        let (message, hint) = (unsent.to_string(), Some(unsent.hint()));
        match unsent {
            Unsent::Off => Self::new(StatusCode::CONFLICT, Kind::Conflict, message, hint),
            Unsent::Home(_) => Self::failed(message, hint),
            // It is the mail server that did not do its part.
            _ => Self::new(StatusCode::FAILED_DEPENDENCY, Kind::Failed, message, hint),
        }
    }
}

impl From<HomeError> for Problem {
    fn from(error: HomeError) -> Self {
        Self::failed(error.to_string(), Some("run kith doctor"))
    }
}

/// What the doctor says of it.
pub(super) fn finding(api: &Api) -> Finding {
    if let Some(why) = api.mail.unread() {
        return Finding::new(SUBJECT, Health::Bad, format!("none is sent: {why}"), Some(UNREAD));
    }
    let Some(plan) = api.mail.plan() else {
        let advice = "kith mail set has your node write to you once a day if something waits, so that no ask is missed";
        return Finding::new(SUBJECT, Health::Good, "none is sent", Some(advice));
    };
    let record = api.mail.record();
    let sent = record.sent.map(|sent| format!("; the last one was sent {}", when(Timestamp::from_secs(sent))));
    let set = format!("to {} at {} if something waits{}", plan.to, plan.at.strftime("%H:%M"), sent.unwrap_or_default());
    match record.trouble {
        None => Finding::new(SUBJECT, Health::Good, set, None),
        Some(trouble) => {
            let finding = format!("{set}; the last one could not be sent: {}", trouble.message);
            Finding::new(SUBJECT, Health::Warning, finding, Some(&trouble.hint))
        }
    }
}
