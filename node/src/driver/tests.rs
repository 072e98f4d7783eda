use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use kith_protocol::crypto::sign::SecretSeed;
use kith_protocol::engine::own::Own;
use kith_protocol::engine::{Beginning, CardChange};
use kith_protocol::id::PeerId;
use kith_protocol::limits::DAY;
use kith_protocol::store::{Store, Table, Write};
use kith_protocol::text::Name;
use kith_protocol::time::Timestamp;
use kith_protocol::words::RecoveryWords;
use tempfile::TempDir;

use super::*;
use crate::home::Home;
use crate::machine::{now, random};
use crate::store::VaultKey;
use crate::store::testing::{Fault, ForgetfulDisk, Operation};

fn driver(folder: &std::path::Path) -> Driver {
    let home = Home::at(folder);
    let open = if home.exists() { home.open().unwrap() } else { home.create(Name::new("Ana").unwrap()).unwrap().0 };
    let (_, store, _, _lock) = open.into_parts();
    Driver::start(store, Offline, None).unwrap()
}

fn rename(to: &str) -> Vec<CardChange> {
    vec![CardChange::Name(Name::new(to).unwrap())]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let first = driver(folder.path());
    assert!(first.handle().act(|turn| turn.change_card(rename("Ana Sousa"))).await.unwrap());
    first.stop().await.unwrap();
    let second = driver(folder.path());
    let own = Own::load(second.handle().view()).unwrap();
    assert_eq!(own.card.name.as_str(), "Ana Sousa");
    second.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_ask_at_once_are_all_answered_and_a_refusal_takes_nothing_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let driver = driver(folder.path());
    let asked: Vec<_> = (0..100)
        .map(|n| {
            let handle = driver.handle();
            tokio::spawn(async move {
                if n % 10 == 0 {
                    let refused: Result<(), _> = handle.act(|_| Err(engine::Error::NotNow("no"))).await;
                    assert!(matches!(refused, Err(Refused::Rule(_))), "{refused:?}");
                } else {
                    handle.act(|turn| turn.create_invite(Default::default())).await.unwrap();
                }
            })
        })
        .collect();
    for one in asked {
        one.await.unwrap();
    }
    let invites = engine::code_lists::codes_made(driver.handle().view(), None, 100).unwrap();
    assert_eq!(invites.len(), 90);
    driver.stop().await.unwrap();
}

/// Writes down what reaches the world.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<Effect>>>);

