//! Whose nodes pass things on for mine, and for whose nodes mine does: those of my contacts.
//!
//! No rule keeps this. Each step ends by comparing those it changed as they were and as they are.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use super::disowned::is_key_given_up;
use super::effect::Effect;
use super::entity;
use super::error::Result;
use super::person::{Person, Reach};
use super::presence::read_grant;
use super::turn::Turn;
use crate::address::{self, Hint};
use crate::id::{PeerId, PersonId};
use crate::nearby::PresenceSeed;
use crate::store::{Read, Table};

/// The node of a contact.
#[derive(PartialEq, Eq)]
pub(super) struct Node {
    pub peer: PeerId,
    /// Where anybody can reach it.
    pub direct: Vec<Hint>,
    /// What its names on a local network follow from.
    pub presence: Option<PresenceSeed>,
}

impl Turn<'_> {
    /// Tells a network that has just started of the nodes of all contacts.
    pub(super) fn admit_all(&mut self) -> Result<()> {
        let mut people = Vec::new();
        entity::each::<Reach>(&self.txn, b"", b"", |reach| {
            people.push(reach.person);
            ControlFlow::Continue(())
        })?;
        for person in people {
            if let Some(node) = node_of(&self.txn, person, false)? {
                node.presence.iter().for_each(|seed| self.expect(person, seed.clone()));
                self.admit(person, node);
            }
        }
        Ok(())
    }

    /// Tells the network what this step changed.
    pub(super) fn keep_relays(&mut self) -> Result<()> {
        let mut people: BTreeSet<PersonId> = people_in(self.txn.changed(Table::Reach)).collect();
        for person in people_in(self.txn.changed(Table::People)) {
            if may_relay(self.txn.under(), person)? != may_relay(&self.txn, person)? {
                people.insert(person);
            }
        }
        for person in people {
            let (before, after) = (node_of(self.txn.under(), person, false)?, node_of(&self.txn, person, false)?);
            if before == after {
                continue;
            }
            let seed = |node: &Option<Node>| node.as_ref().and_then(|node| node.presence.clone());
            self.expect_instead(person, seed(&before), seed(&after));
            let could_hold = before.as_ref().is_some_and(|before| !before.direct.is_empty());
            if let Some(before) = before.filter(|before| after.as_ref().is_none_or(|after| after.peer != before.peer)) {
                self.dismiss(person, before.peer, after.as_ref().map(|after| after.peer));
            }
            self.live.hosts.remove(&person);
            if !could_hold && after.as_ref().is_some_and(|after| !after.direct.is_empty()) {
                self.post_if_nobody_took_it()?;
            }
            if let Some(after) = after {
                self.admit(person, after);
            }
            // Who could hold none before and cannot now changes nothing, unless I chose them.
            self.live.hosts_changed |= could_hold || self.live.hosts.contains(&person) || self.has_mailboxes()?;
        }
        Ok(())
    }

    fn admit(&mut self, person: PersonId, node: Node) {
        self.live.nodes.entry(node.peer).or_default().insert(person);
        if !node.direct.is_empty() {
            self.live.hosts.insert(person);
        }
        self.effect(Effect::Admit { peer: node.peer, direct: node.direct });
    }

    /// Unless it is the node of another contact, too: nobody shuts out another by naming their node.
    fn dismiss(&mut self, person: PersonId, peer: PeerId, successor: Option<PeerId>) {
        let Some(people) = self.live.nodes.get_mut(&peer) else { return };
        people.remove(&person);
        if people.is_empty() {
            self.live.nodes.remove(&peer);
            self.effect(Effect::Dismiss { peer, successor });
        }
    }
}

fn people_in<'k>(keys: impl Iterator<Item = &'k [u8]> + 'k) -> impl Iterator<Item = PersonId> + 'k {
    keys.filter_map(|key| key.try_into().ok().map(PersonId))
}

/// True for a contact; not for whoever has a key that was given up.
fn may_relay(read: &dyn Read, person: PersonId) -> Result<bool> {
    let person = entity::load::<Person>(read, &person.0)?;
    let Some(person) = person.filter(|person| person.is_contact() && !person.blocked) else { return Ok(false) };
    Ok(!is_key_given_up(read, &person)?)
}

/// The node of a contact; with `near` addresses within its own network count, too.
pub(super) fn node_of(read: &dyn Read, person: PersonId, near: bool) -> Result<Option<Node>> {
    if !may_relay(read, person)? {
        return Ok(None);
    }
    let Some(reach) = entity::load::<Reach>(read, &person.0)? else { return Ok(None) };
    let counts = |hint: &&Hint| match hint.reach {
        address::Reach::Direct => true,
        address::Reach::Lan => near,
        address::Reach::FrontDoor | address::Reach::Relayed(_) => false,
    };
    let direct = reach.hints.iter().filter(counts).cloned().collect();
    Ok(read_grant(&reach).map(|grant| Node { peer: grant.peer, direct, presence: reach.presence }))
}
