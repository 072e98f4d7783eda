//! A person among my people, as I keep them.

use super::entity::Entity;
use super::introduction::IntroKey;
use crate::address::Hint;
use crate::card::Tier;
use crate::crypto::seal::EncryptionKey;
use crate::id::{IdentityId, LetterId, Locator, PeerId, PersonId};
use crate::identity::Seen;
use crate::limits;
use crate::mailbox::{Door, Pass};
use crate::nearby::PresenceSeed;
use crate::store::Table;
use crate::text::{Label, Line, Name, Note};
use crate::time::Timestamp;

crate::wire_choice! {
    /// What a person and I are to each other.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Standing {
        /// I wrote them down: a foreign code, a typed name. They know nothing of it.
        0 => Unconfirmed,
        /// I scanned their code; their answer has not come.
        1 => Pending,
        /// They scanned my code; I have not answered.
        2 => Asking,
        /// We hold each other.
        3 => Contact,
        /// We held each other, and one of us withdrew.
        4 => Ended,
    }
}

crate::wire_choice! {
    /// How we came across each other.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Way {
        /// I scanned a live code of theirs.
        0 => IScanned,
        /// They scanned a live code of mine.
        1 => TheyScanned,
        /// I scanned a printed code of theirs.
        2 => IScannedPrinted,
        /// They scanned a printed code of mine.
        3 => TheyScannedPrinted,
        /// I read a code that was no Kith code.
        4 => ForeignCode,
        /// I wrote them down.
        5 => Written,
        /// A contact introduced us.
        6 => Introduced,
        /// A contact had met them and handed them over to me.
        7 => HandedOver,
        /// They left their card on my public page.
        8 => LeftCard,
    }
}

impl Way {
    /// True if it makes nobody a contact: their node has said nothing.
    const fn is_my_word(self) -> bool {
        matches!(self, Self::ForeignCode | Self::Written | Self::HandedOver | Self::LeftCard)
    }
}

crate::wire_map! {
    /// One time that we came across each other. The first one is how I know the person.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Encounter {
        /// When, by my clock.
        1 => pub at: Timestamp,
        /// How.
        2 => pub way: Way,
        /// At which event, or under which label.
        3 => pub event: Option<Line<{ limits::NAME }>>,
        /// The letter came after the code had been stale, so nobody can say when it was scanned.
        4 => pub late: bool,
        /// Who introduced us or handed them over, by the name they went by.
        5 => pub by: Option<Name>,
    }
}

impl Encounter {
    /// Where and how, in words, never as a mark of trust.
    pub fn in_words(&self) -> String {
        let event = self.event.as_ref().map(Line::as_str);
        let place = event.map(|event| format!(" at {event}")).unwrap_or_default();
        let label = event.map(|label| format!(" ({label})")).unwrap_or_default();
        let late = if self.late { ", delivered later" } else { "" };
        match self.way {
            Way::IScanned | Way::TheyScanned => format!("scanned live{place}{late}"),
            Way::IScannedPrinted => format!("via their printed code{label}"),
            Way::TheyScannedPrinted => format!("via my printed code{label}"),
            Way::ForeignCode => format!("from a code of another kind{place}, unconfirmed"),
            Way::Written => format!("written down{place}, unconfirmed"),
            Way::Introduced => match &self.by {
                Some(by) => format!("introduced by {by}"),
                None => "introduced".to_owned(),
            },
            Way::LeftCard => "left their card on my page, unconfirmed".to_owned(),
            Way::HandedOver => {
                let by = self.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
                let met = event.map(|event| format!(", met at {event}")).unwrap_or_default();
                format!("handed over{by}{met}, unconfirmed")
            }
        }
    }
}

crate::wire_choice! {
    /// Why a scan leads nowhere.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum ScanProblem {
        /// Somebody else used the code before my letter came.
        0 => Used,
        /// The code was withdrawn.
        1 => Revoked,
        /// The code had expired.
        2 => Expired,
        /// Their node did not accept my letter.
        3 => NotAccepted,
        /// Nobody answered until the date on which we gave up.
        4 => Unanswered,
    }
}

