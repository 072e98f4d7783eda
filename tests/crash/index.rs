//! The index is only a copy: whatever happens to it while the node is off, it is made anew.

use std::fs;
use std::path::Path;

use kith_tests::e2e::Someone;

/// Ana with a card and people, whose node has been up and stopped.
fn ana() -> Someone {
    let mut ana = Someone::up("Ana Sousa");
    ana.kith(["card", "set", "org", "Sousa Valves Lda"]).ok();
    for number in 0..50 {
        ana.api().post("/people", &serde_json::json!({ "name": format!("Person {number}"), "note": "likes valves" }));
    }
    ana.stop();
    ana
}

#[track_caller]
fn all_is_there(ana: &Someone, why: &str) {
    let people = ana.kith(["people", "valves", "--json"]).ok().json();
    assert_eq!(people["total"], 50, "{why}");
    assert!(ana.kith(["card", "show"]).ok().out.contains("Sousa Valves Lda"), "{why}");
}

fn sled(ana: &Someone) -> std::path::PathBuf {
    ana.folder().join("store").join("sled")
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_file()).collect()
}

#[test]
fn an_index_that_was_damaged_while_the_node_was_off_is_made_anew() {
    let mut ana = ana();
    type Harm = fn(&Path);
    let harms: [(&str, Harm); 8] = [
        ("the folder is gone", |sled| fs::remove_dir_all(sled).unwrap()),
        ("the folder is empty", |sled| files(sled).iter().for_each(|file| fs::remove_file(file).unwrap())),
        ("db is cut in half", |sled| {
            let db = fs::File::options().write(true).open(sled.join("db")).unwrap();
            db.set_len(db.metadata().unwrap().len() / 2).unwrap();
        }),
        ("db is empty", |sled| drop(fs::File::create(sled.join("db")).unwrap())),
        ("db is garbage", |sled| {
            let len = fs::metadata(sled.join("db")).unwrap().len();
            fs::write(sled.join("db"), vec![0xa5; len as usize]).unwrap();
        }),
        ("conf is garbage", |sled| fs::write(sled.join("conf"), "garbage").unwrap()),
        ("an unfinished snapshot is left", |sled| {
            fs::write(sled.join("snap.0000000000000001.generating"), "torn").unwrap();
        }),
        ("a finished snapshot is garbage", |sled| fs::write(sled.join("snap.00000000FFFFFFFF"), [7; 999]).unwrap()),
    ];
    for (why, harm) in harms {
        harm(&sled(&ana));
        all_is_there(&ana, &format!("{why}: the command line alone"));
        harm(&sled(&ana));
        ana.try_start().unwrap_or_else(|said| panic!("{why}: {said}"));
        all_is_there(&ana, &format!("{why}: a node"));
        ana.kith(["person", "note", "Person 7", why]).ok();
        ana.stop();
        assert!(ana.kith(["person", "show", "Person 7"]).ok().out.contains(why));
    }
    // A file where the folder should be gives way to it.
    fs::remove_dir_all(sled(&ana)).unwrap();
    fs::write(sled(&ana), "no folder").unwrap();
    ana.start();
    all_is_there(&ana, "the folder is a file");
    ana.stop();
    all_is_there(&ana, "the folder is a file, without a node");
    let log = ana.logged();
    assert!(!log.contains("panicked"), "{log}");
}

#[test]
fn an_index_that_was_damaged_under_a_node_that_was_killed_is_made_anew() {
    let mut ana = ana();
    for round in 0..5_u8 {
        ana.start();
        let note = format!("round {round}");
        ana.kith(["person", "note", "Person 7", &note]).ok();
        ana.kill();
        for file in files(&sled(&ana)) {
            let mut bytes = fs::read(&file).unwrap();
            let (len, step) = (bytes.len(), 97 + usize::from(round));
            (0..len).step_by(step).for_each(|at| bytes[at] ^= 1 << (round % 8));
            fs::write(file, bytes).unwrap();
        }
        all_is_there(&ana, &note);
        assert!(ana.kith(["person", "show", "Person 7"]).ok().out.contains(&note));
    }
}

#[test]
fn a_damaged_checkpoint_is_named_and_left_alone() {
    let ana = ana();
    let store = ana.folder().join("store");
    let checkpoint = files(&store).into_iter().find(|file| file.extension().is_some_and(|kc| kc == "kc")).unwrap();
    let whole = fs::read(&checkpoint).unwrap();
    let mut bytes = whole.clone();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&checkpoint, &bytes).unwrap();
    // The index would still do, but nobody must build on a home whose truth is torn.
    let name = checkpoint.file_name().unwrap().to_str().unwrap();
    ana.kith(["card", "show"]).fails(5, &[name, "hint: copy the whole home aside"]);
    assert_eq!(fs::read(&checkpoint).unwrap(), bytes, "it was left as it was");
    fs::write(&checkpoint, &whole).unwrap();
    all_is_there(&ana, "the file is whole again");
}
