//! What an introduction is called by whoever asks for it: its id, or the beginning of it.

use kith_protocol::engine::introduction::{IntroKey, Part};

use super::words;

/// The name under which one of several introductions with the same id can be asked for.
pub(super) fn full_name(key: IntroKey) -> String {
    format!("{}:{}:{}", words::part_name(key.part), key.id.short(), key.person.short())
}

/// True if a name means this introduction: the beginning of an id, or of all three parts of [`full_name`].
pub(super) fn is_meant(key: IntroKey, name: &str) -> bool {
    let mut parts = name.split(':');
    let (first, second, third) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
    let (part, id, person) = match second {
        Some(id) => (first, id, third.unwrap_or_default()),
        None => ("", first, ""),
    };
    let is_part = part.is_empty() || part == words::part_name(key.part);
    id.len() >= 4 && is_part && key.id.to_string().starts_with(id) && key.person.to_string().starts_with(person)
}

/// The parts of introductions, by name.
pub(super) fn part_of(name: &str) -> Option<Part> {
    [Part::Asker, Part::Introducer, Part::Target].into_iter().find(|part| words::part_name(*part) == name)
}

#[cfg(test)]
mod tests {
    use kith_protocol::id::{IntroId, PersonId};

    use super::*;

    #[test]
    fn the_same_id_in_two_parts_is_told_apart_by_its_full_name() {
        let key = |part, person| IntroKey { part, id: IntroId([7; 16]), person: PersonId([person; 10]) };
        let (mine, theirs) = (key(Part::Asker, 1), key(Part::Target, 2));
        let id = mine.id.to_string();
        for name in [&id[..4], &id] {
            assert!(is_meant(mine, name) && is_meant(theirs, name), "{name}");
        }
        for (key, other) in [(mine, theirs), (theirs, mine), (mine, key(Part::Asker, 3))] {
            let name = full_name(key);
            assert!(is_meant(key, &name) && !is_meant(other, &name), "{name}");
        }
        for name in ["", &id[..3], "asker:", "friend:", &format!("introducer:{id}")] {
            assert!(!is_meant(mine, name), "{name}");
        }
    }
}
