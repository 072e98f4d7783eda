//! Tables that came about as real ones do: nodes join one after another, look themselves up and refresh their buckets.
//!
//! Stored in full, so for some ten thousand nodes; it shows how far the drawn tables of a
//! [`Population`](super::population::Population) may be trusted.

use std::collections::HashMap;

use super::buckets::{K, is_one_of_a_crowd, nearest_entries, shared_bits};
use super::dice::Dice;
use super::query::{Reply, walk};

/// Random targets tried for one that falls into the bucket to refresh, as libp2p does; the last one is taken anyway.
const TRIES: usize = 16;

/// The routing tables of all nodes, by id and by shared bits.
#[derive(Default)]
pub struct Tables(HashMap<u64, Vec<Vec<u64>>>);

impl Tables {
    /// Lets the nodes join in random order through a random earlier one, and then each refresh `refreshes` times.
    pub fn grow(ids: &[u64], seed: u64, refreshes: usize) -> Self {
        let mut dice = Dice::new(&[seed, 0x67_726f_776e]);
        let mut order = ids.to_vec();
        for last in (1..order.len()).rev() {
            order.swap(last, dice.below(last + 1));
        }
        let mut tables = Self::default();
        for (earlier, id) in order.iter().enumerate() {
            if let Some(door) = order.get(dice.below(earlier)).filter(|door| *door != id) {
                tables.connect(*id, *door);
                tables.bootstrap(*id, &mut dice);
            }
        }
        for id in (0..refreshes).flat_map(|_| &order) {
            tables.bootstrap(*id, &mut dice);
        }
        tables
    }

    /// The entries of one bucket.
    pub fn bucket(&self, owner: u64, shared: u32) -> &[u64] {
        self.0.get(&owner).and_then(|table| table.get(shared as usize)).map(Vec::as_slice).unwrap_or_default()
    }

    /// Looks for oneself, then for a random id in every bucket farther than the nearest that holds somebody.
    fn bootstrap(&mut self, id: u64, dice: &mut Dice) {
        self.look_for(id, id);
        let last = self.depth(id).saturating_sub(1);
        for shared in (0..last).rev() {
            let mut target = dice.roll();
            for _ in 1..TRIES {
                if shared_bits(target, id) == shared {
                    break;
                }
                target = dice.roll();
            }
            self.look_for(id, target);
        }
    }

    fn look_for(&mut self, asker: u64, target: u64) {
        let start = self.known(asker, target, None);
        walk(target, &start, None, |asked| {
            self.connect(asker, asked);
            let nearer = self.known(asked, target, Some(asker));
            Some(Reply { held: None, nearer })
        });
    }

    /// A connection: each side enters the other if that bucket has room, and for one who stands there.
    fn connect(&mut self, one: u64, other: u64) {
        let shared = shared_bits(one, other);
        for (owner, entry) in [(one, other), (other, one)] {
            let table = self.0.entry(owner).or_default();
            let place = shared as usize;
            if table.len() <= place {
                table.resize(place + 1, Vec::new());
            }
            let has_room = |bucket: &&mut Vec<u64>| {
                bucket.len() < K && !bucket.contains(&entry) && !is_one_of_a_crowd(bucket, entry, shared)
            };
            if let Some(bucket) = table.get_mut(place).filter(has_room) {
                bucket.push(entry);
            }
        }
    }

    fn known(&self, owner: u64, target: u64, asker: Option<u64>) -> Vec<u64> {
        let Some(table) = self.0.get(&owner) else { return Vec::new() };
        nearest_entries(owner, target, asker, (table.len() as u32).saturating_sub(1), |shared, found| {
            found.extend(table.get(shared as usize).into_iter().flatten());
        })
    }

    fn depth(&self, owner: u64) -> u32 {
        self.0.get(&owner).map_or(0, |table| table.len() as u32)
    }
}
