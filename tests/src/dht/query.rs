//! A lookup as libp2p-kad 0.49 does it: several paths that share no answers, each with its own end.
//!
//! Every request is answered, or given up, after one round: the round of a request is the length of the chain of
//! answers that led to it.

use std::collections::{HashMap, VecDeque};

use super::buckets::K;

/// Requests a path may wait for at once, and how many paths there are: the `α` of Kademlia.
pub const ALPHA: usize = 3;

/// A record in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// Its signature is right.
    Valid,
    /// Its signature is wrong; the asker throws it away.
    Garbage,
}

/// What a node says to a request.
#[derive(Debug)]
pub struct Reply {
    /// The record, if it hands one out.
    pub held: Option<Held>,
    /// Whom it names as near to the key.
    pub nearer: Vec<u64>,
}

/// How a lookup went.
#[derive(Debug, Default)]
pub struct Walk {
    /// Nodes that were asked.
    pub requests: u32,
    /// Rounds until the lookup ended.
    pub rounds: u32,
    /// Valid copies seen.
    pub copies: u32,
    /// The round that brought the first one.
    pub first_copy: Option<u32>,
    /// How often every path waited for answers that another path had swallowed, until libp2p's ten seconds were over.
    pub stalls: u32,
    /// Records thrown away.
    pub garbage: u32,
    /// The nodes that answered and are nearest to the key, nearest first: up to [`K`] of each path.
    pub nearest: Vec<u64>,
}

/// Looks for `key` from the nodes in `start`; ends early once `enough` valid copies were seen. `ask` is a request to
/// one node and its answer, `None` if there is none.
pub fn walk(key: u64, start: &[u64], enough: Option<u32>, mut ask: impl FnMut(u64) -> Option<Reply>) -> Walk {
    let mut paths = Paths::new(key, start);
    let mut walk = Walk::default();
    let mut asked = VecDeque::new();
    loop {
        while let Some(id) = paths.next() {
            walk.requests += 1;
            asked.push_back((id, walk.rounds + 1));
        }
        if paths.all.iter().all(|path| path.mode == Mode::Finished) {
            break;
        }
        let Some((id, round)) = asked.pop_front() else {
            paths.time_out();
            walk.stalls += 1;
            continue;
        };
        walk.rounds = round;
        let reply = ask(id);
        match reply.as_ref().and_then(|reply| reply.held) {
            Some(Held::Valid) => {
                walk.copies += 1;
                walk.first_copy.get_or_insert(round);
            }
            Some(Held::Garbage) => walk.garbage += 1,
            None => {}
        }
        paths.answered(id, reply.map(|reply| reply.nearer));
        if enough.is_some_and(|enough| walk.copies >= enough) {
            break;
        }
    }
    walk.nearest = paths.nearest();
    walk
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Known,
    Waiting,
    Answered,
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Iterating { no_progress: usize },
    Stalled,
    Finished,
}

/// One path. Peers are kept by their distance, so that the id of one is its distance xor the key.
#[derive(Debug, Clone)]
struct Path {
    key: u64,
    peers: Vec<(u64, State)>,
    mode: Mode,
    waiting: usize,
}

impl Path {
    /// The next node it would ask, now marked as waited for.
    fn next(&mut self) -> Option<u64> {
        let limit = match self.mode {
            Mode::Iterating { .. } => ALPHA,
            Mode::Stalled => K,
            Mode::Finished => return None,
        };
        let room = self.waiting < limit;
        // The nearest K must all have answered, so one that is waited for ends the count.
        let mut answered = Some(0);
        for (distance, state) in &mut self.peers {
            match state {
                State::Known if room => {
                    *state = State::Waiting;
                    self.waiting += 1;
                    return Some(*distance ^ self.key);
                }
                State::Known => return None,
                State::Waiting if !room => return None,
                State::Waiting => answered = None,
                State::Answered => answered = answered.map(|count| count + 1),
                State::Failed => {}
            }
            if answered == Some(K) {
                self.mode = Mode::Finished;
                return None;
            }
        }
        if self.waiting == 0 {
            self.mode = Mode::Finished;
        }
        None
    }

