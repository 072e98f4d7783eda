//! What is said where people vouch for each other.

use super::Choices;

words! {
    VOUCH = "Vouch";
    VOUCH_FOR = "You vouch for";
    VOUCH_HOW = "Say what you saw yourself. They are asked before others see it.";
    BASIS = "They were my";
    VOUCH_WORDS = "In your words";
    SKILLS = "Good at (with commas between)";
    SINCE = "Since (year)";
    UNTIL_YEAR = "Until (year)";
    STRENGTH = "How strongly";
    STRENGTH_1 = "I would mention it";
    STRENGTH_2 = "I recommend them";
    STRENGTH_3 = "I put my name to it";
    INTEREST = "What you have to gain";
    INTEREST_WORDS = "If anything: what exactly";
    MAY_SEE = "Who may see it";
}

pub(crate) const BASES: Choices = &[
    ("client", "client"),
    ("supplier", "supplier"),
    ("colleague", "colleague"),
    ("partner", "partner"),
    ("mentor", "mentor"),
    ("met", "acquaintance: we met"),
    ("other", "something else"),
];

pub(crate) const INTERESTS: Choices = &[
    ("none", "nothing"),
    ("family", "we are family"),
    ("financial", "money flows between us"),
    ("employer", "one of us works for the other"),
    ("other", "something else"),
];

pub(crate) const REACHES: Choices =
    &[("us_two", "the two of us"), ("contacts", "contacts of either of us"), ("public", "anybody")];