crate::wire_map! {
    /// A code of theirs that I scanned and that is not answered.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Scan {
        /// The key of the code.
        1 => pub key: EncryptionKey,
        /// How a hello names the secret of the code.
        2 => pub locator: Locator,
        /// Where the code says their node is.
        3 => pub hints: Vec<Hint>,
        /// When I scanned it.
        4 => pub at: Timestamp,
        /// My first letter, while it waits.
        5 => pub claim: Option<LetterId>,
        /// When we give up.
        6 => pub gives_up: Timestamp,
        /// Why it leads nowhere, if it does.
        7 => pub problem: Option<ScanProblem>,
        /// It was a printed code: they answer when they have looked at it.
        8 => pub printed: bool,
        /// Who must answer, where a contact introduced us and said so.
        9 => pub who: Option<IdentityId>,
        /// The introduction that the code came with.
        10 => pub introduction: Option<IntroKey>,
        /// Their node, where the introduction named it.
        11 => pub node: Option<PeerId>,
        /// Where a mailbox said that their node is now. It may be wrong, so calls there and to the addresses of the code
        /// take turns.
        12 => pub door: Option<Door>,
    }
}

impl Scan {
    /// I looked at their screen: the history behind it is theirs.
    pub(super) const fn is_in_person(&self) -> bool {
        !self.printed && self.introduction.is_none()
    }
}

crate::wire_map! {
    /// Somebody I know, or am about to.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Person {
        /// Their id in this home.
        1 => pub id: PersonId,
        /// Who they are, once their node has said so.
        2 => pub identity: Option<IdentityId>,
        /// What we are to each other.
        3 => pub standing: Standing,
        /// What they call themselves: from their card, else from their code.
        4 => pub name: Name,
        /// What I call them.
        5 => pub petname: Option<Name>,
        /// What of my card they see.
        6 => pub tier: Tier,
        /// My tags.
        7 => pub tags: Vec<Label>,
        /// Since when they are here.
        8 => pub created: Timestamp,
        /// When we last had to do with each other.
        9 => pub touched: Timestamp,
        /// How often I want to be in touch, in days.
        10 => pub cadence: Option<u32>,
        /// Nothing of theirs reaches me, and they are not told.
        11 => pub blocked: bool,
        /// What they have seen of my key history.
        12 => pub they_have: Option<Seen>,
        /// Encounters, the first one first; at most [`limits::ENCOUNTERS`].
        13 => pub encounters: Vec<Encounter>,
        /// A code of theirs that I scanned and that is not answered.
        14 => pub scan: Option<Scan>,
        /// The text of a foreign code as it was read.
        15 => pub foreign: Option<Note>,
        /// Presence letters sent in a burst, and when the last one was sent.
        16 => pub announced: Option<Announced>,
        /// When they wrote their newest claim or welcome, by their clock: a farewell from before is void.
        17 => pub renewed: Option<Timestamp>,
    }
}

crate::wire_map! {
    /// How much presence a person was sent lately.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Announced {
        /// Letters in the current burst.
        1 => pub burst: u32,
        /// When the last one was written.
        2 => pub at: Timestamp,
        /// The count of what it said; not known in an old home.
        3 => pub counter: Option<u64>,
    }
}

impl Entity for Person {
    const TABLE: Table = Table::People;

    fn key(&self) -> Vec<u8> {
        self.id.0.to_vec()
    }
}

impl Person {
    /// What to call them: my name for them, else their own.
    pub fn display_name(&self) -> &str {
        self.petname.as_ref().unwrap_or(&self.name).as_str()
    }

