//! What one person says of another, signed; and the other's word that it may be shown.
//!
//! ```text
//! vouch      = record by the issuer { subject, slot, seq, issued, content?, reach, expires, evidence }
//! acceptance = record by the subject { issuer, slot, digest of the content, reach, since }
//! ```
//!
//! The content is a byte string of its own, so that an acceptance speaks of exactly these words: a renewal with
//! the same words needs no new one. A vouch without content revokes what stood in its slot.

use crate::crypto::sha256;
use crate::id::{IdentityId, RecordId, VouchSlot};
use crate::identity::{History, HistoryBytes};
use crate::limits;
use crate::record::{RecordBytes, Signed, Statement, Verified};
use crate::text::{Label, Line};
use crate::time::Timestamp;
use crate::wire::{self, Bytes, WireError};

crate::wire_choice! {
    /// On what an issuer's word rests.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Basis {
        /// The subject bought from the issuer.
        0 => Client,
        /// The subject sold to the issuer.
        1 => Supplier,
        /// They worked in one place.
        2 => Colleague,
        /// They worked on one thing from two places.
        3 => Partner,
        /// The subject guided the issuer.
        4 => Mentor,
        /// They met.
        5 => Met,
        /// Something else, which the words say.
        6 => Other,
    }
}

crate::wire_choice! {
    /// What the issuer has to gain. Always said, also when it is nothing.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Interest {
        /// Nothing.
        0 => None,
        /// They are relatives.
        1 => Family,
        /// Money flows between them.
        2 => Financial,
        /// One works for the other, or for the other's employer.
        3 => Employer,
        /// Something else, which the words say.
        4 => Other,
    }
}

crate::wire_choice! {
    /// Who may be shown a vouch.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum VouchReach {
        /// Issuer and subject alone.
        #[default]
        0 => UsTwo,
        /// Contacts of either.
        1 => Contacts,
        /// Anybody.
        2 => Public,
    }
}

/// How strong an issuer's word is, from 1 to 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(transparent)]
pub struct Strength(u8);

impl Strength {
    /// A strength from 1 to 3.
    pub const fn new(strength: u8) -> Option<Self> {
        match strength {
            1..=3 => Some(Self(strength)),
            _ => None,
        }
    }

    /// The number.
    pub const fn number(self) -> u8 {
        self.0
    }
}

impl wire::Wire for Strength {
    fn encode(&self, writer: &mut wire::Writer) {
        self.0.encode(writer);
    }

    fn decode(reader: &mut wire::Reader<'_>) -> Result<Self, WireError> {
        Self::new(u8::decode(reader)?).ok_or(WireError::OutOfRange("the strength of a vouch"))
    }
}

crate::wire_choice! {
    /// What kind of thing a piece of evidence is.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum EvidenceKind {
        /// A meeting record that both signed.
        0 => Meeting,
        /// An introduction between the two, or by one of them.
        1 => Introduction,
    }
}

/// A record that a vouch points at; its id proves nothing until the record is shown. On the wire `[kind, id]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// What it is.
    pub kind: EvidenceKind,
    /// Its id: the issuer's own record of a meeting, or the statement of whoever introduced.
    pub record: RecordId,
}

impl wire::Wire for Evidence {
    fn encode(&self, writer: &mut wire::Writer) {
        writer.array(2);
        self.kind.encode(writer);
        self.record.encode(writer);
    }

    fn decode(reader: &mut wire::Reader<'_>) -> Result<Self, WireError> {
        if reader.array()? != 2 {
            return Err(WireError::OutOfRange("evidence of a vouch"));
        }
        Ok(Self { kind: wire::Wire::decode(reader)?, record: wire::Wire::decode(reader)? })
    }
}

