//! Introductions: everything about one on one screen.

use kith_protocol::engine::introduction::HeldOutcome;
use kith_protocol::introduction::Purpose;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::vouch::names;
use super::{CardForm, TierName, VouchForm};

names! {
    /// What an asker wants.
    PurposeName for Purpose {
        /// Advice.
        Advice,
        /// To sell to them.
        Client,
        /// To do something together.
        Partner,
        /// To hire, or be hired.
        Hiring,
        /// Something else, which the words say.
        Other,
    }
}

/// Somebody at one end of something, or me.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct EndForm {
    /// What to call them; words that describe them, if nobody is named.
    pub name: String,
    /// True if it is me.
    pub me: bool,
    /// Their id among my people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// Their identity, if their node has shown it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// How I know them, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub how: Option<String>,
}

impl EndForm {
    /// Their name, or the word for me.
    pub fn called(&self, me: &str) -> String {
        if self.me { me.to_owned() } else { self.name.clone() }
    }
}

/// A field that I would share.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SharedField {
    /// What it is about.
    pub field: String,
    /// What it says.
    pub value: String,
    /// How many contacts see it already.
    pub seen_by: usize,
}

/// What I would be sharing, or have shared.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SharesForm {
    /// What of my card.
    pub tier: TierName,
    /// The fields, beside my name.
    pub fields: Vec<SharedField>,
}

/// Something that I can do now.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ActionForm {
    /// The last part of its path under this introduction, such as `pass`.
    pub action: String,
    /// What it does.
    pub does: String,
    /// The same at the command line.
    pub command: String,
}

/// How it went, as one end of it says.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OutcomeForm {
    /// Who says so.
    pub by: EndForm,
    /// The two have met or talked.
    pub met: bool,
    /// It was of use.
    pub useful: bool,
    /// Thanks, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thanks: Option<String>,
}

impl OutcomeForm {
    /// The form of an outcome.
    pub fn of(by: &EndForm, outcome: &HeldOutcome) -> Self {
        let HeldOutcome { met, useful, thanks } = outcome;
        Self { by: by.clone(), met: *met, useful: *useful, thanks: thanks.as_ref().map(ToString::to_string) }
    }
}

/// Who must act in an introduction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StageName {
    /// Somebody waits on me: for a yes or no, or to hear how it went.
    NeedsMe,
    /// Others must act, or their nodes.
    Waiting,
    /// There is nothing more to do.
    Done,
}

impl StageName {
    /// The stage with a name.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "needs_me" => Self::NeedsMe,
            "waiting" => Self::Waiting,
            "done" => Self::Done,
            _ => return None,
        })
    }
}

/// Introductions by who must act.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ExchangeForm {
    /// Those in which somebody waits on me.
    pub needs_me: LinesPage,
    /// Those in which others must act.
    pub waiting: LinesPage,
    /// Those in which there is nothing more to do.
    pub done: LinesPage,
}

/// A page of introductions.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LinesPage {
    /// The introductions.
    pub list: Vec<IntroductionLine>,
    /// How many there are on all pages.
    pub total: usize,
}

/// An introduction in a list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct IntroductionLine {
    /// Its id; any unambiguous beginning of four characters will do.
    pub id: String,
    /// What I am in it: `asker`, `introducer` or `target`.
    pub part: String,
    /// Where it stands; what it may be depends on the part.
    pub state: String,
    /// Where it stands, in words.
    pub state_in_words: String,
    /// Who asks whom, in words.
    pub summary: String,
    /// Who must act.
    pub stage: StageName,
    /// True while something may come of it.
    pub open: bool,
    /// Until when it is open, by my clock; then it ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// When it last changed.
    pub changed: String,
}

/// An introduction with all that there is to know for deciding about it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct IntroductionForm {
    /// What a list shows.
    #[serde(flatten)]
    pub line: IntroductionLine,
    /// Who asks.
    pub asker: EndForm,
    /// Who brings the two together.
    pub introducer: EndForm,
    /// Who is asked for.
    pub target: EndForm,
    /// Whom the asker looks for, in the asker's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wanted: Option<String>,
    /// What for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<PurposeName>,
    /// Why this target, in the asker's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What the target is to read, in the asker's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blurb: Option<String>,
    /// The asker's public card, as it came to me.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card: Option<CardForm>,
    /// What the introducer says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// How the introducer knows the other end, in the introducer's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<String>,
    /// What the introducer vouches of the other end; to the introducer, of the asker.
    pub vouches: Vec<VouchForm>,
    /// What I would be sharing if it comes about, or have shared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shares: Option<SharesForm>,
    /// When I, or the target if I carry it, want to look at it again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub later: Option<String>,
    /// Why it came to nothing, as far as I may know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub over: Option<String>,
    /// How it went, as the two ends told the introducer.
    pub outcomes: Vec<OutcomeForm>,
    /// What I can do now.
    pub actions: Vec<ActionForm>,
}
