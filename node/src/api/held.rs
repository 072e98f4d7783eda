//! What this node does for others, as its owner sees it.

use super::Api;
use super::disk::bytes;
use super::node::{Finding, Health};
use crate::mailbox::{Held, Holder};

/// What the doctor says of the mailboxes that are held here, if any are.
pub(super) fn finding(api: &Api) -> Option<Finding> {
    let held = api.holder.as_ref().map(Holder::held)?;
    (held.mailboxes > 0).then(|| say(&held))
}

fn say(held: &Held) -> Finding {
    let whose = if held.mailboxes == 1 { "1 contact".to_owned() } else { format!("{} contacts", held.mailboxes) };
    let lies = format!("the mailboxes of {whose} hold {} of {}", bytes(held.bytes), bytes(held.most));
    let (health, finding, advice) = match (held.is_short, held.is_full()) {
        (true, _) => (
            Health::Warning,
            format!("{lies}; the disk is nearly full, so nothing more is taken in"),
            Some("make room on the disk"),
        ),
        (false, true) => {
            let advice = "it goes as they collect it, or after 30 days";
            (Health::Warning, format!("{lies}; nothing more is taken in"), Some(advice))
        }
        (false, false) => (Health::Good, lies, None),
    };
    Finding::new("held for others", health, finding, advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chi_sees_what_lies_at_her_node_and_when_it_takes_no_more() {
        let held = Held { mailboxes: 2, bytes: 3_000_000, most: 1_000_000_000, is_short: false };
        let good = say(&held);
        assert_eq!(good.health, Health::Good);
        assert_eq!(good.finding, "the mailboxes of 2 contacts hold 3.0 MB of 1.0 GB");
        let full = say(&Held { bytes: held.most, ..held });
        assert!(full.health == Health::Warning && full.finding.ends_with("nothing more is taken in"));
        let short = say(&Held { is_short: true, ..held });
        assert!(short.health == Health::Warning && short.advice.unwrap().contains("make room"));
    }
}
