//! Every sentence of ours that a page shows, a file for each subject, ready to be translated.
//!
//! What the API says of the state of things (questions, provenance, where an introduction stands) comes in words from
//! there, since the command line shows it too.

macro_rules! words {
    ($($name:ident = $text:literal;)*) => { $(pub(crate) const $name: &str = $text;)* };
}

mod card;
mod entry;
mod exchange;
mod fair;
mod fields;
mod follow_up;
mod frame;
mod own_node;
mod people;
mod public;
mod qr;
mod scan;
mod today;
mod vouches;

pub(crate) use card::*;
pub(crate) use entry::*;
pub(crate) use exchange::*;
pub(crate) use fair::*;
pub(crate) use fields::*;
pub(crate) use follow_up::*;
pub(crate) use frame::*;
pub(crate) use own_node::*;
pub(crate) use people::*;
pub(crate) use public::*;
pub(crate) use qr::*;
pub(crate) use scan::*;
pub(crate) use today::*;
pub(crate) use vouches::*;

/// The language of these words (BCP 47), and the direction in which it is written.
pub(super) const LANG: &str = "en";
pub(super) const DIR: &str = "ltr";

/// Choices with what programs call them.
type Choices = &'static [(&'static str, &'static str)];
