//! What somebody says of themselves: fields in tiers, published as one signed view per tier.
//!
//! A signed document cannot have lines struck out, so there is a view for each tier, and a view holds all
//! that its readers may see.

use crate::limits;
use crate::record::Statement;
use crate::text::{Line, Name};
use crate::time::Timestamp;
use crate::wire::{Reader, Wire, WireError, Writer};

crate::wire_choice! {
    /// Who may see a field: each tier sees its own fields and those of the tiers before it.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Tier {
        /// Anyone who has my code or my link.
        0 => Public,
        /// My contacts.
        #[default]
        1 => Contacts,
        /// People that I name one by one.
        2 => Named,
    }
}

impl Tier {
    /// Every tier, the widest audience first.
    pub const ALL: [Self; 3] = [Self::Public, Self::Contacts, Self::Named];
}

/// Declares the kinds of field: number on the wire, name at the command line, tier of a new field.
macro_rules! field_kinds {
    ($($(#[$meta:meta])* $number:literal => $variant:ident, $name:literal, $tier:ident;)*) => {
        /// What a line of a card is about. The numbers are on the wire; one that this version does not know is
        /// kept and shown as "other".
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FieldKind {
            $($(#[$meta])* $variant,)*
            /// A kind that a later version may know.
            Other(u8),
        }

        impl FieldKind {
            /// Every kind that this version knows.
            pub const KNOWN: &'static [Self] = &[$(Self::$variant),*];

            /// The number on the wire.
            pub const fn number(self) -> u8 {
                match self { $(Self::$variant => $number,)* Self::Other(number) => number }
            }

            /// The kind with this number.
            pub const fn from_number(number: u8) -> Self {
                match number { $($number => Self::$variant,)* other => Self::Other(other) }
            }

            /// The name that people type and programs read.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* Self::Other(_) => "other" }
            }

            /// The tier that a new field of this kind gets.
            pub const fn usual_tier(self) -> Tier {
                match self { $(Self::$variant => Tier::$tier,)* Self::Other(_) => Tier::Named }
            }
        }
    };
}

field_kinds! {
    /// Organisation, with its unit if that matters.
    1 => Organisation, "org", Public;
    /// Job title.
    2 => Title, "title", Public;
    /// What the person does, in a word or two.
    3 => Role, "role", Public;
    /// "I help X do Y."
    4 => Headline, "headline", Public;
    /// Work e-mail.
    5 => Email, "email", Contacts;
    /// Work or desk phone.
    6 => Phone, "phone", Contacts;
    /// Mobile phone.
    7 => Mobile, "mobile", Contacts;
    /// Private e-mail.
    8 => PersonalEmail, "personal-email", Named;
    /// City, region, country.
    9 => Place, "place", Public;
    /// Street address.
    10 => Address, "address", Named;
    /// Web site.
    11 => Website, "website", Public;
    /// A page where a meeting can be booked.
    12 => Booking, "booking", Contacts;
    /// LinkedIn profile.
    13 => LinkedIn, "linkedin", Public;
    /// Another profile.
    14 => Profile, "profile", Public;
    /// Chat address: Matrix, XMPP, Signal.
    15 => Chat, "chat", Contacts;
    /// Languages.
    16 => Languages, "languages", Public;
    /// Expertise.
    17 => Expertise, "expertise", Public;
    /// Interests.
    18 => Interests, "interests", Contacts;
    /// What is offered.
    19 => Offer, "offer", Contacts;
    /// What is looked for.
    20 => Ask, "ask", Contacts;
    /// The market that is served.
    21 => Market, "market", Contacts;
    /// Memberships.
    22 => Memberships, "memberships", Contacts;
    /// Accomplishments.
    23 => Accomplishments, "accomplishments", Contacts;
    /// Pronouns.
    24 => Pronouns, "pronouns", Contacts;
    /// Nickname.
    25 => Nickname, "nickname", Contacts;
    /// Time zone.
    26 => TimeZone, "timezone", Contacts;
    /// Birthday.
    27 => Birthday, "birthday", Named;
}

impl FieldKind {
    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::KNOWN.iter().copied().find(|kind| kind.name().eq_ignore_ascii_case(name))
    }
}

/// One line of a card. On the wire `[kind, value]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// What it is about.
    pub kind: FieldKind,
    /// What it says.
    pub value: Line<{ limits::LINE }>,
}

impl Wire for Field {
    fn encode(&self, writer: &mut Writer) {
        writer.array(2);
        writer.uint(u64::from(self.kind.number()));
        self.value.encode(writer);
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        if reader.array()? != 2 {
            return Err(WireError::OutOfRange("a field of a card"));
        }
        let kind = FieldKind::from_number(u8::decode(reader)?);
        Ok(Self { kind, value: Wire::decode(reader)? })
    }
}

crate::wire_map! {
    /// What the readers of one tier see.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct CardView {
        /// Counts the changes of the card; the higher one wins.
        1 => pub seq: u64,
        /// Whose view it is.
        2 => pub tier: Tier,
        /// When it was signed.
        3 => pub signed_at: Timestamp,
        /// The name.
        4 => pub name: Name,
        /// The fields, in the order that their owner chose; at most [`limits::CARD_FIELDS`].
        5 => pub fields: Vec<Field>,
    }
}

impl Statement for CardView {
    const KIND: &'static str = "card";
}

impl CardView {
    /// The first field of a kind.
    pub fn field(&self, kind: FieldKind) -> Option<&str> {
        self.fields.iter().find(|field| field.kind == kind).map(|field| field.value.as_str())
    }

