//! SPEC.md says what is: its examples are vectors, its limits are those of the code, its contents, tests and files exist.

// Helpers of tests fail as tests do: at once and aloud.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods, reason = "what is compared are files")]

use std::path::{Path, PathBuf};

use kith_protocol::limits;

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn spec() -> String {
    std::fs::read_to_string(here("SPEC.md")).unwrap()
}

/// Everything under a folder that ends in `ending`, in one text.
fn all_of(folder: &Path, ending: &str) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text += &all_of(&path, ending);
        } else if path.to_string_lossy().ends_with(ending) {
            text += &std::fs::read_to_string(&path).unwrap();
        }
    }
    text
}

#[test]
fn the_examples_are_among_the_vectors() {
    let (spec, vectors) = (spec(), all_of(&here("vectors"), ".json"));
    let examples: Vec<&str> = spec.split("```hex\n").skip(1).filter_map(|after| after.split("```").next()).collect();
    assert!(examples.len() >= 4, "only {} examples", examples.len());
    for example in examples {
        let bytes = example.lines().filter_map(|line| line.split('#').next()).map(str::trim).collect::<String>();
        assert!(vectors.contains(&format!("{bytes:?}")), "no vector has exactly these bytes:\n{example}");
    }
}

#[test]
fn the_limits_are_those_of_the_code() {
    macro_rules! limits {
        ($($name:ident),* $(,)?) => { [$((stringify!($name), limits::$name.to_string())),*] };
    }
    let known = limits![
        CBOR_DEPTH,
        CBOR_ITEMS,
        RECORD,
        LETTER,
        KEY_EVENTS,
        CLOCK_SKEW,
        LETTER_LIFE,
        HANDLED_GRACE,
        GRANT_LIFE,
        GRANT_RENEWAL,
        NAME,
        LINE,
        LABEL,
        CODE_NAME,
        CARD_FIELDS,
        VOUCH,
        VOUCH_CONTENT,
        VOUCH_LIFE,
        SENTENCE,
        INTEREST,
        VOUCH_SKILLS,
        VOUCH_EVIDENCE,
        VOUCHES,
        VOUCHES_OF_ONE,
        VOUCHES_OF_ME,
        VOUCHES_ABOUT,
        VOUCHES_KEPT,
        RELAYED_ADDRESSES,
        HINT,
        BLURB,
        ASK_LIFE,
        ASK_USUAL_LIFE,
        CONSENT_GRACE,
        OPEN_ASKS,
        OPEN_PROPOSALS,
        INTRODUCTION_KEPT,
        INTRODUCTIONS,
        INTRODUCTIONS_WITH_ONE,
        CONSENT,
        CONSENT_STEP,
        INVITE_PAYLOAD,
        INVITE_HINTS,
        ADDRESSES,
        LIVE_INVITE_LIFE,
        LATE_CLAIM,
        PRINTED_INVITE_LIFE,
        OPEN_LIVE_INVITES,
        OPEN_PRINTED_INVITES,
        PRINTED_CLAIMS_A_DAY,
        HANDLED_PER_PERSON,
        IN_FLIGHT,
        PAIR_SECRETS,
        OUTBOX_PER_PERSON,
        OUTBOX_NEWEST,
        CAPSULE,
        CAPSULE_HINTS,
        GIVEN_BACK,
        CAPSULE_PACE,
        CAPSULES_DUE,
        CAPSULE_BEFORE,
        SENT_LIFE,
        SENT_PER_PERSON,
        SENT_BYTES,
        RESUME_PACE,
        KEY_NEWS,
        ENCRYPTION_KEYS,
        RETRY_FIRST,
        RETRY_LAST,
        PRESENCE_BURST,
        PRESENCE_PACE,
        WORDS,
        WORDS_BYTES,
        NOTE,
        WORDS_WAITING,
        HANDOVERS_WAITING,
        WORDS_A_DAY,
        CORRESPONDENCE,
        MAILBOXES,
        MAILBOX_ADDRESSES,
        MAILBOX_DOOR,
        MAILBOX_SLOTS,
        MAILBOX_VOID,
        MAILBOX_TAKEN,
        MAILBOX_WAIT,
        MAILBOX_LIVE_CLAIMS,
        MAILBOX_PRINTED_CLAIMS,
        ANSWERS,
        LEFT_AGAIN_AFTER,
        NEARBY,
        NEARBY_ADDRESSES,
        PRESENCE_RECORD,
        POST_PACE,
        POST_AGAIN,
        POST_RETRY,
        SEEK_FIRST,
        SEEK_PACE,
        SEEK_AFTER,
        SEEK_LOST,
        SEEKS,
        GIVEN_UP,
        WATCH_FIRST,
        WATCH_PACE,
        WATCH_OFTEN,
        WATCH_LIFE,
    ];
    let spec = spec();
    let table = spec.split("## 16 Limits").nth(1).and_then(|after| after.split("\n## ").next()).unwrap();
    let mut rows = Vec::new();
    for row in table.lines().filter(|row| row.starts_with("| `")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let names = cells[1].split(", ").map(|name| name.trim_matches('`').to_owned());
        rows.extend(names.zip(cells[2].split(", ").map(str::to_owned)));
    }
    for (name, value) in &rows {
        let code = known.iter().find(|(known, _)| known == name).map(|(_, value)| value);
        assert_eq!(code, Some(value), "{name}");
    }
    assert_eq!(rows.len(), known.len(), "a limit has no row");
}