crate::wire_map! {
    /// What an issuer says.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct VouchContent {
        /// On what it rests.
        1 => pub basis: Basis,
        /// What the subject is good at; at most [`limits::VOUCH_SKILLS`].
        2 => pub skills: Vec<Label>,
        /// Since which year.
        3 => pub since: Option<u16>,
        /// Until which year; left out if it goes on.
        4 => pub until: Option<u16>,
        /// In the issuer's words.
        5 => pub words: Line<{ limits::SENTENCE }>,
        /// How strongly.
        6 => pub strength: Strength,
        /// What the issuer has to gain.
        7 => pub interest: Interest,
        /// What exactly that is.
        8 => pub interest_words: Option<Line<{ limits::INTEREST }>>,
    }
}

/// The years that a vouch may speak of.
const YEARS: std::ops::RangeInclusive<u16> = 1900..=2200;

impl VouchContent {
    /// True if the content keeps the bounds that its encoding alone does not.
    pub fn is_bounded(&self) -> bool {
        let years = || self.since.into_iter().chain(self.until);
        let in_order = self.since.zip(self.until).is_none_or(|(since, until)| since <= until);
        self.skills.len() <= limits::VOUCH_SKILLS && years().all(|year| YEARS.contains(&year)) && in_order
    }
}

/// The bytes of a [`VouchContent`], as their issuer wrote them.
pub type ContentBytes = Bytes<{ limits::VOUCH_CONTENT }>;

/// What an acceptance says of a content.
pub fn content_digest(content: &ContentBytes) -> [u8; 32] {
    sha256(&[content.as_slice()])
}

crate::wire_map! {
    /// "This is what I say of you."
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Vouch {
        /// Of whom.
        1 => pub subject: IdentityId,
        /// Which of the issuer's vouches it is.
        2 => pub slot: VouchSlot,
        /// Counts the vouches of a slot; the higher one counts.
        3 => pub seq: u64,
        /// When it was signed.
        4 => pub issued: Timestamp,
        /// What is said; nothing if it is revoked.
        5 => pub content: Option<ContentBytes>,
        /// How far the issuer lets it be shown; left out for [`VouchReach::UsTwo`].
        6 => pub reach: Option<VouchReach>,
        /// Until when it counts; left out in a revocation.
        7 => pub expires: Option<Timestamp>,
        /// What supports it; at most [`limits::VOUCH_EVIDENCE`].
        8 => pub evidence: Vec<Evidence>,
    }
}

impl Statement for Vouch {
    const KIND: &'static str = "vouch";
}

impl Vouch {
    /// True if the vouch keeps the bounds that its encoding alone does not.
    pub fn is_bounded(&self) -> bool {
        let lives = self.expires.is_none_or(|expires| expires.since(self.issued) <= limits::VOUCH_LIFE);
        let is_whole = self.content.is_some() == self.expires.is_some() && self.reach != Some(VouchReach::UsTwo);
        self.evidence.len() <= limits::VOUCH_EVIDENCE && lives && is_whole && self.content().is_ok()
    }

    /// What is said, read from its bytes; `None` if it is revoked.
    pub fn content(&self) -> Result<Option<VouchContent>, WireError> {
        let Some(bytes) = &self.content else { return Ok(None) };
        let content: VouchContent = wire::decode(bytes.as_slice())?;
        if content.is_bounded() { Ok(Some(content)) } else { Err(WireError::OutOfRange("the content of a vouch")) }
    }

    /// Checks a record that its issuer is to have signed: rightly signed, bounded, about somebody else, and not from
    /// the future.
    pub fn verify(record: &RecordBytes, issuer: &History, now: Timestamp) -> Option<Verified<Self>> {
        if record.as_slice().len() > limits::VOUCH {
            return None;
        }
        let vouch = issuer.verify(Signed::<Self>::from_bytes(record.as_slice()).ok()?).ok()?;
        let is_early = vouch.issued > now.plus(limits::CLOCK_SKEW);
        (vouch.is_bounded() && vouch.subject != issuer.id() && !is_early).then_some(vouch)
    }

    /// How far the issuer lets it be shown.
    pub fn reach(&self) -> VouchReach {
        self.reach.unwrap_or_default()
    }

