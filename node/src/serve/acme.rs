//! Certificates for the node's domain from a public authority, by itself (ACME, RFC 8555).
//!
//! The authority looks at port 443 of the domain whether this node answers there (TLS-ALPN-01, RFC 8737), so no other
//! port, server or DNS record has a part in it. What it gave is kept in the home: a restart asks for nothing.

mod config;
mod issued;
mod kept;
mod order;
mod shown;
mod trouble;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use kith_protocol::limits::{DAY, HOUR};
use tokio::sync::watch;
use tokio::task::AbortHandle;

pub use config::{BadAcme, Config, Directory, Email};
pub use shown::Certificates;

use crate::access::certificate::{Standing, Trouble};
use crate::home::Home;
use crate::machine::now;
use crate::serve::ca::CaError;
use issued::Issued;
use kept::Kept;
use trouble::AcmeError;

/// How long the node sleeps at most before it looks at the clock again: a machine may have slept meanwhile.
const LOOK: u64 = HOUR;

/// Keeps a certificate for the domain at hand.
pub struct Keeper {
    home: Home,
    config: Config,
    kept: Kept,
    issued: Option<Issued>,
    certificates: Arc<Certificates>,
    standing: watch::Sender<Standing>,
}

impl Keeper {
    /// Shows the certificate that lies in the home, if it is for this domain and from this authority.
    ///
    /// # Errors
    /// If the file cannot be read, or TLS cannot be set up.
    pub fn open(home: &Home, config: Config) -> Result<Self, CaError> {
        let kept = Kept::open(home, config.directory.as_str())?;
        let certificates = Arc::new(Certificates::new()?);
        let issued = kept.issued(&config.domain);
        if let Some(issued) = &issued {
            certificates.show(issued.certified());
        }
        let standing = Standing { until: issued.as_ref().map(Issued::until), trouble: None };
        Ok(Self { home: home.clone(), config, kept, issued, certificates, standing: watch::Sender::new(standing) })
    }

    /// What is shown on the TLS port.
    pub fn certificates(&self) -> Arc<Certificates> {
        Arc::clone(&self.certificates)
    }

    /// How it stands, for people.
    pub fn standing(&self) -> watch::Receiver<Standing> {
        self.standing.subscribe()
    }

    /// Asks for a certificate whenever one is due, from now on. The node must listen already.
    pub fn start(self) -> Keeping {
        Keeping(tokio::spawn(self.keep()).abort_handle())
    }

    async fn keep(mut self) {
        let mut failures = 0;
        loop {
            if let Some(left) = self.issued.as_ref().and_then(|issued| issued.due_in(now())) {
                tokio::time::sleep(Duration::from_secs(left.min(LOOK))).await;
                continue;
            }
            match self.renew().await {
                Ok(()) => failures = 0,
                Err(error) => {
                    let wait = error.wait(failures);
                    failures = failures.saturating_add(1);
                    self.tell(&error, wait);
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }

    /// Asks for a certificate, shows it and keeps it.
    async fn renew(&mut self) -> Result<(), AcmeError> {
        let issued = order::obtain(&self.home, &self.config, &mut self.kept, &self.certificates).await?;
        self.certificates.show(issued.certified());
        let until = issued.until();
        let days = until.since(now()) / DAY;
        tracing::info!(domain = self.config.domain, days, "a certificate has come");
        self.standing.send_replace(Standing { until: Some(until), trouble: None });
        self.kept.certificate = Some(issued.to_kept(&self.config.domain));
        self.issued = Some(issued);
        // What cannot be written down is shown all the same, and asked for again after a restart only.
        if let Err(error) = self.kept.save(&self.home).await {
            tracing::warn!(%error, "the certificate could not be written down");
        }
        Ok(())
    }

    fn tell(&self, error: &AcmeError, wait: Duration) {
        let (message, hint) = (error.to_string(), error.hint());
        let seconds = wait.as_secs();
        tracing::warn!(domain = self.config.domain, seconds, "no certificate: {message}; {hint}; asking again");
        let trouble = Trouble { message, hint, again: now().plus(seconds) };
        self.standing.send_modify(|standing| standing.trouble = Some(trouble));
    }
}

/// Ends with it.
pub struct Keeping(AbortHandle);

impl Drop for Keeping {
    fn drop(&mut self) {
        self.0.abort();
    }
}
