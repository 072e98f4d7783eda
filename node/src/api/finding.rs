//! What the doctor says of one thing: how it is, and what to do about it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How one thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// As it should be.
    Good,
    /// Worth a look.
    Warning,
    /// Broken.
    Bad,
}

/// One line of the doctor.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// What was looked at.
    pub subject: String,
    /// How it is.
    pub health: Health,
    /// In words.
    pub finding: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

impl Finding {
    /// What is not good comes with what to do about it.
    pub(super) fn new(subject: &str, health: Health, finding: impl Into<String>, advice: Option<&str>) -> Self {
        // Tests alone look; they are built as the program is shipped, without debug assertions.
        #[cfg(any(test, debug_assertions))]
        assert!(health == Health::Good || advice.is_some(), "{subject}: nobody is told what to do");
        Self { subject: subject.to_owned(), health, finding: finding.into(), advice: advice.map(str::to_owned) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "nobody is told what to do")]
    fn what_is_not_good_comes_with_advice() {
        let _ = Finding::new("node", Health::Bad, "broken", None);
    }
}
