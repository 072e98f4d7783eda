//! A session of W3C WebDriver: <https://www.w3.org/TR/webdriver2/>.

use std::path::Path;

use serde_json::{Value, json};

use super::Engine;
use super::driver::Driver;

/// The key of a reference to an element (WebDriver §12.1).
pub(super) const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// What a driver says when it does not do something.
#[derive(Debug)]
pub(super) struct Refusal {
    /// The error code of WebDriver §6.6, such as `stale element reference`.
    pub(super) code: String,
    /// In words.
    message: String,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

/// One browser, controlled by a driver of its own. Both end when it is dropped.
#[derive(Debug)]
pub(super) struct Session {
    driver: Driver,
    path: String,
}

impl Session {
    /// Opens a browser.
    #[track_caller]
    pub(super) fn open(engine: Engine, home: Option<&Path>, capabilities: &Value) -> Self {
        let mut session = Self { driver: Driver::start(engine, home), path: String::new() };
        let opened = session.post("/session", &json!({ "capabilities": { "alwaysMatch": capabilities } }));
        let opened = opened.unwrap_or_else(|refusal| panic!("{} does not open: {refusal}", engine.name()));
        session.path = format!("/session/{}", opened["sessionId"].as_str().unwrap());
        session
    }

    /// Asks for something to be done.
    ///
    /// # Errors
    /// What is in the way.
    pub(super) fn post(&self, path: &str, body: &Value) -> Result<Value, Refusal> {
        self.ask("POST", path, Some(body))
    }

    /// Asks for something to be told.
    ///
    /// # Errors
    /// What is in the way.
    pub(super) fn get(&self, path: &str) -> Result<Value, Refusal> {
        self.ask("GET", path, None)
    }

    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, Refusal> {
        let path = format!("{}{path}", self.path);
        let (status, mut answer) = self
            .driver
            .ask(method, &path, body)
            .unwrap_or_else(|error| panic!("the driver of the browser is gone: {method} {path}: {error}"));
        let value = answer["value"].take();
        if status == 200 {
            return Ok(value);
        }
        let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
        Err(Refusal { code: text("error"), message: text("message") })
    }

    /// Runs the body of a function in the page.
    ///
    /// # Errors
    /// What it throws.
    pub(super) fn script(&self, script: &str, arguments: &Value) -> Result<Value, Refusal> {
        self.post("/execute/sync", &json!({ "script": script, "args": arguments }))
    }

    /// The same for one that calls its last argument when it is done.
    ///
    /// # Errors
    /// What it throws.
    pub(super) fn script_that_calls_back(&self, script: &str) -> Result<Value, Refusal> {
        self.post("/execute/async", &json!({ "script": script, "args": [] }))
    }

    /// Asks Chromium for what WebDriver does not have, by its developer tools.
    #[track_caller]
    pub(super) fn devtools(&self, command: &str, parameters: &Value) -> Value {
        let asked = self.post("/goog/cdp/execute", &json!({ "cmd": command, "params": parameters }));
        asked.unwrap_or_else(|refusal| panic!("{command}: {refusal}"))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Only so does the browser end with its driver.
        if !self.path.is_empty() {
            let _ = self.driver.ask("DELETE", &self.path, None);
        }
    }
}
