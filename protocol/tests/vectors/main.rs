//! The vectors of `protocol/vectors`: every message of the protocol made from fixed seeds, byte for byte.
//!
//! With `KITH_WRITE_VECTORS=1` in the environment the files are written instead of compared. A change of a
//! vector is a change of the protocol: it needs a word in SPEC.md and in the change log.

// Helpers of tests fail as tests do: at once and aloud.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods, reason = "vectors are files, compared and written")]

mod annotate;
#[path = "../support/cast.rs"]
mod cast;
mod files;
#[path = "../support/reference.rs"]
mod reference;
mod seeds;
mod shapes;
#[path = "../support/values.rs"]
mod values;

use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

fn is_writing() -> bool {
    std::env::var_os("KITH_WRITE_VECTORS").is_some()
}

#[test]
fn every_vector_is_made_again_byte_for_byte() {
    for (name, file) in files::all() {
        let path = folder().join(name);
        let made = serde_json::to_string_pretty(&file).unwrap() + "\n";
        if is_writing() {
            std::fs::write(&path, &made).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        let differs = kept.lines().zip(made.lines()).position(|(kept, made)| kept != made);
        assert!(
            kept == made,
            "{name} differs from line {} on; KITH_WRITE_VECTORS=1 writes it anew, if that is meant",
            differs.map_or(kept.lines().count(), |line| line + 1)
        );
    }
}

#[test]
fn the_comments_cover_every_byte() {
    for (name, file) in files::all() {
        for vector in &file.vectors {
            assert_eq!(annotate::bytes_of(&vector.fields), vector.raw, "{name}: {}", vector.name);
        }
    }
}

#[test]
fn the_fuzzer_has_a_seed_for_every_message() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fuzz/corpus");
    for (target, name, bytes) in seeds::all() {
        let path = corpus.join(target).join(&name);
        if is_writing() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &bytes).unwrap();
        }
        assert_eq!(std::fs::read(&path).unwrap_or_default(), bytes, "{target}/{name}");
    }
}
