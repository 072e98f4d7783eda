//! What waits, as Today shows it.

use askama::Template;
use kith_protocol::engine::inbox::{Item, ItemKind};
use kith_protocol::id::{ItemId, PersonId};
use kith_protocol::time::Timestamp;
use serde_json::json;

use crate::api::model::{ItemContext, ItemForm, WrittenForm};
use crate::web::{time as t, words as w};

#[derive(Template)]
#[template(
    source = "{% import \"item.html\" as waiting %}{% for item in list %}{% call waiting::show(item) %}{% endcall %}{% endfor %}",
    ext = "html"
)]
struct Waiting {
    list: Vec<ItemForm>,
}

/// What waits about Ana, as the page shows it.
fn shown(kind: ItemKind, letter: Option<WrittenForm>) -> String {
    let at = Timestamp::from_secs(1_776_643_200);
    let item = Item {
        id: ItemId([1; 10]),
        kind,
        person: PersonId([2; 10]),
        at,
        until: at.plus(86_400),
        invite: None,
        meeting: None,
        introduction: None,
        vouch: None,
        letter: None,
    };
    let ana = json!({
        "id": "aebagbafaydqqcikbmga", "name": "Ana Sousa", "standing": "contact", "how": "scanned live",
        "org": "Sousa Valves", "tags": [], "touched": "2026-04-20T00:00:00Z", "connected": false,
    });
    let context = ItemContext { letter, ..ItemContext::default() };
    let form = ItemForm::of(&item, serde_json::from_value(ana).unwrap(), context, None);
    Waiting { list: vec![form] }.render().unwrap()
}

/// Her own words, which may be those of whoever has her key.
fn letter(key_given_up: bool) -> WrittenForm {
    WrittenForm {
        by_me: false,
        at: "2026-04-20T00:00:00Z".to_owned(),
        text: "My bank has changed.".to_owned(),
        state: "came".to_owned(),
        state_in_words: String::new(),
        key_given_up,
    }
}

#[test]
fn that_anas_key_was_given_up_is_seen_and_nothing_else_is_answered() {
    let page = shown(ItemKind::KeyGivenUp, None);
    assert!(page.contains("The key you know Ana Sousa by was given up"), "{page}");
    assert_eq!(page.matches("<button").count(), 1, "{page}");
    assert!(page.contains("/accept\"><button>Seen</button>") && !page.contains("/ignore"), "{page}");
    assert!(page.contains("href=\"scan\""), "her code settles it: {page}");
    assert!(!page.contains("class=\"facts\"") && !page.contains("Sousa Valves"), "no card: {page}");
}

#[test]
fn a_letter_that_came_by_a_key_given_up_since_says_so() {
    let page = shown(ItemKind::Wrote, Some(letter(true)));
    assert!(
        page.contains("My bank has changed.") && page.contains("It may have come by a key given up since."),
        "{page}"
    );
    let page = shown(ItemKind::Wrote, Some(letter(false)));
    assert!(page.contains("My bank has changed.") && !page.contains("given up"), "{page}");
}
