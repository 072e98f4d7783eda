//! My people: the list, one of them, and what I keep about them.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::Method;
use kith_protocol::folding::fold;
use serde_json::{Value, json};

use super::form::{Asked, Fields, Form};
use super::frame::{Frame, Tab, go_to, html};
use super::paging::Pages;
use super::scan::{event_on, fresh_key};
use super::trouble::{Answer, Trouble};
use super::undo::{Going, let_go};
use super::{Web, time as t, words as w};
use crate::api::model::{PersonDetails, PersonForm};
use crate::api::{PEOPLE_ON_A_PAGE, PeoplePage, path, query};

/// People of a name who are offered at most.
const ALIKE: usize = 10;

#[derive(Template)]
#[template(path = "people.html")]
struct List {
    frame: Frame,
    query: String,
    tag: String,
    met: String,
    /// Which of the ready-made lists this is.
    filter: &'static str,
    people: Vec<PersonForm>,
    total: usize,
    pages: Pages,
}

/// Lists people.
pub(super) async fn list(State(web): State<Web>, Asked(asked): Asked) -> Answer {
    let number = asked.number("page")?.unwrap_or_default();
    let with = |words: &str, page: u64| {
        let page = page.to_string();
        let mut pairs = vec![(words, asked.get("q")), ("page", Some(page.as_str()))];
        pairs.extend(FILTERS.iter().map(|filter| (*filter, asked.get(filter))));
        query(&pairs)
    };
    let wanted = with("query", number);
    let mut found: PeoplePage = web.inside.get(&format!("/people{wanted}")).await?;
    let listed = found.people.len();
    found.people.retain(|person| !web.undo.hides(&person.id));
    // Who is about to go is not counted either.
    let total = found.total.saturating_sub(listed.saturating_sub(found.people.len()));
    let page = List {
        frame: Frame::new(&web, Tab::People, w::PEOPLE).after(&web, &asked),
        query: asked.text("q").to_owned(),
        tag: asked.text("tag").to_owned(),
        met: asked.text("met").to_owned(),
        filter: filter_of(&asked),
        pages: Pages::around(number, PEOPLE_ON_A_PAGE, found.total, |page| format!("people{}", with("q", page))),
        people: found.people,
        total,
    };
    html(&page)
}

/// What narrows a list, beside the words.
const FILTERS: [&str; 5] = ["tag", "met", "overdue", "standing", "order"];

fn filter_of(asked: &Fields) -> &'static str {
    match (asked.get("overdue"), asked.get("standing"), asked.get("order")) {
        (Some(_), ..) => "overdue",
        (_, Some(_), _) => "contacts",
        (.., Some(_)) => "latest",
        _ => "",
    }
}

#[derive(Template)]
#[template(path = "person-new.html")]
struct New {
    frame: Frame,
}

/// Shows a form for writing somebody down.
pub(super) async fn new(State(web): State<Web>) -> Answer {
    html(&New { frame: Frame::new(&web, Tab::People, w::WRITE_DOWN) })
}

/// Writes somebody down.
pub(super) async fn add(State(web): State<Web>, Form(form): Form) -> Answer {
    let key = fresh_key();
    let body = json!({ "name": form.text("name"), "event": form.get("event"), "note": form.get("note"), "key": key });
    let _: PersonForm = web.inside.post("/people", &body).await?;
    go_to(&web, &format!("captures/{key}?said=written_down"))
}

#[derive(Template)]
#[template(path = "person.html")]
struct Person {
    frame: Frame,
    details: PersonDetails,
    is_contact: bool,
    /// Who it may be, among my people.
    alike: Vec<PersonForm>,
}

/// Shows everything that I keep about a person.
pub(super) async fn show(State(web): State<Web>, Path(who): Path<String>, Asked(asked): Asked) -> Answer {
    let details = details(&web, &who).await?;
    let alike = if details.joinable { alike(&web, &details).await? } else { Vec::new() };
    let frame = Frame::new(&web, Tab::People, details.person.name.clone()).after(&web, &asked);
    html(&Person { frame, is_contact: details.person.standing == "contact", details, alike })
}

