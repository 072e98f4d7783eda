//! The sessions that are open, and with whom.

use std::collections::HashMap;

use kith_protocol::id::{Locator, SessionId};
use libp2p::PeerId;

use super::Limits;
use super::letter_codec::OpenSessions;

/// One open session.
#[derive(Clone, Debug)]
pub(super) struct Session {
    /// The other end; the session ends with the last connection to it.
    pub peer: PeerId,
    /// The secret it was opened with.
    pub locator: Locator,
    /// True if we called.
    pub initiator: bool,
    /// Letters sent whose answer has not come.
    pub sent: usize,
    /// Letters received that the driver has not answered.
    pub received: usize,
}

/// Open sessions by id and by peer.
pub(super) struct Sessions {
    by_id: HashMap<SessionId, Session>,
    /// In the order in which they were opened; no entry is empty.
    of_peer: HashMap<PeerId, Vec<SessionId>>,
    open: OpenSessions,
    most: usize,
    per_peer: usize,
}

impl Sessions {
    pub(super) fn new(limits: &Limits, open: OpenSessions) -> Self {
        Self {
            by_id: HashMap::new(),
            of_peer: HashMap::new(),
            open,
            most: limits.sessions,
            per_peer: limits.sessions_per_peer,
        }
    }

    /// The session that must end before one like this may be opened.
    ///
    /// A repeated hello replaces the session of the one before. One in the other direction does not: when both
    /// ends call at once, each would keep the session that the other gave up.
    pub(super) fn replaced_by(&self, session: &Session) -> Option<SessionId> {
        let others = self.of_peer.get(&session.peer)?;
        let same = |id: &&SessionId| {
            self.by_id.get(*id).is_some_and(|s| s.locator == session.locator && s.initiator == session.initiator)
        };
        let surplus = || others.first().filter(|_| others.len() >= self.per_peer);
        others.iter().find(same).or_else(surplus).copied()
    }

    /// True if there is no room for a session with another peer.
    pub(super) fn are_full(&self) -> bool {
        self.by_id.len() >= self.most
    }

    pub(super) fn insert(&mut self, id: SessionId, session: Session) {
        self.of_peer.entry(session.peer).or_default().push(id);
        self.by_id.insert(id, session);
        self.open.insert(id);
    }

    pub(super) fn remove(&mut self, id: &SessionId) -> Option<Session> {
        let session = self.by_id.remove(id)?;
        self.open.remove(id);
        if let Some(ids) = self.of_peer.get_mut(&session.peer) {
            ids.retain(|other| other != id);
            if ids.is_empty() {
                self.of_peer.remove(&session.peer);
            }
        }
        Some(session)
    }

    pub(super) fn get_mut(&mut self, id: &SessionId) -> Option<&mut Session> {
        self.by_id.get_mut(id)
    }

    pub(super) fn of(&self, peer: &PeerId) -> Vec<SessionId> {
        self.of_peer.get(peer).cloned().unwrap_or_default()
    }

    pub(super) fn has(&self, peer: &PeerId) -> bool {
        self.of_peer.contains_key(peer)
    }
}
