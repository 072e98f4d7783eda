//! What waits on me.

use super::deadline::Ends;
use super::entity::{self, Entity};
use super::error::{Error, Result};
use super::introduction::{IntroKey, Part};
use super::invites::OwnInvite;
use super::notice::Notice;
use super::person::{Person, Standing};
use super::turn::Turn;
use crate::card::Tier;
use crate::crypto::{cut, sha256};
use crate::id::{InviteId, ItemId, LetterId, PersonId, VouchSlot};
use crate::limits;
use crate::store::{Read, Table};
use crate::text::Text;
use crate::time::Timestamp;
use crate::vouch::VouchReach;
use crate::wire;

crate::wire_choice! {
    /// What is asked of me.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum ItemKind {
        /// Somebody scanned my live code: was it the person in front of me?
        0 => ConfirmScan,
        /// Somebody scanned a printed code of mine: do I share back?
        1 => ShareBack,
        /// Somebody's scan of a live code came when it was stale: was it somebody I met?
        2 => LateClaim,
        /// Two key histories of one person contradict each other.
        3 => Fork,
        /// A contact asks me to introduce them.
        4 => Introduce,
        /// A contact says that somebody asks for me.
        5 => Meet,
        /// A contact thinks that I should meet somebody.
        6 => Suggested,
        /// An introducer wants my ask said differently.
        7 => AskReturned,
        /// A contact vouches for me: may it be shown?
        8 => Vouched,
        /// A contact wrote to me.
        9 => Wrote,
        /// A contact hands somebody over to me.
        10 => HandedOver,
        /// A visitor left their card on my page. The person is who they become if I keep it.
        11 => LeftCard,
        /// The key that somebody was known by was given up: nothing new of it is believed.
        12 => KeyGivenUp,
    }
}

crate::wire_map! {
    /// One thing that waits.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Item {
        /// Its id in this home.
        1 => pub id: ItemId,
        /// What is asked.
        2 => pub kind: ItemKind,
        /// Concerning whom.
        3 => pub person: PersonId,
        /// Since when it waits.
        4 => pub at: Timestamp,
        /// When it goes away by itself.
        5 => pub until: Timestamp,
        /// The code it is about.
        6 => pub invite: Option<InviteId>,
        /// Names the meeting that I sign when I say yes.
        7 => pub meeting: Option<[u8; 16]>,
        /// The introduction it is about.
        8 => pub introduction: Option<IntroKey>,
        /// The vouch it is about.
        9 => pub vouch: Option<VouchSlot>,
        /// The letter it came with, where each is a question of its own.
        10 => pub letter: Option<LetterId>,
    }
}

/// What a question is about.
pub(super) struct About {
    pub until: Timestamp,
    pub invite: Option<InviteId>,
    pub meeting: Option<[u8; 16]>,
    pub introduction: Option<IntroKey>,
    pub vouch: Option<VouchSlot>,
    pub letter: Option<LetterId>,
}

impl About {
    /// The person alone.
    pub(super) const fn until(until: Timestamp) -> Self {
        Self { until, invite: None, meeting: None, introduction: None, vouch: None, letter: None }
    }

    /// A scan.
    pub(super) const fn scan(until: Timestamp, invite: InviteId, meeting: Option<[u8; 16]>) -> Self {
        Self { invite: Some(invite), meeting, ..Self::until(until) }
    }

    /// An introduction.
    pub(super) const fn introduction(until: Timestamp, introduction: IntroKey) -> Self {
        Self { introduction: Some(introduction), ..Self::until(until) }
    }

    /// A vouch.
    pub(super) const fn vouch(until: Timestamp, slot: VouchSlot) -> Self {
        Self { vouch: Some(slot), ..Self::until(until) }
    }

    /// What a letter brought.
    pub(super) const fn letter(until: Timestamp, letter: LetterId) -> Self {
        Self { letter: Some(letter), ..Self::until(until) }
    }
}

impl Entity for Item {
    const TABLE: Table = Table::Inbox;

    fn key(&self) -> Vec<u8> {
        self.id.0.to_vec()
    }
}

/// One question has one id, so that it is found, and not asked twice, however much else waits.
fn question(kind: ItemKind, person: PersonId, about: &About) -> ItemId {
    let introduction = about.introduction.map(IntroKey::bytes).unwrap_or_default();
    let vouch = about.vouch.map(|slot| slot.0.to_vec()).unwrap_or_default();
    let letter = about.letter.map(|letter| letter.0.to_vec()).unwrap_or_default();
    // The parts that vary in length are there or not by the kind, so none runs into the next.
    ItemId(cut(&sha256(&[&wire::encode(&kind), &person.0, &introduction, &vouch, &letter])))
}

/// Everything that waits, the oldest first.
pub fn items(read: &dyn Read) -> Result<Vec<Item>> {
    let mut items: Vec<Item> = entity::list(read, b"", limits::INBOX)?;
    items.sort_by_key(|item| (item.at, item.id));
    Ok(items)
}

