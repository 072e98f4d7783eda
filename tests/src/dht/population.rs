//! Who is in the network, whom each knows, and how each answers.

use super::buckets::{K, NEIGHBOURHOOD, NEIGHBOURS, is_one_of_a_crowd, nearest_entries, shared_bits};
use super::dice::{Dice, falls, mix};
use super::grown::Tables;
use super::query::{Held, Reply};

/// The spread of tables that came about by joining one after another (see [`grown`](super::grown)).
pub const SPREAD: f64 = 1.0;

/// What each hash of an id decides.
const DRAWN: u64 = 2;
const HOSTILE: u64 = 3;
const MANNER: u64 = 4;
const GONE_BEFORE: u64 = 5;
const GONE_AFTER: u64 = 6;
const GHOST: u64 = 7;

/// The network that is asked about. Shares are between 0 and 1.
#[derive(Debug, Clone)]
pub struct Conditions {
    /// Everything drawn comes from it.
    pub seed: u64,
    /// Nodes whose ids are in tables, alive or not.
    pub nodes: usize,
    /// Share of the nodes a bucket could hold that its owner has met; the bucket keeps [`K`] of them at most.
    pub fill: f64,
    /// How evenly a bucket's entries lie in its part of the network. The lookup that fills a bucket goes to one place,
    /// so of the candidates the `r`-th nearest to that place is entered with a chance in proportion to
    /// 1 / (`spread` + `r`). Infinite: all alike. To be matched by [`TableSizes::fullest_eighth`](super::TableSizes).
    pub spread: f64,
    /// Share that lies or keeps silent.
    pub hostile: f64,
    /// Whether all hostile nodes work together: none is silent, and so none that a liar names fails to answer.
    pub cunning: bool,
    /// Share that left after tables were filled and before the record was put.
    pub gone_before_put: f64,
    /// Share of the rest that left between put and get.
    pub gone_after_put: f64,
    /// Ids that exist nowhere, close to the key, in each answer of a liar.
    pub ghosts: usize,
}

impl Conditions {
    /// A network of honest nodes that all stay.
    pub fn calm(nodes: usize) -> Self {
        let (hostile, gone_before_put, gone_after_put) = (0.0, 0.0, 0.0);
        Self {
            seed: 1,
            nodes,
            fill: 1.0,
            spread: SPREAD,
            hostile,
            cunning: false,
            gone_before_put,
            gone_after_put,
            ghosts: 0,
        }
    }
}

/// At which time a node is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// While the record is put.
    Put,
    /// While it is asked for.
    Get,
}

/// How a node answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// As the protocol wants it.
    Honest,
    /// Takes the request and says nothing.
    Silent,
    /// Acknowledges a record and drops it; names hostile nodes only.
    Misleading,
    /// As [`Manner::Misleading`], and hands out a record with a wrong signature.
    Garbage,
}

/// All nodes of a network. Only the ids are stored (8 bytes each); tables and manners are drawn again when needed.
pub struct Population {
    ids: Vec<u64>,
    conditions: Conditions,
    siege: Option<(u64, u64)>,
    grown: Option<Tables>,
}

impl Population {
    /// Nodes with ids spread evenly, whose buckets are even draws from those that fit.
    pub fn new(conditions: Conditions) -> Self {
        let mut dice = Dice::new(&[conditions.seed, conditions.nodes as u64]);
        let mut ids: Vec<u64> = (0..conditions.nodes).map(|_| dice.roll()).collect();
        ids.sort_unstable();
        ids.dedup();
        Self { ids, conditions, siege: None, grown: None }
    }

    /// The same nodes with tables that came about by joining one after another.
    pub fn grown(conditions: Conditions, refreshes: usize) -> Self {
        let mut population = Self::new(conditions);
        population.grown = Some(Tables::grow(&population.ids, population.conditions.seed, refreshes));
        population
    }

