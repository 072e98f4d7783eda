//! My part when I ask: what I keep of it, and the key that a yes is sealed to.
//!
//! Asking and saying it differently is in `asking`, an idea of the introducer in `suggestion`, what becomes of an ask
//! without a yes in `ending`.

mod asking;
mod ending;
mod suggestion;

use super::super::entity::Entity;
use super::super::error::Result;
use super::super::keys::ReplyKey;
use super::super::person::Person;
use super::super::turn::Turn;
use super::{HeldOutcome, IntroKey, Over, Part, not_found};
use crate::card::Tier;
use crate::crypto::seal::DecryptionKey;
use crate::crypto::sign::SecretSeed;
use crate::id::{IdentityId, IntroId, PersonId, RecordId};
use crate::introduction::Purpose;
use crate::letter::introduction::Sentence;
use crate::limits;
use crate::record::RecordBytes;
use crate::store::Table;
use crate::text::{Line, Text};
use crate::time::Timestamp;
use crate::vouch::Vouched;

crate::wire_choice! {
    /// Where an introduction that I want stands.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum AskState {
        /// The introducer had the idea; I have not answered.
        0 => Suggested,
        /// I asked. Until its date I hear a yes, or nothing.
        1 => Open,
        /// The introducer wants it said differently.
        2 => Returned,
        /// The target said yes; my first letter is on its way to them.
        3 => Connecting,
        /// We hold each other.
        4 => Connected,
        /// It came to nothing.
        5 => Over,
    }
}

crate::wire_map! {
    /// An introduction that I want.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Asked {
        /// Whom I ask.
        1 => pub introducer: PersonId,
        /// Its id.
        2 => pub id: IntroId,
        /// Whom I want to meet, in words.
        3 => pub target: Line<{ limits::LINE }>,
        /// The one among my people that I mean.
        4 => pub person: Option<PersonId>,
        /// Their identity, if I know it from elsewhere.
        5 => pub target_id: Option<IdentityId>,
        /// What for.
        6 => pub purpose: Purpose,
        /// Why them.
        7 => pub why: Text<{ limits::SENTENCE }>,
        /// What they are to read.
        8 => pub blurb: Text<{ limits::BLURB }>,
        /// What of my card they get when we are connected.
        9 => pub tier: Tier,
        /// When I asked.
        10 => pub asked: Timestamp,
        /// Until when it is open: the date that I was shown.
        11 => pub expires: Timestamp,
        /// The id of my ask.
        12 => pub ask: Option<RecordId>,
        /// Where it stands.
        13 => pub state: AskState,
        /// What the introducer said: what to change, or who the other is.
        14 => pub note: Option<Sentence>,
        /// The person that came of it.
        15 => pub contact: Option<PersonId>,
        /// How the introducer knows them, in the introducer's words.
        16 => pub known: Option<Line<{ limits::LINE }>>,
        /// The introducer's statement.
        17 => pub introduction: Option<RecordBytes>,
        /// What the introducer vouches of them.
        18 => pub vouched: Option<Vouched>,
        /// How it went, as I told the introducer.
        19 => pub outcome: Option<HeldOutcome>,
        /// Why it came to nothing.
        20 => pub over: Option<Over>,
        /// When it last changed.
        21 => pub changed: Timestamp,
        /// When it ends by itself, or is forgotten.
        22 => pub until: Timestamp,
        /// True if the person that came of it was not there before.
        23 => pub is_new_person: bool,
    }
}

/// Whom an ask names that answers a suggestion: the introducer knows, and the asker does not yet.
const SUGGESTED: &str = "whom you have in mind";

impl Entity for Asked {
    const TABLE: Table = Table::Introductions;

    fn key(&self) -> Vec<u8> {
        self.name().bytes()
    }
}

