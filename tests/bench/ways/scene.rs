//! Ana and Bo, each on a machine of their own, and one way between the two.

use std::time::{Duration, Instant};

use kith_tests::lab::{Lab, Nat, Resident};
use serde_json::Value;

use super::Way;
use super::watcher::Watcher;

/// Characters of a letter: with what goes along it falls into the size class of the bare steps.
const WORDS: usize = 1_980;
/// What Chi's node may pass on in a day where no circuits are wanted: less than one takes, and more than the letters do that
/// are left there.
const NO_CIRCUIT: &str = "95KiB";

/// Everybody, with their nodes. Ana's runs all the time.
pub struct Scene {
    way: Way,
    watcher: Watcher,
    bo: Resident,
    ana: Resident,
    // Whose node stands between them goes after them, and the network last.
    _chi: Option<Resident>,
    _lab: Lab,
}

impl Scene {
    /// Introduces everybody, and waits until nothing is on its way any more. `None`, said in words, where machines of their
    /// own cannot be made.
    pub fn set(way: Way) -> Option<Self> {
        let lab = Lab::new()?;
        let ana = match way {
            Way::Directly => lab.public("Ana Sousa"),
            Way::ThroughRelay | Way::ByMailbox => lab.home("Ana Sousa", Nat::Symmetric),
        };
        let bo = lab.home("Bo Lindqvist", Nat::Symmetric);
        let mut chi = host(&lab, way);
        if let Some(chi) = &chi {
            for who in [&ana, &bo] {
                who.meets(chi);
                until_served(who, way);
            }
        }
        bo.meets(&ana);
        if let Some(chi) = chi.as_mut().filter(|_| way == Way::ThroughRelay) {
            holds_no_letters(chi, [&ana, &bo]);
        }
        for who in [&ana, &bo] {
            who.until("nothing waits", |who| (who.says(&["status"])["outbox"] == 0).then_some(()));
        }
        let watcher = Watcher::start(&ana, &bo);
        Some(Self { way, watcher, bo, ana, _chi: chi, _lab: lab })
    }

    /// Bo's program starts, and a letter waits in its outbox; how long it takes from there until Ana's node shows it.
    pub fn first_letter(&mut self, number: usize) -> Duration {
        let words = format!("{number} {}", "m".repeat(WORDS));
        self.bo.stop();
        self.bo.writes(&self.ana, &words);
        let begun = Instant::now();
        self.bo.start();
        let took = self.watcher.until_shown(number).duration_since(begun);
        // Else he would have more to say the next time.
        let is_delivered = |letter: &Value| letter["text"] == words.as_str() && letter["state"] == "delivered";
        self.bo.until_sees(&self.ana, "delivered", |ana| {
            ana["letters"].as_array().is_some_and(|letters| letters.iter().any(is_delivered))
        });
        self.check_way();
        took
    }

    /// No letter took another way than the one that is measured.
    fn check_way(&self) {
        let path = self.bo.sees(&self.ana).expect("Ana is known to Bo")["path"].clone();
        let is_right = match self.way {
            Way::Directly => path["direct"] == true,
            Way::ThroughRelay => path["direct"] == false,
            Way::ByMailbox => path.is_null(),
        };
        assert!(is_right, "a letter that was to go {} went otherwise: {path}", self.way.in_words());
    }
}

/// Chi, whose node stands in between, if one does.
fn host(lab: &Lab, way: Way) -> Option<Resident> {
    if way == Way::Directly {
        return None;
    }
    let mut chi = lab.public("Chi Nguyen");
    if way == Way::ByMailbox {
        chi.stop();
        chi.start_with(&["--relay-at-most", NO_CIRCUIT]);
    }
    Some(chi)
}

/// Chi's node goes on as a relay alone. The others met with the help of its mailboxes; now letters would be left there
/// whenever that is quicker.
fn holds_no_letters(chi: &mut Resident, guests: [&Resident; 2]) {
    let before = guests.map(times_reserved);
    chi.stop();
    chi.start_with(&["--hold-letters", "nobody"]);
    for (who, before) in guests.into_iter().zip(before) {
        who.until("a relay again", |who| (times_reserved(who) > before).then_some(()));
    }
}

/// How often somebody's node was told that another one passes things on for it.
fn times_reserved(who: &Resident) -> usize {
    who.logged().matches("reached through a relay").count()
}

/// Waits until the host does for somebody what it is to do.
fn until_served(who: &Resident, way: Way) {
    who.until("a mailbox", |who| {
        let is_open = |mailbox: &Value| mailbox["state"] == "open";
        who.says(&["mailbox"]).as_array()?.iter().any(is_open).then_some(())
    });
    if way == Way::ThroughRelay {
        who.until("a relay", |who| (!who.says(&["status"])["reached_through"].as_array()?.is_empty()).then_some(()));
    }
}