    /// True if the view keeps the bounds that its encoding alone does not.
    pub fn is_bounded(&self) -> bool {
        self.fields.len() <= limits::CARD_FIELDS
    }
}

crate::wire_map! {
    /// A field of my own card with who may see it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct OwnField {
        /// The field.
        1 => pub field: Field,
        /// Who may see it.
        2 => pub tier: Tier,
    }
}

crate::wire_map! {
    /// My card as I edit it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct OwnCard {
        /// Counts my changes.
        1 => pub seq: u64,
        /// My name, seen by everybody.
        2 => pub name: Name,
        /// My fields.
        3 => pub fields: Vec<OwnField>,
    }
}

/// Why a change to my card was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CardError {
    /// The card has [`limits::CARD_FIELDS`] fields.
    #[error("the card is full: at most {} fields fit", limits::CARD_FIELDS)]
    Full,
}

impl OwnCard {
    /// A card with a name only.
    pub const fn new(name: Name) -> Self {
        Self { seq: 1, name, fields: Vec::new() }
    }

    /// Sets the field of a kind, or removes it; keeps its tier unless another is given. True if that changed
    /// the card.
    pub fn set(
        &mut self,
        kind: FieldKind,
        value: Option<Line<{ limits::LINE }>>,
        tier: Option<Tier>,
    ) -> Result<bool, CardError> {
        let before = self.fields.clone();
        let at = self.fields.iter().position(|own| own.field.kind == kind);
        match (at.and_then(|at| self.fields.get_mut(at)), value) {
            (Some(own), Some(value)) => {
                own.field.value = value;
                own.tier = tier.unwrap_or(own.tier);
            }
            (None, Some(value)) => {
                if self.fields.len() >= limits::CARD_FIELDS {
                    return Err(CardError::Full);
                }
                self.fields.push(OwnField { field: Field { kind, value }, tier: tier.unwrap_or(kind.usual_tier()) });
            }
            (_, None) => self.fields.retain(|own| own.field.kind != kind),
        }
        Ok(self.changed(self.fields != before))
    }

    /// Changes the name. True if that changed the card.
    pub fn rename(&mut self, name: Name) -> bool {
        let differs = name != self.name;
        self.name = name;
        self.changed(differs)
    }

    /// What the readers of a tier see.
    pub fn view(&self, tier: Tier, now: Timestamp) -> CardView {
        let visible = self.fields.iter().filter(|own| own.tier <= tier);
        CardView {
            seq: self.seq,
            tier,
            signed_at: now,
            name: self.name.clone(),
            fields: visible.map(|own| own.field.clone()).collect(),
        }
    }

    fn changed(&mut self, differs: bool) -> bool {
        self.seq += u64::from(differs);
        differs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::sign::{SecretSeed, SigningKey};
    use crate::id::IdentityId;
    use crate::record::{Signer, Verified};
    use crate::wire;

    fn line(text: &str) -> Option<Line<{ limits::LINE }>> {
        Some(Line::new(text).unwrap())
    }

    fn ana() -> OwnCard {
        let mut card = OwnCard::new(Name::new("Ana Sousa").unwrap());
        card.set(FieldKind::Organisation, line("Sousa Valves Lda"), None).unwrap();
        card.set(FieldKind::Title, line("Managing director"), None).unwrap();
        card.set(FieldKind::Email, line("ana@sousa-valves.example"), None).unwrap();
        card.set(FieldKind::Mobile, line("+351 912 345 678"), None).unwrap();
        card.set(FieldKind::Website, line("https://sousa-valves.example"), None).unwrap();
        card.set(FieldKind::PersonalEmail, line("ana@home.example"), None).unwrap();
        card
    }

    #[test]
    fn each_tier_sees_its_own_fields_and_those_before() {
        let now = Timestamp::from_secs(1_800_000_000);
        let sees = |tier, kind| ana().view(tier, now).field(kind).is_some();
        assert!(sees(Tier::Public, FieldKind::Title) && !sees(Tier::Public, FieldKind::Email));
        assert!(sees(Tier::Contacts, FieldKind::Email) && !sees(Tier::Contacts, FieldKind::PersonalEmail));
        assert!(sees(Tier::Named, FieldKind::PersonalEmail) && sees(Tier::Named, FieldKind::Title));
    }

    #[test]
    fn a_plain_card_is_at_most_400_bytes() {
        let key = SigningKey::from_seed(&SecretSeed([1; 32]));
        let signer = Signer { id: IdentityId([1; 32]), key: 0 };
        let view = ana().view(Tier::Contacts, Timestamp::from_secs(1_800_000_000));
        let bytes = Verified::sign(view, signer, &key).bytes().len();
        println!("plain card (name, org, title, e-mail, mobile, web): {bytes} bytes");
        assert!(bytes <= 400, "{bytes} bytes");
    }

    #[test]
    fn only_a_real_change_counts_up() {
        let mut card = ana();
        let seq = card.seq;
        assert_eq!(card.set(FieldKind::Title, line("Managing director"), None), Ok(false));
        assert_eq!(card.seq, seq);
        assert_eq!(card.set(FieldKind::Title, line("Owner"), None), Ok(true));
        assert_eq!(card.set(FieldKind::Title, None, None), Ok(true));
        assert_eq!(card.seq, seq + 2);
        assert!(card.view(Tier::Named, Timestamp::default()).field(FieldKind::Title).is_none());
    }

    #[test]
    fn a_field_of_a_later_version_is_kept() {
        let field = Field { kind: FieldKind::Other(200), value: Line::new("from the future").unwrap() };
        assert_eq!(wire::decode::<Field>(&wire::encode(&field)), Ok(field));
    }
}
