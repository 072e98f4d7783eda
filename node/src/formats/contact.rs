//! What is known of one person, before it has a format.

use jiff::tz::TimeZone;
use kith_protocol::card::{CardView, FieldKind};
use kith_protocol::engine::follow_up::{Due, FollowUp};
use kith_protocol::engine::person::{Encounter, Person, PersonNote, Way};
use kith_protocol::limits;
use kith_protocol::text::{Line, Text};
use kith_protocol::time::Timestamp;

use crate::codes::foreign::{self, Code, ForeignCard};
use crate::here::date_text;

/// Somebody, as they are written into a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    /// What to call them.
    pub name: String,
    /// The lines of their card.
    pub lines: Vec<(FieldKind, String)>,
    /// My tags.
    pub tags: Vec<String>,
    /// How I know them, in words.
    pub how: Option<String>,
    /// The event or label of the first encounter.
    pub met_at: Option<String>,
    /// The UTC day of the first encounter, as `YYYY-MM-DD`.
    pub met_on: Option<String>,
    /// Who introduced us.
    pub introduced_by: Option<String>,
    /// What a foreign card said in its own note, or a visitor beside their card.
    pub remark: Option<String>,
    /// My notes, the oldest first.
    pub notes: Vec<String>,
    /// What I do next for them.
    pub next_step: Option<String>,
    /// By when, as a day or a moment.
    pub due: Option<String>,
}

impl Contact {
    /// A card alone.
    pub fn of_card(card: &CardView) -> Self {
        Self { name: card.name.to_string(), lines: card_lines(card), ..Self::default() }
    }

    /// Somebody among my people: their card, what a foreign code said besides, and what I know of them.
    pub fn of_person(person: &Person, card: Option<&CardView>, notes: &[PersonNote]) -> Self {
        let first = person.encounters.first();
        let introduced = person.encounters.iter().find(|one| one.way == Way::Introduced);
        let mut contact = Self {
            name: person.display_name().to_owned(),
            lines: card.map(card_lines).unwrap_or_default(),
            tags: person.tags.iter().map(ToString::to_string).collect(),
            how: Some(person.provenance()).filter(|how| !how.is_empty()),
            met_at: first.and_then(|first| first.event.as_ref()).map(ToString::to_string),
            met_on: first.map(|first| day(first.at)),
            introduced_by: introduced.and_then(|one| one.by.as_ref()).map(ToString::to_string),
            notes: notes.iter().map(|note| note.text.to_string()).collect(),
            ..Self::default()
        };
        if let Some(text) = person.foreign.as_ref().map(Text::as_str) {
            if let Code::Card(foreign) = foreign::understand(text) {
                contact.add_foreign(&foreign);
            }
            let (lines, message) = parted(text, first);
            contact.add_handed_over(lines);
            contact.remark = contact.remark.or(message);
        }
        contact
    }

    /// The same with what is to be done for them.
    pub fn followed_up(mut self, all: &FollowUp) -> Self {
        let said = [("they need", all.need.as_str()), ("I promised", all.promise.as_str())];
        let said = said.iter().filter(|(_, text)| !text.is_empty()).map(|(what, text)| format!("{what}: {text}"));
        self.notes.extend(said);
        self.next_step = all.next.as_ref().map(|next| next.in_words().to_owned());
        self.due = all.next.as_ref().map(|next| match next.due {
            Due::At(at) => day(at),
            Due::On(date) => date_text(date),
        });
        self
    }

    /// The first line of a kind.
    pub fn line(&self, kind: FieldKind) -> Option<&str> {
        self.all(kind).next()
    }

    /// Every line of a kind.
    pub fn all(&self, kind: FieldKind) -> impl Iterator<Item = &str> {
        self.lines.iter().filter(move |(own, _)| *own == kind).map(|(_, value)| value.as_str())
    }

    /// Family name and given names. Kith keeps a name whole, as people write it; where a format wants it in parts, the
    /// last word is taken for the family name, and a name of one word, as in Han or of a band, is all given.
    pub fn split_name(&self) -> (&str, &str) {
        match self.name.rsplit_once(' ') {
            Some((given, family)) => (family, given),
            None => ("", &self.name),
        }
    }

    /// City, region and country, as far as the line about the place says so: first and last part between commas.
    pub fn place(&self) -> (String, String, String) {
        let place = self.line(FieldKind::Place).unwrap_or_default();
        let parts: Vec<&str> = place.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
        match parts.as_slice() {
            [] => Default::default(),
            [city] => ((*city).to_owned(), String::new(), String::new()),
            [city, region @ .., country] => ((*city).to_owned(), region.join(", "), (*country).to_owned()),
        }
    }

