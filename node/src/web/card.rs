//! My card: what it says, and who sees it.

use askama::Template;
use axum::extract::State;
use kith_protocol::card::FieldKind;
use serde_json::{Value, json};

use super::form::{Asked, Fields, Form};
use super::frame::{Frame, Tab, go_to, html};
use super::trouble::Answer;
use super::{Web, words as w};
use crate::api::model::{CardForm, TierName};
use crate::api::query;

/// One line of the editor.
struct Line {
    field: &'static str,
    label: &'static str,
    value: String,
    tier: TierName,
}

#[derive(Template)]
#[template(path = "card.html")]
struct Editor {
    frame: Frame,
    name: String,
    lines: Vec<Line>,
    /// How many see what, in words.
    reach: String,
}

/// Shows my card as a form.
pub(super) async fn show(State(web): State<Web>, Asked(asked): Asked) -> Answer {
    let card: CardForm = web.inside.get("/card").await?;
    let lines = FieldKind::KNOWN.iter().map(|kind| line(*kind, &card)).collect();
    let frame = Frame::new(&web, Tab::More, w::MY_CARD).after(&web, &asked);
    let reach = card.reach.map(|reach| w::reach(&reach)).unwrap_or_default();
    html(&Editor { frame, name: card.name, lines, reach })
}

fn line(kind: FieldKind, card: &CardForm) -> Line {
    let field = kind.name();
    let own = card.fields.iter().find(|own| own.field == field);
    Line {
        field,
        label: w::field(field),
        value: own.map(|own| own.value.clone()).unwrap_or_default(),
        tier: own.and_then(|own| own.tier).unwrap_or_else(|| kind.usual_tier().into()),
    }
}

/// Changes my card: all of it at once or nothing.
pub(super) async fn change(State(web): State<Web>, Form(form): Form) -> Answer {
    let _: Value = web.inside.patch("/card", &json!({ "changes": changes(&form) })).await?;
    go_to(&web, "card?said=saved")
}

/// Makes a card in four fields, and shows the code.
pub(super) async fn begin(State(web): State<Web>, Form(form): Form) -> Answer {
    let reach = form.get("reach").map(|reach| {
        let kind = if reach.contains('@') { FieldKind::Email } else { FieldKind::Mobile };
        json!({ "field": kind.name(), "value": reach })
    });
    let mut changes = changes(&form);
    changes.extend(reach);
    let _: Value = web.inside.patch("/card", &json!({ "changes": changes })).await?;
    go_to(&web, "qr")
}

/// A field that the form does not have stays as it is; one that was emptied goes.
fn changes(form: &Fields) -> Vec<Value> {
    let name = form.raw("name").map(|name| json!({ "field": "name", "value": name }));
    let fields = FieldKind::KNOWN.iter().filter_map(|kind| {
        let value = form.raw(kind.name())?;
        let tier = form.get(&format!("{}_tier", kind.name()));
        Some(json!({ "field": kind.name(), "value": value, "tier": tier }))
    });
    name.into_iter().chain(fields).collect()
}

#[derive(Template)]
#[template(path = "preview.html")]
struct Preview {
    frame: Frame,
    eyes: String,
    card: CardForm,
}

/// Shows my card as others see it.
pub(super) async fn preview(State(web): State<Web>, Asked(asked): Asked) -> Answer {
    let eyes = asked.get("eyes").unwrap_or("public").to_owned();
    let card = web.inside.get(&format!("/card{}", query(&[("as", Some(&eyes))]))).await?;
    html(&Preview { frame: Frame::new(&web, Tab::More, w::PREVIEW), eyes, card })
}
