//! What visitors read on my public page.

words! {
    SAVE_CONTACT = "Save contact";
    LEAVE_CARD = "Leave me your card";
    LEAVE_BUTTON = "Leave my card";
    COMPANY = "Company";
    TITLE = "Title";
    EMAIL = "E-mail";
    PHONE = "Phone";
    MESSAGE = "Message";
    OPTIONAL = "All but your name is up to you.";
    HAVE_KITH = "You have Kith?";
    HAVE_KITH_HOW = "Copy this link, and paste it under Scan on your own node.";
    COPY_LINK = "Copy the link";
    COPIED = "Copied";
    COPY_MARKED = "Marked: copy it now";
    LEFT = "Left.";
    LEFT_LINK_WHAT = "Keep this link. With it you can see or delete what you left, at any time:";
    DELETE_LEFT = "Delete what I left";
    BACK_TO_CARD = "Back to the card";
    WHAT_YOU_LEFT = "What you left";
    DELETED = "Deleted.";
    NOTHING_LEFT = "Nothing is left here.";
    NOTHING_LEFT_HOW = "It was deleted, or its date has come.";
    NEEDS_NAME = "Name: this one is needed.";
    LEFT_TOO_OFTEN = "Too many cards were left from here. Wait, then send it again.";
    LEFT_FULL = "This page cannot take more cards today. Try again tomorrow.";
    LEFT_FAILED = "This could not be kept. Try again later.";
}

/// Who gets what a visitor leaves, what for, and for how long.
pub(crate) fn left_privacy(name: &str, until: &str) -> String {
    format!(
        "{name} gets this, on a node of their own, to know who you are and to answer you. Nobody else does. It is kept \
         until {until}, longer only if {name} keeps it. When you have sent it, you get a link that deletes it."
    )
}

/// How long what a visitor left is kept.
pub(crate) fn left_until(name: &str, until: &str) -> String {
    format!("{name} has it now. It is kept until {until}, longer only if {name} keeps it.")
}