    /// Changes what happens in the network. Ids and grown tables stay, so `seed` and `nodes` must be what they were.
    pub fn set_conditions(&mut self, conditions: Conditions) {
        self.conditions = conditions;
    }

    /// Makes liars of the `count` nodes nearest to `key`.
    pub fn besiege(&mut self, key: u64, count: usize) {
        self.siege = self.nearest(key, count, |_| true).last().map(|id| (key, id ^ key));
    }

    /// The conditions it was made from.
    pub fn conditions(&self) -> &Conditions {
        &self.conditions
    }

    /// A node that is there at that time and means well; an id of nobody if there is hardly one.
    pub fn somebody(&self, dice: &mut Dice, when: When) -> u64 {
        (0..10_000)
            .filter_map(|_| self.ids.get(dice.below(self.ids.len())).copied())
            .find(|id| self.is_there(*id, when) && self.manner(*id) == Manner::Honest)
            .unwrap_or_default()
    }

    /// Whether the id is that of a node which has not left by then.
    pub fn is_there(&self, id: u64, when: When) -> bool {
        let Conditions { seed, gone_before_put, gone_after_put, .. } = self.conditions;
        self.ids.binary_search(&id).is_ok()
            && !falls(gone_before_put, &[seed, GONE_BEFORE, id])
            && (when == When::Put || !falls(gone_after_put, &[seed, GONE_AFTER, id]))
    }

    /// How the node answers. Those of a siege all garble; of the other hostile ones a third each does one thing.
    pub fn manner(&self, id: u64) -> Manner {
        if self.siege.is_some_and(|(key, reach)| id ^ key <= reach) {
            return Manner::Garbage;
        }
        let seed = self.conditions.seed;
        if !falls(self.conditions.hostile, &[seed, HOSTILE, id]) {
            return Manner::Honest;
        }
        match mix(&[seed, MANNER, id]) % 3 {
            0 if !self.conditions.cunning => Manner::Silent,
            0 | 1 => Manner::Misleading,
            _ => Manner::Garbage,
        }
    }

    /// The `count` nodes nearest to `key` among those `wanted`, nearest first, whoever knows them.
    pub fn nearest(&self, key: u64, count: usize, wanted: impl Fn(u64) -> bool) -> Vec<u64> {
        let mut bits = self.ids.len().max(1).ilog2();
        loop {
            // All that share `bits` with the key are nearer than all that do not.
            let low = key & !u64::MAX.checked_shr(bits).unwrap_or(0);
            let range = self.range(low, bits);
            let mut found: Vec<u64> = range.iter().copied().filter(|id| wanted(*id)).collect();
            if found.len() >= count || bits == 0 {
                found.sort_unstable_by_key(|id| id ^ key);
                found.truncate(count);
                return found;
            }
            bits -= 1;
        }
    }

    /// The nodes that `owner`'s bucket of those sharing exactly `shared` leading bits could hold.
    pub fn candidates(&self, owner: u64, shared: u32) -> &[u64] {
        let Some(flipped) = (1u64 << 63).checked_shr(shared) else { return &[] };
        let low = (owner ^ flipped) & !(flipped - 1);
        self.range(low, shared + 1)
    }

    /// That bucket's entries.
    pub fn bucket(&self, owner: u64, shared: u32) -> Vec<u64> {
        if let Some(tables) = &self.grown {
            return tables.bucket(owner, shared).to_vec();
        }
        let Conditions { seed, fill, .. } = self.conditions;
        let candidates = self.candidates(owner, shared);
        let mut dice = Dice::new(&[seed, DRAWN, owner, u64::from(shared)]);
        let met = candidates.len() as f64 * fill + dice.share();
        let count = K.min(met as usize);
        draw(candidates, count, shared, self.conditions.spread, &mut dice)
    }

    /// The last bucket of `owner` that could hold anybody.
    pub fn deepest(&self, owner: u64) -> u32 {
        let here = self.ids.partition_point(|id| *id < owner);
        let around = [here.wrapping_sub(1), here, here + 1];
        let near = around.iter().filter_map(|at| self.ids.get(*at)).filter(|id| **id != owner);
        near.map(|id| shared_bits(*id, owner)).max().unwrap_or(0)
    }

