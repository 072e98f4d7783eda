//! Text with a bound, cleaned of what can deceive a reader or break a line.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};
use unicode_segmentation::UnicodeSegmentation;

use crate::limits;
use crate::wire::{Reader, Wire, WireError, Writer};

/// Text of at most `MAX` bytes of UTF-8, in normal form C, without control or direction-changing characters;
/// line breaks are allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Text<const MAX: usize>(String);

/// [`Text`] on one line that is not empty and does not begin or end with white space.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Line<const MAX: usize>(String);

/// Words from one person to another: [`Text`] that is not empty, of at most [`limits::WORDS`] characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Words(Text<{ limits::WORDS_BYTES }>);

/// A person's name.
pub type Name = Line<{ limits::NAME }>;
/// A short word such as a tag.
pub type Label = Line<{ limits::LABEL }>;
/// What somebody wrote down.
pub type Note = Text<{ limits::NOTE }>;

/// Why a text was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing is left once white space is removed.
    #[error("the text is empty")]
    Empty,
    /// More bytes than allowed.
    #[error("the text has {got} bytes, at most {most} fit")]
    TooLong {
        /// Bytes given.
        got: usize,
        /// Bytes allowed.
        most: usize,
    },
    /// More characters than allowed.
    #[error("the text has {got} characters, at most {most} fit")]
    TooManyCharacters {
        /// Characters given.
        got: usize,
        /// Characters allowed.
        most: usize,
    },
    /// A control character or one that changes the direction of writing.
    #[error("the text has a character that cannot be shown safely (U+{0:04X})")]
    Forbidden(u32),
}

