//! Introductions: what needs me, what waits on others, what is done.

use askama::Template;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::contacts::Contacts;
use super::form::{Asked, Fields, Form};
use super::frame::{Frame, Tab, go_to, html};
use super::paging::Pages;
use super::trouble::{Answer, Trouble};
use super::{Web, time as t, words as w};
use crate::api::model::{ExchangeForm, IntroductionForm, IntroductionLine, LinesPage, PersonForm};
use crate::api::{INTRODUCTIONS_ON_A_PAGE, path, query};

#[derive(Template)]
#[template(path = "exchange.html")]
struct List {
    frame: Frame,
    all: ExchangeForm,
}

#[derive(Template)]
#[template(path = "exchange-stage.html")]
struct Stage {
    frame: Frame,
    list: Vec<IntroductionLine>,
    pages: Pages,
}

/// Lists introductions by who must act; all of one kind if asked for them.
pub(super) async fn list(State(web): State<Web>, Asked(asked): Asked) -> Answer {
    let frame = |title| Frame::new(&web, Tab::Exchange, title).after(&web, &asked);
    let Some(stage) = asked.get("of") else {
        return html(&List { frame: frame(w::EXCHANGE), all: web.inside.get("/exchange").await? });
    };
    let title = match stage {
        "needs_me" => w::NEEDS_ME,
        "waiting" => w::WAITS_ON_OTHERS,
        _ => w::DONE,
    };
    let number = asked.number("page")?.unwrap_or(0);
    let asked_for = query(&[("page", Some(&number.to_string()))]);
    let found: LinesPage = web.inside.get(&format!("{}{asked_for}", path(&["exchange", stage]))).await?;
    let link = |page: u64| format!("exchange{}", query(&[("of", Some(stage)), ("page", Some(&page.to_string()))]));
    let pages = Pages::around(number, INTRODUCTIONS_ON_A_PAGE, found.total, link);
    html(&Stage { frame: frame(title), list: found.list, pages })
}

#[derive(Template)]
#[template(path = "introduction.html")]
struct One {
    frame: Frame,
    intro: IntroductionForm,
    /// Whom an ask that names nobody can be passed on to.
    contacts: Option<Contacts>,
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
    let mut page = One { frame, intro, contacts: None };
    if page.asks_whom() {
        page.contacts = Some(Contacts::of(&web, "").await?);
    }
    html(&page)
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
    contacts: Contacts,
}

/// Shows a form for asking for an introduction.
pub(super) async fn ask(State(web): State<Web>, Asked(asked): Asked) -> Answer {
    let who: Option<crate::api::model::PersonDetails> = match asked.get("who") {
        Some(who) => Some(web.inside.get(&path(&["people", who])).await?),
        None => None,
    };
    let contacts = Contacts::of(&web, asked.text("via")).await?;
    let frame = Frame::new(&web, Tab::Exchange, w::ASK);
    html(&Ask { frame, who: who.map(|who| who.person), contacts })
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

/// Nobody is chosen.
const NOBODY: &str = "";

#[derive(Template)]
#[template(path = "suggest.html")]
struct Suggest {
    frame: Frame,
    contacts: Contacts,
}

/// Shows a form for bringing two contacts together.
pub(super) async fn suggest(State(web): State<Web>, Asked(asked): Asked) -> Answer {
    let contacts = Contacts::of(&web, asked.text("one")).await?;
    let frame = Frame::new(&web, Tab::Exchange, w::SUGGEST);
    html(&Suggest { frame, contacts })
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
