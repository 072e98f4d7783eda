//! MECARD, the short card of NTT DoCoMo: `MECARD:N:Núñez,Ana;TEL:+49170123;EMAIL:ana@example.org;;`

use kith_protocol::text::Line;

use super::{ForeignCard, Kind, add, full_name, joined, note, strip_scheme};

/// Fields that are looked at.
const MOST_FIELDS: usize = 100;

/// Reads a MECARD; unknown fields stay in the raw text.
pub(super) fn parse(text: &str) -> Option<ForeignCard> {
    let body = strip_scheme(text, "mecard:")?;
    let mut card = ForeignCard::new(Kind::MeCard, text);
    for field in split(body, ';').into_iter().take(MOST_FIELDS) {
        let Some((name, value)) = field.split_once(':') else { continue };
        read_field(&mut card, name.trim(), value);
    }
    Some(card)
}

fn read_field(card: &mut ForeignCard, name: &str, value: &str) {
    let text = unescaped(value);
    match name.to_ascii_uppercase().as_str() {
        "N" => card.name = card.name.take().or_else(|| Line::cut(&display_name(value))),
        "ORG" => card.org = card.org.take().or_else(|| Line::cut(&text)),
        "TITLE" => card.title = card.title.take().or_else(|| Line::cut(&text)),
        "TEL" | "TEL-AV" => add(&mut card.phones, &text),
        "EMAIL" => add(&mut card.emails, &text),
        "URL" => add(&mut card.urls, &text),
        "ADR" => card.address = card.address.take().or_else(|| Line::cut(&parts(value, ", "))),
        "NOTE" => card.note = card.note.take().or_else(|| note(&text)),
        _ => {}
    }
}

/// `Family,Given`, or a name as shown.
fn display_name(value: &str) -> String {
    let parts: Vec<String> = split(value, ',').into_iter().map(unescaped).collect();
    match parts.as_slice() {
        [family, given] => full_name(given.trim(), family.trim()),
        parts => joined(parts.iter().map(String::as_str), " "),
    }
}

fn parts(value: &str, separator: &str) -> String {
    let parts: Vec<String> = split(value, ',').into_iter().map(unescaped).collect();
    joined(parts.iter().map(String::as_str), separator)
}

/// The parts between separators that have no backslash before them.
fn split(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut escaped) = (0, false);
    for (at, c) in text.char_indices() {
        if c == separator && !escaped {
            parts.push(text.get(start..at).unwrap_or_default());
            start = at + c.len_utf8();
        }
        escaped = c == '\\' && !escaped;
    }
    parts.push(text.get(start..).unwrap_or_default());
    parts
}

/// A backslash stands for the character behind it.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        out.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    out
}
