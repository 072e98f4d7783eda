//! Taking a backup with a phone.

use kith_tests::browser::{Engine, Setup};
use kith_tests::e2e::Someone;

use crate::phone::{Phone, has_chromium};

#[test]
fn ana_takes_a_backup_away_on_her_phone() {
    if !has_chromium() {
        return;
    }
    let ana = Someone::up("Ana Sousa");
    ana.kith(["person", "add", "Chi", "--need", "ball valves"]).ok();
    let paper = ana.beside("paper");
    std::fs::copy(ana.folder().join("recovery-words.txt"), &paper).unwrap();
    let folder = ana.beside("downloads");
    std::fs::create_dir(&folder).unwrap();
    let phone = Phone::with(&ana, Setup::new(Engine::Chromium).without_scripts().downloads(&folder));
    phone.opens("node");
    phone.sees("there is none");
    let file = phone.saves("Take a backup", &folder);
    assert!(ana.kith(["verify", file.to_str().unwrap()]).ok().out.contains("is whole"));
    phone.opens("node");
    phone.sees("the last one was made");
    let new = Someone::new("Ana Sousa");
    new.kith(["restore", file.to_str().unwrap(), "--words-file", paper.to_str().unwrap()]).ok();
    assert!(new.kith(["person", "show", "Chi"]).ok().out.contains("ball valves"));
}
