//! What leaves Kith for other programs: cards for phones, lists for spreadsheets. Pure: from what is known of somebody to
//! text.
//!
//! | file | subject |
//! |---|---|
//! | [`contact`] | what is known of one person, before it has a format |
//! | [`vcard3`] | vCard 3.0, the one version that every phone takes in, and a small form of it for a code |
//! | [`csv`] | a row of a list |

pub mod contact;
pub mod csv;
pub mod vcard3;

pub use contact::Contact;
