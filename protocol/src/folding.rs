//! Text as the eye compares it: without case and accents, and with letters that look alike taken for the same.
//!
//! Whoever types "Sousa" on a Latin keyboard finds a name that was written with Cyrillic letters in it, and the other
//! way round: both sides are folded alike. What looks alike is said by Unicode TS 39.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_security::MixedScript;
use unicode_security::mixed_script::AugmentedScriptSet;

/// Text for finding and comparing, never to be shown or stored: no case, no accents, no invisible characters, and for
/// each letter that looks like one of a–z that letter. Digits stay what they are. Folding twice changes nothing more.
///
/// Different words may fold to the same, so what is found is shown in its own letters.
pub fn fold(text: &str) -> String {
    let text = text.trim();
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(text.len());
    for c in plain(text) {
        if c.is_ascii() {
            folded.push(c);
        } else {
            push_look(c, &mut folded);
        }
    }
    folded
}

/// Text for ordering: without case and accents, but every alphabet by itself.
pub fn sort_key(text: &str) -> String {
    let text = text.trim();
    if text.is_ascii() { text.to_ascii_lowercase() } else { plain(text).collect() }
}

/// A name that mixes alphabets within one word by letters that look alike, in words to stand beside it. Many such names
/// are honest, so this says what is there and judges nobody.
pub fn warning(name: &str) -> Option<String> {
    if name.is_ascii() {
        return None;
    }
    name.split(|c: char| !c.is_alphanumeric() && !is_combining_mark(c)).find_map(mixed)
}

fn mixed(word: &str) -> Option<String> {
    if word.is_single_script() {
        return None;
    }
    let odd = word.chars().find(|c| !is_latin(*c) && latin(*c).is_some())?;
    let other = word.chars().find(|c| c.is_alphabetic() && script(*c) != script(odd))?;
    let (one, other) = (script(other), script(odd));
    Some(format!("“{word}” has letters of two alphabets that look alike: {one} and {other}"))
}

fn is_latin(c: char) -> bool {
    c.is_ascii() || script(c) == "Latin"
}

fn script(c: char) -> String {
    AugmentedScriptSet::for_char(c).base.iter().next().map_or_else(String::new, |script| script.full_name().to_owned())
}

/// Compatibility forms (full width, ligatures) taken apart, without marks, and in lower case by way of upper case, so
/// that letters with two small forms, or a capital of their own (ẞ), have one.
fn plain(text: &str) -> impl Iterator<Item = char> {
    let bare = text.nfkd().filter(|c| !is_combining_mark(*c));
    let lower = bare.flat_map(char::to_lowercase).flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    lower.nfkd().filter(|c| !is_combining_mark(*c))
}

/// What a letter in lower case looks like. The capital counts where the small letter is like no other: т is like no
/// Latin letter, but Т is, and a name may begin with it.
fn push_look(c: char, folded: &mut String) {
    if let Some(latin) = latin(c).or_else(|| latin(capital(c)?)) {
        folded.push(latin);
        return;
    }
    let look = skeleton(c);
    let is_of_letters = look.bytes().all(|byte| byte.is_ascii_alphabetic());
    match c {
        // Æ, Œ and their like: two letters in one.
        ..'\u{250}' if is_of_letters => folded.push_str(&look.to_ascii_lowercase()),
        _ if look.is_empty() => {}
        _ => folded.push(c),
    }
}

/// The one of a–z that a letter looks like.
fn latin(c: char) -> Option<char> {
    let look = skeleton(c);
    let mut letters = look.chars();
    match (letters.next(), letters.next()) {
        (Some(letter), None) if letter.is_ascii_alphabetic() => Some(letter.to_ascii_lowercase()),
        // What m itself is said to look like.
        _ if look == "rn" => Some('m'),
        _ => None,
    }
}

fn capital(c: char) -> Option<char> {
    let mut upper = c.to_uppercase();
    upper.next().filter(|_| upper.next().is_none())
}

