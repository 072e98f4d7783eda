//! Codes that people show each other, as pictures and as text.
//!
//! | file | subject |
//! |---|---|
//! | [`draw`] | a text becomes a QR code: PNG, SVG, or half blocks for a terminal |
//! | [`read`] | a photo or a screenshot becomes the texts of the QR codes on it |
//! | `read/views` | the ways to look at one picture: scaled, stretched, inverted, in tiles |
//! | `read/decoders` | the two QR decoders, with bounds and a fence against their panics |
//! | [`foreign`] | what a scanned text is: a code of Kith, the card of another program, a link, mere text |
//! | `foreign/vcard`, `foreign/mecard`, `foreign/link` | one kind of foreign text each |
//! | `foreign/nobody` | texts that are of no person |
//!
//! Nothing here knows what a code of Kith says: the text behind `KITH:` goes to the protocol as it is.

pub mod draw;
pub mod foreign;
pub mod read;

/// Runs code of others that may panic on strange input; a panic counts as "nothing found".
///
/// What `work` borrows is read only, or thrown away after a panic.
fn fenced<T>(work: impl FnOnce() -> Option<T>) -> Option<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).ok().flatten()
}
