//! A code that lets a phone in, shown on another browser.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use serde_json::json;

use super::entry::must_prove;
use super::frame::{Frame, Tab, go_to, html};
use super::trouble::{Answer, Trouble};
use super::{Web, time as t, words as w};
use crate::access::Entered;
use crate::api::WayIn;
use crate::codes::draw::Drawing;

#[derive(Template)]
#[template(path = "phone.html")]
struct Page {
    frame: Frame,
    way: WayIn,
    svg: String,
}

/// Makes a code and shows it. Who uses this browser must have shown that it is them.
pub(super) async fn show(State(web): State<Web>, Extension(entered): Extension<Entered>) -> Answer {
    if must_prove(web.api.access(), &entered) {
        return go_to(&web, "prove?next=/access");
    }
    let way: WayIn = web.inside.post("/access/phone", &json!(null)).await?;
    let svg = Drawing::new(&way.url).map_err(|error| Trouble::failed(error.to_string()))?.svg();
    html(&Page { frame: Frame::new(&web, Tab::More, w::LET_PHONE_IN), way, svg })
}
