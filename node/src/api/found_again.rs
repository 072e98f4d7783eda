//! Whether contacts who lost this node's address find it again, in words.

use kith_protocol::engine::whereabouts::{LastPosted, last_posted};

use super::model::when;
use super::node::{Finding, Health};
use super::{Api, Problem};

const SUBJECT: &str = "found again";

/// What the doctor says of it.
pub(super) fn finding(api: &Api) -> Result<Finding, Problem> {
    Ok(say(last_posted(api.handle.view())?))
}

fn say(posted: LastPosted) -> Finding {
    match posted {
        LastPosted::NotYet => {
            Finding::new(SUBJECT, Health::Good, "nothing was left with others yet; that comes soon after a start", None)
        }
        LastPosted::Taken(at) => {
            let said = format!(
                "where this node is was left, sealed, with others on {}: contacts who lost it find it",
                when(at)
            );
            Finding::new(SUBJECT, Health::Good, said, None)
        }
        LastPosted::ByNobody => {
            let advice = "one contact whose node is reached from everywhere keeps a note of where yours is, sealed, for those who \
                          lost it; until then, letters tell contacts of a new address";
            Finding::new(SUBJECT, Health::Good, "nobody keeps a note of where this node is", Some(advice))
        }
    }
}

#[cfg(test)]
mod tests {
    use kith_protocol::time::Timestamp;

    use super::*;

    #[test]
    fn it_is_said_whether_somebody_took_it_and_what_to_do_if_nobody_did() {
        let at = Timestamp::from_secs(1_776_643_200);
        assert!(say(LastPosted::NotYet).finding.contains("soon after a start"));
        let taken = say(LastPosted::Taken(at));
        assert!(taken.finding.contains("left, sealed, with others") && taken.advice.is_none());
        let alone = say(LastPosted::ByNobody);
        assert!(alone.finding.starts_with("nobody keeps a note") && alone.advice.unwrap().contains("one contact"));
    }
}
