//! Where my node is, told to my contacts; and theirs.

use super::error::Result;
use super::inbox::ItemKind;
use super::mailboxes::are_bounded;
use super::own::{Own, verify_grant};
use super::person::{Person, Reach};
use super::replaced::former_machines;
use super::rounds::Round;
use super::turn::Turn;
use crate::address::Hint;
use crate::id::{PeerId, PersonId};
use crate::identity::{History, NodeGrant};
use crate::letter::Body;
use crate::letter::body::Presence;
use crate::limits;
use crate::record::{RecordBytes, Signed};

impl Turn<'_> {
    /// The network listens at these addresses now.
    pub fn addresses_changed(&mut self, mut hints: Vec<Hint>) -> Result<()> {
        hints.truncate(limits::ADDRESSES);
        let mut own = self.own()?;
        if own.hints == hints {
            return Ok(());
        }
        own.hints = hints;
        self.txn.save(&own);
        self.refresh_first_letters(&own)?;
        self.refresh_consents()?;
        self.announce()
    }

    /// Tells every contact where I am, at the pace that each may be told; who must wait is told later.
    pub(super) fn announce(&mut self) -> Result<()> {
        self.next_presence()?;
        self.begin_round(Round { presence: true, ..Round::default() })
    }

    /// Tells those who had to wait what is so by now.
    pub(super) fn announce_to_others(&mut self) -> Result<()> {
        self.begin_round(Round { presence: true, ..Round::default() })
    }

    /// Tells every contact at once: without the new grant they cannot write to me. Some of the time with a capsule.
    pub(super) fn announce_now(&mut self, capsules: bool) -> Result<()> {
        self.next_presence()?;
        self.begin_round(Round { grant: true, capsules, ..Round::default() })
    }

    fn next_presence(&mut self) -> Result<()> {
        let mut own = self.own()?;
        own.presence += 1;
        self.txn.save(&own);
        self.post_soon()
    }

    pub(super) fn send_presence(&mut self, own: &Own, person: &Person) -> Result<()> {
        let presence = Presence {
            grant: own.grant.clone(),
            counter: own.presence,
            hints: own.hints.clone(),
            mailboxes: self.passes_for(person.id)?,
            seed: self.presence_seed()?,
        };
        self.send(person.id, &Body::Presence(presence), limits::PRESENCE_LIFE)?;
        Ok(())
    }

    /// A contact says where their node is. An older word than the newest known is ignored.
    pub(super) fn presence_arrived(&mut self, person: &Person, history: &History, presence: &Presence) -> Result<()> {
        let Some(grant) = verify_grant(presence.grant.as_slice(), history, self.now) else { return Ok(()) };
        if presence.hints.len() > limits::ADDRESSES || !are_bounded(&presence.mailboxes) {
            return Ok(());
        }
        let known = self.txn.load::<Reach>(&person.id.0)?;
        let newest = known.as_ref().and_then(|reach| Some((Place::known(reach, history)?, reach.counter)));
        let shown = Place::current(&grant, history);
        if newest.is_none_or(|newest| (shown, presence.counter) > newest) {
            self.keep_presence(person.id, known, grant.peer, presence.clone())?;
        }
        Ok(())
    }

    /// A contact whose key I gave up, and who knows of no other of mine, says which one theirs is. Of where they are it says
    /// nothing: they tell that once they know that I am not a thief.
    pub(super) fn grant_arrived(&mut self, person: &Person, history: &History, shown: &RecordBytes) -> Result<()> {
        let Some(grant) = verify_grant(shown.as_slice(), history, self.now) else { return Ok(()) };
        let known = self.txn.load::<Reach>(&person.id.0)?;
        if known.as_ref().and_then(|known| Place::known(known, history)) >= Some(Place::current(&grant, history)) {
            return Ok(());
        }
        let before = known.as_ref().and_then(read_grant);
        let is_same_machine = before.is_some_and(|before| before.peer == grant.peer);
        let (hints, mailboxes, seed) = match &known {
            Some(known) if is_same_machine => (known.hints.clone(), known.mailboxes.clone(), known.presence.clone()),
            _ => (Vec::new(), Vec::new(), None),
        };
        let presence = Presence { grant: shown.clone(), counter: 0, hints, mailboxes, seed };
        self.keep_presence(person.id, known, grant.peer, presence)
    }

    fn keep_presence(&mut self, id: PersonId, known: Option<Reach>, peer: PeerId, said: Presence) -> Result<()> {
        let Presence { grant, counter, hints, mailboxes, seed: presence } = said;
        if known.as_ref().is_some_and(|known| known.mailboxes != mailboxes) {
            self.leave_again(id)?;
        }
        let former = former_machines(known.as_ref(), peer);
        self.hang_up_on_former(id, &former);
        self.txn.save(&Reach { person: id, grant, hints, counter, mailboxes, former, presence });
        // They sign with another one now.
        self.drop_question(ItemKind::KeyGivenUp, id, None)?;
        self.live.pauses.remove(&id);
        self.pump(id)
    }
}

/// Where a grant stands among those of one identity. One of a later key counts before all of earlier ones: who has a stolen
/// key can give a grant any number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    key: u8,
    order: (u32, u64),
}

impl Place {
    /// Of a grant that counts now: it is signed with the current key.
    pub(super) fn current(grant: &NodeGrant, history: &History) -> Self {
        Self { key: history.current(), order: grant.order() }
    }

    /// True if no change of the key has ended the grant.
    pub(super) fn is_of_current(&self, history: &History) -> bool {
        self.key == history.current()
    }

    /// Of the newest one that I know; none if it counts no more: its key was given up, or is of a history that is not
    /// the one that counts.
    pub(super) fn known(reach: &Reach, history: &History) -> Option<Self> {
        let grant = Signed::<NodeGrant>::from_bytes(reach.grant.as_slice()).ok()?;
        let grant = history.verify(grant).ok().filter(|grant| history.has_event(&grant.head))?;
        Some(Self { key: grant.signer().key, order: grant.order() })
    }
}

/// The grant that we checked when we stored it.
pub(super) fn read_grant(reach: &Reach) -> Option<NodeGrant> {
    Signed::<NodeGrant>::from_bytes(reach.grant.as_slice()).ok().map(|grant| grant.unverified().clone())
}
