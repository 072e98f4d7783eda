//! People, and what I keep about them.

use kith_protocol::engine::meetings::HeldMeeting;
use kith_protocol::engine::person::{Encounter, PersonNote, ScanProblem, Standing};
use kith_protocol::folding;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{CardForm, FollowUpForm, IntroductionLine, PathForm, TierName, VouchForm, WaitingForm, WrittenForm, time};
use crate::roster::Listed;

/// How I came across somebody.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct EncounterForm {
    /// When.
    pub at: String,
    /// How and where, in words.
    pub how: String,
}

impl From<&Encounter> for EncounterForm {
    fn from(encounter: &Encounter) -> Self {
        Self { at: time(encounter.at), how: encounter.in_words() }
    }
}

/// A code of theirs that I scanned and that waits.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ScanForm {
    /// What it waits for, or why it leads nowhere, in words.
    pub state: String,
    /// When it gives up.
    pub gives_up: String,
}

/// Somebody among my people, in a list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PersonForm {
    /// Their id in this home; any unambiguous beginning of four characters will do.
    pub id: String,
    /// What to call them.
    pub name: String,
    /// `unconfirmed`, `pending`, `asking`, `contact` or `ended`.
    pub standing: String,
    /// How I know them, in words.
    pub how: String,
    /// That the name mixes alphabets that look alike, in words; no more than a reason to look twice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_warning: Option<String>,
    /// The organisation on the card that they gave me.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org: Option<String>,
    /// The title on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// My tags.
    pub tags: Vec<String>,
    /// When we last had to do with each other.
    pub touched: String,
    /// True if their node and mine are connected now.
    pub connected: bool,
    /// What is waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scan: Option<ScanForm>,
}

/// The standing with this name.
pub fn standing_of(name: &str) -> Option<Standing> {
    use Standing::{Asking, Contact, Ended, Pending, Unconfirmed};
    [Unconfirmed, Pending, Asking, Contact, Ended].into_iter().find(|one| standing(*one) == name)
}

/// The name of a standing.
pub const fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Unconfirmed => "unconfirmed",
        Standing::Pending => "pending",
        Standing::Asking => "asking",
        Standing::Contact => "contact",
        Standing::Ended => "ended",
    }
}

impl PersonForm {
    /// The form of a person.
    pub fn of(person: &Listed, connected: bool) -> Self {
        let text = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
        Self {
            id: person.id.to_string(),
            name: person.name.to_string(),
            standing: standing(person.standing).to_owned(),
            how: person.how.to_string(),
            name_warning: folding::warning(&person.name),
            org: text(&person.org),
            title: text(&person.title),
            tags: person.tags.iter().map(ToString::to_string).collect(),
            touched: time(person.touched),
            connected,
            scan: person.scan.as_ref().map(|scan| ScanForm {
                state: scan_in_words(scan.problem, scan.unsent, scan.printed).to_owned(),
                gives_up: time(scan.gives_up),
            }),
        }
    }
}

const fn scan_in_words(problem: Option<ScanProblem>, unsent: bool, printed: bool) -> &'static str {
    match (problem, unsent, printed) {
        (Some(ScanProblem::Used), ..) => "somebody else had used this code already; ask for a fresh one",
        (Some(ScanProblem::Revoked), ..) => "this code was withdrawn; ask for a fresh one",
        (Some(ScanProblem::Expired), ..) => "this code had expired; ask for a fresh one",
        (Some(ScanProblem::NotAccepted), ..) => "their node did not accept the scan; ask for a fresh code",
        (Some(ScanProblem::Unanswered), ..) => "nobody answered in time; ask for a fresh code",
        (None, true, _) => "waits until their node can be reached",
        (None, false, true) => "arrived; waits until they share back",
        (None, false, false) => "arrived; waits for their answer",
    }
}

/// A meeting with somebody.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MeetingForm {
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// On which UTC day, as a date.
    pub day: String,
    /// True if I signed it.
    pub signed_by_me: bool,
    /// True if they signed it.
    pub signed_by_them: bool,
}

impl From<&HeldMeeting> for MeetingForm {
    fn from(held: &HeldMeeting) -> Self {
        Self {
            event: held.meeting.event.as_ref().map(ToString::to_string),
            day: time(held.meeting.day.start()).chars().take(10).collect(),
            signed_by_me: held.mine.is_some(),
            signed_by_them: held.theirs.is_some(),
        }
    }
}

/// A note of mine.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct NoteForm {
    /// When I wrote it.
    pub at: String,
    /// What I wrote.
    pub text: String,
}

impl From<&PersonNote> for NoteForm {
    fn from(note: &PersonNote) -> Self {
        Self { at: time(note.at), text: note.text.to_string() }
    }
}

/// Everything that I keep about somebody.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PersonDetails {
    /// What a list shows.
    #[serde(flatten)]
    pub person: PersonForm,
    /// How their node and mine are connected, if they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathForm>,
    /// Their identity, once their node has said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// What they call themselves.
    pub own_name: String,
    /// What I call them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub petname: Option<String>,
    /// The card they gave me.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card: Option<CardForm>,
    /// What of my card they see.
    pub they_see: TierName,
    /// Encounters, the first one first.
    pub encounters: Vec<EncounterForm>,
    /// Meetings that were signed.
    pub meetings: Vec<MeetingForm>,
    /// The newest twenty letters between us, the oldest first.
    #[serde(default)]
    pub letters: Vec<WrittenForm>,
    /// My notes, the oldest first.
    pub notes: Vec<NoteForm>,
    /// Introductions with them, the newest first.
    pub introductions: Vec<IntroductionLine>,
    /// What people say of them, as far as I may see it.
    pub vouches: Vec<VouchForm>,
    /// Letters that wait for them.
    pub waiting: Vec<WaitingForm>,
    /// How often I want to be in touch, in days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cadence_days: Option<u32>,
    /// What is to be done for them.
    pub follow_up: FollowUpForm,
    /// True if nothing of theirs reaches me.
    pub blocked: bool,
    /// True if I have nothing of them but my own words, so that I can say that they are another person of mine.
    #[serde(default)]
    pub joinable: bool,
    /// True if two key histories of theirs contradict each other.
    pub forked: bool,
    /// True if the key that they were last known by was given up: nothing more is believed of whoever has it.
    #[serde(default)]
    pub key_given_up: bool,
    /// The text of a foreign code, as it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub foreign: Option<String>,
}
