//! Printing.

mod handover;
mod introduction;
mod rows;
mod today;
mod vouch;

use std::io::{IsTerminal, Write};

use kith_node::api::model::{ActionForm, CardForm, InviteForm, ItemForm, PersonDetails, PersonForm, TierName};
use kith_node::api::{EventModeForm, Finding, Health};
use serde::Serialize;

use crate::trouble::Trouble;

pub use introduction::{introduction, introduction_line};
pub use today::{doing, event, today};
pub use vouch::vouch;

/// Prints a line; a reader who has gone away, such as `head`, is no failure.
pub fn say(line: impl std::fmt::Display) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Prints a piece of a file as it is. A reader who has gone away is no failure; a full disk is.
pub fn raw(bytes: &[u8]) -> Result<(), Trouble> {
    match std::io::stdout().write_all(bytes) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Trouble::failed(format!("the result could not be written: {error}")))
        }
        _ => Ok(()),
    }
}

/// Prints a line for people beside the result, on standard error.
pub fn aside(line: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// True if somebody looks at standard output.
pub fn is_watched() -> bool {
    std::io::stdout().is_terminal()
}

/// Prints a value as JSON.
pub fn json(value: &impl Serialize) -> Result<(), Trouble> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Trouble::failed(error.to_string()))?;
    say(text);
    Ok(())
}

/// The first characters of an id, as it is shown.
pub fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

/// A time by the clock of this machine.
pub fn when(time: &str) -> String {
    let moment = time.parse::<jiff::Timestamp>().map(|moment| moment.to_zoned(jiff::tz::TimeZone::system()));
    moment.map_or_else(|_| time.to_owned(), |moment| moment.strftime("%-d %b %Y, %H:%M").to_string())
}

/// A time by the clock of this machine.
pub fn moment(at: kith_protocol::time::Timestamp) -> String {
    when(&kith_node::api::model::time(at))
}

/// A card.
pub fn card(card: &CardForm) {
    say(&card.name);
    let width = card.fields.iter().map(|field| field.field.len()).max().unwrap_or_default();
    for field in &card.fields {
        let tier = match field.tier {
            Some(tier) => format!(
                "   [{}]",
                serde_json::to_value(tier).ok().and_then(|tier| tier.as_str().map(str::to_owned)).unwrap_or_default()
            ),
            None => String::new(),
        };
        say(format!("  {:width$}  {}{tier}", field.field, field.value));
    }
}

/// People in a list.
pub fn people(people: &[PersonForm]) {
    let width = people.iter().map(|person| person.name.chars().count()).max().unwrap_or_default().min(40);
    for person in people {
        say(in_list(person, width));
    }
}

/// Where a line of a list ends, if what is on it may be left out.
const LIST_WIDTH: usize = 120;

/// One of a list, whose names take up so many characters. The company is said where there is room for it.
fn in_list(person: &PersonForm, width: usize) -> String {
    let pad = width.saturating_sub(person.name.chars().count());
    let tags: String = person.tags.iter().map(|tag| format!(" #{tag}")).collect();
    let known = match &person.scan {
        Some(scan) => format!("{}; {}", scan.state, person.how),
        None => known(person, ""),
    };
    let line = format!("{}  {}{}  {known}{tags}", short(&person.id), person.name, " ".repeat(pad));
    let company = person.org.as_ref().map(|org| format!(" · {org}")).unwrap_or_default();
    if line.chars().count() + company.chars().count() > LIST_WIDTH { line } else { line + &company }
}

/// What somebody is to me, what is to be said of that, and how I know them. Whoever is no more than written down is said to be
/// unconfirmed once.
fn known(person: &PersonForm, more: &str) -> String {
    if person.standing == "unconfirmed" && person.how.ends_with("unconfirmed") {
        format!("{}{more}", person.how)
    } else {
        format!("{}{more}; {}", person.standing, person.how)
    }
}

