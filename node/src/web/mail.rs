//! The mail of every day: setting it, trying it out, ending it.

use askama::Template;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use serde_json::json;

use super::form::{Asked, Fields, Form};
use super::frame::{Frame, Tab, go_to, html_as};
use super::trouble::{Answer, Trouble};
use super::undo::{Going, let_go};
use super::{Web, time as t, words as w};
use crate::api::{MailForm, MailTried};

/// The mark of a mail that is about to be ended.
const GOING: &str = "mail";

/// What stands in the form. The password never does.
#[derive(Default)]
struct Filled {
    server: String,
    from: String,
    to: String,
    at: String,
    names: bool,
    login: String,
}

impl Filled {
    fn typed(form: &Fields) -> Self {
        let text = |name: &str| form.text(name).to_owned();
        Self {
            server: text("server"),
            from: text("from"),
            to: text("to"),
            at: text("at"),
            names: form.is_ticked("names"),
            login: text("login"),
        }
    }

    fn set(mail: Option<&MailForm>) -> Self {
        let Some(mail) = mail.cloned() else { return Self { at: "07:30".to_owned(), ..Self::default() } };
        let MailForm { server, from, to, at, names, login, .. } = mail;
        Self { server, from, to, at, names, login: login.unwrap_or_default() }
    }
}

#[derive(Template)]
#[template(path = "mail.html")]
struct Page {
    frame: Frame,
    wrong: Option<Trouble>,
    /// What the server answered to a mail that was sent just now.
    answer: Option<String>,
    /// How it is set, if it is.
    mail: Option<MailForm>,
    filled: Filled,
}

impl Page {
    /// Where the password is, if there is one.
    fn password(&self) -> Option<&str> {
        self.mail.as_ref()?.password.as_deref()
    }
}

/// Shows how it is set.
pub(super) async fn show(State(web): State<Web>, Asked(asked): Asked) -> Answer {
    let frame = Frame::new(&web, Tab::More, w::MAIL).after(&web, &asked);
    let mail = as_set(&web).await?;
    let filled = Filled::set(mail.as_ref());
    html_as(StatusCode::OK, &Page { frame, wrong: None, answer: None, mail, filled })
}

async fn as_set(web: &Web) -> Result<Option<MailForm>, Trouble> {
    if web.undo.hides(GOING) { Ok(None) } else { web.inside.get("/mail").await }
}

/// Sets it. An empty password leaves the one that is kept where it is.
pub(super) async fn set(State(web): State<Web>, Form(form): Form) -> Answer {
    web.undo.settle(GOING).await;
    let (login, password) = (form.get("login"), form.raw("password").filter(|password| !password.is_empty()));
    let wanted = json!({
        "server": form.text("server"), "from": form.text("from"), "to": form.text("to"), "at": form.text("at"),
        "names": form.is_ticked("names"), "login": login, "password": password, "keep_password": password.is_none(),
    });
    match web.inside.send(Method::PUT, "/mail", &wanted).await {
        Ok(()) => go_to(&web, "mail?said=saved"),
        Err(wrong) => {
            let (frame, mail) = (Frame::new(&web, Tab::More, w::MAIL), as_set(&web).await?);
            let (status, filled) = (wrong.status, Filled::typed(&form));
            html_as(status, &Page { frame, wrong: Some(wrong), answer: None, mail, filled })
        }
    }
}

/// Sends one now, and shows what the server answered.
pub(super) async fn test(State(web): State<Web>) -> Answer {
    web.undo.settle(GOING).await;
    let tried: Result<MailTried, Trouble> = web.inside.post("/mail/test", &json!(null)).await;
    let (frame, mail) = (Frame::new(&web, Tab::More, w::MAIL), as_set(&web).await?);
    let filled = Filled::set(mail.as_ref());
    let (status, answer, wrong) = match tried {
        Ok(tried) => (StatusCode::OK, Some(tried.answer), None),
        Err(wrong) => (wrong.status, None, Some(wrong)),
    };
    html_as(status, &Page { frame, wrong, answer, mail, filled })
}

/// Ends it.
pub(super) async fn off(State(web): State<Web>) -> Answer {
    let (path, hides) = ("/mail".to_owned(), GOING.to_owned());
    let_go(&web, Going { method: Method::DELETE, path, body: json!({}), hides, back: "mail" }, "mail_off").await
}
