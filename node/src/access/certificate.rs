//! How it stands with the certificate that a public authority gives for the node's domain.

use kith_protocol::time::Timestamp;

/// The certificate, as far as people need to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Until when the one that browsers are shown counts; `None` while there is none.
    pub until: Option<Timestamp>,
    /// Why there is no newer one, if one was asked for in vain.
    pub trouble: Option<Trouble>,
}

/// Why the authority gave no certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What went wrong; in part the authority's own words, without anything that a terminal would obey.
    pub message: String,
    /// What to do about it.
    pub hint: &'static str,
    /// When the node asks again.
    pub again: Timestamp,
}
