//! Ten seconds to think again, where something goes away.
//!
//! What is to go is hidden at once and goes when the time is over, or when the node stops. If the process is killed
//! before that, it is still there: nothing is lost by an accident.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::frame::go_to;
use super::inside::Inside;
use super::trouble::{Answer, Trouble};
use super::{Web, words as w};

/// How long there is to think again.
const TIME: Duration = Duration::from_secs(10);
/// Things that may be going away at once; beyond it they go without delay.
const MOST: usize = 64;

/// Something that goes away: a call of the API.
#[derive(Clone, Debug)]
pub(super) struct Going {
    pub method: Method,
    pub path: String,
    pub body: Value,
    /// What lists hide meanwhile.
    pub hides: String,
    /// The page that shows it again.
    pub back: &'static str,
}

/// What is about to go away.
#[derive(Clone)]
pub struct Undo {
    inside: Inside,
    state: Arc<Mutex<Waiting>>,
}

#[derive(Default)]
struct Waiting {
    next: u64,
    going: BTreeMap<u64, Going>,
}

impl Undo {
    pub(super) fn new(inside: Inside) -> Self {
        Self { inside, state: Arc::default() }
    }

    /// Lets something go in ten seconds. Says by which number that can be stopped.
    ///
    /// # Errors
    /// If too much is going already, so that this went at once and could not.
    pub(super) async fn let_go(&self, going: Going) -> Result<Option<u64>, Trouble> {
        let Some(number) = self.wait(going.clone()) else {
            self.carry_out(going).await?;
            return Ok(None);
        };
        let undo = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(TIME).await;
            undo.finish(number).await;
        });
        Ok(Some(number))
    }

    fn wait(&self, going: Going) -> Option<u64> {
        let mut state = self.lock();
        // A thumb that tapped twice means once.
        if let Some((number, _)) = state.going.iter().find(|(_, one)| one.hides == going.hides) {
            return Some(*number);
        }
        if state.going.len() >= MOST {
            return None;
        }
        let number = state.next;
        state.next = number.wrapping_add(1);
        state.going.insert(number, going);
        Some(number)
    }

    /// True if something is about to go away.
    pub(super) fn hides(&self, id: &str) -> bool {
        self.lock().going.values().any(|going| going.hides == id)
    }

    /// True if it can still be stopped.
    pub(super) fn is_open(&self, number: u64) -> bool {
        self.lock().going.contains_key(&number)
    }

    /// Lets one thing go now: what comes next rests on it.
    pub(super) async fn settle(&self, hidden: &str) {
        let number = self.lock().going.iter().find(|(_, going)| going.hides == hidden).map(|(number, _)| *number);
        if let Some(number) = number {
            self.finish(number).await;
        }
    }

    /// Lets everything go now: the node stops.
    pub async fn finish_all(&self) {
        let numbers: Vec<u64> = self.lock().going.keys().copied().collect();
        for number in numbers {
            self.finish(number).await;
        }
    }

    async fn finish(&self, number: u64) {
        let going = self.lock().going.remove(&number);
        let Some(going) = going else { return };
        if let Err(trouble) = self.carry_out(going).await {
            tracing::warn!(message = trouble.message, "something that was to go away stayed");
        }
    }

    async fn carry_out(&self, going: Going) -> Result<(), Trouble> {
        self.inside.send(going.method, &going.path, &going.body).await
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets something go, and goes on to the page that offers to stop it.
pub(super) async fn let_go(web: &Web, going: Going, said: &str) -> Answer {
    let back = going.back;
    match web.undo.let_go(going).await? {
        Some(number) => go_to(web, &format!("{back}?said={said}&undo={number}")),
        None => go_to(web, &format!("{back}?said={said}")),
    }
}

/// Stops something from going away.
pub(super) async fn stop(State(web): State<Web>, Path(number): Path<u64>) -> Answer {
    let going = web.undo.lock().going.remove(&number);
    match going {
        Some(going) => go_to(&web, &format!("{}?said=undone", going.back)),
        None => {
            let (message, hint) = (w::TOO_LATE.to_owned(), Some(w::TOO_LATE_HINT.to_owned()));
            Err(Trouble { status: StatusCode::GONE, message, hint })
        }
    }
}

/// Something that goes by a POST without a body.
pub(super) fn by_post(path: String, hides: String, back: &'static str) -> Going {
    Going { method: Method::POST, path, body: json!({}), hides, back }
}