impl World for Recorder {
    fn run(&mut self, effect: Effect) {
        self.0.lock().unwrap().push(effect);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_finds_its_effects_done() {
    let folder = tempfile::tempdir().unwrap();
    let (open, _) = Home::at(folder.path()).create(Name::new("Ana").unwrap()).unwrap();
    let (_, store, _, _lock) = open.into_parts();
    let world = Recorder::default();
    let driver = Driver::start(store, world.clone(), None).unwrap();
    driver.handle().act(|turn| turn.create_invite(Default::default())).await.unwrap();
    let done = world.0.lock().unwrap().clone();
    assert!(matches!(done[..], [Effect::OpenDoor { .. }]), "{done:?}");
    driver.stop().await.unwrap();
}

/// Passes on what reaches the world.
struct Teller(mpsc::UnboundedSender<Effect>);

impl World for Teller {
    fn run(&mut self, effect: Effect) {
        // The test may be over.
        let _ = self.0.send(effect);
    }
}

/// A node on a disk that can fail, of somebody who has a code out and was away so long that things are overdue.
struct Ana {
    driver: Driver,
    disk: ForgetfulDisk,
    effects: mpsc::UnboundedReceiver<Effect>,
    events: mpsc::Sender<Event>,
    _folder: TempDir,
}

impl Ana {
    fn new() -> Self {
        Self::on(ForgetfulDisk::new(), |_| {})
    }

    fn on_a_full_disk() -> Self {
        let disk = ForgetfulDisk::new();
        Self::on(disk.clone(), |store| {
            disk.fail_after(0, Fault::Full);
            // More than the journal has room ahead for. That room is given up as well.
            let ballast =
                |n: u32| Write { table: Table::Notes, key: n.to_be_bytes().into(), value: Some(vec![0; 4_000]) };
            let stored = store.commit(&(0..600).map(ballast).collect::<Vec<_>>());
            assert!(matches!(stored, Err(StoreError::Full)), "{stored:?}");
        })
    }

    fn on(disk: ForgetfulDisk, before: impl FnOnce(&mut FileStore)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let on = Arc::new(disk.clone());
        let (mut store, _) = FileStore::open_on(on, folder.path(), VaultKey::new([7; 32])).unwrap();
        let then = Timestamp::from_secs(now().secs() - 10 * DAY);
        let words = RecoveryWords::from_entropy(random());
        let beginning = Beginning { words: &words, name: Name::new("Ana").unwrap(), peer: PeerId([1; 32]) };
        let step = engine::create(&store, then, random(), beginning).unwrap();
        store.commit(&step.writes).unwrap();
        let mut engine = Engine::open(&store).unwrap();
        let (_, step) = engine.turn(&store, now(), random(), |turn| turn.create_invite(Default::default())).unwrap();
        store.commit(&step.writes).unwrap();
        before(&mut store);
        let (told, effects) = mpsc::unbounded_channel();
        let (events, happens) = mpsc::channel(8);
        let line = Line { events: happens, node_key: SigningKey::from_seed(&SecretSeed([1; 32])) };
        let driver = Driver::start(store, Teller(told), Some(line)).unwrap();
        Self { driver, disk, effects, events, _folder: folder }
    }

    /// Waits until the engine begins: it opens the door of the code.
    async fn begins(&mut self) {
        while !matches!(self.effects.recv().await.expect("the driver goes on"), Effect::OpenDoor { .. }) {}
    }

    async fn adds_a_code(&self) -> Result<(), Refused> {
        self.driver.handle().act(|turn| turn.create_invite(Default::default())).await.map(|_| ())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_tried_again_after_a_pause_and_who_asks_is_answered_meanwhile() {
    let begun = Instant::now();
    let mut ana = Ana::on_a_full_disk();
    ana.disk.take_trace();
    for _ in 0..2 {
        let refused = ana.adds_a_code().await;
        assert!(matches!(refused, Err(Refused::NotStored(_))), "{refused:?}");
    }
    ana.disk.heal();
    ana.begins().await;
    assert!(begun.elapsed() >= Duration::from_secs(1), "it began anew without a pause");
    let syncs = ana.disk.take_trace().iter().filter(|done| matches!(done, Operation::Sync { .. })).count();
    assert!(syncs < 100, "{syncs} tries in {:?}", begun.elapsed());
    ana.adds_a_code().await.expect("there is room again");
    assert_eq!(ana.driver.handle().goes_on(), Ok(()));
    ana.driver.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_driver_that_ends_by_itself_says_why() {
    let ana = Ana::new();
    assert_eq!(ana.driver.handle().goes_on(), Ok(()));
    drop(ana.events);
    assert_eq!(ana.driver.handle().ended().await, Ended::Network);
    assert_eq!(ana.driver.handle().goes_on(), Err(Ended::Network));
    ana.driver.stop().await.unwrap();

    let ana = Ana::new();
    ana.disk.fail_after(0, Fault::Broken);
    while ana.adds_a_code().await.is_ok() {}
    // It is the next thing to be stored that the storage refuses for good.
    let _ = ana.adds_a_code().await;
    assert!(matches!(ana.driver.handle().ended().await, Ended::Storage(_)));
    assert!(ana.driver.stop().await.is_err());

    let ana = Ana::new();
    let broken: Result<(), _> = ana.driver.handle().act(|_| panic!("a mistake in the program")).await;
    assert!(matches!(broken, Err(Refused::Stopping)), "{broken:?}");
    assert_eq!(ana.driver.handle().ended().await, Ended::Broken);
    assert!(ana.driver.stop().await.is_err());
}