/// Whether the node looks for contacts on local networks, and who is there.
pub fn event_mode(mode: &EventModeForm) {
    let nearby = match &mode.nearby[..] {
        [] => "no contact is heard here now".to_owned(),
        nearby => format!("heard here now: {}", nearby.join(", ")),
    };
    match &mode.since {
        Some(since) => say(format!("  event mode on since {}; {nearby}", when(since))),
        None => say("  event mode off"),
    }
}

/// Everything about a person.
pub fn person(details: &PersonDetails) {
    let person = &details.person;
    say(format!("{}   {}", person.name, short(&person.id)));
    if person.name != details.own_name {
        say(format!("  calls themselves {}", details.own_name));
    }
    if let Some(warning) = &person.name_warning {
        say(format!("  {warning}"));
    }
    let connected = details.path.as_ref().map(|path| format!(", connected {}", path.in_words())).unwrap_or_default();
    let blocked = if details.blocked { ", blocked" } else { "" };
    say(format!("  {}", known(person, &format!("{connected}{blocked}"))));
    if let Some(scan) = &person.scan {
        say(format!("  {}; gives up {}", scan.state, when(&scan.gives_up)));
    }
    if details.forked {
        say("  two key histories of theirs contradict each other: meet them and scan their code");
    }
    if details.key_given_up {
        say(
            "  the key you know them by was given up, and nothing more is believed of it: meet them and scan their code,",
        );
        say("  or wait for a letter with their new key");
    }
    kept(details);
    for encounter in &details.encounters {
        say(format!("  {}  {}", when(&encounter.at), encounter.how));
    }
    for meeting in &details.meetings {
        let signed = match (meeting.signed_by_me, meeting.signed_by_them) {
            (true, true) => "signed by both of you",
            (true, false) => "signed by you",
            _ => "signed by them",
        };
        let event = meeting.event.as_deref().unwrap_or("no event named");
        say(format!("  met on {}, {event}: {signed}", meeting.day));
    }
    if let Some(their_card) = &details.card {
        say("their card:");
        card(their_card);
    }
    if let Some(foreign) = &details.foreign {
        say("as it came, unconfirmed:");
        foreign.lines().for_each(|line| say(format!("  {line}")));
    }
    for introduction in &details.introductions {
        let (id, summary) = (short(&introduction.id), &introduction.summary);
        say(format!("introduction {id}: {summary} ({})", introduction.state_in_words));
    }
    for vouch in &details.vouches {
        say(format!("vouch {}: {} ({})", short(&vouch.id), vouch.in_words, vouch.state_in_words));
    }
    let follow_up = &details.follow_up;
    for (label, text) in [("they need", &follow_up.need), ("you promised", &follow_up.promise)] {
        if let Some(text) = text {
            say(format!("{label}: {text}"));
        }
    }
    if let Some(next) = &follow_up.next {
        say(format!("next: {}", today::step(next)));
    }
    for letter in &details.letters {
        let by = if letter.by_me { "you" } else { "they" };
        let is_plain = letter.state == "came" && !letter.key_given_up;
        let state = if is_plain { String::new() } else { format!(" ({})", letter.state_in_words) };
        say(format!("{by} wrote, {}: {}{state}", when(&letter.at), letter.text));
    }
    for note in &details.notes {
        say(format!("note of {}: {}", when(&note.at), note.text));
    }
    for waiting in &details.waiting {
        let since = waiting.in_mailbox.as_deref().map(when);
        let lies = since.map(|since| format!("; in their mailbox since {since}")).unwrap_or_default();
        say(format!("waiting for them: {}{lies}; gives up {}", waiting.what, when(&waiting.gives_up)));
    }
}

/// What I keep about somebody in a word or a number.
fn kept(details: &PersonDetails) {
    if !details.person.tags.is_empty() {
        say(format!("  tags: {}", details.person.tags.join(", ")));
    }
    match details.cadence_days {
        None => {}
        Some(1) => say("  be in touch every day"),
        Some(days) => say(format!("  be in touch every {days} days")),
    }
    if details.person.standing == "contact" {
        let seen = match details.they_see {
            TierName::Public => "what everybody may see",
            TierName::Contacts => "what contacts see",
            TierName::Named => "what people see whom you choose one by one",
        };
        say(format!("  of your card they see {seen}"));
    }
}