/// What Unicode says a character looks like, without the strokes through it; nothing if it cannot be seen.
fn skeleton(c: char) -> String {
    let mut bytes = [0; 4];
    let look = unicode_security::skeleton(c.encode_utf8(&mut bytes));
    look.filter(|c| !is_combining_mark(*c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names in Latin letters, and the same with letters of other alphabets in them.
    const SAME: [(&str, &str); 10] = [
        ("Sousa", "Ѕоuѕа"),
        ("Maria", "Маrіа"),
        ("Tomas", "Тоmаѕ"),
        ("Hanna Beck", "Наnnа Веck"),
        ("Pieter", "Ρіеtеr"),
        ("Ana Li", "Ａｎａ　Ｌｉ"),
        ("Eva", "𝐄𝐯𝐚"),
        ("Ana", "ꓮna"),
        ("Soren Lodz", "Søren Łódź"),
        ("Zoe\u{200d} Strauss", "Zoë Strauß"),
    ];

    #[test]
    fn a_name_is_found_whichever_letters_it_is_written_with() {
        for (latin, other) in SAME {
            assert_eq!(fold(latin), fold(other), "{latin} and {other}");
        }
    }

    #[test]
    fn small_and_capital_letters_of_every_alphabet_are_the_same() {
        for name in ["Тимур", "Юлия Ковач", "Νίκος Παπαδόπουλος", "Հայկ", "ΣΊΣΥΦΟΣ", "Ærø", "ǅemal", "ᏣᎳᎩ"]
        {
            assert_eq!(fold(name), fold(&name.to_lowercase()), "{name}");
            assert_eq!(fold(name), fold(&name.to_uppercase()), "{name}");
        }
    }

    #[test]
    fn a_part_of_a_word_of_any_alphabet_is_found_in_it() {
        for (part, whole) in
            [("mar", "Maria"), ("тим", "Тимур"), ("小", "李小龍"), ("عرب", "محمد العربي"), ("νικ", "Νίκος")]
        {
            assert!(fold(whole).contains(&fold(part)), "{part} in {whole}: {:?}", fold(whole));
        }
    }

    #[test]
    fn what_only_a_font_makes_alike_stays_apart() {
        for (one, other) in [("m", "rn"), ("l", "1"), ("O", "0"), ("Iris", "lris"), ("w", "vv"), ("Тимур", "Тамара")]
        {
            assert_ne!(fold(one), fold(other), "{one} and {other}");
        }
    }

    #[test]
    fn folding_twice_changes_nothing_more() {
        let is_stable = |c: &char| {
            // Between letters, since white space around a text is nothing.
            let once = fold(&format!("a{c}a"));
            fold(&once) == once
        };
        let unstable: Vec<char> = ('\0'..=char::MAX).filter(|c| !is_stable(c)).collect();
        assert!(unstable.is_empty(), "{unstable:?}");
    }

    #[test]
    fn lists_are_ordered_by_each_alphabet_for_itself() {
        let mut names = ["Роман", "Petra", "Émile", "Zoë", "Анна"];
        names.sort_by_key(|name| sort_key(name));
        assert_eq!(names, ["Émile", "Petra", "Zoë", "Анна", "Роман"]);
    }

    #[test]
    fn a_word_of_two_alphabets_that_look_alike_is_told_of() {
        for name in ["Ana Sоusa", "Маria", "Ρaul", "Kоваč"] {
            let said = warning(name).unwrap_or_else(|| panic!("nothing is said of {name}"));
            assert!(said.contains("Latin") && (said.contains("Cyrillic") || said.contains("Greek")), "{said}");
        }
    }

    #[test]
    fn honest_names_stand_without_a_word() {
        let names = [
            "Ana Sousa",
            "Юлия Kovač",
            "Jörg Weiß",
            "李小龍",
            "ニコラスTran",
            "田中さん",
            "محمد العربي",
            "נעמי",
            "O'Neill 3М",
            "Νίκος",
            "👩🏽‍🔧 Zoë",
            "김Ana",
        ];
        for name in names {
            assert_eq!(warning(name), None, "{name}");
        }
    }
}
