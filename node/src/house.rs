//! Modules depend on each other in one direction, as packages do: what a module rests on can be read without coming back
//! to it. Here that is checked of the modules at the top of a package; within one they may do as they like.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What each module names of the others, and a file that does.
type Uses = BTreeMap<String, BTreeMap<String, String>>;

/// The files under a folder. Those of tests may reach anywhere.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.file_stem().and_then(|stem| stem.to_str()) {
            Some("tests") => {}
            _ if path.is_dir() => found.extend(files(&path)),
            _ if path.extension().is_some_and(|ending| ending == "rs") => found.push(path),
            _ => {}
        }
    }
    found.sort();
    found
}

/// What is compiled of a file: neither comments nor the tests at its end.
fn code(text: &str) -> String {
    let program = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    program.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
}

fn uses(src: &Path) -> Uses {
    let mut uses = Uses::new();
    for file in files(src) {
        let shown = file.strip_prefix(src).unwrap().display().to_string();
        let path: Vec<&str> = shown.trim_end_matches(".rs").split('/').filter(|part| *part != "mod").collect();
        if path == ["lib"] || path == ["house"] {
            continue;
        }
        let code = code(&fs::read_to_string(&file).unwrap());
        let leads_out = code.contains("crate::{") || code.contains(&"super::".repeat(path.len()));
        assert!(!leads_out, "{shown}: name other modules by `crate::`, each by itself, so that this test sees it");
        let used = uses.entry(path[0].to_owned()).or_default();
        for after in code.split("crate::").skip(1) {
            let name: String = after.chars().take_while(|one| one.is_alphanumeric() || *one == '_').collect();
            if name != path[0] {
                used.insert(name, shown.clone());
            }
        }
    }
    uses
}

/// One of those that are left that this one needs.
fn needed<'u>(uses: &'u Uses, one: &str, left: &BTreeSet<&'u str>) -> Option<&'u str> {
    uses.get(one)?.keys().map(String::as_str).find(|other| left.contains(other))
}

/// Modules that need each other all around, in words; none if they have an order.
fn circle(uses: &Uses) -> Option<String> {
    let mut left: BTreeSet<&str> = uses.keys().map(String::as_str).collect();
    while let Some(free) = left.iter().copied().find(|one| needed(uses, one, &left).is_none()) {
        left.remove(free);
    }
    let mut way = vec![*left.first()?];
    loop {
        let next = needed(uses, way.last()?, &left)?;
        let begun = way.iter().position(|one| *one == next);
        way.push(next);
        if let Some(begun) = begun {
            let steps = way[begun..].windows(2);
            let told = steps.map(|pair| format!("{} needs {} in {}", pair[0], pair[1], uses[pair[0]][pair[1]]));
            return Some(told.collect::<Vec<_>>().join("\n"));
        }
    }
}

fn have_an_order(package: &str) {
    let uses = uses(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(package).join("src"));
    assert!(uses.len() > 10, "the modules were not found: {uses:?}");
    let circle = circle(&uses);
    assert!(circle.is_none(), "modules need each other:\n{}", circle.unwrap_or_default());
}

#[test]
fn no_two_modules_need_each_other() {
    have_an_order("node");
}

#[test]
fn no_two_modules_of_the_protocol_need_each_other() {
    have_an_order("protocol");
}

#[test]
fn a_circle_is_told_by_the_files_that_close_it() {
    let uses = |named: &[(&str, &str)]| {
        let mut uses = Uses::new();
        for (one, other) in named {
            uses.entry((*one).to_owned()).or_default().insert((*other).to_owned(), format!("{one}.rs"));
            uses.entry((*other).to_owned()).or_default();
        }
        uses
    };
    assert_eq!(circle(&uses(&[("web", "api"), ("api", "store"), ("web", "store")])), None);
    let told = circle(&uses(&[("web", "api"), ("api", "mail"), ("mail", "api"), ("mail", "store")])).unwrap();
    assert_eq!(told, "api needs mail in api.rs\nmail needs api in mail.rs");
}
