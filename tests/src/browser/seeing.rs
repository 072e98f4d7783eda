//! What a person sees on a page.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Window;
use super::session::{ELEMENT, Refusal};
use crate::e2e::PATIENCE;

/// How often a page is looked at while something is awaited.
const LOOK: Duration = Duration::from_millis(40);
/// Characters of a page that are shown when something is not on it.
const PAGE: usize = 3_000;

/// Where words must be to be found by them.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// On a button or a link.
    Press,
    /// Beside a field.
    Field,
    /// Beside a box to tick, or a choice.
    Tick,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Press => "press",
            Self::Field => "field",
            Self::Tick => "tick",
        }
    }
}

impl Window {
    /// Goes to an address, as if it was typed.
    #[track_caller]
    pub fn goes_to(&self, address: &str) {
        let went = self.session.post("/url", &json!({ "url": address }));
        went.unwrap_or_else(|refusal| panic!("{address}: {refusal}"));
    }

    /// Goes to an address that cannot be reached.
    #[track_caller]
    pub fn goes_in_vain_to(&self, address: &str) {
        let went = self.session.post("/url", &json!({ "url": address }));
        // Where a certificate is not trusted, the browser shows a page of its own.
        assert!(went.is_err() || self.script("return location.protocol") == "chrome-error:", "{address} is there");
    }

    /// Loads the page again.
    #[track_caller]
    pub fn reloads(&self) {
        self.session.post("/refresh", &json!({})).unwrap_or_else(|refusal| panic!("{refusal}"));
    }

    /// Goes back.
    #[track_caller]
    pub fn goes_back(&self) {
        self.session.post("/back", &json!({})).unwrap_or_else(|refusal| panic!("{refusal}"));
    }

    /// The address of the page.
    pub fn address(&self) -> String {
        self.session.get("/url").ok().and_then(|url| url.as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// All text that can be seen, with the spaces between words made one.
    pub fn text(&self) -> String {
        let text = self.session.script("return document.body?.innerText ?? ''", &json!([]));
        let text = text.ok().and_then(|text| text.as_str().map(str::to_owned)).unwrap_or_default();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Runs the body of a function in the page, and returns what it returns.
    #[track_caller]
    pub fn script(&self, script: &str) -> Value {
        self.session.script(script, &json!([])).unwrap_or_else(|refusal| panic!("{script}: {refusal}"))
    }

    /// The same for something that takes a while: it calls `done` with what it found.
    #[track_caller]
    pub fn waits_for_script(&self, script: &str) -> Value {
        let script = format!("const done = arguments[arguments.length - 1];\n{script}");
        self.session.script_that_calls_back(&script).unwrap_or_else(|refusal| panic!("{script}: {refusal}"))
    }

    /// Waits until `look` finds something.
    #[track_caller]
    pub fn until<T>(&self, what: &str, mut look: impl FnMut(&Self) -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(found) = look(self) {
                return found;
            }
            if begun.elapsed() > PATIENCE {
                self.fails(&format!("waited {PATIENCE:?} in vain: {what}"));
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Waits until these words can be read on the page.
    #[track_caller]
    pub fn sees(&self, words: &str) {
        self.until(&format!("{words:?} on the page"), |window| window.text().contains(words).then_some(()));
    }

    /// Waits until these words can not be read on the page any more.
    #[track_caller]
    pub fn sees_no_more(&self, words: &str) {
        self.until(&format!("{words:?} gone from the page"), |window| (!window.text().contains(words)).then_some(()));
    }

    /// These words are not on the page.
    #[track_caller]
    pub fn does_not_see(&self, words: &str) {
        if self.text().contains(words) {
            self.fails(&format!("{words:?} is on the page"));
        }
    }

    /// Waits until the address of the page ends like this.
    #[track_caller]
    pub fn is_at(&self, end: &str) {
        self.until(&format!("the page {end}"), |window| window.address().ends_with(end).then_some(()));
    }

    /// True if there is something to press with these words on it.
    pub fn can_press(&self, name: &str) -> bool {
        self.find(Kind::Press, name).is_ok_and(|(found, _)| !found.is_empty())
    }

    /// What the field says that has this label.
    #[track_caller]
    pub fn value_of(&self, label: &str) -> String {
        let element = self.one(Kind::Field, label);
        let value = self.session.script("return arguments[0].value", &json!([element]));
        value.ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// Nothing goes off to the side: a person scrolls down, and only down.
    #[track_caller]
    pub fn fits_the_width(&self) {
        let wide = self.script(
            "const most = document.documentElement.clientWidth;
             const out = [...document.body.querySelectorAll('*')].filter((e) => {
               const box = e.getBoundingClientRect();
               return box.width > 0 && (box.right > most + 1 || box.left < -1);
             });
             const scrolls = document.documentElement.scrollWidth > most;
             return scrolls ? [document.documentElement.scrollWidth, most,
                 ...out.slice(0, 8).map((e) => e.outerHTML.slice(0, 160))] : null;",
        );
        assert!(wide.is_null(), "{} is wider than the window: {wide:#}", self.address());
    }

    /// Things of a kind that have a name, and the names of all things of the kind.
    pub(super) fn find(&self, kind: Kind, name: &str) -> Result<(Vec<Value>, Value), Refusal> {
        let mut answer = self.session.script(include_str!("find.js"), &json!([kind.name(), name]))?;
        let found = match answer["found"].take() {
            Value::Array(found) => found,
            _ => Vec::new(),
        };
        Ok((found, answer["names"].take()))
    }

    /// Waits for a thing of a kind, and returns the reference to the first that has the name.
    #[track_caller]
    pub(super) fn one(&self, kind: Kind, name: &str) -> Value {
        let begun = Instant::now();
        loop {
            let names = match self.find(kind, name) {
                Ok((mut found, _)) if !found.is_empty() => return found.swap_remove(0),
                Ok((_, names)) => names.to_string(),
                Err(refusal) => refusal.to_string(),
            };
            if begun.elapsed() > PATIENCE {
                self.fails(&format!("nothing to {} called {name:?}; there is: {names}", kind.name()));
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Ends the test with what is on the page, and takes a picture of it.
    #[track_caller]
    pub(super) fn fails(&self, why: &str) -> ! {
        let page: String = self.text().chars().take(PAGE).collect();
        let picture = self.photographs_failure();
        panic!("{why}\nat {}\npicture: {}\nthe page says: {page}", self.address(), picture.display())
    }
}

/// The id of an element that a reference holds.
pub(super) fn id(element: &Value) -> &str {
    element[ELEMENT].as_str().unwrap_or_default()
}
