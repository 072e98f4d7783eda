//! What others say who tried whether they get in at Ana's: of contacts it counts, and of strangers only that they did.

use std::net::SocketAddrV4;
use std::time::Duration;

use kith_protocol::address::Reach;
use kith_protocol::crypto::sign::SecretSeed;
use kith_protocol::id::PeerId as KithPeer;
use libp2p::PeerId;
use libp2p::identity::Keypair;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::network::task::Task;
use crate::network::{Assembled, Config, Event, Limits, Trial, assemble, peer, reachability};

const TCP: &str = "/ip4/203.0.113.9/tcp/7517";
const QUIC: &str = "/ip4/203.0.113.9/udp/7517/quic-v1";
const AT_HOME: &str = "/ip4/192.168.1.4/tcp/7517";
/// Within so much time somebody else is asked where something is in doubt; where nothing is, it takes far longer.
const SOON: Duration = Duration::from_secs(60);

fn somebody() -> PeerId {
    Keypair::generate_ed25519().public().to_peer_id()
}

/// Ana's node as it is between two events: nothing comes in, and nothing goes out but to her driver.
struct Ana {
    task: Task,
    driver: mpsc::Receiver<Event>,
}

impl Ana {
    /// As if it listened there.
    fn listening_at(places: &[&str]) -> Self {
        let (keypair_seed, limits) = (SecretSeed([1; 32]), Limits::default());
        let config = Config { keypair_seed, listen: Vec::new(), limits, holder: None };
        let Assembled { mut task, events, .. } = assemble(config).unwrap();
        task.listening = places.iter().map(|place| place.parse().unwrap()).collect();
        task.forget_confirmed();
        task.offer_relaying();
        task.announce_addresses();
        Self { task, driver: events }
    }

    fn is_contact_of(&mut self, peer: PeerId) {
        self.task.admit(&kith(peer));
    }

    fn is_contact_no_more_of(&mut self, peer: PeerId) {
        self.task.dismiss(&kith(peer));
    }

    fn is_tried_by(&mut self, peer: PeerId, places: &[&str], is_reached: bool) {
        for place in places {
            self.task.on_probed(peer, place.parse().unwrap(), is_reached);
        }
    }

    /// What the doctor says of her address follows from this.
    fn found(&self) -> Trial {
        let place: SocketAddrV4 = "203.0.113.9:7517".parse().unwrap();
        self.task.trials.standing().borrow()[&place].trial
    }

    /// How her contacts are told to reach her from now on; nothing if they are told nothing.
    fn told(&mut self) -> Option<Vec<Reach>> {
        let mut last = None;
        while let Ok(event) = self.driver.try_recv() {
            if let Event::Listening { hints, .. } = event {
                last = Some(hints.iter().map(|hint| hint.reach).collect());
            }
        }
        last
    }

    fn looks_for_relays(&self) -> bool {
        reachability::needs_relays(&self.task.sure_addresses())
    }

    fn asks_others_soon(&self) -> bool {
        let again = self.task.confirmed.renewal().unwrap();
        again.duration_since(Instant::now()) <= SOON
    }
}

fn kith(peer: PeerId) -> KithPeer {
    peer::from_libp2p(&peer).unwrap()
}

#[tokio::test]
async fn of_twenty_strangers_who_do_not_get_in_ana_believes_none_and_asks_her_contacts_soon() {
    let mut ana = Ana::listening_at(&[TCP, QUIC]);
    assert_eq!(ana.told(), Some(vec![Reach::Direct]));
    assert!(!ana.asks_others_soon(), "nothing is in doubt yet");
    for _ in 0..20 {
        ana.is_tried_by(somebody(), &[TCP, QUIC], false);
    }
    assert_eq!(ana.found(), Trial::NotYet, "anybody can have twenty nodes");
    assert_eq!(ana.told(), None, "contacts are told nothing new");
    assert!(!ana.looks_for_relays(), "she goes on as a server");
    assert!(ana.asks_others_soon(), "but it may be true");
}

