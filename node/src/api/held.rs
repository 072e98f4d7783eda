//! What this node does for others, as its owner sees it.

use super::Api;
use super::disk::bytes;
use super::finding::{Finding, Health};
use crate::mailbox::{Held, Holder};
use crate::network::{Budget, PassedOn};

const HELD: &str = "held for others";

/// What the doctor says of the mailboxes that are held here and of what is passed on, if there is anything to say.
pub(super) fn findings(api: &Api) -> impl Iterator<Item = Finding> {
    let held = api.holder.as_ref().map(Holder::held).filter(|held| held.mailboxes > 0 || held.trouble.is_some());
    let passed =
        api.budget.as_ref().map(Budget::passed_on).filter(|passed| passed.bytes > 0 || passed.full_for.is_some());
    held.as_ref().map(say).into_iter().chain(passed.as_ref().map(say_passed))
}

fn say_passed(passed: &PassedOn) -> Finding {
    let subject = "passed on for others";
    let lately = format!("at most {} of {} a day", bytes(passed.bytes), bytes(passed.most));
    match passed.full_for {
        Some(_) if passed.most == 0 => {
            Finding::new(subject, Health::Good, "nothing, as it was started".to_owned(), None)
        }
        None => Finding::new(subject, Health::Good, lately, None),
        Some(left) => {
            let hours = left.as_secs().div_ceil(3_600);
            let finding = format!("{lately}; nothing more for {hours} hours, and contacts look for other nodes");
            Finding::new(subject, Health::Warning, finding, Some("kith up --relay-at-most lets it pass on more"))
        }
    }
}

fn say(held: &Held) -> Finding {
    if let Some(trouble) = &held.trouble {
        let advice = "make room on the disk, and see that this user may read and write the folder; it is tried again every minute";
        let finding = format!("the mailboxes of contacts cannot be used, and nothing is taken in: {trouble}");
        return Finding::new(HELD, Health::Bad, finding, Some(advice));
    }
    let whose = if held.mailboxes == 1 { "1 contact".to_owned() } else { format!("{} contacts", held.mailboxes) };
    let lies = format!("the mailboxes of {whose} hold {} of {}", bytes(held.bytes), bytes(held.most));
    let (health, finding, advice) = match (held.is_short, held.is_full()) {
        (true, _) => (
            Health::Warning,
            format!("{lies}; the disk is nearly full, so nothing more is taken in"),
            Some("make room on the disk"),
        ),
        (false, true) => {
            let advice =
                "it goes as they collect it, or after 30 days; kith up --mailboxes-at-most gives them more room";
            (Health::Warning, format!("{lies}; nothing more is taken in"), Some(advice))
        }
        (false, false) => (Health::Good, lies, None),
    };
    Finding::new(HELD, health, finding, advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chi_sees_what_lies_at_her_node_and_when_it_takes_no_more() {
        let held = Held { mailboxes: 2, bytes: 3_000_000, most: 1_000_000_000, ..Held::default() };
        let good = say(&held);
        assert_eq!(good.health, Health::Good);
        assert_eq!(good.finding, "the mailboxes of 2 contacts hold 3.0 MB of 1.0 GB");
        let full = say(&Held { bytes: held.most, ..held.clone() });
        assert!(full.health == Health::Warning && full.finding.ends_with("nothing more is taken in"));
        let passed = PassedOn { bytes: 3_000_000, most: 10_737_418_240, full_for: None };
        assert_eq!(say_passed(&passed).finding, "at most 3.0 MB of 10 GB a day");
        let spent = say_passed(&PassedOn { full_for: Some(std::time::Duration::from_secs(5_000)), ..passed });
        assert!(spent.health == Health::Warning && spent.finding.contains("nothing more for 2 hours"));
        let closed = say(&Held { trouble: Some("mailbox: Permission denied".to_owned()), ..held.clone() });
        assert!(
            closed.health == Health::Bad && closed.finding.ends_with("Permission denied") && closed.advice.is_some()
        );
        let short = say(&Held { is_short: true, ..held });
        assert!(short.health == Health::Warning && short.advice.unwrap().contains("make room"));
    }
}
