//! Somebody who looks at what Ana's node shows: this very program, started again on her machine, where alone her API can be
//! asked.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Instant;

use kith_tests::e2e::Api;
use kith_tests::lab::{PATIENCE, Resident};

use crate::again::this_program;

/// Tell the process whose home it is to watch, and whose letters.
const HOME: &str = "KITH_WAYS_HOME";
const FROM: &str = "KITH_WAYS_FROM";
/// Says that it looks.
const READY: &str = "READY";
/// Letters that were shown and that nobody has asked about.
const SHOWN: usize = 16;

/// The home that this process is to watch, and whose letters there, if it was started for that.
pub fn of_this_process() -> Option<(PathBuf, String)> {
    Some((std::env::var_os(HOME)?.into(), std::env::var(FROM).ok()?))
}

/// Prints the first word of each letter once the node shows it, until the node ends.
pub fn watch(home: &Path, from: &str) {
    let api = Api::of(home).unwrap();
    let mut notices = api.notices().unwrap();
    println!("{READY}");
    let mut shown = BTreeSet::new();
    while notices.next(PATIENCE).is_ok() {
        for word in first_words(&api, from) {
            if shown.insert(word.clone()) {
                println!("{word}");
            }
        }
    }
}

fn first_words(api: &Api, from: &str) -> Vec<String> {
    let path = format!("/people/{}", from.replace(' ', "%20"));
    let person = api.ask("GET", &path, None).map(|answer| answer.body).unwrap_or_default();
    let letters = person["letters"].as_array().cloned().unwrap_or_default();
    letters.iter().filter_map(|letter| Some(letter["text"].as_str()?.split(' ').next()?.to_owned())).collect()
}

/// Such a process, while it watches.
pub struct Watcher {
    program: Child,
    shown: Receiver<(String, Instant)>,
}

impl Watcher {
    /// Watches for letters that somebody gets; returns when nothing is missed any more.
    pub fn start(who: &Resident, from: &Resident) -> Self {
        let mut program = who.program(&this_program());
        program.arg("ways").env(HOME, who.folder()).env(FROM, from.name());
        let mut program = program.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(program.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert!(said.any(|line| line == READY), "nobody can look at what {}'s node shows", who.name());
        let (sender, shown) = sync_channel(SHOWN);
        std::thread::spawn(move || {
            for line in said {
                if sender.send((line, Instant::now())).is_err() {
                    return;
                }
            }
        });
        Self { program, shown }
    }

    /// Waits until the letter of this number is shown; when that was.
    pub fn until_shown(&self, number: usize) -> Instant {
        let number = number.to_string();
        loop {
            match self.shown.recv_timeout(PATIENCE) {
                Ok((word, at)) if word == number => return at,
                Ok(_) => {}
                Err(why) => panic!("waited {PATIENCE:?} in vain for letter {number}: {why}"),
            }
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        // It may have ended with the node.
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}
