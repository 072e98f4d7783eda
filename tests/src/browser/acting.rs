//! What a person does on a page.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Window;
use super::seeing::{Kind, id};
use super::session::Refusal;
use crate::e2e::PATIENCE;

/// How long to wait before something is tried again that was in the way.
const AGAIN: Duration = Duration::from_millis(40);

/// What passes by itself: the page changed meanwhile, or something moves over it.
const PASSING: [&str; 4] =
    ["stale element reference", "element click intercepted", "element not interactable", "no such element"];

/// What chromedriver says instead of the first of these if the page changed in the middle of a press.
const CHANGED: &str = "does not belong to the document";

fn passes(refusal: &Refusal) -> bool {
    PASSING.contains(&refusal.code.as_str()) || refusal.to_string().contains(CHANGED)
}

/// Fields that hold something other than what is typed on a keyboard.
const CHOSEN: [&str; 6] = ["date", "time", "datetime-local", "month", "color", "range"];

impl Window {
    /// Presses the button or the link with these words.
    #[track_caller]
    pub fn presses(&self, name: &str) {
        self.acts(Kind::Press, name, |element| self.clicks(element));
    }

    /// Presses the button or the link with these words, if it is there and stays for long enough.
    pub fn presses_if_there(&self, name: &str) {
        if let Ok((found, _)) = self.find(Kind::Press, name)
            && let Some(element) = found.first()
        {
            let _ = self.clicks(element);
        }
    }

    /// Presses one of several buttons or links with the same words; counted from 0.
    #[track_caller]
    pub fn presses_nth(&self, name: &str, nth: usize) {
        let element = self.until(&format!("{name:?}, number {nth}"), |window| {
            window.find(Kind::Press, name).ok().and_then(|(found, _)| found.get(nth).cloned())
        });
        self.clicks(&element).unwrap_or_else(|refusal| self.fails(&format!("{name:?}: {refusal}")));
    }

    /// Presses the button with these words that belongs to the form of the field with this label.
    #[track_caller]
    pub fn presses_beside(&self, label: &str, name: &str) {
        self.acts(Kind::Field, label, |field| {
            let beside = "const [field, name] = arguments;
                const buttons = [...field.form.querySelectorAll('button')];
                return buttons.find((button) => button.textContent.trim() === name);";
            let button = self.session.script(beside, &json!([field, name]))?;
            self.clicks(&button)
        });
    }

    /// Presses the button with these words in the row of a list that says something.
    #[track_caller]
    pub fn presses_in_row(&self, row: &str, name: &str) {
        let in_row = "const [row, name] = arguments;
            const rows = [...document.querySelectorAll('li')].filter((item) => item.textContent.includes(row));
            const buttons = rows.flatMap((item) => [...item.querySelectorAll('button')]);
            return buttons.find((button) => button.textContent.trim() === name) ?? null;";
        let button = self.until(&format!("{name:?} in the row of {row:?}"), |window| {
            window.session.script(in_row, &json!([row, name])).ok().filter(|found| !found.is_null())
        });
        self.clicks(&button).unwrap_or_else(|refusal| self.fails(&format!("{name:?}: {refusal}")));
    }

    /// Scrolls no further than until it is in sight, as a thumb does, and presses it.
    fn clicks(&self, element: &Value) -> Result<Value, Refusal> {
        let scroll = "arguments[0].scrollIntoView({ block: 'nearest', behavior: 'instant' })";
        self.session.script(scroll, &json!([element]))?;
        self.session.post(&format!("/element/{}/click", id(element)), &json!({}))
    }

    /// Writes into the field with this label, in place of what is there.
    #[track_caller]
    pub fn types(&self, label: &str, text: &str) {
        self.acts(Kind::Field, label, |element| {
            let kind = self.session.script("return arguments[0].type", &json!([element]))?;
            if kind.as_str().is_some_and(|kind| CHOSEN.contains(&kind)) {
                return self.sets(element, text);
            }
            self.session.post(&format!("/element/{}/clear", id(element)), &json!({}))?;
            self.session.post(&format!("/element/{}/value", id(element)), &json!({ "text": text }))
        });
    }

    /// Presses the key Enter in the field with this label.
    #[track_caller]
    pub fn enters(&self, label: &str) {
        self.acts(Kind::Field, label, |element| {
            self.session.post(&format!("/element/{}/value", id(element)), &json!({ "text": "\u{e007}" }))
        });
    }

    /// Chooses from a list, by the words that it shows.
    #[track_caller]
    pub fn chooses(&self, label: &str, option: &str) {
        self.acts(Kind::Field, label, |element| {
            let choose = "const [list, words] = arguments;
                const option = [...list.options].find((option) => option.text.trim() === words)
                    ?? [...list.options].find((option) => option.text.trim().startsWith(words));
                if (!option) throw new Error('it offers: ' + [...list.options].map((option) => option.text).join(' | '));
                list.value = option.value;
                list.dispatchEvent(new Event('input', { bubbles: true }));
                list.dispatchEvent(new Event('change', { bubbles: true }));";
            self.session.script(choose, &json!([element, option]))
        });
    }

    /// Ticks a box or takes a choice, if that is not done yet.
    #[track_caller]
    pub fn ticks(&self, label: &str) {
        self.acts(Kind::Tick, label, |element| {
            let tick = "const box = arguments[0];
                if (!box.checked) (box.checkVisibility?.() ?? true ? box : box.labels[0]).click();";
            self.session.script(tick, &json!([element]))
        });
    }

    /// Gives a file to the field with this label.
    #[track_caller]
    pub fn uploads(&self, label: &str, file: &Path) {
        self.acts(Kind::Field, label, |element| {
            let path = file.to_str().unwrap();
            self.session.post(&format!("/element/{}/value", id(element)), &json!({ "text": path }))
        });
    }

    /// Presses a link to a file, and waits until it is saved in the folder of downloads.
    #[track_caller]
    pub fn saves(&self, name: &str, folder: &Path) -> PathBuf {
        self.presses(name);
        self.until(&format!("{name:?} to be saved"), |_| {
            let mut saved = std::fs::read_dir(folder).ok()?.filter_map(Result::ok).map(|entry| entry.path());
            // While it comes, it has another ending, or is hidden.
            let is_whole = |end: &OsStr| end == "csv" || end == "vcf" || end == "backup";
            saved.find(|file| file.extension().is_some_and(is_whole))
        })
    }

    /// Presses a link to a text, and reads and deletes what is saved in the folder of downloads.
    #[track_caller]
    pub fn downloads(&self, name: &str, folder: &Path) -> String {
        let file = self.saves(name, folder);
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::remove_file(file).unwrap();
        text
    }

    fn sets(&self, element: &Value, value: &str) -> Result<Value, Refusal> {
        let set = "const [field, value] = arguments;
            field.value = value;
            field.dispatchEvent(new Event('input', { bubbles: true }));
            field.dispatchEvent(new Event('change', { bubbles: true }));";
        self.session.script(set, &json!([element, value]))
    }

    /// Does something with a thing of a kind, once nothing is in the way.
    #[track_caller]
    fn acts(&self, kind: Kind, name: &str, act: impl Fn(&Value) -> Result<Value, Refusal>) {
        let begun = Instant::now();
        loop {
            let element = self.one(kind, name);
            let Err(refusal) = act(&element) else { return };
            if !passes(&refusal) || begun.elapsed() > PATIENCE {
                self.fails(&format!("{name:?}: {refusal}"));
            }
            std::thread::sleep(AGAIN);
        }
    }
}
