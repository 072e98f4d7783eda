//! Where a liar keeps records: nowhere. Whoever asks is shown something else.

use std::borrow::Cow;

use libp2p::PeerId;
use libp2p::kad::store::{Error, RecordStore, Result};
use libp2p::kad::{ProviderRecord, Record, RecordKey};

pub struct Liar;

impl RecordStore for Liar {
    type RecordsIter<'a> = std::iter::Empty<Cow<'a, Record>>;
    type ProvidedIter<'a> = std::iter::Empty<Cow<'a, ProviderRecord>>;

    /// Of the right size, with a head that counts, and with a signature that is none.
    fn get(&self, key: &RecordKey) -> Option<Cow<'_, Record>> {
        let day = kith_protocol::nearby::Day::of(crate::machine::now());
        let mut value = vec![0x5a; kith_protocol::limits::PRESENCE_RECORD];
        value[0] = 1;
        value[1..5].copy_from_slice(&day.0.to_be_bytes());
        value[5..9].copy_from_slice(&86_399_u32.to_be_bytes());
        Some(Cow::Owned(Record::new(key.clone(), value)))
    }

    fn put(&mut self, _: Record) -> Result<()> {
        Err(Error::MaxRecords)
    }

    fn remove(&mut self, _: &RecordKey) {}

    fn records(&self) -> Self::RecordsIter<'_> {
        std::iter::empty()
    }

    fn add_provider(&mut self, _: ProviderRecord) -> Result<()> {
        Err(Error::MaxRecords)
    }

    fn providers(&self, _: &RecordKey) -> Vec<ProviderRecord> {
        Vec::new()
    }

    fn provided(&self) -> Self::ProvidedIter<'_> {
        std::iter::empty()
    }

    fn remove_provider(&mut self, _: &RecordKey, _: &PeerId) {}
}
