//! What all pages have: the bar, common buttons, what went wrong, what was just done.

words! {
    PLACES = "Places";
    TODAY = "Today";
    PEOPLE = "People";
    QR = "QR";
    EXCHANGE = "Exchange";
    MORE = "More";
    UNTIL = "until";
    TYPE_A_NAME = "Type a name";
    CHOOSE = "Choose…";
    KEEP = "Keep";
    ADD = "Add";
    REMOVE = "Remove";
    NOTE = "Note";
    TROUBLE = "This did not work";
    NOTHING_LOST = "Nothing that you typed is lost. Change it and send it again.";
    TRY_AGAIN = "Send again";
    UNDO = "Undo";
    TOO_LATE = "It is too late: this has gone.";
    TOO_LATE_HINT = "There are ten seconds to undo something.";
    TO_TODAY = "To Today";
    NO_SUCH_PAGE = "There is no such page.";
    NO_SUCH_PAGE_HINT = "It may have moved, or what it showed is gone.";
    FORM_TOO_LARGE = "This is more than one form may hold.";
    FORM_TOO_LARGE_HINT = "Shorten the longest text.";
}

/// What was just done, by the key that a form hands on.
pub(crate) fn said(key: &str) -> Option<&'static str> {
    Some(match key {
        "accepted" => "Done.",
        "ignored" => "Put aside.",
        "scanned" => "Your card is on its way.",
        "scanned_before" => "You scanned this code before.",
        "written_down" => "Written down, unconfirmed.",
        "kept" => "Kept.",
        "saved" => "Saved.",
        "step_done" => "Done.",
        "removed" => "Removed.",
        "undone" => "It stays.",
        "written" => "Written. It goes when their node can be reached.",
        "handed_over" => "Handed over.",
        "touched" => "Noted: in touch today.",
        "joined" => "One person now.",
        "forgotten" => "Forgotten.",
        "vouched" => "Said. They are asked whether it may be shown.",
        "withdrawn" => "Withdrawn.",
        "words_done" => "The file with the words is gone.",
        "asked" => "Asked.",
        "suggested" => "Both are asked.",
        "mailbox_left" => "Given up. Your contacts learn where to leave letters now.",
        "event_mode_on" => "Turned on.",
        "event_mode_off" => "Turned off.",
        "mail_off" => "No mail is sent any more, and the password is forgotten.",
        "key_changed" => "You sign with a new key from now on. Your contacts are told.",
        "done_pass" => "Passed on.",
        "done_return" => "Given back.",
        "done_decline" => "You said no.",
        "done_later" => "Put off.",
        "done_accept" => "You said yes.",
        "done_withdraw" => "Taken back.",
        "done_edit" => "Asked again.",
        "done_outcome" => "Told.",
        _ => return None,
    })
}

/// A link to the whole of a list.
pub(crate) fn all_of(total: &usize) -> String {
    format!("All {total}")
}
