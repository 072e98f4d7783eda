//! vCard 3.0 (RFC 2426). Version 4.0 is refused by phones that are in use, and one of them then drops the whole list.
//!
//! Our own writer: the library that we read cards with writes `CHARSET=UTF-8`, which 3.0 has taken out, at every line
//! that is not ASCII.
//!
//! What an address book does not show by itself stands in NOTE too, which survives every import. My own notes do not:
//! a phone passes a contact on with one tap.

use kith_protocol::card::FieldKind;
use kith_protocol::text::cut_at_grapheme;

use super::Contact;

/// Bytes of the small form at most, so that its code is read across a table: QR version 13 at level M or less.
pub const SMALL: usize = 300;
/// Bytes of a line without its end (RFC 2426 §2.6).
const LINE: usize = 75;

/// The whole card.
pub fn write(contact: &Contact) -> String {
    let mut card = Card::begin(&contact.name, contact.split_name());
    for (kind, value) in &contact.lines {
        match native(*kind, value) {
            Some((head, value)) => card.text(head, value),
            None => card.link(*kind, value),
        }
    }
    card.address(contact);
    if !contact.tags.is_empty() {
        let tags: Vec<String> = contact.tags.iter().map(|tag| escaped(tag)).collect();
        card.line("CATEGORIES", &tags.join(","));
    }
    let note = note(contact);
    if !note.is_empty() {
        card.text("NOTE", &note);
    }
    card.end()
}

/// A card of at most [`SMALL`] bytes for a code: name, and one each of organisation, title, phone, e-mail and page. If
/// they do not fit, they go in this order: page, title, organisation, e-mail, phone; then the name is cut.
pub fn write_small(contact: &Contact) -> String {
    let first = |kinds: &[FieldKind]| kinds.iter().find_map(|kind| contact.line(*kind));
    let phone = match contact.line(FieldKind::Mobile) {
        Some(mobile) => Some(("TEL;TYPE=CELL", mobile)),
        None => contact.line(FieldKind::Phone).map(|phone| ("TEL;TYPE=WORK", phone)),
    };
    // The first to be kept, first.
    let mut lines: Vec<(&str, &str)> = [
        phone.map(|(head, phone)| (head, without("tel:", phone))),
        first(&[FieldKind::Email, FieldKind::PersonalEmail]).map(|email| ("EMAIL", without("mailto:", email))),
        first(&[FieldKind::Organisation]).map(|org| ("ORG", org)),
        first(&[FieldKind::Title, FieldKind::Role]).map(|title| ("TITLE", title)),
        first(&[FieldKind::Website, FieldKind::LinkedIn, FieldKind::Profile]).map(|page| ("URL", page)),
    ]
    .into_iter()
    .flatten()
    .collect();
    loop {
        let card = small_of(contact, &lines);
        if card.len() <= SMALL {
            return card;
        }
        if lines.pop().is_none() {
            return with_cut_name(contact);
        }
    }
}

fn small_of(contact: &Contact, lines: &[(&str, &str)]) -> String {
    let mut card = Card::begin(&contact.name, contact.split_name());
    for (head, value) in lines {
        if *head == "URL" { card.line(head, &uri(value)) } else { card.text(head, value) }
    }
    card.end()
}

fn with_cut_name(contact: &Contact) -> String {
    let mut most = contact.name.len().min(SMALL);
    loop {
        let name = cut_at_grapheme(&contact.name, most);
        let card = Card::begin(name, ("", name)).end();
        if card.len() <= SMALL || most == 0 {
            return card;
        }
        most -= 1;
    }
}

/// How an address book knows a kind of line, if it does, and the value as it is wanted there.
fn native(kind: FieldKind, value: &str) -> Option<(&'static str, &str)> {
    Some(match kind {
        FieldKind::Organisation => ("ORG", value),
        FieldKind::Title => ("TITLE", value),
        FieldKind::Role => ("ROLE", value),
        FieldKind::Nickname => ("NICKNAME", value),
        FieldKind::Email => ("EMAIL;TYPE=INTERNET,WORK", without("mailto:", value)),
        FieldKind::PersonalEmail => ("EMAIL;TYPE=INTERNET,HOME", without("mailto:", value)),
        FieldKind::Mobile => ("TEL;TYPE=CELL", without("tel:", value)),
        FieldKind::Phone => ("TEL;TYPE=WORK", without("tel:", value)),
        FieldKind::Birthday if is_date(value) => ("BDAY", value),
        _ => return None,
    })
}

