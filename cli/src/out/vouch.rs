//! What people say of each other.

use kith_node::api::model::VouchForm;

use super::rows::rows;
use super::{say, short, when};

/// Somebody's word in a list, with all that belongs to it.
pub fn vouch(form: &VouchForm) {
    say(format!("{}  {} about {}: {}", short(&form.id), capital(&form.by), form.about, form.state_in_words));
    rows(&vouch_rows(form));
}

/// The words, when they were signed and until when they count.
pub fn vouch_rows(form: &VouchForm) -> Vec<(String, String)> {
    let ends = form.ends.as_deref().map(|ends| format!(", counts until {}", when(ends))).unwrap_or_default();
    vec![("says".to_owned(), form.in_words.clone()), ("signed".to_owned(), format!("{}{ends}", when(&form.issued)))]
}

/// A word at the beginning of a sentence.
fn capital(word: &str) -> String {
    if word == "you" { "You".to_owned() } else { word.to_owned() }
}
