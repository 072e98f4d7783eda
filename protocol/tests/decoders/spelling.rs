//! Other spellings of the same CBOR: each takes a valid encoding and gives all those that a strict reader must
//! refuse.

/// Where an item stands.
struct Span {
    start: usize,
    /// Bytes of the head.
    head: usize,
    end: usize,
    major: u8,
    value: u64,
    /// Start of key, start of value and end of each entry, if it is a map.
    entries: Vec<(usize, usize, usize)>,
}

/// A way of spelling CBOR that the deterministic encoding forbids.
pub type Spelling = (&'static str, fn(&[u8]) -> Vec<Vec<u8>>);

pub const ALL: [Spelling; 9] = [
    ("a number that is not in its shortest form", longer_heads),
    ("an indefinite length", indefinite),
    ("a key that stands twice", doubled_keys),
    ("keys out of order", swapped_keys),
    ("a key that nobody knows", unknown_keys),
    ("a byte after the end", trailing),
    ("an end that comes too early", cut),
    ("a tag", tagged),
    ("null", null),
];

fn spans(bytes: &[u8]) -> Vec<Span> {
    let mut spans = Vec::new();
    let end = walk(bytes, 0, &mut spans);
    assert_eq!(end, bytes.len(), "one item");
    spans
}

fn walk(bytes: &[u8], start: usize, spans: &mut Vec<Span>) -> usize {
    let argument =
        |len: usize| bytes[start + 1..=start + len].iter().fold(0, |value, &byte| value << 8 | u64::from(byte));
    let (value, head) = match bytes[start] & 0x1f {
        24 => (argument(1), 2),
        25 => (argument(2), 3),
        26 => (argument(4), 5),
        27 => (argument(8), 9),
        short => (u64::from(short), 1),
    };
    let (major, mut end, mut entries) = (bytes[start] >> 5, start + head, Vec::new());
    match major {
        2 | 3 => end += usize::try_from(value).unwrap(),
        4 => (0..value).for_each(|_| end = walk(bytes, end, spans)),
        5 => {
            for _ in 0..value {
                let key = end;
                let of = walk(bytes, key, spans);
                end = walk(bytes, of, spans);
                entries.push((key, of, end));
            }
        }
        _ => {}
    }
    spans.push(Span { start, head, end, major, value, entries });
    end
}

fn splice(bytes: &[u8], from: usize, to: usize, with: &[u8]) -> Vec<u8> {
    [&bytes[..from], with, &bytes[to..]].concat()
}

/// The shortest head.
fn head(major: u8, value: u64) -> Vec<u8> {
    let mut writer = kith_protocol::wire::Writer::new();
    writer.uint(value);
    let mut head = writer.into_bytes();
    head[0] |= major << 5;
    head
}

fn longer_heads(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for span in spans(bytes).iter().filter(|span| span.major < 7) {
        let value = span.value.to_be_bytes();
        for (info, len) in [(24, 1), (25, 2), (26, 4), (27, 8)] {
            if 1 + len > span.head {
                let longer = [&[span.major << 5 | info][..], &value[8 - len..]].concat();
                all.push(splice(bytes, span.start, span.start + span.head, &longer));
            }
        }
    }
    all
}

fn indefinite(bytes: &[u8]) -> Vec<Vec<u8>> {
    let open = spans(bytes).into_iter().filter(|span| (2..=5).contains(&span.major));
    open.map(|span| {
        let inside = if span.major < 4 { span.start } else { span.start + span.head };
        let item = [&[span.major << 5 | 31][..], &bytes[inside..span.end], &[0xff]].concat();
        splice(bytes, span.start, span.end, &item)
    })
    .collect()
}

/// Every map, with one entry more: what `entry` makes of the map, put behind the entries that it names.
fn with_entry(bytes: &[u8], entry: impl Fn(&Span) -> Option<(usize, Vec<u8>)>) -> Vec<Vec<u8>> {
    let maps = spans(bytes).into_iter().filter(|span| span.major == 5);
    maps.filter_map(|map| {
        let (at, entry) = entry(&map)?;
        let longer = [&head(5, map.value + 1)[..], &bytes[map.start + map.head..at], &entry].concat();
        Some(splice(bytes, map.start, at, &longer))
    })
    .collect()
}

fn doubled_keys(bytes: &[u8]) -> Vec<Vec<u8>> {
    with_entry(bytes, |map| map.entries.last().map(|&(key, _, end)| (end, bytes[key..end].to_vec())))
}

fn unknown_keys(bytes: &[u8]) -> Vec<Vec<u8>> {
    // No map of the protocol has so many fields.
    let mut all = with_entry(bytes, |map| Some((map.end, vec![23, 0])));
    all.extend(with_entry(bytes, |map| Some((map.start + map.head, vec![0, 0]))));
    all.extend(with_entry(bytes, |map| Some((map.end, vec![0x61, b'a', 0]))));
    all
}

/// Not forbidden in a value: a hint, under a key below zero.
pub fn hints(bytes: &[u8]) -> Vec<Vec<u8>> {
    with_entry(bytes, |map| Some((map.end, vec![0x20, 0x61, b'x'])))
}

fn swapped_keys(bytes: &[u8]) -> Vec<Vec<u8>> {
    let maps = spans(bytes).into_iter().filter(|span| span.entries.len() > 1);
    maps.map(|map| {
        let ((one, _, middle), (_, _, end)) = (map.entries[0], map.entries[1]);
        splice(bytes, one, end, &[&bytes[middle..end], &bytes[one..middle]].concat())
    })
    .collect()
}

fn trailing(bytes: &[u8]) -> Vec<Vec<u8>> {
    [0, 0xf6, 0xff].map(|byte| [bytes, &[byte]].concat()).to_vec()
}

fn cut(bytes: &[u8]) -> Vec<Vec<u8>> {
    (0..bytes.len()).map(|len| bytes[..len].to_vec()).collect()
}

fn tagged(bytes: &[u8]) -> Vec<Vec<u8>> {
    let tagged = |span: &Span| splice(bytes, span.start, span.start, &[0xd2]);
    spans(bytes).iter().map(tagged).collect()
}

fn null(bytes: &[u8]) -> Vec<Vec<u8>> {
    spans(bytes).iter().map(|span| splice(bytes, span.start, span.end, &[0xf6])).collect()
}