    /// How I know them, in words. Whom others introduced is known by all of their names, and by a live scan from the
    /// day we met on: an introducer may lie, two who agree hardly do, and a scan is seen with one's own eyes.
    pub fn provenance(&self) -> String {
        // How we met was on the machine that is lost: a contact without it was taken back from a capsule, whatever I wrote since.
        if self.is_contact() && self.encounters.iter().all(|one| one.way.is_my_word()) {
            return "known from before my machine was lost".to_owned();
        }
        let Some(first) = self.encounters.first() else { return String::new() };
        if first.way != Way::Introduced {
            return first.in_words();
        }
        // Whoever handed them over introduced nobody.
        let introduced = self.encounters.iter().filter(|one| one.way == Way::Introduced);
        let mut introducers: Vec<&str> = Vec::new();
        for by in introduced.filter_map(|encounter| encounter.by.as_ref().map(Line::as_str)) {
            if !introducers.contains(&by) {
                introducers.push(by);
            }
        }
        let met = self.encounters.iter().find(|one| matches!(one.way, Way::IScanned | Way::TheyScanned));
        let later = met.map(|met| format!(", later {}", met.in_words())).unwrap_or_default();
        format!("introduced by {}{later}", introducers.join(" and by "))
    }

    /// How I know them, for somebody else to read: no event, and nobody's name.
    pub fn known_to_others(&self) -> Option<Line<{ limits::LINE }>> {
        let live = |one: &Encounter| matches!(one.way, Way::IScanned | Way::TheyScanned);
        let printed = |one: &Encounter| matches!(one.way, Way::IScannedPrinted | Way::TheyScannedPrinted);
        let has = |way: fn(&Encounter) -> bool| self.encounters.iter().any(way);
        let words = match (has(live), has(printed)) {
            (true, _) => "they have met: a code was scanned live",
            (false, true) => "by a printed code",
            (false, false) => "through an introduction",
        };
        Line::new(words).ok()
    }

    /// True if letters may pass between us.
    pub fn is_contact(&self) -> bool {
        self.standing == Standing::Contact
    }

    /// True if I scanned their code, my claim was handled, and their answer may still come.
    pub fn is_expected(&self) -> bool {
        self.scan.as_ref().is_some_and(|scan| scan.claim.is_none() && scan.problem.is_none())
    }

    /// Adds an encounter; beyond the bound the second oldest goes, since the first says how I know them.
    pub fn met(&mut self, encounter: Encounter) {
        self.touched = self.touched.max(encounter.at);
        self.encounters.push(encounter);
        if self.encounters.len() > limits::ENCOUNTERS {
            self.encounters.remove(1);
        }
    }

    /// Adds an encounter that turns out later to have been with this person: where its date belongs, behind the first one,
    /// which says how I know them.
    pub(super) fn had_met(&mut self, encounter: Encounter) {
        self.touched = self.touched.max(encounter.at);
        let before = self.encounters.iter().skip(1).take_while(|one| one.at <= encounter.at).count();
        self.encounters.insert((before + 1).min(self.encounters.len()), encounter);
        if self.encounters.len() > limits::ENCOUNTERS {
            self.encounters.remove(1);
        }
    }
}

crate::wire_map! {
    /// How many people there are. Kept beside them, so that a stand with thousands counts them once and not at each scan.
    pub(super) struct PeopleCount {
        1 => pub count: u32,
    }
}

impl Entity for PeopleCount {
    const TABLE: Table = Table::Meta;

    fn key(&self) -> Vec<u8> {
        Self::KEY.to_vec()
    }
}

impl PeopleCount {
    pub(super) const KEY: &'static [u8] = b"people";
}

crate::wire_map! {
    /// Which person an identity is.
    pub(super) struct PersonOf {
        1 => pub identity: IdentityId,
        2 => pub person: PersonId,
    }
}

impl Entity for PersonOf {
    const TABLE: Table = Table::Identities;

    fn key(&self) -> Vec<u8> {
        self.identity.0.to_vec()
    }
}

