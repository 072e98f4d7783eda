//! Rows of a label and a text under a heading, as long texts are read.

use super::say;

/// How far rows are set in, under an id and two spaces.
const INDENT: usize = 10;
/// Where a line of text ends, so that it is read with ease; a longer word goes beyond it.
const WIDTH: usize = 100;

/// Prints rows, their texts in one column, broken between words.
pub fn rows(rows: &[(String, String)]) {
    let label_width = rows.iter().map(|(label, _)| label.chars().count()).max().unwrap_or_default();
    for (label, text) in rows {
        let room = WIDTH.saturating_sub(INDENT + label_width + 2);
        let lines = text.lines().flat_map(|line| wrapped(line, room));
        for (at, line) in lines.enumerate() {
            let label = if at == 0 { label.as_str() } else { "" };
            let pad = " ".repeat(label_width - label.chars().count());
            say(format!("{:INDENT$}{label}{pad}  {line}", "").trim_end());
        }
    }
}

/// A line broken between words into lines of at most so many characters.
fn wrapped(line: &str, most: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut current, mut length) = (String::new(), 0);
    for word in line.split_whitespace() {
        let added = word.chars().count();
        if length > 0 && length + 1 + added > most {
            lines.push(std::mem::take(&mut current));
            length = 0;
        }
        if length > 0 {
            current.push(' ');
            length += 1;
        }
        current.push_str(word);
        length += added;
    }
    lines.push(current);
    lines
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn lines_break_between_words_and_nothing_is_lost() {
        assert_eq!(wrapped("the quick brown fox", 9), ["the quick", "brown fox"]);
        assert_eq!(wrapped("Donaudampfschifffahrt ja", 5), ["Donaudampfschifffahrt", "ja"]);
        assert_eq!(wrapped("ünï cödé", 4), ["ünï", "cödé"]);
        assert_eq!(wrapped("", 4), [""]);
    }
}