/// Since when a question about a person alone waits, if it does.
pub(super) fn waits_since(read: &dyn Read, kind: ItemKind, person: PersonId) -> Result<Option<Timestamp>> {
    let id = question(kind, person, &About::until(Timestamp::default()));
    Ok(entity::load::<Item>(read, &id.0)?.map(|item| item.at))
}

impl Turn<'_> {
    /// Puts a question before me. If the same one waits already, it is about the newest scan from now on.
    pub(super) fn ask_me(&mut self, kind: ItemKind, person: PersonId, about: About) -> Result<()> {
        let id = question(kind, person, &about);
        let About { until, invite, meeting, introduction, vouch, letter } = about;
        let same = self.txn.load::<Item>(&id.0)?;
        let at = same.as_ref().map_or(self.now, |same| same.at);
        match same {
            Some(same) => self.clear_deadline(same.until, Ends::Item(id)),
            None if entity::count(&self.txn, Table::Inbox, b"", limits::INBOX)? >= limits::INBOX => {
                return Err(Error::Full("things waiting in the inbox"));
            }
            None => self.notice(Notice::Waiting { item: id, person }),
        }
        self.set_deadline(until, Ends::Item(id));
        self.txn.save(&Item { id, kind, person, at, until, invite, meeting, introduction, vouch, letter });
        Ok(())
    }

    /// Puts before me what stands in a list of its own too: with a full inbox it is found there.
    pub(super) fn ask_me_if_room(&mut self, kind: ItemKind, person: PersonId, about: About) -> Result<()> {
        match self.ask_me(kind, person, about) {
            Err(Error::Full(_)) => Ok(()),
            asked => asked,
        }
    }

    /// Who asked for my card and then became a contact in another way has their answer.
    pub(super) fn settle_requests(&mut self, person: &Person) -> Result<()> {
        for kind in [ItemKind::ShareBack, ItemKind::LateClaim] {
            let id = question(kind, person.id, &About::until(self.now));
            if self.txn.load::<Item>(&id.0)?.is_some()
                && let (item, _, Some(invite)) = self.take_item(id)?
            {
                self.welcome(person, &invite, item.kind == ItemKind::LateClaim)?;
            }
        }
        Ok(())
    }

    /// I say yes. A tier says what of my card they get, where that is still to be chosen.
    pub fn accept(&mut self, item: ItemId, tier: Option<Tier>) -> Result<Item> {
        if let Some(left) = self.take_left_item(item)? {
            self.keep_left(&left)?;
            return Ok(left);
        }
        let (item, mut person, invite) = self.take_item(item)?;
        if let Some(key) = item.introduction {
            self.accept_introduction(&item, key, tier)?;
            return Ok(item);
        }
        if let Some(slot) = item.vouch {
            self.accept_vouch(person.id, slot, VouchReach::Contacts)?;
            return Ok(item);
        }
        if let Some(tier) = tier {
            person.tier = tier;
        }
        match item.kind {
            ItemKind::ConfirmScan => {
                self.confirm_meeting(&person, &item, invite.as_ref())?;
                self.write_to_them(person.id, self.now)?;
            }
            ItemKind::ShareBack | ItemKind::LateClaim => {
                person.standing = Standing::Contact;
                self.txn.save(&person);
                self.notice(Notice::ContactMade { person: person.id });
                if let Some(invite) = &invite {
                    self.welcome(&person, invite, item.kind == ItemKind::LateClaim)?;
                }
                if item.kind == ItemKind::LateClaim {
                    self.confirm_meeting(&person, &item, invite.as_ref())?;
                }
                if let Some(identity) = person.identity {
                    self.watch(identity)?;
                }
                self.say_vouches_again(&person)?;
                self.write_to_them(person.id, self.now)?;
            }
            ItemKind::Fork => self.settle_fork(&person)?,
            ItemKind::HandedOver => {
                let taken = self.take_over(&item, &person)?;
                return Ok(Item { person: taken.unwrap_or(item.person), ..item });
            }
            // Read.
            ItemKind::Wrote | ItemKind::KeyGivenUp => {}
            // Taken above: they name an introduction, a vouch, or nobody I know yet.
            ItemKind::Introduce
            | ItemKind::Meet
            | ItemKind::Suggested
            | ItemKind::AskReturned
            | ItemKind::Vouched
            | ItemKind::LeftCard => {}
        }
        Ok(item)
    }

    fn accept_introduction(&mut self, item: &Item, key: IntroKey, tier: Option<Tier>) -> Result<()> {
        match (item.kind, key.part) {
            (ItemKind::Introduce, _) => Err(Error::NotNow("say to whom and in which words: pass it on")),
            (ItemKind::AskReturned, _) => Err(Error::NotNow("say it differently: edit your ask")),
            (_, Part::Asker) => self.take_suggestion(key, tier, Text::default()),
            (_, Part::Introducer | Part::Target) => self.consent(key, tier),
        }
    }

    fn confirm_meeting(&mut self, person: &Person, item: &Item, invite: Option<&OwnInvite>) -> Result<()> {
        match (invite, item.meeting) {
            (Some(invite), Some(nonce)) => self.sign_meeting(person, invite.event.clone(), invite.created.day(), nonce),
            _ => Ok(()),
        }
    }

    /// I say no: "not this person", or simply nothing. Who asked learns of it only where we were contacts.
    pub fn ignore(&mut self, item: ItemId) -> Result<Item> {
        if let Some(left) = self.take_left_item(item)? {
            self.let_left_go(&left);
            return Ok(left);
        }
        let (item, person, _) = self.take_item(item)?;
        match item.kind {
            ItemKind::ConfirmScan => self.withdraw_from(person)?,
            ItemKind::ShareBack | ItemKind::LateClaim => self.forget_person(person.id)?,
            ItemKind::Introduce | ItemKind::Meet | ItemKind::Suggested => {
                if let Some(key) = item.introduction {
                    self.decline_introduction(key)?;
                }
            }
            ItemKind::AskReturned => {
                if let Some(key) = item.introduction {
                    self.withdraw_introduction(key)?;
                }
            }
            ItemKind::HandedOver => drop(self.take_handed(&item)?),
            // A card that was left is taken above.
            ItemKind::Fork | ItemKind::Vouched | ItemKind::Wrote | ItemKind::LeftCard | ItemKind::KeyGivenUp => {}
        }
        Ok(item)
    }

    fn take_item(&mut self, item: ItemId) -> Result<(Item, Person, Option<OwnInvite>)> {
        let not_found = || Error::NotFound { what: "inbox item", name: item.short() };
        let item = self.txn.load::<Item>(&item.0)?.ok_or_else(not_found)?;
        let person = self.txn.load::<Person>(&item.person.0)?.ok_or_else(not_found)?;
        let invite = match item.invite {
            Some(invite) => self.txn.load::<OwnInvite>(&invite.0)?,
            None => None,
        };
        self.take_away(&item);
        Ok((item, person, invite))
    }

    /// A card that was left is about nobody among my people yet.
    fn take_left_item(&mut self, item: ItemId) -> Result<Option<Item>> {
        let left = self.txn.load::<Item>(&item.0)?.filter(|item| item.kind == ItemKind::LeftCard);
        if let Some(item) = &left {
            self.take_away(item);
        }
        Ok(left)
    }

    fn take_away(&mut self, item: &Item) {
        self.txn.forget(item);
        self.clear_deadline(item.until, Ends::Item(item.id));
    }

    /// Nobody decided in time: who waited for an answer is forgotten, a meeting simply has no record.
    pub(super) fn let_item_go(&mut self, item: ItemId) -> Result<()> {
        let Some(item) = self.txn.load::<Item>(&item.0)? else { return Ok(()) };
        self.txn.forget(&item);
        match item.kind {
            ItemKind::ShareBack | ItemKind::LateClaim => self.forget_person(item.person),
            ItemKind::HandedOver => self.take_handed(&item).map(drop),
            ItemKind::LeftCard => {
                self.let_left_go(&item);
                Ok(())
            }
            // Introductions have dates of their own, and a vouch that nobody accepted is simply not shown.
            ItemKind::ConfirmScan
            | ItemKind::Fork
            | ItemKind::Introduce
            | ItemKind::Meet
            | ItemKind::Suggested
            | ItemKind::AskReturned
            | ItemKind::Vouched
            | ItemKind::Wrote
            | ItemKind::KeyGivenUp => Ok(()),
        }
    }

    /// Takes away a question about an introduction that was answered or is over.
    pub(super) fn drop_item(&mut self, kind: ItemKind, about: IntroKey) -> Result<()> {
        self.drop_question(kind, about.person, Some(about))
    }

    /// Takes away a question that answered itself.
    pub(super) fn drop_question(&mut self, kind: ItemKind, person: PersonId, about: Option<IntroKey>) -> Result<()> {
        let about = About { introduction: about, ..About::until(self.now) };
        if let Some(item) = self.txn.load::<Item>(&question(kind, person, &about).0)? {
            self.take_away(&item);
        }
        Ok(())
    }

    /// Takes away the question about a vouch that was answered, or is said no more.
    pub(super) fn drop_vouch_item(&mut self, person: PersonId, slot: VouchSlot) -> Result<()> {
        if let Some(item) = self.vouch_item(person, slot)? {
            self.take_away(&item);
        }
        Ok(())
    }

    /// The question about a vouch, while it waits.
    pub(super) fn vouch_item(&self, person: PersonId, slot: VouchSlot) -> Result<Option<Item>> {
        Ok(self.txn.load(&question(ItemKind::Vouched, person, &About::vouch(self.now, slot)).0)?)
    }

    /// Takes away what waits on me about a person.
    pub(super) fn drop_items_about(&mut self, person: PersonId) -> Result<()> {
        for item in items(&self.txn)?.into_iter().filter(|item| item.person == person) {
            self.take_handed(&item)?;
            self.take_away(&item);
        }
        Ok(())
    }
}
