//! A socket of ours, and how many connections there are on it that nobody uses any more.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use quinn::{ClientConfig, ConnectError, Connecting, Endpoint};

use super::door::Strays;
use super::settings::NAME;

/// One socket; clones are the same one.
#[derive(Clone)]
pub(super) struct Socket(Arc<Used>);

struct Used {
    endpoint: Endpoint,
    /// Connections in use, and handshakes.
    held: AtomicUsize,
    /// Nothing can begin on it any more: the system took it away.
    is_over: AtomicBool,
}

impl Socket {
    pub(super) fn new(endpoint: Endpoint) -> Self {
        Self(Arc::new(Used { endpoint, held: AtomicUsize::new(0), is_over: AtomicBool::new(false) }))
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.0.endpoint
    }

    /// For one connection, for as long as it is in use.
    pub(super) fn hold(&self) -> Held {
        self.0.held.fetch_add(1, Ordering::Relaxed);
        Held(self.clone())
    }

    /// Calls somebody from here.
    ///
    /// # Errors
    ///
    /// No call can begin: from this one, or, as [`Self::is_over`] tells from now on, from this socket.
    pub(super) fn call(&self, to: SocketAddr, settings: ClientConfig) -> Result<Connecting, ConnectError> {
        let called = self.endpoint().connect_with(settings, to, NAME);
        if matches!(called, Err(ConnectError::EndpointStopping)) {
            self.0.is_over.store(true, Ordering::Relaxed);
        }
        called
    }

    /// Whether a call has shown that there can be none.
    pub(super) fn is_over(&self) -> bool {
        self.0.is_over.load(Ordering::Relaxed)
    }

    /// Counts connections on this socket that are over, and that quinn keeps in case that something comes late (RFC 9000
    /// §10.2).
    pub(super) fn strays(&self) -> Strays {
        let used = Arc::downgrade(&self.0);
        Box::new(move || {
            let used = used.upgrade()?;
            Some(used.endpoint.open_connections().saturating_sub(used.held.load(Ordering::Relaxed)))
        })
    }
}

/// Says that a connection is in use.
pub(super) struct Held(Socket);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.0.held.fetch_sub(1, Ordering::Relaxed);
    }
}
