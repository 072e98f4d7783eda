//! What is said of my card, who sees what of it, and where its lines lead.

use super::Choices;
use crate::api::model::{ReachForm, TierName};

words! {
    MY_CARD = "My card";
    MY_CARD_WHAT = "What it says, and who sees it";
    CARD_TIERS = "Each line is for anyone with your code, for your contacts, or for people you name one by one.";
    WHO_SEES = "Who sees it";
    SAVE_CARD = "Save my card";
    PREVIEW = "As others see it";
    SEEN_BY_ANYONE = "As anyone sees it";
    SEEN_BY_CONTACTS = "As contacts see it";
    SEEN_BY_NAMED = "As named people see it";
    ONLY_NAME = "Nothing but the name.";
}

/// Who sees a line of my card.
pub(crate) const TIERS: Choices = &[("public", "anyone"), ("contacts", "my contacts"), ("named", "people I name")];
/// How much of my card somebody gets.
pub(crate) const PARTS: Choices =
    &[("public", "what anyone sees"), ("contacts", "what my contacts see"), ("named", "what people I name see")];

/// A tier as forms name it.
pub(crate) const fn tier_name(tier: &TierName) -> &'static str {
    match tier {
        TierName::Public => "public",
        TierName::Contacts => "contacts",
        TierName::Named => "named",
    }
}

pub(crate) const fn tier_shows(tier: &TierName) -> &'static str {
    match tier {
        TierName::Public => "shows your public card",
        TierName::Contacts => "shows what contacts see",
        TierName::Named => "shows your whole card",
    }
}

/// Through whose eyes a card is shown.
pub(crate) fn preview_of(eyes: &str) -> String {
    match eyes {
        "public" => "This is what anyone with your code sees.".to_owned(),
        "contacts" => "This is what your contacts see.".to_owned(),
        "named" => "This is what people you named see.".to_owned(),
        _ => "This is what this person sees.".to_owned(),
    }
}

/// How many of my contacts see what.
pub(crate) fn reach(reach: &ReachForm) -> String {
    format!(
        "Contacts who see what is for contacts: {}. Who see what is for named people too: {}.",
        reach.contacts, reach.named
    )
}

pub(crate) fn seen_by(contacts: &usize) -> String {
    match contacts {
        0 => "no contact sees it yet".to_owned(),
        1 => "1 contact sees it".to_owned(),
        contacts => format!("{contacts} contacts see it"),
    }
}

/// Where a line of a card leads, if it leads somewhere safe.
pub(crate) fn link(field: &str, value: &str) -> Option<String> {
    let is_plain = value.chars().all(|c| !c.is_whitespace() && c != '"' && c != '<' && c != '>');
    match field {
        "email" | "personal-email" if is_plain && value.contains('@') && !value.contains(['?', '&', '%']) => {
            Some(format!("mailto:{value}"))
        }
        "phone" | "mobile" => {
            let digits: String = value.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
            (digits.len() >= 3).then(|| format!("tel:{digits}"))
        }
        "website" | "booking" | "linkedin" | "profile" if is_plain => {
            let lower = value.to_ascii_lowercase();
            (lower.starts_with("https://") || lower.starts_with("http://")).then(|| value.to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_card_leads_nowhere_dangerous() {
        assert_eq!(link("email", "ana@sousa.example").as_deref(), Some("mailto:ana@sousa.example"));
        assert_eq!(link("mobile", "+351 912 345").as_deref(), Some("tel:+351912345"));
        assert_eq!(link("website", "https://sousa.example").as_deref(), Some("https://sousa.example"));
        for (field, value) in
            [("website", "javascript:alert(1)"), ("email", "a b@c"), ("headline", "https://x.example")]
        {
            assert_eq!(link(field, value), None, "{field} {value}");
        }
    }
}
