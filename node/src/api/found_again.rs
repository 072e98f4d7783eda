//! Whether contacts who lost this node's address find it again, in words.

use kith_protocol::engine::whereabouts::{LastPosted, last_posted};
use kith_protocol::limits;
use kith_protocol::time::Timestamp;

use super::finding::{Finding, Health};
use super::model::when;
use super::{Api, Problem};
use crate::machine::now;

const SUBJECT: &str = "found again";

/// A node that runs leaves one each day, under the key of that day.
const OLD: u64 = 2 * limits::DAY;

/// What the doctor says of it.
pub(super) fn finding(api: &Api) -> Result<Finding, Problem> {
    Ok(say(last_posted(api.handle.view())?, now()))
}

fn say(posted: LastPosted, now: Timestamp) -> Finding {
    let is_over = |at: Timestamp| now.since(at) > OLD;
    match posted {
        LastPosted::NotYet => {
            Finding::new(SUBJECT, Health::Good, "nothing was left with others yet; that comes soon after a start", None)
        }
        LastPosted::Taken(at) | LastPosted::ByNobody(Some(at)) if is_over(at) => {
            let said =
                format!("where this node is was last left with others on {}, and is not found any more", when(at));
            let advice = "let the node run; it takes one contact whose node is reached from everywhere, and a clock that is right";
            Finding::new(SUBJECT, Health::Warning, said, Some(advice))
        }
        LastPosted::Taken(at) => {
            let said = format!(
                "where this node is was left, sealed, with others on {}: contacts who lost it find it",
                when(at)
            );
            Finding::new(SUBJECT, Health::Good, said, None)
        }
        LastPosted::ByNobody(_) => {
            let advice = "one contact whose node is reached from everywhere keeps a note of where yours is, sealed, for those who \
                          lost it; until then, letters tell contacts of a new address";
            Finding::new(SUBJECT, Health::Good, "nobody keeps a note of where this node is", Some(advice))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_whether_somebody_took_it_and_what_to_do_if_nobody_did() {
        let at = Timestamp::from_secs(1_776_643_200);
        assert!(say(LastPosted::NotYet, at).finding.contains("soon after a start"));
        let taken = say(LastPosted::Taken(at), at.plus(OLD));
        assert!(taken.finding.contains("left, sealed, with others") && taken.advice.is_none());
        let alone = say(LastPosted::ByNobody(None), at);
        assert!(alone.finding.starts_with("nobody keeps a note") && alone.advice.unwrap().contains("one contact"));
        assert_eq!(say(LastPosted::ByNobody(Some(at)), at.plus(OLD)).health, Health::Good, "it will be taken again");
    }

    #[test]
    fn what_was_taken_days_ago_is_found_no_more() {
        let at = Timestamp::from_secs(1_776_643_200);
        for posted in [LastPosted::Taken(at), LastPosted::ByNobody(Some(at))] {
            let old = say(posted, at.plus(OLD + 1));
            assert!(old.health == Health::Warning && old.finding.contains("not found any more"), "{old:?}");
        }
    }
}
