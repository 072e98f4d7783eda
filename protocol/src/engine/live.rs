//! What the engine knows only while the node runs: sessions, calls under way, pauses between calls.
//!
//! Nothing here needs to survive: after a restart it is empty, and the outbox says what is to be done.

use std::collections::{BTreeMap, BTreeSet};

use super::disowned::Watches;
use super::effect::Errand;
use super::leaving::Leaving;
use super::mailboxes::ToldSlots;
use super::whereabouts::Lookout;
use crate::address::Hint;
use crate::crypto::sign::SigningKey;
use crate::day_record::DayKey;
use crate::hello::SharedSecret;
use crate::id::{InviteId, LetterId, Locator, MailboxId, PeerId, PersonId, SessionId};
use crate::identity::Seen;
use crate::letter::Receipts;
use crate::limits;
use crate::nearby::PresenceSeed;
use crate::time::Timestamp;

/// Who the secret of a hello belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Party {
    /// Somebody who saw this code of mine.
    Invite(InviteId),
    /// A person, under the secret that we two share.
    Pair(PersonId),
    /// A person whose code I scanned, under the secret of the code: only the first letter may pass.
    Scanned(PersonId),
    /// A machine that a person does not speak for any more: it is told so, and nothing passes.
    Former(PersonId),
    /// Somebody who has the words that a capsule is for: of this person, in this place. They may ask for it.
    Keeper(PersonId, u8),
}

#[derive(Clone, Debug)]
pub(super) struct Session {
    pub party: Party,
    /// The machine at the other end.
    pub peer: PeerId,
    /// Of the secret that both ends mean when they speak of this session.
    pub locator: Locator,
    /// The secret of the pair that letters over this session go under, both ways, even if a newer scan has made
    /// another one since; none while only a first letter may pass.
    pub secret: Option<SharedSecret>,
    pub flights: BTreeMap<LetterId, Flight>,
}

/// A letter that was sent and not answered.
#[derive(Clone, Debug)]
pub(super) struct Flight {
    pub receipts: Receipts,
    /// What the recipient has seen of my key history once it gives this receipt.
    pub shows: Seen,
}

/// A call under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    pub person: PersonId,
    pub since: Timestamp,
    /// What waits for them was left in a mailbox meanwhile, if there is one.
    pub is_slow: bool,
    /// They were heard nearby since it began, where it does not look.
    pub is_outdated: bool,
}

/// Pause before the next call to somebody.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pause {
    pub failures: u32,
    pub until: Timestamp,
}