/// Other people one of whose names begins as theirs, which a code may have cut; those of the very same name first.
async fn alike(web: &Web, details: &PersonDetails) -> Result<Vec<PersonForm>, Trouble> {
    let called = query(&[("called", Some(&details.own_name))]);
    let mut found = web.inside.get::<PeoplePage>(&format!("/people{called}")).await?.people;
    found.retain(|one| one.id != details.person.id && !web.undo.hides(&one.id));
    let name = fold(&details.own_name);
    found.sort_by_key(|one| fold(&one.name) != name);
    found.truncate(ALIKE);
    Ok(found)
}

pub(super) async fn details(web: &Web, who: &str) -> Result<PersonDetails, Trouble> {
    web.inside.get(&path(&["people", who])).await
}

#[derive(Template)]
#[template(path = "capture.html")]
struct Capture {
    frame: Frame,
    /// Where the sheet is kept.
    action: String,
    details: PersonDetails,
    event: Option<String>,
}

/// Shows the sheet for what was said.
pub(super) async fn capture(State(web): State<Web>, Path(who): Path<String>, Asked(asked): Asked) -> Answer {
    let details = details(&web, &who).await?;
    let action = format!("people/{}/capture", details.person.id);
    sheet(&web, details, action, &asked).await
}

/// Shows the sheet right after a scan. The capture leads to whoever it came to: a moment later the answer may be here,
/// and the person be one I know already.
pub(super) async fn captured_sheet(State(web): State<Web>, Path(key): Path<String>, Asked(asked): Asked) -> Answer {
    let details = details(&web, &captured_person(&web, &key).await?).await?;
    sheet(&web, details, format!("captures/{key}"), &asked).await
}

async fn captured_person(web: &Web, key: &str) -> Result<String, Trouble> {
    let person: PersonForm = web.inside.get(&path(&["captures", key])).await?;
    Ok(person.id)
}

async fn sheet(web: &Web, details: PersonDetails, action: String, asked: &Fields) -> Answer {
    let frame = Frame::new(web, Tab::Qr, details.person.name.clone()).after(web, asked);
    html(&Capture { frame, action, details, event: event_on(web).await? })
}

/// Keeps what was said.
pub(super) async fn captured(State(web): State<Web>, Path(who): Path<String>, Form(form): Form) -> Answer {
    change_person(&web, &who, &form).await?;
    go_to(&web, if form.is_ticked("again") { "scan?said=kept" } else { "people?said=kept" })
}

/// Keeps what was said right after a scan.
pub(super) async fn captured_kept(State(web): State<Web>, Path(key): Path<String>, form: Form) -> Answer {
    let who = captured_person(&web, &key).await?;
    captured(State(web), Path(who), form).await
}

/// Changes what I keep about a person.
pub(super) async fn change(State(web): State<Web>, Path(who): Path<String>, Form(form): Form) -> Answer {
    if form.get("back") == Some("today") && form.is_ticked("done") {
        let going = Going {
            method: Method::PATCH,
            path: path(&["people", &who]),
            body: json!({ "done": true }),
            hides: format!("step {who}"),
            back: "",
        };
        return let_go(&web, going, "step_done").await;
    }
    let changed = change_person(&web, &who, &form).await?;
    let said = match (form.is_ticked("touch"), form.is_ticked("done")) {
        (true, _) => "touched",
        (_, true) => "step_done",
        _ => "saved",
    };
    match form.get("back") {
        Some("today") => go_to(&web, &format!("?said={said}")),
        _ => go_to(&web, &format!("people/{}?said={said}", changed.person.id)),
    }
}

