//! Asking for a secret. It never stands in an argument, where everybody on the machine could read it.

use std::io::{BufRead, IsTerminal, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use kith_node::home::{Home, Passphrase};
use zeroize::Zeroizing;

use crate::trouble::Trouble;

/// Longest file that is read.
const FILE: u64 = 4096;

/// A secret that commands ask for, and where else it may come from.
pub struct Asked {
    /// What is asked on a terminal.
    pub question: &'static str,
    /// The option that names a file.
    pub option: &'static str,
    /// The variable from which scripts give it.
    pub variable: &'static str,
}

/// The password of the web app.
pub const PASSWORD: Asked =
    Asked { question: "New password for the web app", option: "--password-file", variable: "KITH_PASSWORD" };
/// The passphrase of the keys.
const KEYS: Asked =
    Asked { question: "Passphrase of your keys", option: "--passphrase-file", variable: "KITH_PASSPHRASE" };
/// Another one.
pub const NEW_KEYS: Asked =
    Asked { question: "New passphrase of your keys", option: "--new-passphrase-file", variable: "KITH_NEW_PASSPHRASE" };
/// The password of a mail server.
pub const MAIL: Asked =
    Asked { question: "Password at the mail server", option: "--password-file", variable: "KITH_MAIL_PASSWORD" };
/// The name under which a service manager hands it over (systemd.exec(5), LoadCredential=).
const CREDENTIAL: &str = "kith-passphrase";

/// A new secret: from a file, from the environment, or asked for twice on the terminal.
///
/// # Errors
/// If it cannot be read, or the two are not the same.
pub fn new(asked: &Asked, file: Option<&Path>) -> Result<Zeroizing<String>, Trouble> {
    if let Some(given) = given(asked, file)? {
        return Ok(given);
    }
    let first = ask(asked, asked.question)?;
    if *ask(asked, "The same again")? == *first { Ok(first) } else { Err(Trouble::usage("the two are not the same")) }
}

/// A secret that others made: from a file, from the environment, or asked for once on the terminal.
///
/// # Errors
/// If it cannot be read, or nobody is there to ask.
pub fn known(asked: &Asked, file: Option<&Path>) -> Result<Zeroizing<String>, Trouble> {
    given(asked, file)?.map_or_else(|| ask(asked, asked.question), Ok)
}

/// The home, with what opens its keys if they are behind a passphrase and no node runs that has opened them.
///
/// # Errors
/// If the passphrase cannot be read, or nobody is there to ask for it.
pub fn unlock(home: Home, file: Option<&Path>) -> Result<Home, Trouble> {
    if !home.is_locked() || home.running().is_some() {
        return Ok(home);
    }
    let secret = match given(&KEYS, file)?.map_or_else(credential, |given| Ok(Some(given)))? {
        Some(secret) => secret,
        None => ask(&KEYS, KEYS.question)?,
    };
    Ok(home.unlocked_by(Passphrase::given(secret)))
}

fn given(asked: &Asked, file: Option<&Path>) -> Result<Option<Zeroizing<String>>, Trouble> {
    match file {
        Some(file) => of_file(file).map(Some),
        None => Ok(std::env::var(asked.variable).ok().map(Zeroizing::new)),
    }
}

fn credential() -> Result<Option<Zeroizing<String>>, Trouble> {
    let Some(folder) = std::env::var_os("CREDENTIALS_DIRECTORY") else { return Ok(None) };
    let file = Path::new(&folder).join(CREDENTIAL);
    if file.exists() { of_file(&file).map(Some) } else { Ok(None) }
}

fn of_file(file: &Path) -> Result<Zeroizing<String>, Trouble> {
    let text = read(file)?;
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}

/// All that a file with a secret holds.
///
/// # Errors
/// If it cannot be read.
pub fn read(file: &Path) -> Result<Zeroizing<String>, Trouble> {
    let failed = |error: std::io::Error| Trouble::file(file, &error);
    let mut text = Zeroizing::new(String::new());
    let opened = std::fs::File::open(file).map_err(failed)?;
    std::io::Read::read_to_string(&mut std::io::Read::take(opened, FILE), &mut text).map_err(failed)?;
    Ok(text)
}

/// Asks on the terminal without showing what is typed.
fn ask(asked: &Asked, question: &str) -> Result<Zeroizing<String>, Trouble> {
    if !std::io::stdin().is_terminal() {
        let hint = format!("give it with {} FILE, or in {}", asked.option, asked.variable);
        return Err(Trouble::usage(format!("nobody is there to ask: {}", asked.question)).hint(hint));
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
