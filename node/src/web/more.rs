//! Everything else: the node, its health.

use askama::Template;
use axum::extract::State;
use serde_json::{Value, json};

use super::form::Asked;
use super::frame::{Frame, Tab, go_to, html};
use super::trouble::Answer;
use super::{Web, words as w};
use crate::api::{Finding, StatusForm};

#[derive(Template)]
#[template(path = "more.html")]
struct More {
    frame: Frame,
}

/// Shows the way to everything else.
pub(super) async fn show(State(web): State<Web>) -> Answer {
    html(&More { frame: Frame::new(&web, Tab::More, w::MORE) })
}

#[derive(Template)]
#[template(path = "node.html")]
struct Node {
    frame: Frame,
    status: StatusForm,
    findings: Vec<Finding>,
    words_file: Option<String>,
}

/// Shows how the node is.
pub(super) async fn node(State(web): State<Web>, Asked(asked): Asked) -> Answer {
    let status = web.inside.get("/status").await?;
    let findings = web.inside.get("/doctor").await?;
    let frame = Frame::new(&web, Tab::More, w::NODE).after(&web, &asked);
    html(&Node { frame, status, findings, words_file: web.words_file() })
}

/// The recovery words are on paper: the file with them goes.
pub(super) async fn words_done(State(web): State<Web>) -> Answer {
    let _: Value = web.inside.post("/words/done", &json!({})).await?;
    go_to(&web, "node?said=words_done")
}