impl Asked {
    /// An ask of which nothing is known but whom it goes to and what it is about.
    fn begun(
        introducer: PersonId,
        id: IntroId,
        target: Line<{ limits::LINE }>,
        now: Timestamp,
        expires: Timestamp,
    ) -> Self {
        Self {
            introducer,
            id,
            target,
            person: None,
            target_id: None,
            purpose: Purpose::Other,
            why: Text::default(),
            blurb: Text::default(),
            tier: Tier::default(),
            asked: now,
            expires,
            ask: None,
            state: AskState::Open,
            note: None,
            contact: None,
            known: None,
            introduction: None,
            vouched: None,
            outcome: None,
            over: None,
            changed: now,
            until: expires,
            is_new_person: false,
        }
    }

    /// What names it.
    pub const fn name(&self) -> IntroKey {
        IntroKey { part: Part::Asker, id: self.id, person: self.introducer }
    }

    /// True if the introducer had the idea.
    pub fn is_suggested(&self) -> bool {
        self.state == AskState::Suggested || self.target.as_str() == SUGGESTED
    }

    /// True while a yes may come. One that was given in time may come after the date, when a node was off.
    pub(super) fn waits_for_offer(&self) -> bool {
        self.is_open() || self.state == AskState::Connecting || self.over == Some(Over::Expired)
    }

    /// True if it takes one of the places that an introducer has for me. Until its date an ask does, whatever became
    /// of it at the other end.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, AskState::Open | AskState::Returned)
    }
}

/// Whom I want to meet.
#[derive(Clone, Debug)]
pub enum Meant {
    /// One of my people who is no contact.
    Person(PersonId),
    /// Somebody that I can only describe.
    Words(Line<{ limits::LINE }>),
}

/// What I ask.
#[derive(Clone, Debug)]
pub struct AskOptions {
    /// Who is to introduce me.
    pub introducer: PersonId,
    /// To whom.
    pub meant: Meant,
    /// What for.
    pub purpose: Purpose,
    /// Why them.
    pub why: Text<{ limits::SENTENCE }>,
    /// What they are to read.
    pub blurb: Text<{ limits::BLURB }>,
    /// What of my card they get when we are connected; contacts' view if not given.
    pub tier: Option<Tier>,
    /// How long it is open, in seconds; [`limits::ASK_USUAL_LIFE`] if not given.
    pub life: Option<u64>,
}

/// Changes to an ask that was returned; what is not given stays.
#[derive(Clone, Debug, Default)]
pub struct AskEdit {
    /// To whom, in words.
    pub target: Option<Line<{ limits::LINE }>>,
    /// What for.
    pub purpose: Option<Purpose>,
    /// Why them.
    pub why: Option<Text<{ limits::SENTENCE }>>,
    /// What they are to read.
    pub blurb: Option<Text<{ limits::BLURB }>>,
}

impl Turn<'_> {
    fn make_reply_key(&mut self, asked: &Asked) {
        let seed = SecretSeed(self.random.bytes());
        self.txn.save(&ReplyKey { introducer: asked.introducer, id: asked.id, seed });
    }

    pub(super) fn reply_key(&self, asked: &Asked) -> Result<Option<DecryptionKey>> {
        let stored = self.txn.load::<ReplyKey>(&ReplyKey::name(asked.introducer, asked.id))?;
        Ok(stored.map(|stored| DecryptionKey::from_seed(&stored.seed)))
    }

    pub(super) fn my_ask(&self, key: IntroKey) -> Result<Asked> {
        self.txn.load::<Asked>(&key.bytes())?.ok_or_else(|| not_found(key.id))
    }

    pub(super) fn ask_of(&self, introducer: &Person, id: IntroId) -> Result<Option<Asked>> {
        let key = IntroKey { part: Part::Asker, id, person: introducer.id };
        Ok(self.txn.load::<Asked>(&key.bytes())?)
    }

    pub(super) fn drop_reply_key(&mut self, asked: &Asked) {
        self.txn.remove(Table::Secrets, &ReplyKey::name(asked.introducer, asked.id));
    }
}
