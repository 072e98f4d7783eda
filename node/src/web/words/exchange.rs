//! What is said of introductions.

use super::Choices;
use crate::api::model::{OutcomeForm, PurposeName};

words! {
    INTRODUCTION = "Introduction";
    EXCHANGE_EMPTY = "No introductions yet.";
    NEEDS_ME = "Needs you";
    WAITS_ON_OTHERS = "Waits on others";
    DONE = "Done";
    ASK = "Ask for an introduction";
    ASK_MEANS = "You write once; a contact passes it on with a word of theirs; the other is asked first.";
    SUGGEST = "Bring two people together";
    SUGGEST_MEANS = "Both are asked, and neither learns who the other is before both say yes.";
    YOU = "you";
    ASKER = "Asks";
    INTRODUCER = "Introduces";
    TARGET = "Is asked";
    PURPOSE = "What for";
    LOOKED_FOR = "Looked for";
    WHY_THEM = "Why them";
    THEIR_WORDS = "In the asker's words";
    INTRODUCER_SAYS = "The introducer says";
    HOW_KNOWN = "How the introducer knows the other";
    PUBLIC_CARD = "Public card";
    LOOK_AGAIN = "Look at it again on";
    PASS_TO = "Ask whom";
    MY_SENTENCE = "A sentence of yours: how you know them, what you think of it";
    PASS_ON = "Pass it on";
    FIRST_WORDS = "What the other is to read first";
    I_SHARE = "Of your card they get";
    SAY_YES = "Yes";
    SAY_NO = "No";
    BLURB = "What they are to read, forwarded as it is";
    BLURB_HOW = "Who you are, what you ask (a call of 15 minutes?), what they get from it.";
    ASK_AGAIN = "Ask again";
    WE_MET = "We met or talked";
    IT_WAS_USEFUL = "It was useful";
    THANKS = "Thanks, in your words";
    TELL_THEM = "Tell the introducer";
    GIVE_BACK = "Give it back to be said differently";
    WHAT_TO_CHANGE = "What to change";
    PUT_OFF = "Later";
    TAKE_BACK = "Take it back";
    ALL_INTRODUCTIONS = "All introductions";
    NO_CONTACTS_YET = "You have no contacts yet.";
    NO_CONTACTS = "An introduction needs a contact who knows both of you. You have none yet.";
    TWO_CONTACTS = "This needs two contacts.";
    INTRODUCE_ME_TO = "Introduce me to";
    ABOUT_EXAMPLE = "a welder in Ghent";
    VIA = "Through";
    OPEN_FOR = "Open for … days";
    WRITES_FIRST = "Who would write first";
    AND_WHOM = "To whom";
    SUGGEST_NOTE = "What you tell each about the other";
    SUGGEST_NOTE_OTHER = "Something else for the second, if you like";
}

pub(crate) const PURPOSES: Choices = &[
    ("advice", "advice"),
    ("client", "to sell to them"),
    ("partner", "to do something together"),
    ("hiring", "to hire or be hired"),
    ("other", "something else"),
];

pub(crate) const fn purpose(purpose: &PurposeName) -> &'static str {
    match purpose {
        PurposeName::Advice => "advice",
        PurposeName::Client => "to sell to them",
        PurposeName::Partner => "to do something together",
        PurposeName::Hiring => "to hire or be hired",
        PurposeName::Other => "something else",
    }
}

pub(crate) fn outcome(outcome: &OutcomeForm) -> String {
    let by = outcome.by.called("You");
    let met = if outcome.met { "met" } else { "did not meet" };
    let useful = if outcome.useful { ", and it was useful" } else { "" };
    let thanks = outcome.thanks.as_deref().map(|thanks| format!(" “{thanks}”")).unwrap_or_default();
    format!("{by}: {met}{useful}.{thanks}")
}
