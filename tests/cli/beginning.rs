//! Making an identity, running a node, the card.

use std::net::TcpListener;

use kith_tests::e2e::{Someone, free_port, run};

#[test]
fn ana_makes_an_identity_and_fills_in_her_card() {
    let ana = Someone::new("Ana Sousa");
    let made =
        ana.kith(["init", "--name", "Ana Sousa", "--org", "Sousa Valves Lda", "--email", "ana@sousa.example"]).ok();
    assert!(made.out.starts_with("Ana Sousa lives in "), "{made}");
    assert!(made.err.contains("recovery-words.txt"), "{made}");
    ana.kith(["init", "--name", "Ana Sousa"]).fails(1, &["there is a home in", "hint: "]);
    let card = ana.kith(["card", "show"]).ok().out;
    assert!(card.contains("org    Sousa Valves Lda   [public]"), "{card}");
    let set = ana.kith(["card", "set", "mobile", "+351 912 345 678"]).ok();
    assert!(set.out.starts_with("Changed."), "{set}");
    assert!(ana.kith(["card", "set", "mobile", "+351 912 345 678"]).ok().out.contains("says so already"));
    ana.kith(["card", "set", "website", "https://sousa.example", "--tier", "named"]).ok();
    let seen = |eyes| ana.kith(["card", "show", "--as", eyes]).ok().out;
    assert!(!seen("public").contains("351") && !seen("public").contains("https"));
    assert!(seen("contacts").contains("351") && !seen("contacts").contains("https"));
    assert!(seen("named").contains("https"));
    ana.kith(["card", "set", "mobile", ""]).ok();
    assert!(!ana.kith(["card", "show"]).ok().out.contains("351"));
    ana.kith(["card", "set", "shoe-size", "43"]).fails(2, &["no field \"shoe-size\"", "hint: fields are: name, "]);
    ana.kith(["card", "set", "name", ""]).fails(2, &["a card has a name"]);
    ana.kith(["card", "set", "name", "Ana Sousa-Li"]).ok();
    assert!(ana.kith(["card", "show"]).ok().out.starts_with("Ana Sousa-Li\n"));
}

#[test]
fn status_answers_only_while_a_node_runs() {
    let mut ana = Someone::at_home("Ana Sousa");
    ana.kith(["status"]).fails(3, &["no node runs in this home", "hint: start it with kith up"]);
    let error = ana.kith(["status", "--json"]).fails(3, &[]).json_error();
    assert_eq!(error["kind"], "not_running");
    ana.start();
    let said = ana.node.as_ref().unwrap().said();
    assert!(said.starts_with("Ana Sousa's node is running.\n"), "{said}");
    let status = ana.kith(["status", "--json"]).ok().json();
    assert_eq!((&status["name"], &status["running"]), (&"Ana Sousa".into(), &true.into()));
    assert_eq!(status["listening"].as_array().unwrap().len(), 2, "{status}");
    assert!(ana.kith(["status"]).ok().out.contains("waiting    0 in the inbox"));
    ana.stop();
    ana.kith(["status"]).fails(3, &["no node runs"]);
    ana.start();
    ana.kill();
    ana.kith(["status"]).fails(3, &["no node runs"]);
}

#[test]
fn the_doctor_nags_until_the_words_are_written_down() {
    let mut ana = Someone::at_home("Ana Sousa");
    assert!(ana.kith(["words"]).ok().out.contains("recovery-words.txt"));
    let sick = ana.kith(["doctor"]).ok().out;
    assert!(sick.contains("look  recovery words") && sick.contains("kith words --done"), "{sick}");
    assert!(sick.contains("look  node: not running"), "{sick}");
    assert!(ana.kith(["words", "--done"]).ok().out.starts_with("Deleted."));
    assert!(ana.kith(["words", "--done"]).ok().out.contains("There was no file"));
    assert!(!ana.folder().join("recovery-words.txt").exists());
    ana.start();
    let findings = ana.kith(["doctor", "--json"]).ok().json();
    let health = |subject: &str| {
        let findings = findings.as_array().unwrap();
        findings.iter().find(|finding| finding["subject"] == subject).unwrap()["health"].as_str().unwrap().to_owned()
    };
    assert_eq!(health("recovery words"), "good");
    let told = ana.kith(["doctor"]).ok().out;
    assert!(told.contains("recovery words: not kept in the home\n      kith words --check"), "{told}");
    assert_eq!(health("node"), "good");
    assert_eq!(health("disk"), "good");
}

#[test]
fn a_home_that_is_not_there_is_not_made_by_asking() {
    let nobody = Someone::new("Nobody");
    for command in [&["status"][..], &["doctor"], &["card", "show"], &["people"], &["inbox"], &["invite"], &["words"]] {
        nobody.kith(command).fails(4, &["there is no home in", "hint: make one with kith init"]);
        assert!(!nobody.folder().exists(), "{command:?} made a folder");
    }
    let mut nameless = nobody.command(["up", "--web", "127.0.0.1:0"]);
    run(&mut nameless, b"").fails(2, &["needs a name", "--name"]);
}

