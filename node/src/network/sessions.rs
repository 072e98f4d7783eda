//! The sessions that are open, and with whom.

use std::collections::HashMap;

use kith_protocol::id::{Locator, PeerId as KithPeer, SessionId};
use libp2p::PeerId;

use super::Limits;
use super::letter_codec::OpenSessions;

/// One open session.
#[derive(Clone, Debug)]
pub(super) struct Session {
    /// The other end; the session ends with the last connection to it.
    pub peer: PeerId,
    /// Of the secret it was opened with; or the name of the call, where that had no secret yet.
    pub locator: Locator,
    /// True if we called.
    pub initiator: bool,
    /// Letters sent whose answer has not come.
    pub sent: usize,
    /// Letters received that the driver has not answered.
    pub received: usize,
    /// The relay that its letters go through, as the driver was told last.
    pub via: Option<KithPeer>,
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
    /// ends call at once, each would keep the session that the other gave up. Where there is no room the newest comes in
    /// all the same, for the oldest of the same peer or, where there is none left at all, of the peer with most.
    pub(super) fn replaced_by(&self, session: &Session) -> Option<SessionId> {
        let others = self.of_peer.get(&session.peer).map(Vec::as_slice).unwrap_or_default();
        let same = |id: &&SessionId| {
            self.by_id.get(*id).is_some_and(|s| s.locator == session.locator && s.initiator == session.initiator)
        };
        let surplus = || others.first().filter(|_| others.len() >= self.per_peer);
        others.iter().find(same).or_else(surplus).or_else(|| self.least_missed()).copied()
    }

    /// Of whom everybody has one session, nobody gives up theirs for a newcomer.
    fn least_missed(&self) -> Option<&SessionId> {
        let busiest = || self.of_peer.values().filter(|sessions| sessions.len() > 1).max_by_key(|all| all.len());
        self.are_full().then(busiest).flatten().and_then(|sessions| sessions.first())
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

    /// A letter may name this session before it is open: only who holds the secret of the hello can.
    pub(super) fn expect(&self, id: SessionId) {
        self.open.insert(id);
    }

    /// Its hello came to nothing.
    pub(super) fn expect_no_more(&self, id: &SessionId) {
        if !self.is_open(id) {
            self.open.remove(id);
        }
    }

    pub(super) fn is_open(&self, id: &SessionId) -> bool {
        self.by_id.contains_key(id)
    }

    pub(super) fn get_mut(&mut self, id: &SessionId) -> Option<&mut Session> {
        self.by_id.get_mut(id)
    }

    pub(super) fn of(&self, peer: &PeerId) -> Vec<SessionId> {
        self.of_peer.get(peer).cloned().unwrap_or_default()
    }

    /// True if a letter with this peer waits for its answer, on either side.
    pub(super) fn is_busy(&self, peer: &PeerId) -> bool {
        let sessions = self.of_peer.get(peer).into_iter().flatten().filter_map(|id| self.by_id.get(id));
        sessions.into_iter().any(|session| session.sent + session.received > 0)
    }

    pub(super) fn has(&self, peer: &PeerId) -> bool {
        self.of_peer.contains_key(peer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(peer: PeerId, locator: u8) -> Session {
        Session { peer, locator: Locator([locator; 16]), initiator: true, sent: 0, received: 0, via: None }
    }

    /// Opens one, and says which one went for it.
    fn open(sessions: &mut Sessions, id: u8, session: Session) -> Option<SessionId> {
        let replaced = sessions.replaced_by(&session);
        if let Some(replaced) = replaced {
            sessions.remove(&replaced);
        }
        if !sessions.are_full() {
            sessions.insert(SessionId([id; 16]), session);
        }
        replaced
    }

    #[test]
    fn the_newest_comes_in_for_the_oldest_of_who_has_most() {
        let limits = Limits { sessions: 4, sessions_per_peer: 3, ..Limits::default() };
        let mut sessions = Sessions::new(&limits, OpenSessions::default());
        let [ana, bo, chi, dee, eva] = std::array::from_fn(|_| PeerId::random());
        for id in 0..3 {
            assert_eq!(open(&mut sessions, id, session(ana, id)), None);
        }
        assert_eq!(open(&mut sessions, 3, session(ana, 1)), Some(SessionId([1; 16])), "a repeated hello");
        assert_eq!(open(&mut sessions, 4, session(ana, 4)), Some(SessionId([0; 16])), "one of hers too many");
        assert_eq!(open(&mut sessions, 5, session(bo, 5)), None);
        assert_eq!(open(&mut sessions, 6, session(chi, 6)), Some(SessionId([2; 16])), "all of Ana's are too many");
        assert_eq!(open(&mut sessions, 7, session(dee, 7)), Some(SessionId([3; 16])));
        assert_eq!(open(&mut sessions, 8, session(eva, 8)), None, "everybody has one");
        assert!(!sessions.has(&eva) && sessions.has(&ana) && sessions.has(&dee));
    }
}