#[tokio::test]
async fn one_contact_who_does_not_get_in_is_a_doubt_that_no_stranger_settles_and_a_second_contact_does() {
    let (mut ana, bo, chi) = (Ana::listening_at(&[TCP, QUIC]), somebody(), somebody());
    ana.is_contact_of(bo);
    ana.is_contact_of(chi);
    ana.is_tried_by(bo, &[TCP, QUIC], false);
    assert_eq!(ana.found(), Trial::Doubtful);
    assert!(ana.looks_for_relays(), "there may be no second one who could try");
    assert!(ana.asks_others_soon());
    assert_eq!(ana.told(), Some(vec![Reach::Direct]), "one may lie");
    ana.is_tried_by(somebody(), &[TCP, QUIC], false);
    assert_eq!((ana.found(), ana.told()), (Trial::Doubtful, None), "a stranger is no second one");
    ana.is_tried_by(chi, &[TCP, QUIC], false);
    assert_eq!(ana.found(), Trial::Closed);
    assert_eq!(ana.told(), Some(vec![Reach::Lan]), "who is behind the same firewall may reach her");
}

#[tokio::test]
async fn a_stranger_who_gets_in_shows_that_it_can_be_done_whatever_contacts_said() {
    let (mut ana, bo, chi) = (Ana::listening_at(&[TCP, QUIC]), somebody(), somebody());
    for contact in [bo, chi] {
        ana.is_contact_of(contact);
        ana.is_tried_by(contact, &[TCP, QUIC], false);
    }
    assert_eq!((ana.found(), ana.told()), (Trial::Closed, Some(vec![Reach::Lan])));
    ana.is_tried_by(somebody(), &[TCP, QUIC], true);
    assert_eq!((ana.found(), ana.told()), (Trial::Reached, Some(vec![Reach::Direct])));
    assert!(!ana.looks_for_relays());
}

#[tokio::test]
async fn where_somebody_got_in_a_stranger_casts_no_doubt_and_a_contact_does() {
    let (mut ana, bo) = (Ana::listening_at(&[TCP, QUIC]), somebody());
    ana.is_contact_of(bo);
    ana.is_tried_by(somebody(), &[TCP, QUIC], true);
    assert_eq!((ana.found(), ana.told()), (Trial::Reached, Some(vec![Reach::Direct])));
    ana.is_tried_by(somebody(), &[TCP, QUIC], false);
    assert!(!ana.asks_others_soon() && ana.told().is_none(), "a stranger's word is none");
    ana.is_tried_by(bo, &[TCP, QUIC], false);
    assert_eq!((ana.found(), ana.looks_for_relays()), (Trial::Reached, false), "one word against another");
    assert!(ana.asks_others_soon(), "and a third is wanted");
}

#[tokio::test]
async fn who_is_a_contact_no_more_is_heard_as_a_stranger_is() {
    let (mut ana, bo) = (Ana::listening_at(&[TCP, QUIC]), somebody());
    ana.is_contact_of(bo);
    ana.is_contact_no_more_of(bo);
    ana.is_tried_by(bo, &[TCP, QUIC], false);
    assert_eq!((ana.found(), ana.looks_for_relays()), (Trial::NotYet, false));
}

#[tokio::test]
async fn where_a_router_leads_to_ana_a_stranger_can_find_it_and_only_a_contact_can_take_it_away() {
    let (mut ana, bo) = (Ana::listening_at(&[AT_HOME]), somebody());
    ana.is_contact_of(bo);
    assert_eq!(ana.told(), Some(vec![Reach::Lan]));
    ana.is_tried_by(somebody(), &[TCP], true);
    assert_eq!(ana.told(), Some(vec![Reach::Direct, Reach::Lan]));
    ana.is_tried_by(somebody(), &[TCP], false);
    assert_eq!(ana.told(), None, "a stranger may say anything");
    ana.is_tried_by(bo, &[TCP], false);
    assert_eq!(ana.told(), Some(vec![Reach::Lan]));
}
