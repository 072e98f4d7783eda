//! Mailboxes of mine at contacts' nodes: which there are, what leads to them, and who may leave letters there.
//!
//! They are chosen among contacts whose nodes anybody can reach, unless I chose them myself. Each step ends by comparing
//! what it changed with what the nodes were told. Which codes lead there is in `slots`, who may leave letters in `passes`.

mod passes;
mod slots;

pub(super) use passes::are_bounded;
pub(super) use slots::{ToldSlots, code_hints, consent_hints};

use super::deadline::Ends;
use super::effect::Effect;
use super::entity::{self, Entity};
use super::error::{Error, Result};
use super::own::Own;
use super::relays::{Node, node_of};
use super::turn::Turn;
use crate::address::Hint;
use crate::id::{Locator, PeerId, PersonId};
use crate::limits;
use crate::mailbox::{Keep, MailboxKey};
use crate::presence::HostAt;
use crate::store::{Read, Table};
use crate::time::Timestamp;

crate::wire_choice! {
    /// How far a mailbox is.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum MailboxState {
        /// Their node was asked and has not answered.
        0 => Asked,
        /// Their node holds letters for me.
        1 => Open,
        /// Their node holds none for me.
        2 => Refused,
    }
}

crate::wire_map! {
    /// A mailbox of mine.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct OwnMailbox {
        /// The contact whose node holds it.
        1 => pub keeper: PersonId,
        /// Their node.
        2 => pub host: PeerId,
        /// Where it can be reached.
        3 => pub addresses: Vec<Hint>,
        /// How far it is.
        4 => pub state: MailboxState,
        /// Since when.
        5 => pub since: Timestamp,
        /// Since when the node was not reached, if that is so.
        6 => pub lost: Option<Timestamp>,
        /// Labels of people who may leave nothing any more, the newest last.
        7 => pub void: Vec<Locator>,
    }
}

impl Entity for OwnMailbox {
    const TABLE: Table = Table::Mailboxes;

    fn key(&self) -> Vec<u8> {
        self.keeper.0.to_vec()
    }
}

crate::wire_map! {
    /// The key of a mailbox of mine.
    struct StoredMailboxKey {
        1 => keeper: PersonId,
        2 => key: MailboxKey,
    }
}

impl Entity for StoredMailboxKey {
    const TABLE: Table = Table::Secrets;

    fn key(&self) -> Vec<u8> {
        key_name(self.keeper)
    }
}

fn key_name(keeper: PersonId) -> Vec<u8> {
    [&b"mailbox"[..], &keeper.0].concat()
}

crate::wire_map! {
    /// What I said about where my mailboxes are to be.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct MailboxWishes {
        /// Contacts whose nodes are to hold one, before all others.
        1 => pub wanted: Vec<PersonId>,
        /// Contacts whose nodes are to hold none.
        2 => pub unwanted: Vec<PersonId>,
    }
}

impl Entity for MailboxWishes {
    const TABLE: Table = Table::Meta;

    fn key(&self) -> Vec<u8> {
        WISHES.to_vec()
    }
}

const WISHES: &[u8] = b"mailboxes";

/// Mailboxes kept in all, with those that were lost or refused.
const MOST_KEPT: usize = 16;

/// Wishes kept of each kind. More than there are mailboxes, since contacts come and go.
const MOST_WISHES: usize = 16;

/// All mailboxes of mine, refused ones too.
pub fn own_mailboxes(read: &dyn Read) -> Result<Vec<OwnMailbox>> {
    Ok(entity::list(read, b"", limits::PEOPLE)?)
}

/// The nodes that hold letters for me, by where they can be reached.
pub(super) fn own_hosts(read: &dyn Read) -> Result<Vec<HostAt>> {
    let open = own_mailboxes(read)?.into_iter().filter(|mailbox| mailbox.state == MailboxState::Open);
    let at = |mailbox: OwnMailbox| HostAt {
        host: mailbox.host,
        hints: mailbox.addresses.into_iter().take(limits::MAILBOX_ADDRESSES).collect(),
    };
    Ok(open.map(at).take(limits::MAILBOXES).collect())
}

