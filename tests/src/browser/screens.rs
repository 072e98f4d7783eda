//! Pictures of pages.

use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use serde_json::json;

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

    /// What is on the screen now, as PNG.
    #[track_caller]
    pub fn screen(&self) -> Vec<u8> {
        let picture = self.session.get("/screenshot").unwrap_or_else(|refusal| panic!("no picture: {refusal}"));
        BASE64.decode(picture.as_str().unwrap().as_bytes()).unwrap()
    }

    fn photographs_into(&self, file: &Path) {
        let picture = match self.engine() {
            Engine::Chromium => self.whole_page(),
            Engine::WebKit => self.screen(),
        };
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, picture).unwrap();
    }

    fn whole_page(&self) -> Vec<u8> {
        let size = self.session.devtools("Page.getLayoutMetrics", &json!({}))["cssContentSize"].take();
        let clip = json!({ "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1 });
        let whole = json!({ "captureBeyondViewport": true, "clip": clip });
        let picture = self.session.devtools("Page.captureScreenshot", &whole)["data"].take();
        BASE64.decode(picture.as_str().unwrap().as_bytes()).unwrap()
    }
}
