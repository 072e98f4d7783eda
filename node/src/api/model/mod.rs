//! The JSON forms of what the API speaks about. Times are RFC 3339 in UTC.

mod card;
mod follow_up;
mod guests;
mod handover;
mod inbox;
mod introduction;
mod invite;
mod letter;
mod path;
mod person;
mod vouch;

pub use card::{CardForm, FieldForm, ReachForm, TierName};
pub use follow_up::{
    Doing, DoingPage, EventForm, EventPage, EventState, FollowUpForm, StepForm, StepsAhead, TodayForm, WaitingOnMe,
    When,
};
pub use guests::{Left, LeftCardForm};
pub use handover::HandOverForm;
pub use inbox::{ItemContext, ItemForm};
pub use introduction::{
    ActionForm, EndForm, ExchangeForm, IntroductionForm, IntroductionLine, LinesPage, OutcomeForm, PurposeName,
    SharedField, SharesForm, StageName,
};
pub use invite::{InviteForm, Prepared, PreparedCode, ShownInvite};
pub use letter::{WaitingForm, WrittenForm, letter_in_words};
pub use path::{PathForm, name_of};
pub use person::{EncounterForm, MeetingForm, NoteForm, PersonDetails, PersonForm, ScanForm, standing, standing_of};
pub use vouch::{BasisName, InterestName, ReachName, VouchForm, VouchesForm, vouch_id};

use kith_protocol::time::Timestamp;

use crate::here;

/// A time in words that programs read.
pub fn time(at: Timestamp) -> String {
    let secs = i64::try_from(at.secs()).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(secs).map(|at| at.to_string()).unwrap_or_default()
}

/// A time in words that people read, by the clock of whoever asks.
pub fn when(at: Timestamp) -> String {
    let moment = i64::try_from(at.secs()).ok().and_then(|secs| jiff::Timestamp::from_second(secs).ok());
    moment.map_or_else(|| time(at), |moment| moment.to_zoned(here::zone()).strftime("%-d %b %Y, %H:%M").to_string())
}

/// The same of what may have been said by its date: the beginning of a day is that day.
pub fn day_or_when(at: Timestamp) -> String {
    when(at).trim_end_matches(", 00:00").to_owned()
}

/// The name of one of several choices, as programs read it.
pub fn choice_name(choice: &impl serde::Serialize) -> String {
    let name = serde_json::to_value(choice).ok();
    name.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}
