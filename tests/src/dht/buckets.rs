//! The order in which a routing table is read: nearest to a target first.

/// Entries of a bucket, records of a key, answers to a question: the `k` of Kademlia.
pub const K: usize = 20;

/// Ids of one bucket that share so many bits more than all of them do stand together: a sixteenth of what it could hold.
pub const NEIGHBOURHOOD: u32 = 4;
/// Of those so many are entered, as in `node/src/network/dht`.
pub const NEIGHBOURS: usize = 5;

/// True if a bucket, of ids that share `shared` bits with its owner, has enough that stand where this one does.
pub fn is_one_of_a_crowd(bucket: &[u64], id: u64, shared: u32) -> bool {
    bucket.iter().filter(|other| shared_bits(**other, id) > shared + NEIGHBOURHOOD).count() >= NEIGHBOURS
}

/// How many leading bits two ids share: the number of the bucket that one has in the other's table, 0 being the half
/// of the network that is farthest away. 64 for an id and itself.
pub fn shared_bits(one: u64, other: u64) -> u32 {
    (one ^ other).leading_zeros()
}

/// The entries of `owner`'s table nearest to `target`, nearest first, at most [`K`] and without `asker`: what a node
/// answers, and where its own lookups start. `deepest` is the last bucket that may hold anybody; `bucket` appends the
/// entries of one.
pub fn nearest_entries(
    owner: u64,
    target: u64,
    asker: Option<u64>,
    deepest: u32,
    bucket: impl Fn(u32, &mut Vec<u64>),
) -> Vec<u64> {
    let differs = |shared: &u32| ((owner ^ target) << *shared) >> 63 == 1;
    let towards = (0..=deepest).filter(differs);
    let back_out = (0..=deepest).rev().filter(|shared| !differs(shared));
    let mut found = Vec::with_capacity(2 * K);
    for shared in towards.chain(back_out) {
        bucket(shared, &mut found);
        found.retain(|id| Some(*id) != asker);
        if found.len() >= K {
            break;
        }
    }
    // Each bucket is nearer than the next one in this order.
    found.sort_unstable_by_key(|id| id ^ target);
    found.truncate(K);
    found
}
