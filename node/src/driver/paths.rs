//! How sessions get from node to node.

use std::collections::{BTreeMap, HashMap};

use kith_protocol::engine::Engine;
use kith_protocol::id::{PeerId, PersonId, SessionId};

use crate::network::Event;

/// The relay of each open session; `None` for those that are direct.
#[derive(Default)]
pub(super) struct Paths(HashMap<SessionId, Option<PeerId>>);

impl Paths {
    /// Notes what an event says of them.
    pub(super) fn note(&mut self, event: &Event) {
        match event {
            Event::SessionOpened { session, via, .. } | Event::PathChanged { session, via } => {
                self.0.insert(*session, *via);
            }
            Event::SessionClosed { session } => {
                self.0.remove(session);
            }
            _ => {}
        }
    }

    /// People with whom I am connected through somebody else's node alone, and whose it is, if I know them.
    pub(super) fn relayed(&self, engine: &Engine) -> BTreeMap<PersonId, Option<PersonId>> {
        let mut relayed = BTreeMap::new();
        let of_people = || self.0.iter().filter_map(|(session, via)| Some((engine.with_whom(*session)?, via)));
        for (person, via) in of_people() {
            if let Some(relay) = via {
                relayed.insert(person, engine.whose(*relay));
            }
        }
        for (person, _) in of_people().filter(|(_, via)| via.is_none()) {
            relayed.remove(&person);
        }
        relayed
    }
}
