//! What people say of each other.

use kith_protocol::engine::vouches::{VouchKey, VouchShown};
use kith_protocol::vouch::{Basis, Interest, Strength, VouchReach};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{choice_name, time};

/// Declares the names of a choice of the protocol, as programs write and read them.
macro_rules! names {
    ($(#[$meta:meta])* $name:ident for $of:ident { $($(#[$doc:meta])* $variant:ident,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl From<$of> for $name {
            fn from(value: $of) -> Self {
                match value { $($of::$variant => Self::$variant,)* }
            }
        }

        impl From<$name> for $of {
            fn from(name: $name) -> Self {
                match name { $($name::$variant => Self::$variant,)* }
            }
        }
    };
}
pub(super) use names;

names! {
    /// On what somebody's word rests.
    BasisName for Basis {
        /// They bought from who says so.
        Client,
        /// They sold to who says so.
        Supplier,
        /// The two worked in one place.
        Colleague,
        /// The two worked on one thing.
        Partner,
        /// They guided who says so.
        Mentor,
        /// The two met.
        Met,
        /// Something else, which the words say.
        Other,
    }
}

names! {
    /// What somebody has to gain from their word.
    InterestName for Interest {
        /// Nothing.
        None,
        /// The two are relatives.
        Family,
        /// Money flows between the two.
        Financial,
        /// One works for the other, or for the other's employer.
        Employer,
        /// Something else, which the words say.
        Other,
    }
}

names! {
    /// Who may be shown somebody's word.
    ReachName for VouchReach {
        /// The two alone.
        UsTwo,
        /// Contacts of either.
        Contacts,
        /// Anybody.
        Public,
    }
}

/// What somebody says of somebody.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct VouchForm {
    /// Its id in this home; any unambiguous beginning of four characters will do.
    pub id: String,
    /// Who says it; `you` for me.
    pub by: String,
    /// Of whom; `you` for me.
    pub about: String,
    /// All of it in a few sentences.
    pub in_words: String,
    /// On what it rests; like everything that is said, left out once it is revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<BasisName>,
    /// Since when and until when, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub years: Option<String>,
    /// In the words of who says it.
    pub words: String,
    /// What they are good at.
    pub skills: Vec<String>,
    /// How strongly, from 1 to 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strength: Option<u8>,
    /// What who says it has to gain; also said when it is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interest: Option<InterestName>,
    /// The same in words.
    pub interest_in_words: String,
    /// What supports it, in words.
    pub evidence: Vec<String>,
    /// How far who says it lets it be shown.
    pub reach: ReachName,
    /// How far whom it is about lets it be shown; left out if they have not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<ReachName>,
    /// What becomes of it: `us_two`, `waits`, `withheld`, `contacts`, `public`, `apart`, `revoked` or `ended`.
    pub state: String,
    /// The same in words.
    pub state_in_words: String,
    /// When it was signed.
    pub issued: String,
    /// Until when it counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends: Option<String>,
}

impl From<VouchShown> for VouchForm {
    fn from(shown: VouchShown) -> Self {
        Self {
            id: vouch_id(shown.key),
            in_words: shown.in_words(),
            by: shown.by,
            about: shown.about,
            basis: shown.basis.map(Into::into),
            years: Some(shown.years).filter(|years| !years.is_empty()),
            words: shown.words,
            skills: shown.skills,
            strength: shown.strength.map(Strength::number),
            interest: shown.interest.map(Into::into),
            interest_in_words: shown.interest_in_words,
            evidence: shown.evidence,
            reach: shown.reach.into(),
            accepted: shown.accepted.map(Into::into),
            state: choice_name(&shown.state),
            state_in_words: shown.state_in_words,
            issued: time(shown.issued),
            ends: shown.ends.map(time),
        }
    }
}

/// What a vouch is called in this home. Two issuers may have chosen the same slot, by chance or to confuse.
pub fn vouch_id(key: VouchKey) -> String {
    format!("{}{}", key.slot, key.issuer)
}

/// What people say of each other, as far as it is here.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct VouchesForm {
    /// What I say of others.
    pub given: Vec<VouchForm>,
    /// What others say of me.
    pub about_me: Vec<VouchForm>,
    /// What others say of whom was asked about, as far as I was shown it.
    pub about: Vec<VouchForm>,
}