    fn add_foreign(&mut self, foreign: &ForeignCard) {
        for (kind, line) in [(FieldKind::Organisation, &foreign.org), (FieldKind::Title, &foreign.title)] {
            if self.line(kind).is_none() {
                self.add(kind, line.iter());
            }
        }
        self.add(FieldKind::Email, foreign.emails.iter());
        self.add(FieldKind::Phone, foreign.phones.iter());
        for url in &foreign.urls {
            let is_linkedin = url.as_str().to_ascii_lowercase().contains("linkedin.com/");
            self.add(if is_linkedin { FieldKind::LinkedIn } else { FieldKind::Website }, [url].into_iter());
        }
        self.add(FieldKind::Address, foreign.address.iter());
        self.remark = foreign.note.as_ref().map(ToString::to_string);
    }

    /// Adds the lines that came along with somebody handed over: `field: value`, each on a line.
    fn add_handed_over(&mut self, text: &str) {
        for (field, value) in text.lines().filter_map(|line| line.split_once(": ")) {
            if let (Some(kind), Ok(value)) = (FieldKind::from_name(field), Line::<{ limits::LINE }>::new(value)) {
                self.add(kind, [&value].into_iter());
            }
        }
    }

    /// Adds lines that are not there yet.
    fn add<'a, const MAX: usize>(&mut self, kind: FieldKind, lines: impl Iterator<Item = &'a Line<MAX>>) {
        for line in lines {
            if !self.lines.iter().any(|(_, known)| known == line.as_str()) {
                self.lines.push((kind, line.to_string()));
            }
        }
    }
}

/// The lines and the message of a card that a visitor left, which a blank line parts; else all of it is lines.
fn parted<'a>(text: &'a str, first: Option<&Encounter>) -> (&'a str, Option<String>) {
    let is_left = first.is_some_and(|first| first.way == Way::LeftCard);
    match text.split_once("\n\n").filter(|_| is_left) {
        Some((lines, message)) => (lines, Some(message.to_owned())),
        None => (text, None),
    }
}

fn card_lines(card: &CardView) -> Vec<(FieldKind, String)> {
    card.fields.iter().map(|field| (field.kind, field.value.to_string())).collect()
}

/// The UTC day, as `YYYY-MM-DD`.
fn day(at: Timestamp) -> String {
    let secs = i64::try_from(at.secs()).unwrap_or(i64::MAX);
    let at = jiff::Timestamp::from_second(secs).unwrap_or_default();
    at.to_zoned(TimeZone::UTC).date().to_string()
}

/// Somebody with something in every field, for the tests of the formats.
#[cfg(test)]
pub(super) fn ana() -> Contact {
    let lines = [
        (FieldKind::Organisation, "Sousa Valves, Lda; Porto"),
        (FieldKind::Title, "Head of Sales"),
        (FieldKind::Headline, "I help water works find leaks"),
        (FieldKind::Email, "ana@sousa.example"),
        (FieldKind::PersonalEmail, "ana@home.example"),
        (FieldKind::Mobile, "+351 912 345 678"),
        (FieldKind::Phone, "+351 22 345"),
        (FieldKind::Place, "Porto, Norte, Portugal"),
        (FieldKind::Address, "Rua das Flores 1"),
        (FieldKind::Website, "https://sousa.example/a,b;c"),
        (FieldKind::LinkedIn, "https://www.linkedin.com/in/ana"),
        (FieldKind::Booking, "https://book.example/ana"),
        (FieldKind::Languages, "pt, de, en"),
        (FieldKind::Birthday, "1980-05-03"),
        (FieldKind::Nickname, "Aninha"),
        (FieldKind::Other(200), "from a later version"),
    ];
    Contact {
        name: "Ana María Núñez".to_owned(),
        lines: lines.into_iter().map(|(kind, value)| (kind, value.to_owned())).collect(),
        tags: vec!["valves".to_owned(), "fair, 2026".to_owned()],
        how: Some("scanned live at Hannover Messe".to_owned()),
        met_at: Some("Hannover Messe".to_owned()),
        met_on: Some("2026-04-20".to_owned()),
        introduced_by: Some("Bo Berg".to_owned()),
        remark: Some("back on Monday".to_owned()),
        notes: vec!["wants a quote\nby Friday".to_owned(), "said \"maybe\"".to_owned()],
        next_step: Some("send the quote".to_owned()),
        due: Some("2026-04-24".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_split_only_where_a_format_asks_for_it() {
        let split = |name: &str| {
            let contact = Contact { name: name.to_owned(), ..Contact::default() };
            let (family, given) = contact.split_name();
            (family.to_owned(), given.to_owned())
        };
        assert_eq!(split("Ana María Núñez"), ("Núñez".into(), "Ana María".into()));
        assert_eq!(split("王小明"), (String::new(), "王小明".into()));
    }

    #[test]
    fn a_place_is_read_from_both_ends() {
        let place =
            |place: &str| Contact { lines: vec![(FieldKind::Place, place.to_owned())], ..Contact::default() }.place();
        assert_eq!(place("Porto"), ("Porto".into(), String::new(), String::new()));
        assert_eq!(place("Porto, Portugal"), ("Porto".into(), String::new(), "Portugal".into()));
        assert_eq!(place("Porto, Norte, Portugal"), ("Porto".into(), "Norte".into(), "Portugal".into()));
        assert_eq!(place(" , "), Default::default());
    }
}