#[test]
fn the_home_comes_from_the_environment_too() {
    let ana = Someone::at_home("Ana Sousa");
    let card = |home: &std::path::Path, variable: &str| {
        let mut command = std::process::Command::new(kith_tests::e2e::kith_bin());
        run(command.env_remove("KITH_HOME").env_remove("XDG_DATA_HOME").args(["card", "show"]).env(variable, home), b"")
    };
    assert_eq!(card(ana.folder(), "KITH_HOME").ok().out, "Ana Sousa\n");
    let data = ana.beside("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::rename(ana.folder(), data.join("kith")).unwrap();
    assert_eq!(card(&data, "XDG_DATA_HOME").ok().out, "Ana Sousa\n");
    let share = ana.beside("person").join(".local/share");
    std::fs::create_dir_all(&share).unwrap();
    std::fs::rename(data.join("kith"), share.join("kith")).unwrap();
    assert_eq!(card(&ana.beside("person"), "HOME").ok().out, "Ana Sousa\n");
}

#[test]
fn an_address_that_is_taken_or_is_none_is_told() {
    let (ana, bo) = (Someone::up("Ana Sousa"), Someone::at_home("Bo Lindqvist"));
    run(&mut bo.command(["up", "--listen", "port 7517"]), b"").fails(2, &["no address to listen on", "hint: "]);
    let taken = format!("/ip4/127.0.0.1/tcp/{}", ana.port);
    run(&mut bo.command(["up", "--web", "127.0.0.1:0", "--listen", &taken]), b"").fails(1, &[&taken, "hint: "]);
    let api = ana.api().address().to_string();
    let free = format!("/ip4/127.0.0.1/tcp/{}", bo.port);
    run(&mut bo.command(["up", "--listen", &free, "--web", &api]), b"").fails(1, &[&api, "hint: "]);
}

#[test]
fn a_node_that_cannot_listen_where_it_was_told_to_listens_nowhere_else() {
    let mut ana = Someone::at_home("Ana Sousa");
    ana.web = free_port();
    ana.start();
    ana.stop();
    let settings = || std::fs::read_to_string(ana.folder().join("settings.json")).unwrap();
    let before = settings();
    let other = TcpListener::bind(("127.0.0.1", ana.web)).unwrap();
    ana.kith(["up"]).fails(1, &[&format!("the API cannot listen on 127.0.0.1:{}", ana.web), "hint: ", "--web"]);
    drop(other);
    let other = TcpListener::bind(("127.0.0.1", ana.port)).unwrap();
    ana.kith(["up"]).fails(1, &[&format!("cannot listen on /ip4/127.0.0.1/tcp/{}", ana.port), "hint: ", "--listen"]);
    drop(other);
    assert_eq!(settings(), before);
}

#[test]
fn files_of_the_home_that_cannot_be_read_are_named_and_left_as_they_are() {
    let mut ana = Someone::at_home("Ana Sousa");
    let (settings, mail) = (ana.folder().join("settings.json"), ana.folder().join("mail.json"));
    std::fs::write(&settings, "{\"web_url\": \"https://kith.exam").unwrap();
    for command in ["up", "people"] {
        ana.kith([command]).fails(5, &["settings.json", "cannot be read", "hint: ", "move it away"]);
    }
    assert!(std::fs::read_to_string(&settings).unwrap().ends_with("kith.exam"), "it is not written over");
    std::fs::remove_file(&settings).unwrap();
    let (keys, whole) = (ana.folder().join("keys"), std::fs::read(ana.folder().join("keys")).unwrap());
    std::fs::write(&keys, &whole[..20]).unwrap();
    ana.kith(["up"]).fails(5, &["keys is damaged", "hint: put back a copy", "move the whole folder aside"]);
    let folder = ana.folder().to_str().unwrap();
    ana.kith(["restore", "ana.backup"]).fails(5, &["keys is damaged", &format!("hint: move {folder} aside (keep it)")]);
    std::fs::write(&keys, whole).unwrap();
    for (name, then) in [("access.json", "kith open"), ("api-token", "another token")] {
        let file = ana.folder().join(name);
        std::fs::write(&file, [0xff, 0xfe]).unwrap();
        let damaged = format!("{name} is damaged");
        let said = [damaged.as_str(), "hint: move it away", then];
        run(&mut ana.up_command(), b"").fails(5, &said);
        ana.kith(["people"]).fails(5, &said);
        std::fs::remove_file(&file).unwrap();
        ana.kith(["people"]).ok();
    }
    std::fs::write(&mail, "{\"server\": ").unwrap();
    ana.start();
    let sick = ana.kith(["doctor"]);
    assert!(sick.code == Some(1) && sick.out.contains("BAD   mail: none is sent: "), "{sick}");
    assert!(sick.out.contains("mail.json") && sick.out.contains("kith mail off"), "{sick}");
    ana.kith(["mail"]).fails(1, &["mail.json", "hint: kith mail set"]);
    ana.kith(["mail", "off"]).ok();
    assert!(ana.kith(["doctor"]).ok().out.contains("mail: none is sent"));
}

#[test]
fn a_certificate_authority_that_cannot_be_read_is_no_reason_to_start_again_and_again() {
    let mut ana = Someone::at_home("Ana Sousa");
    ana.also = ["--tls", "own"].map(str::to_owned).to_vec();
    let file = ana.folder().join("ca.json");
    std::fs::write(&file, "{\"certificate\": ").unwrap();
    run(&mut ana.up_command(), b"").fails(5, &["ca.json is damaged", "hint: move it away", "installed again"]);
    std::fs::remove_file(&file).unwrap();
    ana.start();
}