/// A code in a list.
pub fn invite(invite: &InviteForm) {
    let event = invite.event.as_deref().map(|event| format!("  {event}")).unwrap_or_default();
    let meant_for = invite.meant_for.as_deref().map(|note| format!("  for {note}")).unwrap_or_default();
    let refused = match invite.refused {
        0 => String::new(),
        1 => ", tried once more afterwards".to_owned(),
        refused => format!(", tried {refused} more times afterwards"),
    };
    let uses = match invite.uses {
        0 => "not used".to_owned(),
        1 => "used once".to_owned(),
        uses => format!("used {uses} times"),
    };
    say(format!(
        "{}  {:7}  {:7}  {uses}{refused}  until {}{event}{meant_for}",
        short(&invite.id),
        invite.kind,
        invite.state,
        when(&invite.expires),
    ));
}

/// Something that waits.
pub fn item(item: &ItemForm) {
    say(format!("{}  {}", short(&item.id), item.question));
    if let Some(warning) = &item.person.name_warning {
        say(format!("          {warning}"));
    }
    if let Some(their_card) = &item.card {
        for field in &their_card.fields {
            say(format!("          {}: {}", field.field, field.value));
        }
    }
    if let Some(message) = &item.message {
        rows::rows(&[("says".to_owned(), message.clone())]);
    }
    if let Some(about) = &item.introduction {
        rows::rows(&introduction::context(about));
    }
    if let Some(about) = &item.vouch {
        rows::rows(&vouch::vouch_rows(about));
    }
    if let Some(letter) = &item.letter {
        rows::rows(&[("says".to_owned(), letter.text.clone())]);
        if letter.key_given_up {
            say(format!("          {}", letter.state_in_words));
        }
    }
    if let Some(whom) = &item.handover {
        rows::rows(&handover::handover_rows(whom));
    }
    say(format!("          accept: {}", item.accept));
    say(format!("          ignore: {}", item.ignore));
    // Yes and no are said above; what else can be done is said with the command that does it.
    let is_other = |action: &&ActionForm| match action.action.as_str() {
        "decline" | "withdraw" => false,
        "accept" => item.kind == "suggested",
        _ => true,
    };
    for other in item.introduction.iter().flat_map(|about| &about.actions).filter(is_other) {
        say(format!("          or {}: {}", other.command, other.does));
    }
    say(format!("          goes away {}", when(&item.until)));
}

/// A line of the doctor.
pub fn finding(finding: &Finding) {
    let mark = match finding.health {
        Health::Good => "ok  ",
        Health::Warning => "look",
        Health::Bad => "BAD ",
    };
    say(format!("{mark}  {}: {}", finding.subject, finding.finding));
    if let Some(advice) = &finding.advice {
        say(format!("      {advice}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bo(org: Option<&str>, how: &str) -> PersonForm {
        let bo = serde_json::json!({
            "id": "aebagbafaydqqcikbmga", "name": "Bo Berg", "standing": "contact", "how": how, "org": org,
            "tags": ["welders"], "touched": "2026-04-20T00:00:00Z", "connected": false,
        });
        serde_json::from_value(bo).unwrap()
    }

    #[test]
    fn a_list_says_the_company_where_there_is_room() {
        let how = "scanned live at Hannover Messe";
        let line = in_list(&bo(Some("Berg & Co"), how), 9);
        assert_eq!(line, "aebagbaf  Bo Berg    contact; scanned live at Hannover Messe #welders · Berg & Co");
        let without = in_list(&bo(None, how), 9);
        assert_eq!(without, "aebagbaf  Bo Berg    contact; scanned live at Hannover Messe #welders");
        let long = "Gesellschaft für den Bau von Anlagen zur Reinigung von Brauereitanks mbH";
        assert_eq!(in_list(&bo(Some(long), how), 9), without, "what does not fit is on the person's page");
    }
}
