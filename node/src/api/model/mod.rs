//! The JSON forms of what the API speaks about. Times are RFC 3339 in UTC.

use kith_protocol::card::{CardView, Tier};
use kith_protocol::engine::inbox::{Item, ItemKind};
use kith_protocol::engine::invites::{InviteState, OwnInvite};
use kith_protocol::engine::meetings::HeldMeeting;
use kith_protocol::engine::outbox::Waiting;
use kith_protocol::engine::person::{Encounter, Person, PersonNote, ScanProblem, Standing};
use kith_protocol::letter::body::kind;
use kith_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A time in words that programs read.
pub fn time(at: Timestamp) -> String {
    let secs = i64::try_from(at.secs()).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(secs).map(|at| at.to_string()).unwrap_or_default()
}

/// Who may see something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TierName {
    /// Anyone who has my code or link.
    Public,
    /// My contacts.
    Contacts,
    /// People that I name one by one.
    Named,
}

impl From<Tier> for TierName {
    fn from(tier: Tier) -> Self {
        match tier {
            Tier::Public => Self::Public,
            Tier::Contacts => Self::Contacts,
            Tier::Named => Self::Named,
        }
    }
}

impl From<TierName> for Tier {
    fn from(tier: TierName) -> Self {
        match tier {
            TierName::Public => Self::Public,
            TierName::Contacts => Self::Contacts,
            TierName::Named => Self::Named,
        }
    }
}

/// One line of a card.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct FieldForm {
    /// What it is about, such as `org` or `email`.
    pub field: String,
    /// What it says.
    pub value: String,
    /// Who may see it; on my own card only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<TierName>,
}

/// A card.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CardForm {
    /// The name.
    pub name: String,
    /// Its lines.
    pub fields: Vec<FieldForm>,
}

impl From<&CardView> for CardForm {
    fn from(view: &CardView) -> Self {
        let field = |field: &kith_protocol::card::Field| FieldForm {
            field: field.kind.name().to_owned(),
            value: field.value.to_string(),
            tier: None,
        };
        Self { name: view.name.to_string(), fields: view.fields.iter().map(field).collect() }
    }
}

/// A code of mine.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct InviteForm {
    /// Its id.
    pub id: String,
    /// `live` or `printed`.
    pub kind: String,
    /// `open`, `used`, `revoked` or `expired`.
    pub state: String,
    /// When it was made.
    pub created: String,
    /// Until when it is shown.
    pub expires: String,
    /// The event, or the label of a printed code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// For whom it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meant_for: Option<String>,
    /// What of my card its scanners get.
    pub tier: TierName,
    /// Claims that were taken.
    pub uses: u32,
    /// Claims by others after it had been used.
    pub refused: u32,
}

impl InviteForm {
    /// The form of a code at a moment.
    pub fn of(invite: &OwnInvite, now: Timestamp) -> Self {
        let state = match invite.state {
            InviteState::Used => "used",
            InviteState::Revoked => "revoked",
            InviteState::Open if now > invite.expires => "expired",
            InviteState::Open => "open",
        };
        Self {
            id: invite.id.to_string(),
            kind: if invite.printed { "printed" } else { "live" }.to_owned(),
            state: state.to_owned(),
            created: time(invite.created),
            expires: time(invite.expires),
            event: invite.event.as_ref().map(ToString::to_string),
            meant_for: Some(invite.meant_for.to_string()).filter(|text| !text.is_empty()),
            tier: invite.tier.into(),
            uses: invite.uses,
            refused: invite.refused,
        }
    }
}