impl<const MAX: usize> Text<MAX> {
    /// Cleans what a person typed: normal form C, trimmed, line ends as `\n`.
    pub fn new(text: &str) -> Result<Self, TextError> {
        let text = normal(text.replace("\r\n", "\n").trim());
        check::<MAX>(&text, true)?;
        Ok(Self(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True if there is no text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<const MAX: usize> Line<MAX> {
    /// Cleans what a person typed: normal form C, every run of white space one space.
    pub fn new(text: &str) -> Result<Self, TextError> {
        if text.len() <= MAX && is_plain(text) {
            return Ok(Self(text.to_owned()));
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        let text = normal(&words.join(" "));
        if text.is_empty() {
            return Err(TextError::Empty);
        }
        check::<MAX>(&text, false)?;
        Ok(Self(text))
    }

    /// A line of one visible ASCII character.
    pub(crate) fn placeholder(character: char) -> Self {
        const { assert!(MAX >= 4) };
        Self(character.to_string())
    }

    /// The longest beginning of `text` that fits, ending where a reader sees a character end; `None` if
    /// nothing usable is left. For text of others that is only shown, never judged.
    pub fn cut(text: &str) -> Option<Self> {
        let clean: String = text.chars().map(|c| if is_forbidden(c, false) { ' ' } else { c }).nfc().collect();
        let words: Vec<&str> = clean.split_whitespace().collect();
        Self::new(cut_at_grapheme(&words.join(" "), MAX)).ok()
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Words {
    /// Cleans what a person typed, as [`Text::new`] does.
    pub fn new(text: &str) -> Result<Self, TextError> {
        Self::of(Text::new(text)?)
    }

    fn of(text: Text<{ limits::WORDS_BYTES }>) -> Result<Self, TextError> {
        match text.as_str().chars().count() {
            0 => Err(TextError::Empty),
            got if got > limits::WORDS => Err(TextError::TooManyCharacters { got, most: limits::WORDS }),
            _ => Ok(Self(text)),
        }
    }

    /// The words.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// The longest beginning of `text` of at most `most` bytes that ends at a grapheme boundary (UAX #29).
pub fn cut_at_grapheme(text: &str, most: usize) -> &str {
    let end = text
        .grapheme_indices(true)
        .map(|(start, grapheme)| start + grapheme.len())
        .take_while(|&end| end <= most)
        .last()
        .unwrap_or(0);
    text.get(..end).unwrap_or_default()
}

/// Visible ASCII with single spaces inside is a clean line as it is. Most lines are, and every stored one is read often.
fn is_plain(text: &str) -> bool {
    let has_edge = text.starts_with(' ') || text.ends_with(' ') || text.contains("  ");
    !text.is_empty() && !has_edge && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// Normal form C. Most texts are in it, which is seen sooner than it is made, and every stored one is read often.
fn normal(text: &str) -> String {
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        return text.to_owned();
    }
    text.nfc().collect()
}

fn check<const MAX: usize>(text: &str, lines: bool) -> Result<(), TextError> {
    if text.len() > MAX {
        return Err(TextError::TooLong { got: text.len(), most: MAX });
    }
    let is_visible = |byte: u8| (b' '..=b'~').contains(&byte) || (lines && byte == b'\n');
    if text.bytes().all(is_visible) {
        return Ok(());
    }
    match text.chars().find(|&c| is_forbidden(c, lines)) {
        Some(c) => Err(TextError::Forbidden(u32::from(c))),
        None => Ok(()),
    }
}

/// Control characters, and the format characters that reorder or hide text (Unicode TR 36 §2.5): a name must
/// read the same for everyone. Joiners stay, since Persian, Hindi and emoji need them.
fn is_forbidden(c: char, lines: bool) -> bool {
    match c {
        '\n' => !lines,
        '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => true,
        '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0001}'..='\u{E007F}' => true,
        c => c.is_control(),
    }
}

impl<const MAX: usize> Wire for Text<MAX> {
    fn encode(&self, writer: &mut Writer) {
        writer.text(&self.0);
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let text = reader.text()?;
        let clean = Self::new(text).map_err(|error| on_the_wire(&error))?;
        if clean.0 == text { Ok(clean) } else { Err(WireError::BadText) }
    }

    fn absent() -> Option<Self> {
        Some(Self::default())
    }

    fn is_absent(&self) -> bool {
        self.0.is_empty()
    }
}

impl<const MAX: usize> Wire for Line<MAX> {
    fn encode(&self, writer: &mut Writer) {
        writer.text(&self.0);
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let text = reader.text()?;
        let clean = Self::new(text).map_err(|error| on_the_wire(&error))?;
        if clean.0 == text { Ok(clean) } else { Err(WireError::BadText) }
    }
}

impl Wire for Words {
    fn encode(&self, writer: &mut Writer) {
        self.0.encode(writer);
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        Self::of(Text::decode(reader)?).map_err(|error| on_the_wire(&error))
    }
}

fn on_the_wire(error: &TextError) -> WireError {
    match error {
        TextError::TooLong { .. } | TextError::TooManyCharacters { .. } => WireError::TooLarge("a text"),
        TextError::Empty | TextError::Forbidden(_) => WireError::BadText,
    }
}

macro_rules! display {
    ($($name:ident),*) => {$(
        impl<const MAX: usize> std::fmt::Display for $name<MAX> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}
display!(Text, Line);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_in_any_script() {
        for name in ["Ana María Núñez", "王小明", "نرگس محمدی", "Дмитрий", "👩🏽‍🔧 Jo"] {
            assert_eq!(Name::new(&format!("  {name} ")).unwrap().as_str(), name);
        }
    }

    #[test]
    fn a_plain_line_is_what_the_long_way_makes_of_it() {
        let slow = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").nfc().collect::<String>();
        for text in ["Ana", "Ana  Sousa", " Ana", "Ana ", "a b c", "~!", "Ana\tSousa", "Zo\u{eb}", "x\u{7f}", ""] {
            let line = Line::<160>::new(text).map(|line| line.to_string()).unwrap_or_default();
            assert_eq!(line, if text.contains('\u{7f}') { String::new() } else { slow(text) }, "{text:?}");
            assert!(!is_plain(text) || slow(text) == text, "{text:?}");
        }
    }

    #[test]
    fn letters_of_several_characters_are_joined_as_everybody_joins_them() {
        let joined = |text: &str| (Text::<64>::new(text).unwrap().to_string(), Name::new(text).unwrap().to_string());
        for text in ["Zoe\u{308} Li", "Zo\u{eb} Li", "Zoe Li", "\u{1100}\u{1161}", "\u{0958}", "a\u{323}\u{307}"] {
            let whole: String = text.nfc().collect();
            assert_eq!(joined(text), (whole.clone(), whole), "{text:?}");
        }
        assert_eq!(Text::<64>::new(" one\r\ntwo\n").unwrap().as_str(), "one\ntwo");
    }

    #[test]
    fn a_name_that_could_deceive_is_refused() {
        assert_eq!(Name::new("Ana\u{202E}oB"), Err(TextError::Forbidden(0x202E)));
        assert_eq!(Name::new(" \n\t "), Err(TextError::Empty));
        assert!(matches!(Name::new(&"x".repeat(10_000)), Err(TextError::TooLong { got: 10_000, .. })));
    }

    #[test]
    fn a_letter_is_as_long_in_any_script() {
        for character in ["a", "ñ", "王", "😀"] {
            let fits = character.repeat(limits::WORDS);
            assert_eq!(Words::new(&fits).unwrap().as_str(), fits);
            let too_long = Words::new(&character.repeat(limits::WORDS + 1));
            assert!(too_long.is_err(), "{character}");
        }
        assert_eq!(Words::new(" \n"), Err(TextError::Empty));
    }

    #[test]
    fn a_cut_never_splits_what_a_reader_sees_as_one_character() {
        assert_eq!(cut_at_grapheme("ab👩🏽‍🔧", 10), "ab");
        assert_eq!(cut_at_grapheme("e\u{301}x", 3), "e\u{301}");
        assert_eq!(Line::<6>::cut("Zoë\u{202E} Q").unwrap().as_str(), "Zoë Q");
    }
}