crate::wire_map! {
    /// How to reach a contact.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Reach {
        /// Who.
        1 => pub person: PersonId,
        /// Their node grant, as they signed it.
        2 => pub grant: crate::record::RecordBytes,
        /// Where their node was last.
        3 => pub hints: Vec<Hint>,
        /// Count of the newest presence letter of the grant's generation.
        4 => pub counter: u64,
        /// Where letters for them may be left.
        5 => pub mailboxes: Vec<Pass>,
        /// Machines that they spoke for before, and do no more; at most [`limits::FORMER_MACHINES`].
        6 => pub former: Vec<PeerId>,
        /// What their names on a local network follow from; none from a node of an earlier version.
        7 => pub presence: Option<PresenceSeed>,
    }
}

impl Entity for Reach {
    const TABLE: Table = Table::Reach;

    fn key(&self) -> Vec<u8> {
        self.person.0.to_vec()
    }
}

crate::wire_map! {
    /// The card view that somebody gave me.
    pub(super) struct HeldCard {
        1 => pub person: PersonId,
        2 => pub record: crate::record::RecordBytes,
    }
}

impl Entity for HeldCard {
    const TABLE: Table = Table::Cards;

    fn key(&self) -> Vec<u8> {
        self.person.0.to_vec()
    }
}

crate::wire_map! {
    /// Something that I noted about a person.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct PersonNote {
        /// Whom it is about.
        1 => pub person: PersonId,
        /// When I wrote it.
        2 => pub at: Timestamp,
        /// Counts the notes of one second.
        3 => pub number: u32,
        /// What I wrote.
        4 => pub text: Note,
    }
}

impl Entity for PersonNote {
    const TABLE: Table = Table::Notes;

    fn key(&self) -> Vec<u8> {
        [&self.person.0[..], &self.at.secs().to_be_bytes(), &self.number.to_be_bytes()].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(at: u64, way: Way, by: Option<&str>) -> Encounter {
        let by = by.map(|by| Name::new(by).unwrap());
        Encounter { at: Timestamp::from_secs(at), way, event: None, late: false, by }
    }

    fn chi(encounters: Vec<Encounter>) -> Person {
        Person {
            id: PersonId([1; 10]),
            identity: None,
            standing: Standing::Contact,
            name: Name::new("Chi").unwrap(),
            petname: None,
            tier: Tier::Public,
            tags: Vec::new(),
            created: Timestamp::from_secs(0),
            touched: Timestamp::from_secs(0),
            cadence: None,
            blocked: false,
            they_have: None,
            encounters,
            scan: None,
            foreign: None,
            announced: None,
            renewed: None,
        }
    }

    #[test]
    fn what_turns_out_later_stands_by_its_date_behind_the_first() {
        let mut chi = chi(vec![met(5, Way::TheyScanned, None), met(9, Way::IScanned, None)]);
        for at in [7, 1] {
            chi.had_met(met(at, Way::Written, None));
        }
        let times: Vec<u64> = chi.encounters.iter().map(|one| one.at.secs()).collect();
        assert_eq!(times, [5, 1, 7, 9]);
        for at in 10..500 {
            chi.had_met(met(at, Way::Written, None));
        }
        assert_eq!(chi.encounters.len(), limits::ENCOUNTERS);
        assert_eq!(chi.provenance(), "scanned live");
        assert_eq!(chi.touched, Timestamp::from_secs(499));
    }

    #[test]
    fn whoever_handed_somebody_over_introduced_nobody() {
        let mut chi = chi(vec![met(5, Way::Introduced, Some("Bo"))]);
        chi.had_met(met(1, Way::HandedOver, Some("Mallory")));
        assert_eq!(chi.provenance(), "introduced by Bo");
        assert_eq!(chi.known_to_others().unwrap().as_str(), "through an introduction");
        chi.met(met(9, Way::Introduced, Some("Dee")));
        assert_eq!(chi.provenance(), "introduced by Bo and by Dee");
    }
}