/// A code of mine with what is to be shown.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ShownInvite {
    /// The code's record.
    #[serde(flatten)]
    pub invite: InviteForm,
    /// The text inside the QR code, which can also be sent and pasted.
    pub link: String,
    /// The version of the QR code at error correction level M.
    pub qr_version: u8,
    /// False if the code names no address, since the node has never been up: who scans it cannot find the node.
    pub has_address: bool,
}

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
    pub fn of(person: &Person, connected: bool) -> Self {
        Self {
            id: person.id.to_string(),
            name: person.display_name().to_owned(),
            standing: standing(person.standing).to_owned(),
            how: person.provenance(),
            tags: person.tags.iter().map(ToString::to_string).collect(),
            touched: time(person.touched),
            connected,
            scan: person.scan.as_ref().map(|scan| ScanForm {
                state: scan_in_words(scan.problem, scan.claim.is_some(), scan.printed).to_owned(),
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

/// A letter that waits.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct WaitingForm {
    /// What it is.
    pub what: String,
    /// Since when.
    pub since: String,
    /// When it gives up.
    pub gives_up: String,
}

impl From<&Waiting> for WaitingForm {
    fn from(waiting: &Waiting) -> Self {
        Self {
            what: letter_in_words(waiting.kind).to_owned(),
            since: time(waiting.written),
            gives_up: time(waiting.expires),
        }
    }
}

/// What a letter of a kind is, in words.
pub const fn letter_in_words(number: u8) -> &'static str {
    match number {
        kind::CLAIM => "my card, in answer to their code",
        kind::WELCOME => "my card, in answer to their scan",
        kind::PRESENCE => "where my node is",
        kind::CARD => "a change of my card",
        kind::MEETING => "my signature that we met",
        kind::WITHDRAW => "that we are no contacts any more",
        _ => "a letter",
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
    /// My notes, the oldest first.
    pub notes: Vec<NoteForm>,
    /// Letters that wait for them.
    pub waiting: Vec<WaitingForm>,
    /// How often I want to be in touch, in days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cadence_days: Option<u32>,
    /// True if nothing of theirs reaches me.
    pub blocked: bool,
    /// True if two key histories of theirs contradict each other.
    pub forked: bool,
    /// The text of a foreign code, as it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub foreign: Option<String>,
}

/// Something that waits on me.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ItemForm {
    /// Its id.
    pub id: String,
    /// `confirm_scan`, `share_back`, `late_claim` or `fork`.
    pub kind: String,
    /// What is asked, in words.
    pub question: String,
    /// Concerning whom.
    pub person: PersonForm,
    /// The card that they gave along.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card: Option<CardForm>,
    /// What accepting does.
    pub accept: String,
    /// What ignoring does.
    pub ignore: String,
    /// Since when it waits.
    pub since: String,
    /// When it goes away by itself.
    pub until: String,
}

impl ItemForm {
    /// The form of something that waits.
    pub fn of(item: &Item, person: PersonForm, card: Option<CardForm>, invite: Option<&OwnInvite>) -> Self {
        let event = invite.and_then(|invite| invite.event.as_ref()).map(|event| format!(" ({event})"));
        let event = event.unwrap_or_default();
        let tried = invite.map_or(0, |invite| invite.refused);
        let (kind, question, accept, ignore) = item_in_words(item.kind, &person.name, &event, tried);
        let (accept, ignore) = (accept.to_owned(), ignore.to_owned());
        let (id, since, until) = (item.id.to_string(), time(item.at), time(item.until));
        Self { id, kind: kind.to_owned(), question, person, card, accept, ignore, since, until }
    }
}

fn item_in_words(
    kind: ItemKind,
    name: &str,
    event: &str,
    tried: u32,
) -> (&'static str, String, &'static str, &'static str) {
    match kind {
        ItemKind::ConfirmScan => {
            let others = match tried {
                0 => String::new(),
                tried => format!(" The code was tried {tried} more time(s) afterwards: somebody may have filmed it."),
            };
            (
                "confirm_scan",
                format!("{name} scanned your code{event}. Was it the person in front of you?{others}"),
                "both of you sign that you met",
                "you withdraw your card from them, and theirs goes",
            )
        }
        ItemKind::ShareBack => (
            "share_back",
            format!("{name} scanned your printed code{event} and gave you their card. Do you share yours?"),
            "they get your card and you are contacts",
            "they are told nothing, and their card goes",
        ),
        ItemKind::LateClaim => (
            "late_claim",
            format!("{name} says they scanned your code{event}, but the scan was delivered later. Did you meet them?"),
            "they get your card and you are contacts",
            "they are told nothing, and their card goes",
        ),
        ItemKind::Introduce => (
            "introduce",
            format!("{name} asks you to introduce them."),
            "pass it on with a sentence of your own: kith intro pass",
            "they hear nothing, and their ask ends at its date",
        ),
        ItemKind::Meet => (
            "meet",
            format!("{name} would introduce somebody to you."),
            "they get your card, and the two of you are contacts",
            "only the one who would introduce you hears of it",
        ),
        ItemKind::Suggested => (
            "suggested",
            format!("{name} thinks that you should meet somebody."),
            "if the other says yes too, you are introduced",
            "only the one who had the idea hears of it",
        ),
        ItemKind::AskReturned => (
            "ask_returned",
            format!("{name} would introduce you, if you say it differently."),
            "say it differently: kith intro edit",
            "you withdraw your ask",
        ),
        ItemKind::Vouched => (
            "vouched",
            format!("{name} vouches for you. May it be shown?"),
            "contacts of either of you may see it",
            "it stays between the two of you",
        ),
        ItemKind::Fork => (
            "fork",
            format!(
                "{name} has shown two key histories that contradict each other. Somebody else may hold their recovery \
                 words. Meet {name} and scan their code: that settles which one is theirs."
            ),
            "the history that they showed you counts",
            "the history that you saw first goes on counting",
        ),
    }
}
