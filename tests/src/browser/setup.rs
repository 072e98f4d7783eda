//! Which browser, and how it is set up.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::Window;
use super::session::Session;
use crate::e2e::skip;

/// The window of a small phone, in CSS pixels: the narrowest that pages are made for.
const PHONE: (u32, u32) = (360, 740);
/// Physical pixels to a CSS pixel.
const DENSITY: u32 = 2;

/// Without a screen, and without a word to anyone: what these switch off would speak with the browser's maker.
const ALONE: [&str; 9] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
];

/// A kind of browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Chromium with chromedriver.
    Chromium,
    /// WebKitGTK's small browser with `WebKitWebDriver`, on a screen that is only in memory.
    WebKit,
}

impl Engine {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Chromium, Self::WebKit];

    /// True if this machine has it. If not, says so, and fails on CI.
    pub fn is_here(self) -> bool {
        let needed: &[&str] = match self {
            Self::Chromium => &["/usr/bin/chromium", "/usr/bin/chromedriver"],
            Self::WebKit => &["/usr/bin/WebKitWebDriver", "/usr/bin/Xvfb"],
        };
        let missing = needed.iter().find(|program| !Path::new(program).exists());
        if let Some(program) = missing {
            skip(self.name(), &format!("{program} is missing"));
        }
        missing.is_none()
    }

    /// Its name in paths and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::WebKit => "webkit",
        }
    }
}

/// Light or dark, as the system is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Light, Self::Dark];

    /// As CSS and paths call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// How a browser is set up. Whatever is not Chromium knows only of the plain setup.
#[derive(Clone, Debug)]
pub struct Setup {
    pub(super) engine: Engine,
    without_scripts: bool,
    profile: Option<PathBuf>,
    home: Option<PathBuf>,
    camera: Option<PathBuf>,
    downloads: Option<PathBuf>,
    host: Option<String>,
}

impl Setup {
    /// A phone with nothing special about it.
    pub const fn new(engine: Engine) -> Self {
        Self { engine, without_scripts: false, profile: None, home: None, camera: None, downloads: None, host: None }
    }

    /// Pages may not run scripts.
    #[must_use]
    pub const fn without_scripts(mut self) -> Self {
        self.without_scripts = true;
        self
    }

    /// Keeps what pages store in a folder, so that it is there when a later browser is opened with it.
    #[must_use]
    pub fn profile(mut self, folder: &Path) -> Self {
        self.profile = Some(folder.to_owned());
        self
    }

    /// The person's home on their machine, where the certificates lie that they trust.
    #[must_use]
    pub fn home(mut self, folder: &Path) -> Self {
        self.home = Some(folder.to_owned());
        self
    }

    /// A camera that sees what a [`film`](super::film()) shows, and may be used without asking.
    #[must_use]
    pub fn camera(mut self, film: &Path) -> Self {
        self.camera = Some(film.to_owned());
        self
    }

    /// Saves what is downloaded in a folder.
    #[must_use]
    pub fn downloads(mut self, folder: &Path) -> Self {
        self.downloads = Some(folder.to_owned());
        self
    }

    /// A network in which this machine has a name.
    #[must_use]
    pub fn host(mut self, name: &str) -> Self {
        self.host = Some(name.to_owned());
        self
    }

    /// Opens the browser.
    #[track_caller]
    pub fn open(self) -> Window {
        let session = Session::open(self.engine, self.home.as_deref(), &self.capabilities());
        let window = Window { session, setup: self };
        window.become_a_phone();
        window
    }

    fn capabilities(&self) -> Value {
        match self.engine {
            Engine::Chromium => json!({
                "browserName": "chrome",
                "goog:loggingPrefs": { "performance": "ALL", "browser": "ALL" },
                "goog:chromeOptions": { "args": self.arguments(), "prefs": self.preferences() },
            }),
            Engine::WebKit => json!({
                "browserName": "MiniBrowser",
                "webkitgtk:browserOptions": { "binary": mini_browser(), "args": ["--automation"] },
            }),
        }
    }

    fn arguments(&self) -> Vec<String> {
        let mut arguments: Vec<String> = ALONE.iter().map(|&argument| argument.to_owned()).collect();
        if let Some(profile) = &self.profile {
            arguments.push(format!("--user-data-dir={}", profile.display()));
        }
        if let Some(film) = &self.camera {
            arguments.push("--use-fake-device-for-media-stream".to_owned());
            arguments.push("--use-fake-ui-for-media-stream".to_owned());
            arguments.push(format!("--use-file-for-fake-video-capture={}", film.display()));
        }
        if let Some(name) = &self.host {
            arguments.push(format!("--host-resolver-rules=MAP {name} 127.0.0.1"));
        }
        arguments
    }

    fn preferences(&self) -> Map<String, Value> {
        const REFUSED: u8 = 2;
        let mut preferences = Map::new();
        if self.without_scripts {
            preferences.insert("profile.managed_default_content_settings.javascript".to_owned(), REFUSED.into());
        }
        if let Some(folder) = &self.downloads {
            preferences.insert("download.default_directory".to_owned(), json!(folder));
        }
        preferences
    }
}

impl Window {
    /// Makes the window as large as a phone.
    fn become_a_phone(&self) {
        let (width, height) = PHONE;
        match self.setup.engine {
            Engine::Chromium => {
                let phone = json!({ "width": width, "height": height, "deviceScaleFactor": DENSITY, "mobile": true });
                self.session.devtools("Emulation.setDeviceMetricsOverride", &phone);
            }
            // The small browser has buttons that make it a little wider than it is told.
            Engine::WebKit => {
                self.session.post("/window/rect", &json!({ "width": width, "height": height })).unwrap();
            }
        }
    }

    /// Sets the system to light or dark. Chromium only.
    pub fn becomes(&self, theme: Theme) {
        let scheme = json!([{ "name": "prefers-color-scheme", "value": theme.name() }]);
        self.session.devtools("Emulation.setEmulatedMedia", &json!({ "features": scheme }));
    }

    /// Which browser it is.
    pub const fn engine(&self) -> Engine {
        self.setup.engine
    }
}

/// Debian puts it into a folder that is named after the machine and the version.
fn mini_browser() -> PathBuf {
    let machines = std::fs::read_dir("/usr/lib").into_iter().flatten().filter_map(Result::ok);
    let folders = machines.filter_map(|entry| std::fs::read_dir(entry.path()).ok()).flatten().filter_map(Result::ok);
    let found = folders.map(|entry| entry.path().join("MiniBrowser")).find(|program| program.exists());
    found.expect("webkit2gtk-driver brings MiniBrowser")
}
