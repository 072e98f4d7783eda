//! The walks through the DHT that are under way, and what came of them.

use std::collections::HashMap;

use kith_protocol::day_record::{DayKey, DayRecord};
use kith_protocol::time::Timestamp;
use libp2p::kad::{self, QueryId};

/// Copies of a record that end a lookup: a liar can withhold the newest, but not make one.
const COPIES: usize = 3;

/// Names one wish in its outcome.
pub(in crate::network) type Ticket = u64;

/// What came of a wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::network) enum Found {
    /// The record lies with so many other nodes, and with this one or not.
    Posted { takers: usize, is_kept: bool },
    /// This is the newest that was shown.
    Record(Box<DayRecord>),
    /// Nobody who was asked has one.
    Nothing,
}

enum Query {
    Post { ticket: Ticket, record: DayRecord, is_kept: bool, asked: usize },
    Seek { ticket: Ticket, key: DayKey, newest: Option<DayRecord>, copies: usize },
}

/// What is under way, by the library's names.
#[derive(Default)]
pub(super) struct Queries {
    under_way: HashMap<QueryId, Query>,
    next: Ticket,
}

impl Queries {
    fn ticket(&mut self) -> Ticket {
        self.next += 1;
        self.next
    }

    pub(super) fn posts(&mut self, query: QueryId, record: DayRecord, is_kept: bool) -> Ticket {
        let ticket = self.ticket();
        self.under_way.insert(query, Query::Post { ticket, record, is_kept, asked: 0 });
        ticket
    }

    pub(super) fn seeks(&mut self, query: QueryId, key: DayKey) -> Ticket {
        let ticket = self.ticket();
        self.under_way.insert(query, Query::Seek { ticket, key, newest: None, copies: 0 });
        ticket
    }

    /// The record that is to be given to the nodes nearest to it, which were just found.
    pub(super) fn nearest_are_known(&self, query: QueryId) -> Option<&DayRecord> {
        match self.under_way.get(&query)? {
            Query::Post { record, .. } => Some(record),
            Query::Seek { .. } => None,
        }
    }

    /// A post goes on under another name, with so many nodes.
    pub(super) fn gives(&mut self, before: QueryId, query: QueryId, to: usize) {
        if let Some(Query::Post { ticket, record, is_kept, .. }) = self.under_way.remove(&before) {
            self.under_way.insert(query, Query::Post { ticket, record, is_kept, asked: to });
        }
    }

    /// A post is over.
    pub(super) fn given(&mut self, query: QueryId, result: &kad::PutRecordResult) -> Option<(Ticket, Found)> {
        let Query::Post { ticket, is_kept, asked, .. } = self.under_way.remove(&query)? else { return None };
        let takers = match result {
            Ok(_) => asked,
            Err(kad::PutRecordError::QuorumFailed { success, .. } | kad::PutRecordError::Timeout { success, .. }) => {
                success.len()
            }
        };
        Some((ticket, Found::Posted { takers, is_kept }))
    }

    /// Somebody showed a record, or what they call one. True if the lookup need not go on.
    pub(super) fn shown(&mut self, query: QueryId, record: &kad::Record, now: Timestamp) -> bool {
        let Some(Query::Seek { key, newest, copies, .. }) = self.under_way.get_mut(&query) else { return false };
        if record.key.as_ref() != key.as_bytes() {
            return false;
        }
        let Ok(day) = DayRecord::read(key.as_bytes(), &record.value) else { return false };
        if !day.counts_at(now) {
            return false;
        }
        *copies += 1;
        if newest.as_ref().is_none_or(|newest| day.replaces(newest)) {
            *newest = Some(day);
        }
        *copies >= COPIES
    }

    /// A lookup is over.
    pub(super) fn sought(&mut self, query: QueryId) -> Option<(Ticket, Found)> {
        let Query::Seek { ticket, newest, .. } = self.under_way.remove(&query)? else { return None };
        Some((ticket, newest.map_or(Found::Nothing, |day| Found::Record(Box::new(day)))))
    }
}
