//! What a scanned or pasted text is. What nobody understands becomes a note about a person not yet confirmed, unless it is
//! plainly of no person.

mod link;
mod mecard;
mod nobody;
mod vcard;

use kith_protocol::limits;
use kith_protocol::text::{Label, Line, Name, Note, cut_at_grapheme};

pub use nobody::Nobody;

/// Bytes of a text that are looked at and kept. The largest QR code holds less.
pub const RAW: usize = 8 * 1024;
/// Addresses, numbers or links of one kind that are kept from a card.
pub const EACH: usize = 8;
/// Shortest payload that is believed behind the `#` of a link, where any page may have a word of its own: a code
/// of Kith holds at least one key of 32 bytes, 52 characters of base32.
const LEAST_PAYLOAD: usize = 52;

/// What a text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Code {
    /// A code of Kith: what stands behind `KITH:` or `#`, in upper case, without white space. Whether it can be
    /// decoded is for the protocol to say, since it knows the difference between damaged, too old and too new.
    Kith(String),
    /// Somebody's card, made by another program.
    Card(Box<ForeignCard>),
    /// A link that says nothing about a person by itself.
    Link(ForeignLink),
    /// The code of a thing, or a text that names nobody.
    Nobody(Nobody),
    /// Anything else, as a note; white space inside lines is joined.
    Text(Note),
}

/// A link to some page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignLink {
    /// The host it really leads to, in lower case.
    pub host: Line<{ limits::LINE }>,
    /// The link.
    pub url: Line<RAW>,
}

/// What a foreign code says of a person, unconfirmed. Every field is cleaned and bounded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignCard {
    /// Where it comes from.
    pub kind: Kind,
    /// The name as shown.
    pub name: Option<Name>,
    /// The name that the person has on the service of a profile link; often, but not always, like their own.
    pub handle: Option<Label>,
    /// Organisation, with its departments.
    pub org: Option<Line<{ limits::LINE }>>,
    /// Title or role.
    pub title: Option<Line<{ limits::LINE }>>,
    /// At most [`EACH`].
    pub emails: Vec<Line<{ limits::LINE }>>,
    /// As written, at most [`EACH`].
    pub phones: Vec<Line<{ limits::LINE }>>,
    /// At most [`EACH`].
    pub urls: Vec<Line<{ limits::LINE }>>,
    /// Postal address on one line.
    pub address: Option<Line<{ limits::LINE }>>,
    /// What the card says besides.
    pub note: Option<Note>,
    /// The text as it came, at most [`RAW`] bytes. It is not cleaned: show it only with its controls escaped.
    pub raw: String,
}

/// Kind of a foreign card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// vCard 2.1 (versit), as old phones and badge scanners write.
    VCard21,
    /// vCard 3.0 (RFC 2426), or one that does not say.
    VCard3,
    /// vCard 4.0 (RFC 6350).
    VCard4,
    /// NTT DoCoMo's MECARD.
    MeCard,
    /// A `mailto:` address (RFC 6068).
    Mailto,
    /// A `tel:` number (RFC 3966).
    Tel,
    /// A link to a profile.
    Profile(Service),
}

/// Where a profile is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// `linkedin.com/in/…`
    LinkedIn,
    /// `xing.com/profile/…`
    Xing,
    /// `github.com/…`
    GitHub,
    /// `host/@name`, as on Mastodon and its kin.
    AtName,
}

/// Finds out what a text is. Reads the first [`RAW`] bytes.
pub fn understand(text: &str) -> Code {
    // Some who save texts put an invisible mark before them.
    let text = cut_to_raw(text.trim_matches(|char: char| char == '\u{FEFF}' || char.is_whitespace()));
    kith(text)
        .map(Code::Kith)
        .or_else(|| nobody::thing(text).map(Code::Nobody))
        .or_else(|| card(text).map(|card| Code::Card(Box::new(card))))
        .or_else(|| link::plain(text).map(Code::Link))
        .or_else(|| nobody::text(text).map(Code::Nobody))
        .unwrap_or_else(|| Code::Text(note(text).unwrap_or_default()))
}

fn card(text: &str) -> Option<ForeignCard> {
    vcard::parse(text)
        .or_else(|| mecard::parse(text))
        .or_else(|| link::mailto(text))
        .or_else(|| link::tel(text))
        .or_else(|| link::profile(text))
}

/// The payload of a code of Kith.
fn kith(text: &str) -> Option<String> {
    if let Some(rest) = strip_scheme(text, "kith:") {
        // Mail programs break long lines; but "Kith: my cousins" is a sentence.
        let payload = squeezed(rest);
        let believable = !rest.trim().contains(char::is_whitespace) || is_payload(&payload);
        return (believable && !payload.is_empty()).then_some(payload);
    }
    let (address, fragment) = text.split_once('#')?;
    let address = link::Address::parse(address)?;
    let payload = squeezed(strip_scheme(fragment, "kith:").unwrap_or(fragment));
    (address.is_code_page() && is_payload(&payload)).then_some(payload)
}

fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_uppercase()
}

/// Base32 (RFC 4648 §6) of plausible length.
fn is_payload(text: &str) -> bool {
    text.len() >= LEAST_PAYLOAD && text.trim_end_matches('=').bytes().all(|b| matches!(b, b'A'..=b'Z' | b'2'..=b'7'))
}

/// What follows `prefix`, which is ASCII, in any case.
fn strip_scheme<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// The beginning of a text that fits [`RAW`]. It is kept, not shown, so it may end inside a grapheme.
fn cut_to_raw(text: &str) -> &str {
    let end = text.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|&end| end <= RAW).last().unwrap_or(0);
    text.get(..end).unwrap_or_default()
}

/// A text of several lines, cleaned line by line.
fn note(text: &str) -> Option<Note> {
    let lines: Vec<String> = text
        .lines()
        .map(|line| Line::<{ limits::NOTE }>::cut(line).map_or(String::new(), |line| line.to_string()))
        .collect();
    let joined = lines.join("\n");
    Note::new(cut_at_grapheme(joined.trim(), limits::NOTE)).ok().filter(|note| !note.is_empty())
}

impl ForeignCard {
    fn new(kind: Kind, raw: &str) -> Self {
        Self {
            kind,
            name: None,
            handle: None,
            org: None,
            title: None,
            emails: Vec::new(),
            phones: Vec::new(),
            urls: Vec::new(),
            address: None,
            note: None,
            raw: raw.to_owned(),
        }
    }
}

/// Adds a cleaned line, once and within [`EACH`].
fn add(lines: &mut Vec<Line<{ limits::LINE }>>, text: &str) {
    if lines.len() < EACH
        && let Some(line) = Line::cut(text)
        && !lines.contains(&line)
    {
        lines.push(line);
    }
}

/// The parts that are not blank.
fn joined<'a>(parts: impl IntoIterator<Item = &'a str>, separator: &str) -> String {
    let parts: Vec<&str> = parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect();
    parts.join(separator)
}

/// Given and family name in the order of their script: names in Han, kana and Hangul put the family first and
/// use no space.
fn full_name(given: &str, family: &str) -> String {
    let is_east_asian =
        |c: char| matches!(c, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7AF}');
    if !given.is_empty() && !family.is_empty() && given.chars().chain(family.chars()).all(is_east_asian) {
        format!("{family}{given}")
    } else {
        joined([given, family], " ")
    }
}

#[cfg(test)]
mod tests;
