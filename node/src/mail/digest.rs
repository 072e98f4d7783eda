//! What waits, in the words of a mail. A mail lies in the clear at providers and is read on lock screens: so it counts by
//! kinds, and never says what somebody wrote. Names are in it only if the owner wants them, and never those that
//! strangers typed on the public page.

use jiff::Zoned;
use kith_protocol::engine::inbox::{ItemKind, items};
use kith_protocol::engine::{Error, agenda, people};
use kith_protocol::store::Read;

use super::sending::Words;
use crate::here::Local;

/// Names of one line.
const NAMES: usize = 5;
/// Beyond this next steps are not counted: counting reads each.
const COUNTED: usize = 100;

/// The kinds in the order in which they are told, and how one of them and several are called.
const KINDS: [(&[ItemKind], &str, &str); 9] = [
    (&[ItemKind::Introduce], "contact asks you to introduce them", "contacts ask you to introduce them"),
    (&[ItemKind::Meet, ItemKind::Suggested], "introduction is offered to you", "introductions are offered to you"),
    (
        &[ItemKind::AskReturned],
        "ask of yours came back to be said differently",
        "asks of yours came back to be said differently",
    ),
    (
        &[ItemKind::ConfirmScan, ItemKind::ShareBack, ItemKind::LateClaim],
        "person scanned a code of yours and waits for your yes",
        "people scanned a code of yours and wait for your yes",
    ),
    (&[ItemKind::Fork], "contact shows two key histories", "contacts show two key histories"),
    (
        &[ItemKind::KeyGivenUp],
        "contact's key was given up, so somebody else may have it",
        "contacts' keys were given up, so somebody else may have them",
    ),
    (&[ItemKind::Vouched], "vouch for you may be shown if you say so", "vouches for you may be shown if you say so"),
    (&[ItemKind::Wrote, ItemKind::HandedOver], "contact wrote to you", "contacts wrote to you"),
    (&[ItemKind::LeftCard], "visitor left you a card", "visitors left you a card"),
];

/// One line of the mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Line {
    count: usize,
    /// True if there may be more.
    at_least: bool,
    names: Vec<String>,
}

/// What waits on the owner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Waiting {
    kinds: [Line; KINDS.len()],
    steps: Line,
}

/// What waits at this moment, there where the node is.
///
/// # Errors
/// If the storage cannot be read.
pub(super) fn waiting(read: &dyn Read, now: &Zoned, names: bool) -> Result<Waiting, Error> {
    let mut waiting = Waiting::default();
    for item in items(read)? {
        let lines = KINDS.iter().zip(&mut waiting.kinds);
        for (_, line) in lines.filter(|((kinds, ..), _)| kinds.contains(&item.kind)) {
            line.count += 1;
            // A visitor is none of my people, and so has no name there.
            if let Some(person) = names.then(|| people::person(read, item.person).ok()).flatten() {
                line.names.push(person.display_name().to_string());
            }
        }
    }
    let local = Local::at(now);
    let tonight = local.within(0);
    let count = agenda::count_steps(read, None, tonight, COUNTED)?;
    waiting.steps = Line { count, at_least: count >= COUNTED, names: Vec::new() };
    if names {
        for (_, id) in agenda::steps_due(read, tonight, &|date| local.end_of(date), 0, NAMES + 1)? {
            waiting.steps.names.extend(people::person(read, id).ok().map(|person| person.display_name().to_string()));
        }
    }
    Ok(waiting)
}

impl Waiting {
    fn total(&self) -> usize {
        self.kinds.iter().map(|line| line.count).sum::<usize>() + self.steps.count
    }

    /// True if nothing waits.
    pub fn is_empty(&self) -> bool {
        self.total() == 0
    }

    /// The mail.
    pub fn words(&self, web: Option<&str>) -> Words {
        let subject = match self.total() {
            0 => "Kith: nothing waits for you".to_owned(),
            1 => "Kith: 1 thing waits for you".to_owned(),
            total => format!("Kith: {total} things wait for you"),
        };
        let mut lines: Vec<String> =
            KINDS.iter().zip(&self.kinds).filter_map(|((_, one, several), line)| line.said(one, several)).collect();
        lines.extend(self.steps.said("next step of yours is due", "next steps of yours are due"));
        let waiting = if lines.is_empty() { "Nothing waits for you.".to_owned() } else { lines.join("\r\n") };
        let look = match web {
            Some(web) => format!("Look: {web}"),
            None => "Look at your node, or type kith today.".to_owned(),
        };
        let why = "Your own node sends this, once a day at most, and only if something waits. kith mail off ends it.";
        Words { subject, text: format!("{waiting}\r\n\r\n{look}\r\n\r\n-- \r\n{why}\r\n") }
    }
}

impl Line {
    fn said(&self, one: &str, several: &str) -> Option<String> {
        let more = if self.at_least { " or more" } else { "" };
        let said = match self.count {
            0 => return None,
            1 => format!("* 1 {one}"),
            count => format!("* {count}{more} {several}"),
        };
        if self.names.is_empty() {
            return Some(said);
        }
        let mut names = self.names.clone();
        names.sort();
        names.dedup();
        let rest = if names.len() > NAMES { " and others" } else { "" };
        names.truncate(NAMES);
        Some(format!("{said}: {}{rest}", names.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(count: usize, names: &[&str]) -> Line {
        Line { count, at_least: false, names: names.iter().map(ToString::to_string).collect() }
    }

    #[test]
    fn ana_reads_on_her_lock_screen_how_much_waits_and_not_of_whom() {
        let mut waiting = Waiting::default();
        waiting.kinds[0] = line(1, &[]);
        waiting.kinds[3] = line(2, &[]);
        waiting.steps = line(4, &[]);
        let Words { subject, text } = waiting.words(Some("https://kith.example.org/"));
        assert_eq!(subject, "Kith: 7 things wait for you");
        assert!(text.starts_with(
            "* 1 contact asks you to introduce them\r\n* 2 people scanned a code of yours and wait for your yes\r\n* 4 next \
             steps of yours are due\r\n\r\nLook: https://kith.example.org/"
        ));
    }

    #[test]
    fn names_are_told_to_who_wants_them_each_once_and_not_without_end() {
        let mut waiting = Waiting::default();
        let wrote = KINDS.iter().position(|(kinds, ..)| kinds.contains(&ItemKind::Wrote)).unwrap();
        waiting.kinds[wrote] = line(2, &["Bo Lindqvist", "Bo Lindqvist"]);
        waiting.steps = line(6, &["Chi", "Dee", "Eva", "Fay", "Gil", "Hal"]);
        let text = waiting.words(None).text;
        assert!(text.contains("* 2 contacts wrote to you: Bo Lindqvist\r\n"), "{text}");
        assert!(
            text.contains("are due: Chi, Dee, Eva, Fay, Gil and others\r\n") && text.contains("kith today"),
            "{text}"
        );
    }

    #[test]
    fn every_kind_of_thing_that_waits_has_its_line() {
        use ItemKind::*;
        let all = [
            ConfirmScan,
            ShareBack,
            LateClaim,
            Fork,
            Introduce,
            Meet,
            Suggested,
            AskReturned,
            Vouched,
            Wrote,
            HandedOver,
            KeyGivenUp,
            LeftCard,
        ];
        for kind in all {
            assert_eq!(KINDS.iter().filter(|(kinds, ..)| kinds.contains(&kind)).count(), 1, "{kind:?}");
        }
    }
}
