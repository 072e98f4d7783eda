//! A model of the DHT that presence is put on, for networks larger than can be run.
//!
//! Ids are 64 random bits in one sorted list. A node's bucket is drawn from the part of the list that fits it, by a
//! hash of the node and the bucket, so nothing but the ids is stored and ten million nodes need 80 MB. Lookups follow
//! libp2p-kad step by step ([`query`]). Time is counted in rounds: a request and its answer, or its failure, is one.
//! The same [`Conditions`] give the same numbers on every machine.

pub mod buckets;
pub mod dice;
pub mod grown;
pub mod population;
pub mod query;
#[cfg(test)]
mod tests;

use buckets::K;
use dice::Dice;
use population::{Conditions, Manner, Population, When};
use query::{ALPHA, walk};

/// Valid copies after which a get ends.
pub const ENOUGH: u32 = 3;

/// How a put went.
#[derive(Debug)]
pub struct Put {
    /// Honest nodes that now hold the record.
    pub holders: Vec<u64>,
    /// Of the [`K`] nodes nearest to the key that are there and honest, those that hold it.
    pub well_placed: usize,
    /// Requests: those of the lookup and one for each node the record was given to.
    pub requests: u32,
    /// Rounds: those of the lookup, then [`ALPHA`] records at a time.
    pub rounds: u32,
    /// Waits of ten seconds for answers that got lost between the paths.
    pub stalls: u32,
}

/// How a get went.
#[derive(Debug)]
pub struct Get {
    /// Requests until it ended.
    pub requests: u32,
    /// Rounds until it ended.
    pub rounds: u32,
    /// The round in which the first valid copy came; none if the record was not found.
    pub first_copy: Option<u32>,
    /// Valid copies seen; it ends at [`ENOUGH`].
    pub copies: u32,
    /// Records with a wrong signature, thrown away.
    pub garbage: u32,
    /// As [`Put::stalls`].
    pub stalls: u32,
}

/// Puts a record: looks for the nearest nodes and gives it to the [`K`] nearest that answered.
pub fn put(population: &Population, publisher: u64, key: u64) -> Put {
    let start = population.known(publisher, key, None);
    let walk = walk(key, &start, None, |asked| population.reply(asked, publisher, key, When::Put, &[]));
    let given: Vec<u64> = walk.nearest.iter().copied().take(K).collect();
    let sent = given.len() as u32;
    let honest = |id: &u64| population.manner(*id) == Manner::Honest;
    let holders: Vec<u64> = given.into_iter().filter(honest).collect();
    let right = population.nearest(key, K, |id| id != publisher && population.is_there(id, When::Put));
    let well_placed = right.iter().filter(|id| holders.contains(id)).count();
    let rounds = walk.rounds + sent.div_ceil(ALPHA as u32);
    Put { holders, well_placed, requests: walk.requests + sent, rounds, stalls: walk.stalls }
}

/// Gets a record that `holders` were given.
pub fn get(population: &Population, reader: u64, key: u64, holders: &[u64]) -> Get {
    let start = population.known(reader, key, None);
    let ask = |asked| population.reply(asked, reader, key, When::Get, holders);
    let walk = walk(key, &start, Some(ENOUGH), ask);
    let (first_copy, copies, garbage) = (walk.first_copy, walk.copies, walk.garbage);
    Get { requests: walk.requests, rounds: walk.rounds, first_copy, copies, garbage, stalls: walk.stalls }
}

/// The mean of many counts and what 95 in 100 do not exceed; zero of nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spread {
    /// Their mean.
    pub mean: f64,
    /// The smallest count that at least 95 % do not exceed.
    pub p95: u32,
    /// The smallest.
    pub min: u32,
    /// The largest.
    pub max: u32,
}

impl Spread {
    /// Sums up the counts.
    pub fn of(mut counts: Vec<u32>) -> Self {
        counts.sort_unstable();
        let p95 = counts.get((counts.len() * 95).div_ceil(100).saturating_sub(1)).copied().unwrap_or_default();
        let sum: u64 = counts.iter().copied().map(u64::from).sum();
        let mean = sum as f64 / counts.len().max(1) as f64;
        let (min, max) = (counts.first().copied().unwrap_or_default(), counts.last().copied().unwrap_or_default());
        Self { mean, p95, min, max }
    }
}

/// What many puts and gets came to.
#[derive(Debug)]
pub struct Survey {
    /// The network.
    pub conditions: Conditions,
    /// Gets made.
    pub gets: usize,
    /// Gets that saw a valid copy.
    pub found: usize,
    /// Gets that saw [`ENOUGH`].
    pub enough: usize,
    /// Honest holders of each record.
    pub holders: Spread,
    /// Requests of each put.
    pub put_requests: Spread,
    /// Rounds of each put.
    pub put_rounds: Spread,
    /// Puts after which no honest node held the record.
    pub lost_puts: usize,
    /// Puts that stalled.
    pub stalled_puts: usize,
    /// Gets that stalled.
    pub stalled_gets: usize,
    /// Requests of each get.
    pub get_requests: Spread,
    /// Rounds of each get.
    pub get_rounds: Spread,
    /// Rounds until the first valid copy, of the gets that saw one.
    pub first_copy: Spread,
}