    /// Takes the end of a request it waits for: names, possibly none, or `None` for a failure.
    fn answered(&mut self, id: u64, names: Option<&[u64]>) {
        let found = self.peers.binary_search_by_key(&(id ^ self.key), |peer| peer.0);
        let Some(peer) = found.ok().and_then(|at| self.peers.get_mut(at)) else { return };
        if self.mode == Mode::Finished || peer.1 != State::Waiting {
            return;
        }
        peer.1 = if names.is_some() { State::Answered } else { State::Failed };
        self.waiting -= 1;
        if let Some(names) = names {
            let progress = self.learn(names);
            self.mode = match self.mode {
                _ if progress => Mode::Iterating { no_progress: 0 },
                Mode::Iterating { no_progress } if no_progress + 1 < ALPHA => {
                    Mode::Iterating { no_progress: no_progress + 1 }
                }
                _ => Mode::Stalled,
            };
        }
    }

    /// Whether the names hold somebody new and nearer than the K-th, or any answer is welcome.
    fn learn(&mut self, names: &[u64]) -> bool {
        let mut progress = self.peers.len() < K;
        let edge = self.peers.get(K - 1).or(self.peers.last()).map_or(u64::MAX, |peer| peer.0);
        for name in names {
            let distance = name ^ self.key;
            if let Err(at) = self.peers.binary_search_by_key(&distance, |peer| peer.0) {
                self.peers.insert(at, (distance, State::Known));
                progress |= distance < edge;
            }
        }
        progress
    }
}

/// The paths of one lookup, and which of them asked whom.
struct Paths {
    key: u64,
    all: Vec<Path>,
    turn: usize,
    asked_by: HashMap<u64, (usize, State)>,
}

impl Paths {
    fn new(key: u64, start: &[u64]) -> Self {
        let mut peers: Vec<(u64, State)> = start.iter().map(|id| (id ^ key, State::Known)).collect();
        peers.sort_unstable_by_key(|peer| peer.0);
        let path = Path { key, peers, mode: Mode::Iterating { no_progress: 0 }, waiting: 0 };
        Self { key, all: vec![path; ALPHA], turn: 0, asked_by: HashMap::new() }
    }

    /// The next node to ask, the paths taking turns. A node that another path asked is not asked twice: its names stay
    /// with the first path, and the others learn only that it answered.
    fn next(&mut self) -> Option<u64> {
        for _ in 0..ALPHA {
            let turn = self.turn;
            self.turn = (turn + 1) % ALPHA;
            let path = self.all.get_mut(turn)?;
            while let Some(id) = path.next() {
                match self.asked_by.get(&id).map(|asked| asked.1) {
                    Some(State::Answered) => path.answered(id, Some(&[])),
                    Some(State::Failed) => path.answered(id, None),
                    Some(State::Waiting | State::Known) => {}
                    None => {
                        self.asked_by.insert(id, (turn, State::Waiting));
                        return Some(id);
                    }
                }
            }
        }
        None
    }

    fn answered(&mut self, id: u64, names: Option<Vec<u64>>) {
        let Some((owner, state)) = self.asked_by.get_mut(&id) else { return };
        // As in libp2p: if the path that asked has ended meanwhile, paths that come to this node later never learn of
        // the answer.
        if self.all.get(*owner).is_some_and(|path| path.mode != Mode::Finished) {
            *state = if names.is_some() { State::Answered } else { State::Failed };
        }
        for (turn, path) in self.all.iter_mut().enumerate() {
            let heard = names.as_deref().map(|names| if turn == *owner { names } else { &[] });
            path.answered(id, heard);
        }
    }

    /// Gives up whatever is still waited for.
    fn time_out(&mut self) {
        for path in &mut self.all {
            path.waiting = 0;
            let waiting = path.peers.iter_mut().filter(|peer| peer.1 == State::Waiting);
            waiting.for_each(|peer| peer.1 = State::Failed);
        }
    }

    fn nearest(&self) -> Vec<u64> {
        let of_path = |path: &Path| {
            path.peers.iter().filter(|peer| peer.1 == State::Answered).take(K).copied().collect::<Vec<_>>()
        };
        let mut distances: Vec<u64> = self.all.iter().flat_map(of_path).map(|peer| peer.0).collect();
        distances.sort_unstable();
        distances.dedup();
        distances.iter().map(|distance| distance ^ self.key).collect()
    }
}