    /// The entries of `owner`'s table nearest to `key`, without `asker`, gone nodes among them.
    pub fn known(&self, owner: u64, key: u64, asker: Option<u64>) -> Vec<u64> {
        nearest_entries(owner, key, asker, self.deepest(owner), |shared, found| {
            found.extend(self.bucket(owner, shared))
        })
    }

    /// What `asked` answers when `asker` looks for `key`; nothing from the gone and the silent.
    pub fn reply(&self, asked: u64, asker: u64, key: u64, when: When, holders: &[u64]) -> Option<Reply> {
        if !self.is_there(asked, when) {
            return None;
        }
        let manner = self.manner(asked);
        let held = match manner {
            Manner::Silent => return None,
            Manner::Honest if holders.contains(&asked) => Some(Held::Valid),
            Manner::Garbage => Some(Held::Garbage),
            Manner::Honest | Manner::Misleading => None,
        };
        let nearer = if manner == Manner::Honest { self.known(asked, key, Some(asker)) } else { self.lie(asked, key) };
        Some(Reply { held, nearer })
    }

    /// The hostile nodes nearest to the key, behind ids that are nobody's and nearer than any node's.
    fn lie(&self, liar: u64, key: u64) -> Vec<u64> {
        let ghost = |number| key ^ (mix(&[GHOST, liar, key, number]) >> (self.ids.len().max(1).ilog2() + 8).min(63));
        let mut names: Vec<u64> = (0..self.conditions.ghosts as u64).map(ghost).collect();
        names.extend(self.nearest(key, K, |id| id != liar && self.manner(id) != Manner::Honest));
        names
    }

    /// The ids that start with the first `bits` bits of `low`; `low` has no other bits.
    fn range(&self, low: u64, bits: u32) -> &[u64] {
        let high = low | u64::MAX.checked_shr(bits).unwrap_or(0);
        let from = self.ids.partition_point(|id| *id < low);
        let to = self.ids.partition_point(|id| *id <= high);
        self.ids.get(from..to).unwrap_or_default()
    }
}

/// `count` different candidates around a random place, and no crowd of them; as many as there can be if those are fewer.
fn draw(candidates: &[u64], count: usize, shared: u32, spread: f64, dice: &mut Dice) -> Vec<u64> {
    let len = candidates.len();
    let mut drawn: Vec<u64> = Vec::with_capacity(K);
    if len <= count {
        for id in candidates {
            drawn.extend(Some(*id).filter(|id| !is_one_of_a_crowd(&drawn, *id, shared)));
        }
        return drawn;
    }
    // Ids are spread evenly, so places in the list are as near to each other as the ids are.
    let ranks = len.next_power_of_two();
    let place = dice.below(len);
    let count = count.min(without_crowds(candidates, shared));
    while drawn.len() < count {
        let rank = if spread.is_finite() {
            (spread * ((ranks as f64 / spread + 1.0).powf(dice.share()) - 1.0)) as usize
        } else {
            dice.below(ranks)
        };
        let is_entered = |id: &&u64| !drawn.contains(id) && !is_one_of_a_crowd(&drawn, **id, shared);
        let entered = candidates.get(place ^ rank).filter(is_entered).copied();
        drawn.extend(entered);
    }
    drawn
}

/// How many of these sorted candidates can be in one bucket.
fn without_crowds(mut candidates: &[u64], shared: u32) -> usize {
    let mut most = 0;
    while let Some(first) = candidates.first() {
        let stands_there = |id: &u64| shared_bits(*first, *id) > shared + NEIGHBOURHOOD;
        let (there, others) = candidates.split_at(candidates.partition_point(stands_there));
        most += there.len().min(NEIGHBOURS);
        candidates = others;
    }
    most
}