impl Survey {
    /// Share of the gets that saw a valid copy, 0 to 1.
    pub fn found_share(&self) -> f64 {
        self.found as f64 / self.gets.max(1) as f64
    }
}

/// Puts a record under each of `keys` random keys and gets it `readers` times, everybody drawn anew.
pub fn survey(population: &Population, keys: usize, readers: usize) -> Survey {
    let conditions = population.conditions().clone();
    let mut dice = Dice::new(&[conditions.seed, 0x6b65_7973]);
    let (mut puts, mut gets) = (Vec::new(), Vec::new());
    for _ in 0..keys {
        let key = dice.roll();
        let put = put(population, population.somebody(&mut dice, When::Put), key);
        for _ in 0..readers {
            gets.push(get(population, population.somebody(&mut dice, When::Get), key, &put.holders));
        }
        puts.push(put);
    }
    Survey {
        conditions,
        gets: gets.len(),
        found: gets.iter().filter(|get| get.copies > 0).count(),
        enough: gets.iter().filter(|get| get.copies >= ENOUGH).count(),
        holders: Spread::of(puts.iter().map(|put| put.holders.len() as u32).collect()),
        put_requests: Spread::of(puts.iter().map(|put| put.requests).collect()),
        put_rounds: Spread::of(puts.iter().map(|put| put.rounds).collect()),
        lost_puts: puts.iter().filter(|put| put.holders.is_empty()).count(),
        stalled_puts: puts.iter().filter(|put| put.stalls > 0).count(),
        stalled_gets: gets.iter().filter(|get| get.stalls > 0).count(),
        get_requests: Spread::of(gets.iter().map(|get| get.requests).collect()),
        get_rounds: Spread::of(gets.iter().map(|get| get.rounds).collect()),
        first_copy: Spread::of(gets.iter().filter_map(|get| get.first_copy).collect()),
    }
}

/// How full the routing tables of some nodes are.
#[derive(Debug)]
pub struct TableSizes {
    /// Entries of a whole table.
    pub entries: Spread,
    /// Mean entries of each bucket; the first is that of the far half of the network.
    pub buckets: Vec<f64>,
    /// Share of the first bucket's entries that lie in the fullest eighth of its part, 0 to 1: 0.24 if they are spread
    /// evenly.
    pub fullest_eighth: f64,
}

/// Looks into the tables of `sample` nodes drawn at random, with repetition.
pub fn table_sizes(population: &Population, sample: usize) -> TableSizes {
    let mut dice = Dice::new(&[population.conditions().seed, 0x7461_626c_6573]);
    let mut sums: Vec<u64> = Vec::new();
    let (mut far, mut fullest) = (0, 0);
    let mut totals = Vec::new();
    for _ in 0..sample {
        let owner = population.somebody(&mut dice, When::Put);
        let sizes: Vec<usize> =
            (0..=population.deepest(owner)).map(|shared| population.bucket(owner, shared).len()).collect();
        let eighths: Vec<u64> = population.bucket(owner, 0).iter().map(|id| (id >> 60) % 8).collect();
        far += eighths.len();
        fullest += (0..8).map(|eighth| eighths.iter().filter(|of| **of == eighth).count()).max().unwrap_or(0);
        sums.resize(sums.len().max(sizes.len()), 0);
        sums.iter_mut().zip(&sizes).for_each(|(sum, size)| *sum += *size as u64);
        totals.push(sizes.iter().sum::<usize>() as u32);
    }
    let buckets = sums.iter().map(|sum| *sum as f64 / sample.max(1) as f64).collect();
    let fullest_eighth = fullest as f64 / far.max(1) as f64;
    TableSizes { entries: Spread::of(totals), buckets, fullest_eighth }
}

/// The straight line `a + b·x` nearest to the points (least squares), as `(a, b)`; level if there are too few.
pub fn line_through(points: &[(f64, f64)]) -> (f64, f64) {
    let count = points.len().max(1) as f64;
    let mean_x = points.iter().map(|point| point.0).sum::<f64>() / count;
    let mean_y = points.iter().map(|point| point.1).sum::<f64>() / count;
    let spread: f64 = points.iter().map(|point| (point.0 - mean_x).powi(2)).sum();
    let together: f64 = points.iter().map(|point| (point.0 - mean_x) * (point.1 - mean_y)).sum();
    let slope = if spread > 0.0 { together / spread } else { 0.0 };
    (mean_y - slope * mean_x, slope)
}
