//! Writing of the deterministic encoding.

use minicbor::Encoder;

use super::Wire;

/// Appends items to a growing byte string.
#[derive(Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// An empty writer.
    pub fn new() -> Self {
        Self::default()
    }

    /// What was written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// An unsigned integer.
    pub fn uint(&mut self, value: u64) {
        infallible(Encoder::new(&mut self.bytes).u64(value));
    }

    /// A byte string.
    pub fn bytes(&mut self, value: &[u8]) {
        infallible(Encoder::new(&mut self.bytes).bytes(value));
    }

    /// A text string.
    pub fn text(&mut self, value: &str) {
        infallible(Encoder::new(&mut self.bytes).str(value));
    }

    /// A boolean.
    pub fn bool(&mut self, value: bool) {
        infallible(Encoder::new(&mut self.bytes).bool(value));
    }

    /// The head of an array of `len` items.
    pub fn array(&mut self, len: usize) {
        infallible(Encoder::new(&mut self.bytes).array(len as u64));
    }

    fn key(&mut self, value: i64) {
        infallible(Encoder::new(&mut self.bytes).i64(value));
    }

    fn map(&mut self, len: u64) {
        infallible(Encoder::new(&mut self.bytes).map(len));
    }
}

/// Writing into a `Vec` cannot fail: its error type has no values.
fn infallible<T>(result: Result<T, minicbor::encode::Error<std::convert::Infallible>>) {
    debug_assert!(result.is_ok());
}

/// Collects the fields of a map and writes its head once their number is known.
#[derive(Default)]
pub struct MapWriter {
    fields: Writer,
    count: u64,
    last: Option<i64>,
}

impl MapWriter {
    /// An empty map.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field unless it is absent. Keys are given in rising order.
    pub fn field<T: Wire>(&mut self, key: i64, value: &T) {
        debug_assert!(self.last.is_none_or(|last| last < key), "keys in rising order");
        self.last = Some(key);
        if !value.is_absent() {
            self.count += 1;
            self.fields.key(key);
            value.encode(&mut self.fields);
        }
    }

    /// Appends the finished map to `writer`.
    pub fn finish(self, writer: &mut Writer) {
        writer.map(self.count);
        writer.bytes.extend_from_slice(&self.fields.bytes);
    }
}
