//! What a page is like for those who cannot see it, or not well: axe-core, which `tests/browser/fetch_axe` brings.

use std::path::PathBuf;

use serde_json::Value;

use super::{Theme, Window, target};
use crate::e2e::skip;

/// Findings that no page may have.
const GRAVE: [&str; 2] = ["serious", "critical"];

impl Window {
    /// Neither in light nor in dark does axe find anything serious. Chromium only.
    #[track_caller]
    pub fn is_accessible(&self) {
        let Ok(axe) = std::fs::read_to_string(axe()) else {
            skip("accessibility", "axe-core is missing: tests/browser/fetch_axe brings it");
            return;
        };
        for theme in Theme::ALL {
            self.becomes(theme);
            let grave = self.grave_findings(&axe);
            assert!(grave.is_empty(), "{} in {}:\n{}", self.address(), theme.name(), grave.join("\n"));
        }
        self.becomes(Theme::Light);
    }

    /// What axe finds that is serious: the rule, what it asks for, and where.
    #[track_caller]
    fn grave_findings(&self, axe: &str) -> Vec<String> {
        let run = "const done = arguments[arguments.length - 1];
            axe.run(document, { resultTypes: ['violations'] })
                .then((found) => done(found.violations), (error) => done(String(error)));";
        self.session.script(axe, &Value::Array(Vec::new())).unwrap_or_else(|refusal| panic!("axe: {refusal}"));
        let found = self.session.script_that_calls_back(run).unwrap_or_else(|refusal| panic!("axe: {refusal}"));
        let Value::Array(found) = found else { panic!("axe: {found}") };
        let is_grave = |finding: &&Value| finding["impact"].as_str().is_some_and(|impact| GRAVE.contains(&impact));
        found.iter().filter(is_grave).map(described).collect()
    }
}

fn described(finding: &Value) -> String {
    let nodes = finding["nodes"].as_array().into_iter().flatten();
    let places: Vec<String> = nodes.map(|node| format!("    {} {}", node["html"], node["failureSummary"])).collect();
    format!("{} {}: {}\n{}", finding["impact"], finding["id"], finding["help"], places.join("\n"))
}

fn axe() -> PathBuf {
    target().join("tools/axe-core/axe.min.js")
}