#[test]
fn the_tests_that_the_adversary_table_names_exist() {
    let spec = spec();
    let code = all_of(&here("src"), ".rs") + &all_of(&here("tests"), ".rs");
    // The crate may be had without the rest of Kith.
    let stories = here("../tests/stories");
    let stories = stories.is_dir().then(|| all_of(&stories, ".rs"));
    let table =
        spec.split("## 17 What an adversary gets").nth(1).and_then(|after| after.split("\n## ").next()).unwrap();
    let rows = table.lines().filter(|line| line.starts_with('|'));
    let named: Vec<&str> = rows.flat_map(|row| row.split('`').skip(1).step_by(2)).collect();
    assert!(named.len() >= 15, "only {} tests are named", named.len());
    for name in named {
        let (name, code) = match name.strip_prefix("stories::") {
            Some(story) => (story, stories.as_ref()),
            None => (name, Some(&code)),
        };
        let exists = code.is_none_or(|code| code.contains(&format!("fn {name}(")));
        assert!(exists, "there is no test {name}");
    }
}

#[test]
fn the_contents_name_every_section() {
    let spec = spec();
    let contents = spec.split("\nContents: ").nth(1).and_then(|after| after.split("\n\n").next()).unwrap();
    let named: Vec<String> =
        contents.split('·').map(|one| one.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let sections: Vec<String> =
        spec.lines().filter_map(|line| line.strip_prefix("## ")).map(str::to_lowercase).collect();
    assert_eq!(named.len(), sections.len(), "sections: {sections:?}");
    for (named, section) in named.iter().zip(&sections) {
        // A title may go on: with the protocol that it is spoken by, or with more words.
        let rest = section.strip_prefix(named);
        assert!(rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', ','])), "{named}, for {section}");
    }
}

#[test]
fn the_files_that_the_adversary_table_names_exist() {
    // The crate may be had without the rest of Kith.
    let root = here("..");
    if !root.join("ARCHITECTURE.md").is_file() {
        return;
    }
    let spec = spec();
    let table =
        spec.split("## 17 What an adversary gets").nth(1).and_then(|after| after.split("\n## ").next()).unwrap();
    let words = table.split(|one: char| one.is_whitespace() || ",;|`()".contains(one));
    let named: Vec<&str> = words.filter(|word| word.ends_with(".rs")).collect();
    assert!(named.len() >= 5, "only {named:?} are named");
    for name in named {
        assert!(root.join(name).is_file(), "there is no file {name}");
    }
}