    /// True if something is said and its date has not come.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.content.is_some() && self.expires.is_some_and(|expires| expires > now)
    }
}

crate::wire_map! {
    /// "What you said of me in that slot may be shown so far." Of two, the later one counts.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Acceptance {
        /// Who said it.
        1 => pub issuer: IdentityId,
        /// In which slot.
        2 => pub slot: VouchSlot,
        /// SHA-256 of the content that is accepted.
        3 => pub content: [u8; 32],
        /// How far it may be shown at most.
        4 => pub reach: VouchReach,
        /// Since when.
        5 => pub since: Timestamp,
    }
}

impl Statement for Acceptance {
    const KIND: &'static str = "acceptance";
}

impl Acceptance {
    /// Checks a record that a subject is to have signed: rightly signed, and not from the future.
    pub fn verify(record: &RecordBytes, subject: &History, now: Timestamp) -> Option<Verified<Self>> {
        let acceptance = subject.verify(Signed::<Self>::from_bytes(record.as_slice()).ok()?).ok()?;
        (acceptance.since <= now.plus(limits::CLOCK_SKEW)).then_some(acceptance)
    }

    /// True if it speaks of what a vouch of that issuer says now.
    pub fn fits(&self, vouch: &Vouch, issuer: IdentityId) -> bool {
        let is_same = |content| content_digest(content) == self.content;
        self.issuer == issuer && self.slot == vouch.slot && vouch.content.as_ref().is_some_and(is_same)
    }
}

crate::wire_map! {
    /// A vouch as it is shown to others: never without the subject's word for it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Vouched {
        /// The issuer's record.
        1 => pub vouch: RecordBytes,
        /// The subject's record.
        2 => pub acceptance: RecordBytes,
    }
}

impl Vouched {
    /// Checks what somebody is shown: a live vouch of the issuer about the subject, and the subject's word for it, both
    /// for more eyes than theirs.
    pub fn verify(&self, issuer: &History, subject: &History, now: Timestamp) -> Option<Verified<Vouch>> {
        let vouch = Vouch::verify(&self.vouch, issuer, now)?;
        let acceptance = Acceptance::verify(&self.acceptance, subject, now)?;
        let is_about = vouch.subject == subject.id() && acceptance.fits(&vouch, issuer.id());
        let may_be_shown = vouch.reach().min(acceptance.reach) >= VouchReach::Contacts;
        (is_about && may_be_shown && vouch.is_live(now)).then_some(vouch)
    }
}

crate::wire_map! {
    /// A vouch on its own in a file, with all that is needed to check it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct VouchExport {
        /// The issuer's key history.
        1 => pub issuer: HistoryBytes,
        /// The issuer's record.
        2 => pub vouch: RecordBytes,
        /// The subject's key history, where the subject's record is there too.
        3 => pub subject: Option<HistoryBytes>,
        /// The subject's record.
        4 => pub acceptance: Option<RecordBytes>,
    }
}

impl VouchExport {
    /// Checks both records against the histories beside them, whatever their dates: who reads an old file judges by the
    /// times in it.
    pub fn verify(&self) -> Option<(Verified<Vouch>, Option<Verified<Acceptance>>)> {
        let ever = Timestamp::from_secs(limits::LATEST_TIME);
        let issuer = History::from_bytes(&self.issuer).ok()?;
        let vouch = Vouch::verify(&self.vouch, &issuer, ever)?;
        let (subject, record) = match (&self.subject, &self.acceptance) {
            (Some(subject), Some(acceptance)) => (History::from_bytes(subject).ok()?, acceptance),
            (None, None) => return Some((vouch, None)),
            _ => return None,
        };
        let acceptance = Acceptance::verify(record, &subject, ever)?;
        let fits = vouch.subject == subject.id() && acceptance.fits(&vouch, issuer.id());
        fits.then_some((vouch, Some(acceptance)))
    }
}

#[cfg(test)]
mod tests;
