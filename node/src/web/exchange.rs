//! Introductions: what needs me, what waits on others, what is done.

use askama::Template;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::form::{Asked, Fields, Form};
use super::frame::{Frame, Tab, go_to, html};
use super::trouble::{Answer, Trouble};
use super::{Web, time as t, words as w};
use crate::api::model::{IntroductionForm, PersonForm};
use crate::api::{PeoplePage, path, query};

/// Pages of contacts that a form offers to choose from: a longer list nobody reads through.
const PAGES: usize = 4;
/// Finished introductions that are listed.
const DONE: usize = 30;

#[derive(Template)]
#[template(path = "exchange.html")]
struct List {
    frame: Frame,
    needs_me: Vec<IntroductionForm>,
    waiting: Vec<IntroductionForm>,
    done: Vec<IntroductionForm>,
}

/// Lists introductions by who must act.
pub(super) async fn list(State(web): State<Web>, Asked(asked): Asked) -> Answer {
    let open: Vec<IntroductionForm> = web.inside.get("/introductions?open=true").await?;
    let over: Vec<IntroductionForm> = web.inside.get("/introductions?open=false&page=0").await?;
    let (mut needs_me, mut waiting, mut done) = (Vec::new(), Vec::new(), Vec::new());
    for one in open.into_iter().chain(over) {
        match (needs_me_now(&one), one.line.open) {
            (true, _) => needs_me.push(one),
            (false, true) => waiting.push(one),
            (false, false) => done.push(one),
        }
    }
    done.truncate(DONE);
    html(&List { frame: Frame::new(&web, Tab::Exchange, w::EXCHANGE).after(&web, &asked), needs_me, waiting, done })
}

/// True if somebody waits on me: there is more to do than taking it back, or its end has not been told.
fn needs_me_now(one: &IntroductionForm) -> bool {
    let acts = |name: &str| one.actions.iter().any(|action| action.action == name);
    acts("accept") || acts("pass") || acts("edit") || (acts("outcome") && one.outcomes.is_empty())
}

#[derive(Template)]
#[template(path = "introduction.html")]
struct One {
    frame: Frame,
    intro: IntroductionForm,
    /// Whom an ask that names nobody can be passed on to.
    contacts: Vec<PersonForm>,
}

impl One {
    fn can(&self, action: &str) -> bool {
        self.intro.actions.iter().any(|own| own.action == action)
    }

    /// What an action does, in words.
    fn does(&self, action: &str) -> &str {
        self.intro.actions.iter().find(|own| own.action == action).map(|own| own.does.as_str()).unwrap_or_default()
    }

    /// True if the introducer must say whom they ask.
    fn asks_whom(&self) -> bool {
        self.intro.actions.iter().any(|own| own.action == "pass" && own.command.contains("--to"))
    }

    /// True if the asker of somebody else's idea has to write first.
    fn writes_first(&self) -> bool {
        self.intro.line.part == "asker" && self.can("accept")
    }
}

/// Shows an introduction with all that there is to know for deciding about it.
pub(super) async fn show(State(web): State<Web>, Path(id): Path<String>, Asked(asked): Asked) -> Answer {
    let intro: IntroductionForm = web.inside.get(&path(&["introductions", &id])).await?;
    let frame = Frame::new(&web, Tab::Exchange, w::INTRODUCTION).after(&web, &asked);
    let mut page = One { frame, intro, contacts: Vec::new() };
    if page.asks_whom() {
        page.contacts = contacts(&web).await?;
    }
    html(&page)
}

/// Contacts to choose from.
pub(super) async fn contacts(web: &Web) -> Result<Vec<PersonForm>, Trouble> {
    let mut all = Vec::new();
    for page in 0..PAGES {
        let asked = query(&[("standing", Some("contact")), ("page", Some(&page.to_string()))]);
        let found: PeoplePage = web.inside.get(&format!("/people{asked}")).await?;
        all.extend(found.people);
        if all.len() >= found.total {
            break;
        }
    }
    Ok(all)
}

/// Does something about an introduction.
pub(super) async fn act(
    State(web): State<Web>,
    Path((id, action)): Path<(String, String)>,
    Form(form): Form,
) -> Answer {
    let body = body_of(&action, &form).ok_or_else(Trouble::not_found)?;
    let done: IntroductionForm = web.inside.post(&path(&["introductions", &id, &action]), &body).await?;
    go_to(&web, &format!("exchange/{}?said=done_{action}", done.line.id))
}

fn body_of(action: &str, form: &Fields) -> Option<Value> {
    Some(match action {
        "pass" => json!({ "to": form.get("to"), "note": form.text("note") }),
        "return" => json!({ "note": form.text("note") }),
        "decline" | "withdraw" => json!({}),
        "later" => json!({ "until": form.text("until") }),
        "accept" => json!({ "tier": form.get("tier"), "blurb": form.get("blurb") }),
        "edit" => json!({ "why": form.text("why"), "blurb": form.text("blurb") }),
        "outcome" => json!({
            "met": form.is_ticked("met"),
            "useful": form.is_ticked("useful"),
            "thanks": form.get("thanks"),
        }),
        _ => return None,
    })
}

#[derive(Template)]
#[template(path = "ask.html")]
struct Ask {
    frame: Frame,
    who: Option<PersonForm>,
    via: String,
    contacts: Vec<PersonForm>,
}

/// Shows a form for asking for an introduction.
pub(super) async fn ask(State(web): State<Web>, Asked(asked): Asked) -> Answer {
    let who: Option<crate::api::model::PersonDetails> = match asked.get("who") {
        Some(who) => Some(web.inside.get(&path(&["people", who])).await?),
        None => None,
    };
    let contacts = contacts(&web).await?;
    let frame = Frame::new(&web, Tab::Exchange, w::ASK);
    html(&Ask { frame, who: who.map(|who| who.person), via: asked.text("via").to_owned(), contacts })
}

/// Asks for an introduction.
pub(super) async fn asked(State(web): State<Web>, Form(form): Form) -> Answer {
    let body = json!({
        "who": form.get("who"),
        "about": form.get("about"),
        "via": form.text("via"),
        "purpose": form.get("purpose"),
        "why": form.text("why"),
        "blurb": form.text("blurb"),
        "tier": form.get("tier"),
        "days": form.number("days")?,
    });
    let asked: IntroductionForm = web.inside.post("/introductions", &body).await?;
    go_to(&web, &format!("exchange/{}?said=asked", asked.line.id))
}

#[derive(Template)]
#[template(path = "suggest.html")]
struct Suggest {
    frame: Frame,
    one: String,
    contacts: Vec<PersonForm>,
}

/// Shows a form for bringing two contacts together.
pub(super) async fn suggest(State(web): State<Web>, Asked(asked): Asked) -> Answer {
    let contacts = contacts(&web).await?;
    let frame = Frame::new(&web, Tab::Exchange, w::SUGGEST);
    html(&Suggest { frame, one: asked.text("one").to_owned(), contacts })
}

/// Asks two contacts whether they would like to meet.
pub(super) async fn suggested(State(web): State<Web>, Form(form): Form) -> Answer {
    let body = json!({
        "one": form.text("one"),
        "other": form.text("other"),
        "note": form.text("note"),
        "note_for_other": form.get("note_for_other"),
    });
    let made: IntroductionForm = web.inside.post("/introductions/suggest", &body).await?;
    go_to(&web, &format!("exchange/{}?said=suggested", made.line.id))
}
