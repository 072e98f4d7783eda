//! Bytes with a comment beside each field. The bytes of all lines together are the whole message, so that a
//! comment cannot drift away from what it speaks of.

use data_encoding::HEXLOWER;

/// What the fields of a message are called.
#[derive(Clone, Copy)]
pub enum Shape {
    /// An item without parts.
    Plain,
    /// A map with integer keys.
    Map(&'static [(u64, &'static str, Shape)]),
    /// A list of a fixed number of different items.
    Tuple(&'static [(&'static str, Shape)]),
    /// A list of items of one shape.
    List(&'static Shape),
    /// A byte string that holds another item.
    Inside(&'static Shape),
}

/// The lines of one CBOR item.
pub fn cbor(bytes: &[u8], name: &str, shape: Shape) -> Vec<String> {
    let mut lines = Lines::default();
    let rest = lines.item(&[], bytes, name, shape);
    assert!(rest.is_empty(), "{name}: {} bytes left over", rest.len());
    lines.0
}

/// The lines of fields that follow one another.
pub fn layout(bytes: &[u8], fields: &[(usize, &str)]) -> Vec<String> {
    let mut lines = Lines::default();
    let mut rest = bytes;
    for (len, name) in fields {
        let (field, after) = rest.split_at(*len);
        lines.line(field, name);
        rest = after;
    }
    assert!(rest.is_empty(), "{} bytes left over", rest.len());
    lines.0
}

/// The bytes that the lines show.
pub fn bytes_of(lines: &[String]) -> Vec<u8> {
    let hex: String = lines.iter().filter_map(|line| line.split('#').next()).flat_map(str::chars).collect();
    HEXLOWER.decode(hex.replace(' ', "").as_bytes()).unwrap()
}

#[derive(Default)]
struct Lines(Vec<String>, usize);

impl Lines {
    fn line(&mut self, bytes: &[u8], comment: &str) {
        let indent = "  ".repeat(self.1);
        self.0.push(format!("{indent}{} # {comment}", HEXLOWER.encode(bytes)));
    }

    /// One item with the key in front of it, if it is the value of a field; returns what follows.
    fn item<'b>(&mut self, key: &[u8], bytes: &'b [u8], name: &str, shape: Shape) -> &'b [u8] {
        let (major, value, head) = read_head(bytes);
        let with_key = |end: usize| [key, &bytes[..end]].concat();
        match (major, shape) {
            (2, Shape::Inside(shape)) => {
                self.line(&with_key(head), &format!("{name}: {value} bytes that hold"));
                self.1 += 1;
                let rest = self.item(&[], &bytes[head..head + value], name, *shape);
                assert!(rest.is_empty(), "{name}: bytes left over");
                self.1 -= 1;
                &bytes[head + value..]
            }
            (2, _) => {
                self.line(&with_key(head + value), &format!("{name}, {value} bytes"));
                &bytes[head + value..]
            }
            (3, _) => {
                let text = String::from_utf8_lossy(&bytes[head..head + value]);
                self.line(&with_key(head + value), &format!("{name} {text:?}"));
                &bytes[head + value..]
            }
            (4, shape) => self.list(&with_key(head), value, &bytes[head..], name, shape),
            (5, Shape::Map(fields)) => self.map(&with_key(head), value, &bytes[head..], name, fields),
            (0, _) => {
                self.line(&with_key(head), &format!("{name} {value}"));
                &bytes[head..]
            }
            (1, _) => {
                self.line(&with_key(head), &format!("{name} -{}", value + 1));
                &bytes[head..]
            }
            _ => {
                self.line(&with_key(head), &format!("{name} {}", if value == 21 { "true" } else { "false" }));
                &bytes[head..]
            }
        }
    }

    fn list<'b>(&mut self, head: &[u8], len: usize, mut rest: &'b [u8], name: &str, shape: Shape) -> &'b [u8] {
        self.line(head, &format!("{name}, list of {len}"));
        self.1 += 1;
        for at in 0..len {
            let (name, shape) = match shape {
                Shape::Tuple(items) => items[at],
                Shape::List(shape) => (name, *shape),
                _ => panic!("{name} is a list"),
            };
            rest = self.item(&[], rest, name, shape);
        }
        self.1 -= 1;
        rest
    }

    fn map<'b>(
        &mut self,
        head: &[u8],
        len: usize,
        mut rest: &'b [u8],
        name: &str,
        fields: &[(u64, &str, Shape)],
    ) -> &'b [u8] {
        self.line(head, &format!("{name}, map of {len}"));
        self.1 += 1;
        for _ in 0..len {
            let (_, value, key) = read_head(rest);
            let (number, field, shape) = fields.iter().find(|field| field.0 == value as u64).unwrap();
            rest = self.item(&rest[..key], &rest[key..], &format!("{number}: {field}"), *shape);
        }
        self.1 -= 1;
        rest
    }
}

/// Major type, argument and length of the head of an item.
fn read_head(bytes: &[u8]) -> (u8, usize, usize) {
    let argument = |len: usize| bytes[1..=len].iter().fold(0, |value, &byte| value << 8 | usize::from(byte));
    let (value, len) = match bytes[0] & 0x1f {
        24 => (argument(1), 2),
        25 => (argument(2), 3),
        26 => (argument(4), 5),
        27 => (argument(8), 9),
        short => (usize::from(short), 1),
    };
    (bytes[0] >> 5, value, len)
}
