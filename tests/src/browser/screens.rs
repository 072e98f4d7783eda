//! Pictures of pages.

use std::path::{Path, PathBuf};

use data_encoding::BASE64;

use super::{Engine, Theme, Window, target};

impl Window {
    /// Takes a picture of the whole page in light and in dark, into `target/screens/<browser>/<theme>/<name>.png`.
    pub fn photographs(&self, name: &str) {
        for theme in Theme::ALL {
            if self.engine() == Engine::Chromium {
                self.becomes(theme);
            } else if theme == Theme::Dark {
                return;
            }
            let folder = target().join("screens").join(self.engine().name()).join(theme.name());
            self.photographs_into(&folder.join(format!("{name}.png")));
        }
        self.becomes(Theme::Light);
    }

    /// Takes a picture of a page that is not as it should be.
    pub(super) fn photographs_failure(&self) -> PathBuf {
        let test = std::thread::current().name().unwrap_or("test").replace("::", "-");
        let file = target().join("screens/failures").join(format!("{test}.png"));
        self.photographs_into(&file);
        file
    }

    fn photographs_into(&self, file: &Path) {
        let whole = serde_json::json!({ "captureBeyondViewport": true });
        let picture = match self.engine() {
            Engine::Chromium => Ok(self.session.devtools("Page.captureScreenshot", &whole)["data"].take()),
            Engine::WebKit => self.session.get("/screenshot"),
        };
        let Ok(Some(picture)) = picture.map(|data| data.as_str().and_then(|data| BASE64.decode(data.as_bytes()).ok()))
        else {
            return;
        };
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, picture).unwrap();
    }
}
