//! Asking for a secret. It never stands in an argument, where everybody on the machine could read it.

use std::io::{BufRead, IsTerminal, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use zeroize::Zeroizing;

use crate::trouble::Trouble;

/// The variable from which scripts give it.
const VARIABLE: &str = "KITH_PASSPHRASE";
/// Longest file that is read.
const FILE: u64 = 4096;

/// A new secret: from a file, from the environment, or asked for twice on the terminal.
///
/// # Errors
/// If it cannot be read, or the two are not the same.
pub fn new(question: &str, file: Option<&Path>) -> Result<Zeroizing<String>, Trouble> {
    if let Some(file) = file {
        return of_file(file);
    }
    if let Ok(secret) = std::env::var(VARIABLE) {
        return Ok(Zeroizing::new(secret));
    }
    let first = ask(question)?;
    if *ask("The same again")? == *first { Ok(first) } else { Err(Trouble::usage("the two are not the same")) }
}

fn of_file(file: &Path) -> Result<Zeroizing<String>, Trouble> {
    let failed = |error: std::io::Error| Trouble::failed(format!("{}: {error}", file.display()));
    let mut text = Zeroizing::new(String::new());
    let opened = std::fs::File::open(file).map_err(failed)?;
    std::io::Read::read_to_string(&mut std::io::Read::take(opened, FILE), &mut text).map_err(failed)?;
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}

/// Asks on the terminal without showing what is typed.
fn ask(question: &str) -> Result<Zeroizing<String>, Trouble> {
    if !std::io::stdin().is_terminal() {
        let hint = format!("give it with --passphrase-file FILE, or in {VARIABLE}");
        return Err(Trouble::usage("nobody is there to ask").hint(hint));
    }
    let _ = write!(std::io::stderr(), "{question}: ");
    let _ = std::io::stderr().flush();
    let hidden = Hidden::new();
    let mut answer = Zeroizing::new(String::new());
    let read = std::io::stdin().lock().read_line(&mut answer);
    drop(hidden);
    let _ = writeln!(std::io::stderr());
    read.map_err(|error| Trouble::failed(format!("the answer cannot be read: {error}")))?;
    Ok(Zeroizing::new(answer.trim_end_matches(['\r', '\n']).to_owned()))
}

/// What is typed is not shown while this lives.
struct Hidden;

impl Hidden {
    fn new() -> Self {
        echo("-echo");
        Self
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        echo("echo");
    }
}

fn echo(mode: &str) {
    // Where there is no stty, what is typed is seen by whoever looks on, and nobody else.
    let _ = Command::new("stty").arg(mode).stdin(Stdio::inherit()).stderr(Stdio::null()).status();
}