/// What an address book does not show, or not everywhere: one line each, with what it is about.
fn note(contact: &Contact) -> String {
    let said = contact.lines.iter().filter_map(|(kind, value)| Some(format!("{}: {value}", label(*kind, value)?)));
    let how = contact.how.iter().map(|how| format!("How we met: {how}"));
    let lines: Vec<String> = contact.remark.iter().cloned().chain(said).chain(how).collect();
    lines.join("\n")
}

/// What a line of the note begins with; `None` where an address book shows the value by itself.
fn label(kind: FieldKind, value: &str) -> Option<&'static str> {
    Some(match kind {
        FieldKind::Headline => "Headline",
        FieldKind::Booking => "Book a meeting",
        FieldKind::LinkedIn => "LinkedIn",
        FieldKind::Profile => "Profile",
        FieldKind::Chat => "Chat",
        FieldKind::Languages => "Languages",
        FieldKind::Expertise => "Expertise",
        FieldKind::Interests => "Interests",
        FieldKind::Offer => "Offers",
        FieldKind::Ask => "Looks for",
        FieldKind::Market => "Market",
        FieldKind::Memberships => "Memberships",
        FieldKind::Accomplishments => "Accomplishments",
        FieldKind::Pronouns => "Pronouns",
        FieldKind::TimeZone => "Time zone",
        FieldKind::Birthday if !is_date(value) => "Birthday",
        FieldKind::Other(_) => "Other",
        _ => return None,
    })
}

/// A card that is being written.
struct Card(String);

impl Card {
    fn begin(name: &str, (family, given): (&str, &str)) -> Self {
        let mut card = Self("BEGIN:VCARD\r\nVERSION:3.0\r\n".to_owned());
        card.line("N", &format!("{};{};;;", escaped(family), escaped(given)));
        card.text("FN", name);
        card
    }

    /// A value that is text.
    fn text(&mut self, head: &str, value: &str) {
        self.line(head, &escaped(value));
    }

    /// A page or a profile; what is neither stands in the note alone.
    fn link(&mut self, kind: FieldKind, value: &str) {
        match kind {
            FieldKind::Website => self.line("URL", &uri(value)),
            FieldKind::LinkedIn => self.line("X-SOCIALPROFILE;TYPE=linkedin", &uri(value)),
            FieldKind::Profile => self.line("X-SOCIALPROFILE", &uri(value)),
            _ => {}
        }
    }

    /// Street, city, region and country; a street is kept as it was written, on one line.
    fn address(&mut self, contact: &Contact) {
        let street = contact.line(FieldKind::Address).unwrap_or_default();
        let (city, region, country) = contact.place();
        if [street, &city].iter().any(|part| !part.is_empty()) {
            let [street, city, region, country] = [street, &city, &region, &country].map(escaped);
            self.line("ADR;TYPE=WORK", &format!(";;{street};{city};{region};;{country}"));
        }
    }

    /// A line whose value is escaped, folded between characters.
    fn line(&mut self, head: &str, value: &str) {
        let mut length = 0;
        for c in head.chars().chain([':']).chain(value.chars()) {
            if length + c.len_utf8() > LINE {
                self.0.push_str("\r\n ");
                length = 1;
            }
            self.0.push(c);
            length += c.len_utf8();
        }
        self.0.push_str("\r\n");
    }

    fn end(mut self) -> String {
        self.0.push_str("END:VCARD\r\n");
        self.0
    }
}

/// Text with what has a meaning in a vCard taken out of it: a line break becomes `\n`, other controls go.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.replace("\r\n", "\n").chars() {
        match c {
            '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => out.push_str("\\n"),
            '\\' | ';' | ',' => out.extend(['\\', c]),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// An address of a page; it has no escapes, and nothing in it may end the line.
fn uri(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && !c.is_whitespace()).collect()
}

fn without<'a>(scheme: &str, value: &'a str) -> &'a str {
    match value.split_at_checked(scheme.len()) {
        Some((start, rest)) if start.eq_ignore_ascii_case(scheme) => rest,
        _ => value,
    }
}

/// True for `YYYY-MM-DD`.
fn is_date(value: &str) -> bool {
    value.len() == 10 && value.parse::<jiff::civil::Date>().is_ok()
}

#[cfg(test)]
mod tests;