/// What I said about where they are to be.
pub fn wishes(read: &dyn Read) -> Result<MailboxWishes> {
    Ok(entity::load(read, WISHES)?.unwrap_or_default())
}

impl Turn<'_> {
    fn mailbox_key(&self, keeper: PersonId) -> Result<Option<MailboxKey>> {
        let stored = self.txn.load::<StoredMailboxKey>(&key_name(keeper))?;
        Ok(stored.map(|stored| stored.key))
    }

    fn mailbox_at(&self, host: PeerId) -> Result<Option<OwnMailbox>> {
        Ok(own_mailboxes(&self.txn)?.into_iter().find(|mailbox| mailbox.host == host))
    }

    /// A mailbox of mine is open at this node.
    pub fn mailbox_opened(&mut self, host: PeerId) -> Result<()> {
        let Some(mut mailbox) = self.mailbox_at(host)? else { return Ok(()) };
        let is_news = mailbox.state != MailboxState::Open;
        if is_news {
            (mailbox.state, mailbox.since) = (MailboxState::Open, self.now);
        }
        if is_news || mailbox.lost.is_some() {
            mailbox.lost = None;
            self.txn.save(&mailbox);
        }
        if is_news { self.tell_of_mailboxes() } else { Ok(()) }
    }

    /// This node holds no mailbox for me.
    pub fn mailbox_refused(&mut self, host: PeerId) -> Result<()> {
        let Some(mut mailbox) = self.mailbox_at(host)? else { return Ok(()) };
        let was_open = mailbox.state == MailboxState::Open;
        (mailbox.state, mailbox.since, mailbox.lost) = (MailboxState::Refused, self.now, None);
        self.txn.save(&mailbox);
        self.set_deadline(self.now.plus(limits::MAILBOX_REFUSED), Ends::Mailboxes);
        self.live.hosts_changed = true;
        if was_open { self.tell_of_mailboxes() } else { Ok(()) }
    }

    /// Somebody's node learned which machine mine is now: if it held nothing for me, since it did not know, it is asked again.
    pub(super) fn presence_is_known(&mut self, keeper: PersonId) -> Result<()> {
        if !self.has_mailboxes()? {
            return Ok(());
        }
        let refused = self.txn.load::<OwnMailbox>(&keeper.0)?.filter(|one| one.state == MailboxState::Refused);
        let Some(mut mailbox) = refused else { return Ok(()) };
        (mailbox.state, mailbox.since) = (MailboxState::Asked, self.now);
        self.txn.save(&mailbox);
        self.tell_host(&mailbox)
    }

    /// A node with a mailbox of mine cannot be reached now.
    pub fn mailbox_lost(&mut self, host: PeerId) -> Result<()> {
        let Some(mut mailbox) = self.mailbox_at(host)? else { return Ok(()) };
        if mailbox.lost.is_none() {
            mailbox.lost = Some(self.now);
            self.txn.save(&mailbox);
            self.set_deadline(self.now.plus(limits::MAILBOX_LOST), Ends::Mailboxes);
        }
        Ok(())
    }

    /// Time has passed since a mailbox was lost or refused.
    pub(super) fn mailboxes_due(&mut self) {
        self.live.hosts_changed = true;
    }

    /// Contacts learn where letters may be left; so do those whose first letters are under way.
    fn tell_of_mailboxes(&mut self) -> Result<()> {
        let own = self.own()?;
        self.refresh_first_letters(&own)?;
        self.refresh_consents()?;
        self.announce()
    }

    /// From now on a contact's node holds a mailbox of mine, rather than one that was chosen for me.
    ///
    /// # Errors
    /// If it is not somebody's node that can be reached without a relay.
    pub fn want_mailbox(&mut self, person: PersonId) -> Result<()> {
        if node_of(&self.txn, person, true)?.is_none_or(|node| node.direct.is_empty()) {
            return Err(Error::NotNow(
                "their node cannot be reached without help, so it cannot hold letters for others",
            ));
        }
        let mut wishes = wishes(&self.txn)?;
        wishes.unwanted.retain(|one| *one != person);
        if !wishes.wanted.contains(&person) {
            wishes.wanted.insert(0, person);
            wishes.wanted.truncate(MOST_WISHES);
        }
        self.txn.save(&wishes);
        if let Some(refused) = self.txn.load::<OwnMailbox>(&person.0)?.filter(|one| one.state == MailboxState::Refused)
        {
            self.give_up(&refused)?;
        }
        self.make_room_for(person)?;
        self.live.hosts_changed = true;
        Ok(())
    }

    /// What was chosen for me goes for what I chose.
    fn make_room_for(&mut self, person: PersonId) -> Result<()> {
        let wishes = wishes(&self.txn)?;
        let in_use = own_mailboxes(&self.txn)?.into_iter().filter(|one| one.state != MailboxState::Refused);
        let others: Vec<OwnMailbox> = in_use.filter(|one| one.keeper != person).collect();
        if others.len() < limits::MAILBOXES {
            return Ok(());
        }
        let rank = |one: &&OwnMailbox| wishes.wanted.iter().position(|wanted| *wanted == one.keeper);
        let least = others.iter().max_by_key(|one| rank(one).map_or(usize::MAX, |rank| rank));
        least.map_or(Ok(()), |least| self.give_up(least))
    }

    /// From now on this contact's node holds no mailbox of mine.
    pub fn leave_mailbox(&mut self, person: PersonId) -> Result<()> {
        let mut wishes = wishes(&self.txn)?;
        wishes.wanted.retain(|one| *one != person);
        if !wishes.unwanted.contains(&person) {
            wishes.unwanted.insert(0, person);
            wishes.unwanted.truncate(MOST_WISHES);
        }
        self.txn.save(&wishes);
        if let Some(mailbox) = self.txn.load::<OwnMailbox>(&person.0)? {
            self.give_up(&mailbox)?;
        }
        self.live.hosts_changed = true;
        Ok(())
    }

    fn give_up(&mut self, mailbox: &OwnMailbox) -> Result<()> {
        if let Some(key) = self.mailbox_key(mailbox.keeper)? {
            self.effect(Effect::CloseMailbox { host: mailbox.host, key });
        }
        self.txn.remove(Table::Secrets, &key_name(mailbox.keeper));
        self.txn.forget(mailbox);
        if mailbox.state == MailboxState::Open { self.tell_of_mailboxes() } else { Ok(()) }
    }

    /// Tells a network that has just started of all mailboxes.
    pub(super) fn open_all_mailboxes(&mut self) -> Result<()> {
        // While the node was off nobody tried to reach them.
        for mailbox in own_mailboxes(&self.txn)?.into_iter().filter(|mailbox| mailbox.lost.is_some()) {
            self.txn.save(&OwnMailbox { lost: None, ..mailbox });
        }
        self.live.hosts_changed = true;
        self.tell_hosts()
    }

    /// Ends a step: chooses where something changed, and tells the nodes of new codes.
    pub(super) fn keep_mailboxes(&mut self) -> Result<()> {
        if std::mem::take(&mut self.live.hosts_changed) {
            self.choose_mailboxes()?;
        }
        if !self.has_mailboxes()? {
            return Ok(());
        }
        self.keep_void_labels()?;
        if self.have_codes_changed()? || self.has_moved()? { self.tell_hosts() } else { Ok(()) }
    }

    /// False if there was none since the network started.
    pub(super) fn has_mailboxes(&mut self) -> Result<bool> {
        if let Some(known) = self.live.has_mailboxes {
            return Ok(known);
        }
        let found = !own_mailboxes(&self.txn)?.is_empty();
        self.live.has_mailboxes = Some(found);
        Ok(found)
    }

    fn has_moved(&self) -> Result<bool> {
        if self.txn.changed(Table::Meta).all(|key| key != super::own::OWN) {
            return Ok(false);
        }
        let before = entity::load::<Own>(self.txn.under(), super::own::OWN)?.map(|own| own.hints);
        Ok(before.is_some_and(|before| self.own().is_ok_and(|own| own.hints != before)))
    }

    fn choose_mailboxes(&mut self) -> Result<()> {
        let wishes = wishes(&self.txn)?;
        let mut held = 0;
        for mailbox in own_mailboxes(&self.txn)? {
            held += usize::from(self.review(mailbox, &wishes)?);
        }
        let wanted = wishes.wanted.iter().copied();
        let able = self.live.hosts.iter().copied().filter(|person| !wishes.unwanted.contains(person));
        for candidate in wanted.chain(able).collect::<Vec<_>>() {
            if held >= limits::MAILBOXES {
                break;
            }
            held += usize::from(self.ask_for_mailbox(candidate, wishes.wanted.contains(&candidate))?);
        }
        Ok(())
    }

    /// Looks at one mailbox again; true if it stays.
    fn review(&mut self, mut mailbox: OwnMailbox, wishes: &MailboxWishes) -> Result<bool> {
        let is_wanted = wishes.wanted.contains(&mailbox.keeper);
        let node = node_of(&self.txn, mailbox.keeper, is_wanted)?;
        let is_over = match mailbox.state {
            MailboxState::Refused => self.now.since(mailbox.since) >= limits::MAILBOX_REFUSED,
            MailboxState::Asked | MailboxState::Open => false,
        };
        let Some(node) = node.filter(|_| !is_over) else {
            self.give_up(&mailbox)?;
            return Ok(false);
        };
        let addresses = addresses_of(&node);
        if !addresses.is_empty() && (mailbox.host, &mailbox.addresses) != (node.peer, &addresses) {
            if mailbox.host != node.peer
                && let Some(key) = self.mailbox_key(mailbox.keeper)?
            {
                self.effect(Effect::CloseMailbox { host: mailbox.host, key });
            }
            (mailbox.host, mailbox.addresses) = (node.peer, addresses);
            self.txn.save(&mailbox);
            self.tell_host(&mailbox)?;
            if mailbox.state == MailboxState::Open {
                self.tell_of_mailboxes()?;
            }
        }
        // One that was lost for long stays, since letters may lie there; another one serves beside it.
        Ok(mailbox.state != MailboxState::Refused && !self.is_lost_for_long(&mailbox))
    }

    fn is_lost_for_long(&self, mailbox: &OwnMailbox) -> bool {
        mailbox.lost.is_some_and(|since| self.now.since(since) >= limits::MAILBOX_LOST)
    }

    fn ask_for_mailbox(&mut self, keeper: PersonId, is_wanted: bool) -> Result<bool> {
        let all = own_mailboxes(&self.txn)?;
        if all.len() >= MOST_KEPT || all.iter().any(|mailbox| mailbox.keeper == keeper) {
            return Ok(false);
        }
        let Some(node) = node_of(&self.txn, keeper, is_wanted)? else { return Ok(false) };
        let (host, addresses) = (node.peer, addresses_of(&node));
        if addresses.is_empty() {
            return Ok(false);
        }
        let (state, since) = (MailboxState::Asked, self.now);
        let mailbox = OwnMailbox { keeper, host, addresses, state, since, lost: None, void: Vec::new() };
        self.live.has_mailboxes = Some(true);
        self.txn.save(&StoredMailboxKey { keeper, key: MailboxKey::new(self.random.bytes()) });
        self.txn.save(&mailbox);
        self.tell_host(&mailbox)?;
        Ok(true)
    }

    fn tell_hosts(&mut self) -> Result<()> {
        let mailboxes = own_mailboxes(&self.txn)?;
        let in_use = mailboxes.iter().filter(|mailbox| mailbox.state != MailboxState::Refused);
        in_use.into_iter().try_for_each(|mailbox| self.tell_host(mailbox))
    }

    /// Says to a node which mailbox it is to hold, and what leads to it.
    fn tell_host(&mut self, mailbox: &OwnMailbox) -> Result<()> {
        let Some(key) = self.mailbox_key(mailbox.keeper)? else { return Ok(()) };
        let keep = Keep { key, slots: self.slots()?, void: mailbox.void.clone() };
        self.effect(Effect::OpenMailbox { host: mailbox.host, addresses: mailbox.addresses.clone(), keep });
        Ok(())
    }
}

/// Where anybody can reach a node, as many addresses as a pass may have.
fn addresses_of(node: &Node) -> Vec<Hint> {
    node.direct.iter().take(limits::MAILBOX_ADDRESSES).cloned().collect()
}
