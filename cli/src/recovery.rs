//! The 24 recovery words as a person gives them: typed in, or in a file.

use std::io::{BufRead, IsTerminal, Write};
use std::path::Path;

use kith_protocol::words::RecoveryWords;
use zeroize::Zeroizing;

use crate::out;
use crate::passphrase;
use crate::trouble::Trouble;

/// The words, from a file or asked for on the terminal.
///
/// # Errors
/// If they cannot be read, or are none.
pub fn words(file: Option<&Path>) -> Result<RecoveryWords, Trouble> {
    let typed = match file {
        Some(file) => passphrase::read(file)?,
        None => ask()?,
    };
    RecoveryWords::parse(&typed).map_err(|error| Trouble::usage(error.to_string()))
}

/// Shows the words, numbered, for a person who writes them on paper.
pub fn show(words: &RecoveryWords) {
    for (number, line) in words.words().chunks(6).enumerate() {
        let numbered = line.iter().enumerate().map(|(at, word)| format!("{:2} {word:10}", number * 6 + at + 1));
        out::say(format!("  {}", numbered.collect::<String>()));
    }
    out::say("");
}

/// Asks for all of them in one line; they are shown, since nobody types 24 words blindly.
fn ask() -> Result<Zeroizing<String>, Trouble> {
    if !std::io::stdin().is_terminal() {
        return Err(
            Trouble::usage("nobody is there to ask for the recovery words").hint("give them with --words-file FILE")
        );
    }
    let _ = write!(std::io::stderr(), "Your 24 recovery words, in one line: ");
    let _ = std::io::stderr().flush();
    let mut answer = Zeroizing::new(String::new());
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.map_err(|error| Trouble::failed(format!("the answer cannot be read: {error}")))?;
    Ok(answer)
}
