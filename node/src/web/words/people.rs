//! What is said of people, and what passes from person to person.

use crate::api::model::MeetingForm;

// People.
words! {
    SEARCH = "Search";
    SEARCH_IN = "Name, company, tag, place, note";
    CONTACTS = "Contacts";
    OVERDUE = "Be in touch again";
    LATEST = "Latest first";
    NOBODY_YET = "Nobody yet. Scan a code, or write somebody down.";
    NOBODY_FITS = "Nobody fits.";
    EVERYBODY = "Everybody";
    WRITE_DOWN = "Write somebody down";
    WHERE_MET = "Where you met";
    LAST = "last";
    CONNECTED = "connected now";
    CONNECTED_HOW = "connected";
    EARLIER = "Earlier";
    FURTHER = "Further";
    FORKED = "Two key histories of this person contradict each other. Meet them and scan their code.";
    KEY_GIVEN_UP = "The key you know them by was given up: somebody else may have it, and nothing more is believed of it. Meet them and scan their code, or wait for a letter with their new key.";
    IS_BLOCKED = "Nothing of theirs reaches you.";
    TOUCH = "In touch today";
    INTRODUCE = "Introduce";
    THEIR_CARD = "Card";
    FOREIGN_CODE = "As it came, unconfirmed";
    NOTES = "Notes";
    VOUCHES = "What people say";
    SAID_OF_ME = "What others say of you";
    SAID_OF_ME_MEANS = "Each is shown only as far as both of you let it be. Taking it back keeps it from whoever has not seen it yet.";
    NOTHING_SAID = "Nobody has said anything yet.";
    RENEW = "Say it for longer";
    REVOKE = "Say it no more";
    INTRODUCTIONS = "Introductions";
    TIMELINE = "How you know each other";
    LETTERS_WAIT = "Letters that wait";
    WHAT_I_KEEP = "What you keep";
    ADD_TAG = "New tag";
    REMOVE_TAG = "Tag";
    PETNAME = "What you call them";
    OWN_NAME = "They call themselves";
    CADENCE = "Be in touch every … days (0 for never)";
    THEY_SEE = "What they see of you";
    OF_MY_CARD = "Of your card";
    CANNOT_UNSEE = "Showing less stops what comes. It cannot take back what they have.";
    SAME_PERSON = "This is the same person as…";
    JOINING_MEANS = "Your notes and tags, what is to be done and where you met go over to them, and this entry goes away. Nobody is told. It cannot be undone.";
    CALLED_SO = "Of the same name";
    SOMEBODY_ELSE = "Somebody else among your people";
    JOIN = "Join";
    PARTING = "Parting";
    BLOCK = "Block";
    UNBLOCK = "Block no more";
    FORGET = "Forget";
    FORGET_WHAT = "Forget";
    FORGET_MEANS = "Their card, your notes and what waits for them go. A contact is told to forget you too.";
    NO_KEEP = "No, keep";
}

// Letters from person to person, and people who are handed over.
words! {
    LETTERS = "Letters";
    LETTER_TEXT = "Your words (up to 2,000 characters)";
    SEND = "Send";
    ALL_LETTERS = "All letters";
    HAND_OVER = "Hand over";
    HAND_OVER_HOW = "A contact of yours gets the name, what this person gave to everybody, where you met, and your note. What a contact gave to you alone does not go along.";
    HAND_OVER_TO = "To whom";
    HAND_OVER_NOTE = "What to say of them";
}

/// What a person and I are to each other.
pub(crate) fn standing(name: &str) -> &'static str {
    match name {
        "unconfirmed" => "written down",
        "pending" => "waiting for their answer",
        "asking" => "asks for your card",
        "contact" => "contact",
        _ => "no contact any more",
    }
}

pub(crate) fn meeting(meeting: &MeetingForm) -> String {
    let place = meeting.event.as_deref().map(|event| format!(" at {event}")).unwrap_or_default();
    let who = match (meeting.signed_by_me, meeting.signed_by_them) {
        (true, true) => "both of you signed that you met",
        (true, false) => "you signed that you met",
        (false, true) => "they signed that you met",
        (false, false) => "you met",
    };
    format!("{who}{place}")
}

pub(crate) fn people(total: &usize) -> String {
    match total {
        1 => "1 person".to_owned(),
        total => format!("{total} people"),
    }
}

pub(crate) fn people_and_contacts(total: &usize, contacts: &usize) -> String {
    format!("{}, {contacts} of them contacts", people(total))
}
