//! Introductions.

use kith_node::api::model::{
    CardForm, EndForm, IntroductionForm, IntroductionLine, OutcomeForm, PurposeName, SharesForm, TierName,
};

use super::rows::rows;
use super::{say, short, when};

/// An introduction in a list.
pub fn introduction_line(line: &IntroductionLine) {
    say(format!("{}  {}", short(&line.id), line.summary));
    say(format!("          {}", line.state_in_words));
}

/// Everything about an introduction.
pub fn introduction(form: &IntroductionForm) {
    say(format!("{}  {}", short(&form.line.id), form.line.summary));
    let mut all = vec![("stands".to_owned(), form.line.state_in_words.clone())];
    all.extend(context(form));
    rows(&all);
    for action in &form.actions {
        say(format!("          {}", action.command));
        say(format!("              {}", action.does));
    }
}

/// What there is to know for deciding about an introduction.
pub fn context(form: &IntroductionForm) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    let mut add = |label: &str, text: Option<String>| all.extend(text.map(|text| (label.to_owned(), text)));
    add("asker", known_end(&form.asker));
    add("introducer", known_end(&form.introducer));
    add("target", known_end(&form.target));
    add("looks for", form.wanted.clone().filter(|wanted| *wanted != form.target.name && !form.asker.me));
    add("purpose", form.purpose.map(|purpose| purpose_in_words(purpose, form.asker.me)));
    add("why", form.why.clone());
    add(if form.asker.me { "your words" } else { "their words" }, form.blurb.clone());
    add("their card", form.card.as_ref().filter(|_| !form.asker.me).map(card_in_words));
    let says = if form.introducer.me { "you say".to_owned() } else { format!("{} says", form.introducer.name) };
    add(&says, form.note.as_ref().map(|note| format!("“{note}”")));
    let other = if form.asker.me { &form.target } else { &form.asker };
    add(
        "known",
        form.known.as_ref().map(|known| format!("{} says how they know {}: {known}", form.introducer.name, other.name)),
    );
    for vouch in &form.vouches {
        add("vouch", Some(vouch.in_words.clone()));
    }
    add("you share", form.shares.as_ref().map(shares_in_words));
    add("again", form.later.as_deref().map(|later| when(later).trim_end_matches(", 00:00").to_owned()));
    add("open until", form.line.until.as_deref().map(when));
    for outcome in &form.outcomes {
        add("outcome", Some(outcome_in_words(outcome)));
    }
    all
}

/// Somebody else than me, and how I know them.
fn known_end(end: &EndForm) -> Option<String> {
    let how = end.how.as_ref().filter(|_| !end.me)?;
    Some(format!("{} ({how})", end.name))
}

fn purpose_in_words(purpose: PurposeName, mine: bool) -> String {
    let who = if mine { "you want" } else { "they want" };
    match purpose {
        PurposeName::Advice => format!("{who} advice"),
        PurposeName::Client => format!("{who} to sell something"),
        PurposeName::Partner => format!("{who} to do something together"),
        PurposeName::Hiring => format!("{who} to hire, or be hired"),
        PurposeName::Other => "something else, see the words".to_owned(),
    }
}

fn card_in_words(card: &CardForm) -> String {
    let fields = card.fields.iter().map(|field| format!("; {}: {}", field.field, field.value));
    format!("{}{}", card.name, fields.collect::<String>())
}

fn shares_in_words(shares: &SharesForm) -> String {
    let eyes = match shares.tier {
        TierName::Public => "your name, and what everybody may see of you",
        TierName::Contacts => "your name, and what your contacts see of you",
        TierName::Named => "your name, and what people see whom you choose one by one",
    };
    let fields = shares.fields.iter().map(|field| {
        let seen = match field.seen_by {
            0 => "nobody sees it so far".to_owned(),
            1 => "one contact sees it".to_owned(),
            many => format!("{many} contacts see it"),
        };
        format!("\n{}: {} ({seen})", field.field, field.value)
    });
    format!("{eyes}{}", fields.collect::<String>())
}

fn outcome_in_words(outcome: &OutcomeForm) -> String {
    let by = outcome.by.called("you");
    let say = if outcome.by.me { "say" } else { "says" };
    let met = if outcome.met { "met" } else { "not met" };
    let useful = if outcome.useful { "of use" } else { "not of use so far" };
    let thanks = outcome.thanks.as_ref().map(|thanks| format!(" “{thanks}”")).unwrap_or_default();
    format!("{by} {say}: {met}, {useful}.{thanks}")
}