impl Pause {
    /// One more failure: twice the pause, up to [`limits::RETRY_LAST`], and up to a quarter more so that two
    /// nodes that lost each other do not call at the same moments for ever.
    pub(super) fn longer(self, now: Timestamp, random: [u8; 1]) -> Self {
        let doubled = limits::RETRY_FIRST << self.failures.min(16);
        let pause = doubled.min(limits::RETRY_LAST);
        let spread = pause / 4 * u64::from(random[0]) / 255;
        Self { failures: self.failures.saturating_add(1), until: now.plus(pause + spread) }
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Live {
    /// The libp2p key of this machine; none until the network has started.
    pub node: Option<SigningKey>,
    /// This home goes on at another machine: nothing is said here any more.
    pub silent: bool,
    pub sessions: BTreeMap<SessionId, Session>,
    pub calls: BTreeMap<Locator, Call>,
    pub pauses: BTreeMap<PersonId, Pause>,
    /// People with letters in the outbox.
    pub waiting: BTreeSet<PersonId>,
    /// How often each waiting letter was sent in vain. The others go first, so that letters which the other end
    /// cannot take yet do not keep back the one that it needs to take them.
    pub in_vain: BTreeMap<LetterId, u32>,
    /// The nodes of my contacts. One may be named by several, of whom at most one is right.
    pub nodes: BTreeMap<PeerId, BTreeSet<PersonId>>,
    /// Whose names follow from these seeds. One may be given by several, of whom at most one made it.
    pub expected: BTreeMap<PresenceSeed, BTreeSet<PersonId>>,
    /// Where contacts were heard on networks that this node is on; at most [`limits::NEARBY`] of them.
    pub nearby: BTreeMap<PersonId, Vec<Hint>>,
    /// Contacts whose nodes anybody can reach, so that they could hold a mailbox.
    pub hosts: BTreeSet<PersonId>,
    /// Whose node can hold a mailbox has changed since mailboxes were last chosen.
    pub hosts_changed: bool,
    /// Whether I have mailboxes, or had; not known at first. Who has none is spared the looking.
    pub has_mailboxes: Option<bool>,
    /// What the nodes that hold mailboxes for me know of my codes.
    pub told_slots: ToldSlots,
    /// Whom the labels of my mailboxes mean.
    pub labels: BTreeMap<Locator, PersonId>,
    /// Mailboxes for which the labels of all people were worked out.
    pub labelled: BTreeSet<MailboxId>,
    /// How often a parcel was put back.
    pub put_back: BTreeMap<(PeerId, u64), u32>,
    /// Parcels on their way to mailboxes.
    pub errands: BTreeMap<Errand, Leaving>,
    /// Until when nothing more is left in a mailbox of somebody.
    pub leave_after: BTreeMap<PersonId, Timestamp>,
    /// Whom I look for in the DHT.
    pub lookout: Lookout,
    /// Whose keys I look there for.
    pub watches: Watches,
    /// When I last asked people for the grant of a new key.
    pub asked_for_grant: BTreeMap<PersonId, Timestamp>,
    /// Under which key my record was last put there.
    pub posted: Option<DayKey>,
    /// Under which keys I said last that they are given up, and have not heard what came of it.
    pub posted_given_up: BTreeSet<DayKey>,
    /// Pauses that ended by then were looked at; nobody needs to be woken for them.
    pub woken: Timestamp,
}

impl Live {
    /// A session over which letters to this person may go: `first` is the one letter that a scanner sends under
    /// the secret of the code. One with the machine that speaks for them comes before others: whoever copied a disk knows the
    /// secret, too. Then one that was opened under the secret of the letter: of somebody who scanned two codes, the other end
    /// may not know yet that both sessions are with me. After tries in vain it is the turn of the next: two machines that run on
    /// one disk cannot be told apart.
    pub(super) fn session_for(
        &self,
        person: PersonId,
        first: bool,
        locator: Locator,
        peer: Option<PeerId>,
    ) -> Option<SessionId> {
        let wanted = if first { Party::Scanned(person) } else { Party::Pair(person) };
        let fitting = self.sessions.iter().filter(|(_, session)| session.party == wanted);
        let mut fitting: Vec<(&SessionId, &Session)> = fitting.collect();
        let is_theirs = |session: &Session| Some(session.peer) == peer;
        if fitting.iter().any(|(_, session)| is_theirs(session)) {
            fitting.retain(|(_, session)| is_theirs(session));
        }
        fitting.sort_by_key(|(_, session)| session.locator != locator);
        let failures = self.pauses.get(&person).map_or(0, |pause| pause.failures);
        // Each under all the secrets that calls are made under in turn.
        let turn = usize::try_from(failures / 2).unwrap_or_default().checked_rem(fitting.len()).unwrap_or_default();
        fitting.get(turn).map(|(id, _)| **id)
    }

    /// True if a session is with this machine, or it does not matter with which.
    pub(super) fn is_with(&self, session: SessionId, peer: Option<PeerId>) -> bool {
        peer.is_none_or(|peer| self.sessions.get(&session).is_some_and(|session| session.peer == peer))
    }

    /// How often a letter was sent in vain.
    pub(super) fn in_vain(&self, letter: &LetterId) -> u32 {
        self.in_vain.get(letter).copied().unwrap_or_default()
    }

    /// The sessions with a person.
    pub(super) fn sessions_with(&self, person: PersonId) -> Vec<SessionId> {
        let with = |party| matches!(party, Party::Pair(one) | Party::Scanned(one) if one == person);
        self.sessions.iter().filter(|(_, session)| with(session.party)).map(|(id, _)| *id).collect()
    }

    /// True while nothing is tried with a person.
    pub(super) fn is_pausing(&self, person: PersonId, now: Timestamp) -> bool {
        self.pauses.get(&person).is_some_and(|pause| pause.until > now)
    }

    /// True if a call to this person is under way.
    pub(super) fn is_calling(&self, person: PersonId) -> bool {
        self.calls.values().any(|call| call.person == person)
    }

    /// True if the letter is on its way over any session.
    pub(super) fn is_in_flight(&self, letter: &LetterId) -> bool {
        self.sessions.values().any(|session| session.flights.contains_key(letter))
    }

    /// People with a session.
    pub(super) fn connected(&self) -> Vec<PersonId> {
        let people = self.sessions.keys().filter_map(|session| self.person_of(*session));
        people.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// With whom a session is, unless only a first letter may pass.
    pub(super) fn person_of(&self, session: SessionId) -> Option<PersonId> {
        match self.sessions.get(&session)?.party {
            Party::Pair(person) => Some(person),
            Party::Invite(_) | Party::Scanned(_) | Party::Former(_) | Party::Keeper(..) => None,
        }
    }

    /// True if a person has a session.
    pub(super) fn is_connected(&self, person: PersonId) -> bool {
        self.sessions.values().any(|session| session.party == Party::Pair(person))
    }
}
