//! What the fields of cards and forms are called.

use super::entry::PASSWORD;
use super::exchange::{BLURB, INTRODUCE_ME_TO, OPEN_FOR, WHY_THEM};
use super::fair::TAGS;
use super::follow_up::{DUE, FIRST_DAY, I_PROMISED, LAST_DAY, NEXT_STEP, PLACE, THEY_NEED};
use super::frame::NOTE;
use super::own_node::KEY_WORDS;
use super::people::{CADENCE, PETNAME, WHERE_MET};
use super::public::MESSAGE;
use super::scan::{CODE_OR_LINK, TAG};
use super::today::EMAIL_OR_PHONE;
use super::vouches::{SINCE, SKILLS, VOUCH_WORDS};

/// What a field of a card or a form is called.
pub(crate) fn field(name: &str) -> &str {
    match name {
        "name" => "Name",
        "org" => "Company",
        "title" => "Title",
        "role" => "What you do",
        "headline" => "In one sentence",
        "email" => "E-mail",
        "phone" => "Phone",
        "mobile" => "Mobile",
        "personal-email" => "Private e-mail",
        "city" => "City",
        "address" => "Address",
        "website" => "Web site",
        "booking" => "Booking page",
        "linkedin" => "LinkedIn",
        "profile" => "Another profile",
        "chat" => "Chat",
        "languages" => "Languages",
        "expertise" => "Expertise",
        "interests" => "Interests",
        "offer" => "You offer",
        "ask" => "You look for",
        "market" => "Market",
        "memberships" => "Memberships",
        "accomplishments" => "Accomplishments",
        "pronouns" => "Pronouns",
        "nickname" => "Nickname",
        "timezone" => "Time zone",
        "birthday" => "Birthday",
        "message" => MESSAGE,
        "text" => CODE_OR_LINK,
        "note" => NOTE,
        "event" => WHERE_MET,
        "need" => THEY_NEED,
        "promise" => I_PROMISED,
        "tag" => TAG,
        "tags" => TAGS,
        "next" => NEXT_STEP,
        "due" | "until" => DUE,
        "petname" => PETNAME,
        "cadence_days" => CADENCE,
        "why" => WHY_THEM,
        "blurb" => BLURB,
        "about" => INTRODUCE_ME_TO,
        "days" => OPEN_FOR,
        "words" => VOUCH_WORDS,
        "skills" => SKILLS,
        "since" => SINCE,
        "first" => FIRST_DAY,
        "last" => LAST_DAY,
        "place" => PLACE,
        "reach" => EMAIL_OR_PHONE,
        "password" => PASSWORD,
        "recovery_words" => KEY_WORDS,
        other => other,
    }
}

/// What a line of a card is called where others read it.
pub(crate) fn line(name: &str) -> &str {
    match name {
        "role" => "Does",
        "offer" => "Offers",
        "ask" => "Looks for",
        "other" => "Other",
        name => field(name),
    }
}

/// What was typed into the field of a number.
pub(crate) fn no_number(field: &str, typed: &str) -> String {
    format!("{field}: {typed:?} is no number")
}
