//! Mallory has scanned a live code of Ana's and is a contact with no manners: what she sends, she seals herself.

use kith_protocol::engine::Answer;
use kith_protocol::hello::SharedSecret;
use kith_protocol::id::SessionId;
use kith_protocol::letter::Body;
use kith_tests::sim::{Mallory, Pen, Who, World};

/// Ana, and Mallory beside her.
pub struct Scene {
    pub world: World,
    pub ana: Who,
    pub mallory: Mallory,
    pub session: SessionId,
    pub pair: SharedSecret,
}

/// Ana has not said yet whether it was the person in front of her.
pub fn scene() -> Scene {
    let mut world = World::new(1);
    let ana = world.person("Ana");
    let code = world.shows_live(ana, "Fair");
    let words = world.fresh_words();
    let mallory = Mallory::new("Mallory", &words);
    let (session, pair, answer) = world.claims(&mallory, &code).unwrap();
    assert!(matches!(answer, Answer::Handled(_)), "{answer:?}");
    Scene { world, ana, mallory, session, pair }
}

/// Ana has said that it was.
pub fn confirmed() -> Scene {
    let mut scene = scene();
    let confirm = scene.world.inbox(scene.ana).remove(0);
    scene.world.decides(scene.ana, &confirm, true, None);
    scene
}

impl Scene {
    /// Mallory sends a letter.
    pub fn sends(&mut self, body: Body) -> Answer {
        let pen = self.world.pen(self.ana, body);
        self.hands_in(&pen)
    }

    /// Mallory sends a letter whose outside she has written herself too.
    pub fn hands_in(&mut self, pen: &Pen) -> Answer {
        let key = self.world.encryption_key(self.ana);
        let sealed = self.mallory.seals(pen, &key, &self.pair);
        self.world.hands_in(self.ana, self.session, &sealed)
    }
}
