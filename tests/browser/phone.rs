//! Somebody's phone, with their own node's pages on it.

use std::ops::Deref;

use kith_node::codes::read::read;
use kith_tests::browser::{Engine, Setup, Window};
use kith_tests::e2e::Someone;

/// A phone that is signed in at its owner's node.
pub struct Phone {
    window: Window,
    node: String,
}

impl Phone {
    /// A phone with nothing special about it.
    #[track_caller]
    pub fn of(someone: &Someone) -> Self {
        Self::with(someone, Setup::new(Engine::Chromium))
    }

    /// A phone whose browser is set up in some way, let in by the owner's link.
    #[track_caller]
    pub fn with(someone: &Someone, setup: Setup) -> Self {
        let way = someone.kith(["open", "--json"]).ok().json();
        let link = way["url"].as_str().unwrap();
        let (node, _) = link.split_once("/enter/").unwrap();
        let phone = Self { window: setup.open(), node: node.to_owned() };
        phone.goes_to(link);
        phone.presses("Come in");
        phone.until("signed in", |window| (!window.address().contains("/enter")).then_some(()));
        phone
    }

    /// A phone whose browser runs no scripts.
    #[track_caller]
    pub fn without_scripts(someone: &Someone) -> Self {
        Self::with(someone, Setup::new(Engine::Chromium).without_scripts())
    }

    /// A phone that was let in by a node earlier, or not yet.
    #[track_caller]
    pub fn at(node: String, setup: Setup) -> Self {
        Self { window: setup.open(), node }
    }

    /// Where the node is, without a slash at the end.
    pub fn node(&self) -> &str {
        &self.node
    }

    /// Opens a page of the app.
    #[track_caller]
    pub fn opens(&self, page: &str) {
        self.goes_to(&format!("{}/{page}", self.node));
    }

    /// Opens a page again and again until these words are on it: without scripts no page changes by itself.
    #[track_caller]
    pub fn looks_at(&self, page: &str, words: &str) {
        self.until(&format!("{words:?} on the page {page:?}"), |window| {
            window.goes_to(&format!("{}/{page}", self.node));
            window.text().contains(words).then_some(())
        });
    }

    /// Loads the page that is shown again and again until these words are on it.
    #[track_caller]
    pub fn looks_again_for(&self, words: &str) {
        self.until(&format!("{words:?} on the page, loaded again"), |window| {
            window.reloads();
            window.text().contains(words).then_some(())
        });
    }

    /// What another phone's camera reads on this one's screen.
    #[track_caller]
    pub fn shows_code(&self) -> String {
        self.until("a code on the screen", |window| read(&window.screen()).ok()?.into_iter().next())
    }
}

impl Deref for Phone {
    type Target = Window;

    fn deref(&self) -> &Window {
        &self.window
    }
}

/// True if Chromium is here; if not, the play is skipped.
pub fn has_chromium() -> bool {
    Engine::Chromium.is_here()
}
