//! Whose names are listened for.

use std::collections::{BTreeMap, BTreeSet};

use kith_protocol::id::PeerId;
use kith_protocol::nearby::{Day, PresenceSeed};

/// The names of contacts, of yesterday, today and tomorrow. Everything else that is said on the network is passed over.
#[derive(Debug, Default)]
pub(super) struct Names {
    day: Option<Day>,
    known: BTreeSet<PresenceSeed>,
    by_name: BTreeMap<PeerId, PresenceSeed>,
}

impl Names {
    /// The same for these contacts on this day. Takes 60 microseconds for each that is new, or for each on a new day.
    pub(super) fn become_those_of(mut self, expected: &BTreeSet<PresenceSeed>, day: Day) -> Self {
        if self.day != Some(day) {
            self = Self { day: Some(day), ..Self::default() };
        }
        self.by_name.retain(|_, seed| expected.contains(seed));
        for seed in expected.difference(&self.known) {
            let names = day.around().map(|day| (seed.name_of(day), seed.clone()));
            self.by_name.extend(names);
        }
        self.known.clone_from(expected);
        self
    }

    /// Whose name this is.
    pub(super) fn whose(&self, name: &PeerId) -> Option<&PresenceSeed> {
        self.by_name.get(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seeds(range: std::ops::Range<u8>) -> BTreeSet<PresenceSeed> {
        range.map(|byte| PresenceSeed::new([byte; 32])).collect()
    }

    #[test]
    fn a_contact_is_known_by_the_names_of_three_days_and_a_former_one_by_none() {
        let (bo, chi) = (PresenceSeed::new([1; 32]), PresenceSeed::new([2; 32]));
        let names = Names::default().become_those_of(&seeds(1..3), Day(100));
        for day in 99..=101 {
            assert_eq!(names.whose(&bo.name_of(Day(day))), Some(&bo));
        }
        assert_eq!(names.whose(&bo.name_of(Day(98))), None, "whoever noted an older name learns nothing by saying it");
        let names = names.become_those_of(&seeds(2..4), Day(100));
        assert_eq!(names.whose(&bo.name_of(Day(100))), None);
        assert_eq!(names.whose(&chi.name_of(Day(100))), Some(&chi));
        let names = names.become_those_of(&seeds(2..4), Day(102));
        assert_eq!(names.whose(&chi.name_of(Day(100))), None);
        assert_eq!(names.whose(&chi.name_of(Day(103))), Some(&chi));
        assert_eq!(names.by_name.len(), 6);
    }
}
