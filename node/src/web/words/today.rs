//! What Today says, and its answers to questions.

use super::exchange::{SAY_NO, SAY_YES};

words! {
    WELCOME = "Your card";
    WELCOME_WHY = "This is what people get when they scan your code. You can change it at any time.";
    WELCOME_TIERS = "Anyone with your code sees name, company and title. E-mail and phone go to your contacts only.";
    EMAIL_OR_PHONE = "E-mail or phone";
    MAKE_CARD = "Make my card";
    NOT_NOW = "Not now";
    TODAY_BEGIN = "Nothing due. Make your card, then show it to one person.";
    TODAY_NOTHING = "Nothing waits on you.";
    SHOW_MY_CODE = "Show my code";
    WAITS_ON_YOU = "Waits on you";
    LOOK_AT_IT = "Look at it";
    CAME_BY_GIVEN_UP = "It may have come by a key given up since.";
    YES_MEANS = "Yes:";
    NO_MEANS = "No:";
    WORDS_WAIT = "Your recovery words still lie in a file on the machine of your node.";
    WORDS_WAIT_LINK = "Write them down";
}

/// The button that says yes to a question of a kind.
pub(crate) fn yes_to(kind: &str) -> &'static str {
    match kind {
        "confirm_scan" | "late_claim" => "Yes, it was them",
        "share_back" => "Share my card",
        "vouched" => "It may be shown",
        "wrote" | "key_given_up" => "Seen",
        "handed_over" => "Take them in",
        "fork" => "The new one counts",
        "left_card" => "Keep it",
        _ => SAY_YES,
    }
}

/// The button that says no to a question of a kind.
pub(crate) fn no_to(kind: &str) -> &'static str {
    match kind {
        "confirm_scan" | "late_claim" => "Not this person",
        "share_back" => "Not now",
        "vouched" => "Keep it between us",
        "wrote" => "Put aside",
        "handed_over" => "Not for me",
        "fork" => "The old one counts",
        "left_card" => "Let it go",
        _ => SAY_NO,
    }
}

/// What a list leaves out.
pub(crate) fn and_more(more: &usize) -> String {
    format!("and {more} more, when these are answered")
}
