//! The demo, as somebody runs it who has just built Kith.

use std::path::Path;
use std::process::Command;

use kith_tests::e2e::{Api, kith_bin, run};

fn demo(args: &[&str]) -> String {
    run(Command::new(kith_bin()).arg("demo").args(args), b"").ok().out
}

fn ends_well(said: &str) {
    let (_, table) = said.split_once("who   holds").unwrap_or_else(|| panic!("no closing table: {said}"));
    let rows: Vec<String> = table.lines().map(|row| row.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for row in [
        "Ana Bo Lindqvist scanned live at Hannover Messe",
        "Ana Chi Okafor introduced by Bo Lindqvist",
        "Bo Ana Sousa scanned live at Hannover Messe",
        "Bo Chi Okafor via their printed code (Badge 2026)",
        "Chi Ana Sousa introduced by Bo Lindqvist",
        "Chi Bo Lindqvist via my printed code (Badge 2026)",
    ] {
        assert!(rows.iter().any(|line| line.starts_with(row)), "{row:?} is missing: {said}");
    }
    assert_eq!(table.matches("both signed that they met").count(), 2, "who was introduced has not met: {said}");
    assert!(said.contains("at most 2 nodes at once"), "{said}");
}

#[test]
fn the_demo_tells_its_story_to_the_end() {
    ends_well(&demo(&[]));
}

#[test]
fn the_nodes_of_the_demo_go_on_if_they_are_to() {
    let said = demo(&["--keep"]);
    ends_well(&said);
    let lines: Vec<&str> = said.lines().filter(|line| line.contains("(stop it: kill ")).collect();
    assert_eq!(lines.len(), 2, "{said}");
    let mut stage = None;
    for line in lines {
        let home = line.split_whitespace().skip_while(|word| *word != "--home").nth(1).unwrap();
        let pid = line.rsplit(' ').next().unwrap().trim_end_matches(')');
        stage = Path::new(home).parent();
        let status = Api::of(Path::new(home)).unwrap().get("/status");
        assert_eq!(status["contacts"], 2, "{status}");
        let people = run(Command::new(kith_bin()).args(["--home", home, "people"]), b"").ok();
        assert!(people.out.contains("contact; scanned live at Hannover Messe"), "{people}");
        assert!(Command::new("kill").arg(pid).status().unwrap().success());
        // It is no child of ours, so nothing tells us of its end.
        let begun = std::time::Instant::now();
        while Path::new("/proc").join(pid).join("exe").exists() {
            assert!(begun.elapsed() < kith_tests::e2e::PATIENCE, "process {pid} goes on");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }
    std::fs::remove_dir_all(stage.unwrap()).unwrap();
}