async fn change_person(web: &Web, who: &str, form: &Fields) -> Result<PersonDetails, Trouble> {
    // A step that is about to count as done must not take the next one along.
    web.undo.settle(&format!("step {who}")).await;
    let mut change = json!({});
    for name in ["tag", "untag", "note", "tier", "need", "promise", "next", "due"] {
        if let Some(value) = form.get(name) {
            set(&mut change, name, json!(value));
        }
    }
    if let Some(petname) = form.raw("petname") {
        set(&mut change, "petname", json!(petname));
    }
    if let Some(days) = form.number("cadence_days")? {
        set(&mut change, "cadence_days", json!(days));
    }
    for name in ["need", "promise"] {
        // A field of the sheet that was emptied takes back what it said.
        if form.is_ticked("sheet") && form.get(name).is_none() {
            set(&mut change, name, json!(""));
        }
    }
    if form.is_ticked("done") {
        set(&mut change, "done", json!(true));
    }
    if form.is_ticked("touch") {
        set(&mut change, "touch", json!(true));
    }
    if let Some(block) = form.get("block") {
        set(&mut change, "block", json!(block == "yes"));
    }
    web.inside.patch(&path(&["people", who]), &change).await
}

fn set(change: &mut Value, name: &str, value: Value) {
    if let Some(change) = change.as_object_mut() {
        change.insert(name.to_owned(), value);
    }
}

/// Says that somebody is another person among my people.
pub(super) async fn join(State(web): State<Web>, Path(who): Path<String>, Form(form): Form) -> Answer {
    web.undo.settle(&format!("step {who}")).await;
    // Who is about to be forgotten takes nobody in.
    let named = form.get("one").or_else(|| form.get("name"));
    let into = match named {
        Some(named) => details(&web, named).await?.person.id,
        None => String::new(),
    };
    web.undo.settle(&into).await;
    let joined: PersonDetails = web.inside.post(&path(&["people", &who, "join"]), &json!({ "into": into })).await?;
    go_to(&web, &format!("people/{}?said=joined", joined.person.id))
}

#[derive(Template)]
#[template(path = "forget.html")]
struct Forget {
    frame: Frame,
    person: PersonForm,
}

/// Asks whether a person is really to be forgotten.
pub(super) async fn ask_forget(State(web): State<Web>, Path(who): Path<String>) -> Answer {
    let person = details(&web, &who).await?.person;
    html(&Forget { frame: Frame::new(&web, Tab::People, w::FORGET), person })
}

/// Forgets a person.
pub(super) async fn forget(State(web): State<Web>, Path(who): Path<String>) -> Answer {
    let id = details(&web, &who).await?.person.id;
    let going =
        Going { method: Method::DELETE, path: path(&["people", &id]), body: json!({}), hides: id, back: "people" };
    let_go(&web, going, "forgotten").await
}

/// What I know of a person, for other programs.
pub(super) async fn vcard(State(web): State<Web>, Path(who): Path<String>) -> Answer {
    web.inside.file(&path(&["people", &who, "vcf"])).await
}

#[derive(Template)]
#[template(path = "thanks.html")]
struct Thanks {
    frame: Frame,
    person: PersonForm,
    draft: String,
    is_contact: bool,
    /// Opens a mail program with the draft.
    mail: Option<String>,
}

/// Shows a draft of a thank-you, made of what they need and what I promised.
pub(super) async fn thanks(State(web): State<Web>, Path(who): Path<String>) -> Answer {
    let details = details(&web, &who).await?;
    let follow_up = &details.follow_up;
    let draft = w::thank_you(&details.own_name, follow_up.need.as_deref(), follow_up.promise.as_deref());
    let email = details.card.as_ref().and_then(|card| card.fields.iter().find(|field| field.field == "email"));
    let mail = email
        .and_then(|email| w::link("email", &email.value))
        .map(|link| format!("{link}{}", query(&[("subject", Some(w::THANKS_SUBJECT)), ("body", Some(&draft))])));
    let frame = Frame::new(&web, Tab::People, w::WRITE_THANKS);
    let is_contact = details.person.standing == "contact";
    html(&Thanks { frame, person: details.person, draft, is_contact, mail })
}
