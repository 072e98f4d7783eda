use std::sync::{Arc, Mutex};

use kith_protocol::engine::CardChange;
use kith_protocol::engine::own::Own;
use kith_protocol::text::Name;

use super::*;
use crate::home::Home;

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
