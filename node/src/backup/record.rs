//! What the home remembers of its backups.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The shortest time between two backups that are made by themselves, in seconds.
pub const LEAST: u64 = 3_600;

/// When the last backup was made, and what went wrong since.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// When the last one was made, by whatever way, in seconds since 1970.
    pub made: Option<u64>,
    /// How long it was, in bytes.
    pub size: u64,
    /// When the last one was made by itself.
    pub planned: Option<u64>,
    /// The file that this was.
    pub file: Option<PathBuf>,
    /// The device on which its folder lay then; unknown in homes of before.
    pub device: Option<u64>,
    /// The key that the last one was sealed to, in hexadecimal digits; unknown in homes of before.
    pub sealed_to: Option<String>,
    /// Why the last try to make one by itself failed.
    pub trouble: Option<String>,
}

impl Record {
    /// As far as it is of use to whoever has the words whose key this is: what was sealed to another one opens with words
    /// of before, and is no way back.
    #[must_use]
    pub(super) fn of_use(mut self, key: Option<&str>) -> Self {
        if key.is_some() && self.sealed_to.is_some() && self.sealed_to.as_deref() != key {
            (self.made, self.planned) = (None, None);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_to_words_of_before_does_not_count_as_made() {
        let made = |sealed_to: Option<&str>| Record {
            made: Some(2),
            planned: Some(1),
            size: 7,
            sealed_to: sealed_to.map(str::to_owned),
            ..Record::default()
        };
        for (sealed_to, key, counts) in [
            (Some("aa"), Some("aa"), true),
            (Some("aa"), Some("bb"), false),
            (None, Some("bb"), true),
            (Some("aa"), None, true),
        ] {
            let known = made(sealed_to).of_use(key);
            assert_eq!((known.made.is_some(), known.planned.is_some()), (counts, counts), "{sealed_to:?} {key:?}");
            assert_eq!(known.size, 7, "that there was one is known");
        }
    }
}
