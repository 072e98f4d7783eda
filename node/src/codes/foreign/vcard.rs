//! vCard 2.1, 3.0 and 4.0, read liberally.

use std::borrow::Cow;

use calcard::vcard::{VCard, VCardEntry, VCardProperty, VCardValue, VCardVersion};
use calcard::{Entry, Parser};
use kith_protocol::text::Line;

use super::link::hex;
use super::{ForeignCard, Kind, add, full_name, joined, note, strip_scheme};
use crate::codes::fenced;

/// Properties that are looked at.
const MOST_PROPERTIES: usize = 1_000;
const QUOTED_PRINTABLE: &str = "quoted-printable";

/// Reads the first card of a text that begins with one.
pub(super) fn parse(text: &str) -> Option<ForeignCard> {
    strip_scheme(text, "begin:vcard")?;
    let named = with_encoding_named(text);
    let vcard = fenced(|| match Parser::new(&named).entry() {
        Entry::VCard(vcard) => Some(vcard),
        _ => None,
    })?;
    Some(to_card(&vcard, text))
}

fn to_card(vcard: &VCard, raw: &str) -> ForeignCard {
    let kind = match vcard.version() {
        Some(VCardVersion::V2_0 | VCardVersion::V2_1) => Kind::VCard21,
        Some(VCardVersion::V4_0) => Kind::VCard4,
        _ => Kind::VCard3,
    };
    let mut card = ForeignCard::new(kind, raw);
    let mut structured_name = None;
    for entry in vcard.entries.iter().take(MOST_PROPERTIES) {
        let text = || joined(texts(entry), ", ");
        match &entry.name {
            VCardProperty::Fn => card.name = card.name.take().or_else(|| Line::cut(&text())),
            VCardProperty::N => structured_name = structured_name.or_else(|| Line::cut(&display_name(entry))),
            VCardProperty::Org => card.org = card.org.take().or_else(|| Line::cut(&text())),
            VCardProperty::Title => card.title = card.title.take().or_else(|| Line::cut(&text())),
            VCardProperty::Adr => card.address = card.address.take().or_else(|| Line::cut(&text())),
            VCardProperty::Note => card.note = card.note.take().or_else(|| note(&text())),
            VCardProperty::Tel => add_each(&mut card.phones, entry, "tel:"),
            VCardProperty::Email => add_each(&mut card.emails, entry, "mailto:"),
            VCardProperty::Url | VCardProperty::Socialprofile => add_each(&mut card.urls, entry, ""),
            VCardProperty::Other(name) if name.eq_ignore_ascii_case("x-socialprofile") => {
                add_each(&mut card.urls, entry, "");
            }
            _ => {}
        }
    }
    card.name = card.name.or(structured_name);
    if card.title.is_none() {
        let role = vcard.property(&VCardProperty::Role);
        card.title = role.and_then(|role| Line::cut(&joined(texts(role), ", ")));
    }
    card
}

fn add_each(lines: &mut Vec<Line<{ kith_protocol::limits::LINE }>>, entry: &VCardEntry, scheme: &str) {
    for text in texts(entry) {
        add(lines, strip_scheme(text.trim(), scheme).unwrap_or(text));
    }
}

/// Every text of a property, components flattened; pictures and dates left out.
fn texts(entry: &VCardEntry) -> impl Iterator<Item = &str> {
    entry.values.iter().flat_map(value_texts)
}

fn value_texts(value: &VCardValue) -> Vec<&str> {
    match value {
        VCardValue::Text(text) => vec![text.as_str()],
        VCardValue::Component(parts) => parts.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    }
}

/// The shown name from the five components of N: family, given, additional, prefix, suffix.
fn display_name(entry: &VCardEntry) -> String {
    let part = |at: usize| entry.values.get(at).map(|value| joined(value_texts(value), " ")).unwrap_or_default();
    let [family, given, additional, prefix, suffix] = [0, 1, 2, 3, 4].map(part);
    let given = joined([given.as_str(), additional.as_str()], " ");
    joined([prefix.as_str(), &full_name(&given, &family), &suffix], " ")
}

/// Says of quoted-printable lines what vCard 2.1 lets them leave out and the parser needs: that this is their
/// encoding, and that they are UTF-8 where they are. Most Android phones do not say so, and by the rule of 2.1
/// their text would be read as Latin-1.
fn with_encoding_named(text: &str) -> Cow<'_, str> {
    if !contains_ignoring_case(text, QUOTED_PRINTABLE) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 256);
    let mut lines = text.split_inclusive('\n');
    while let Some(line) = lines.next() {
        match line.split_once(':') {
            Some((head, value)) if contains_ignoring_case(head, QUOTED_PRINTABLE) => {
                out.push_str(&spelt_out(head));
                if !contains_ignoring_case(head, "charset=") && is_utf8(&unwrapped(value, lines.clone())) {
                    out.push_str(";CHARSET=UTF-8");
                }
                out.extend([":", value]);
            }
            _ => out.push_str(line),
        }
    }
    Cow::Owned(out)
}

/// `FN;QUOTED-PRINTABLE` becomes `FN;ENCODING=QUOTED-PRINTABLE`.
fn spelt_out(head: &str) -> String {
    let spell = |part: &str| {
        let is_bare = part.eq_ignore_ascii_case(QUOTED_PRINTABLE);
        if is_bare { format!("ENCODING={part}") } else { part.to_owned() }
    };
    head.split(';').map(spell).collect::<Vec<String>>().join(";")
}

/// A quoted-printable value with its soft line breaks, a `=` at the end of a line, taken out.
fn unwrapped<'a>(first: &'a str, mut rest: impl Iterator<Item = &'a str>) -> String {
    let mut value = first.trim_end().to_owned();
    while value.ends_with('=') {
        value.pop();
        let Some(next) = rest.next() else { break };
        value.push_str(next.trim_end());
    }
    value
}

fn is_utf8(value: &str) -> bool {
    std::str::from_utf8(&quoted_printable(value)).is_ok()
}

fn contains_ignoring_case(text: &str, word: &str) -> bool {
    text.to_ascii_lowercase().contains(word)
}

/// The bytes that quoted-printable text stands for, soft line breaks already removed (RFC 2045 §6.7).
fn quoted_printable(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escaped = (first == b'=').then(|| after.split_at_checked(2)).flatten();
        let decoded = escaped.and_then(|(digits, after)| Some((hex(digits)?, after)));
        let (byte, after) = decoded.unwrap_or((first, after));
        bytes.push(byte);
        rest = after;
    }
    bytes
}
