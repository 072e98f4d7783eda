//! A socket of ours, and how many connections there are on it that nobody uses any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use quinn::Endpoint;

/// One socket; clones are the same one.
#[derive(Clone)]
pub(super) struct Socket(Arc<Used>);

struct Used {
    endpoint: Endpoint,
    /// Connections in use, and handshakes.
    held: AtomicUsize,
}

impl Socket {
    pub(super) fn new(endpoint: Endpoint) -> Self {
        Self(Arc::new(Used { endpoint, held: AtomicUsize::new(0) }))
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.0.endpoint
    }

    /// For one connection, for as long as it is in use.
    pub(super) fn hold(&self) -> Held {
        self.0.held.fetch_add(1, Ordering::Relaxed);
        Held(self.clone())
    }

    /// Connections that are over, and that quinn keeps in case that something comes late (RFC 9000 §10.2).
    pub(super) fn strays(&self) -> usize {
        self.endpoint().open_connections().saturating_sub(self.0.held.load(Ordering::Relaxed))
    }
}

/// Says that a connection is in use.
pub(super) struct Held(Socket);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.0.held.fetch_sub(1, Ordering::Relaxed);
    }
}
