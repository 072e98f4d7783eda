//! Getting in: who may see the pages and speak with the API.
//!
//! Everything passes the guard (`serve/guard.rs`): the name that was asked for, who made the request, and who that is. A
//! browser gets in by a link of the owner's, by a code for a phone, or by the password, and holds a cookie from then on;
//! a program sends the bearer token of the home.

mod admission;
pub mod certificate;
mod client;
mod cookie;
mod hosts;
pub(crate) mod limiter;
mod origin;
mod password;
mod reach;
mod sessions;
mod tickets;
mod url;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::HeaderValue;
use kith_protocol::crypto::same;
use kith_protocol::limits::MINUTE;
use kith_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, watch};

pub use admission::Entered;
pub use client::{BadProxy, Caller, Entrance, Peer, Proxy};
pub use password::BadPassword;
pub use reach::Reach;
pub use sessions::{Session, SessionId};
pub(crate) use sessions::{Token, label};
pub use tickets::{LIFE as TICKET_LIFE, PHONE_USES};
pub use url::{BadWebUrl, WebUrl};

pub(crate) use admission::Refusal;
pub(crate) use hosts::machine_name;
pub(crate) use limiter::{Limiter, Rates};

use crate::home::{Home, HomeError};
use crate::machine::{now, random};
use certificate::Standing;
use cookie::Jar;
use hosts::Hosts;
use sessions::Sessions;
use tickets::Tickets;

/// How long after somebody proved who they are their keys may be taken out.
const PROOF: u64 = 5 * MINUTE;

/// What is kept in the file `access.json`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    /// A PHC string.
    password: Option<String>,
    sessions: Sessions,
}

/// Where a running node can be spoken to by browsers.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Plain HTTP, for browsers on this machine.
    pub local: SocketAddr,
    /// For other machines, if it is not a loopback address.
    pub web: SocketAddr,
    /// True if the latter speaks TLS.
    pub tls: bool,
    /// Where it usually is, if another program has that address.
    pub instead_of: Option<SocketAddr>,
}

/// How people reach the web app, beyond what every home has.
#[derive(Clone, Debug, Default)]
pub struct Ways {
    /// The address by which people come, if it is not this machine's own.
    pub web_url: Option<WebUrl>,
    /// Proxies whose word on the client counts.
    pub proxies: Vec<Proxy>,
    /// Where the node listens; `None` while only the home is open.
    pub place: Option<Place>,
    /// The SHA-256 of the node's own certificate authority as people compare it, if there is one.
    pub fingerprint: Option<String>,
    /// How it stands with the certificate of a public authority, if one is asked.
    pub certificate: Option<watch::Receiver<Standing>>,
}

/// Who may come in. Clones are the same one.
#[derive(Clone)]
pub struct Access(Arc<Inner>);

struct Inner {
    home: Home,
    bearer: String,
    jar: Jar,
    hosts: Hosts,
    ways: Ways,
    state: Mutex<State>,
    /// One at a time: each takes 19 MiB.
    hashing: Semaphore,
    /// Orders the writing of the file.
    writing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    kept: Kept,
    tickets: Tickets,
    limiter: Limiter,
    /// When browsers last proved who they are; forgotten with the process.
    proved: BTreeMap<SessionId, Timestamp>,
}

/// Why somebody was not let in.
#[derive(Debug, thiserror::Error)]
pub enum NotIn {
    /// The password, link or code is not right, or not any more.
    #[error("that is not right, or does not count any more")]
    Wrong,
    /// There were too many tries.
    #[error("there were too many tries; wait {wait} seconds")]
    TooMany {
        /// Seconds.
        wait: u64,
    },
    /// The new password cannot be taken.
    #[error(transparent)]
    Password(#[from] BadPassword),
    /// It could not be written down.
    #[error(transparent)]
    Home(#[from] HomeError),
}

impl Access {
    /// Who may come into a home.
    ///
    /// # Errors
    /// If a file of the home cannot be read or made.
    pub fn new(home: &Home, identity: &[u8], ways: Ways) -> Result<Self, HomeError> {
        let kept = home.read_access()?.unwrap_or_default();
        let base = ways.web_url.as_ref().map_or("", WebUrl::base);
        Ok(Self(Arc::new(Inner {
            bearer: home.api_token()?,
            jar: Jar::new(identity, base),
            hosts: Hosts::new(ways.web_url.as_ref()),
            ways,
            state: Mutex::new(State { kept, ..State::default() }),
            hashing: Semaphore::new(1),
            writing: tokio::sync::Mutex::new(()),
            home: home.clone(),
        })))
    }

    /// The sub-path of the web app without its last slash; empty if it has the whole host.
    pub fn base(&self) -> &str {
        self.0.ways.web_url.as_ref().map_or("", WebUrl::base)
    }

    /// How people reach the web app.
    pub fn ways(&self) -> &Ways {
        &self.0.ways
    }

    /// The name of this machine in the local network.
    pub fn machine(&self) -> Option<&str> {
        self.0.hosts.machine()
    }

    /// The SHA-256 of the node's own certificate authority as people compare it, if there is one.
    pub fn fingerprint(&self) -> Option<&str> {
        self.0.ways.fingerprint.as_deref()
    }

    /// How it stands with the certificate of a public authority, if one is asked.
    pub fn certificate(&self) -> Option<Standing> {
        self.0.ways.certificate.as_ref().map(|standing| standing.borrow().clone())
    }

    /// The address of the public card, if the node has a name that others can look up.
    pub fn public_page(&self) -> Option<String> {
        self.0.ways.web_url.as_ref().filter(|url| url.is_public()).map(|url| format!("{url}c"))
    }

    /// True if there is a password.
    pub fn has_password(&self) -> bool {
        self.state().kept.password.is_some()
    }

    /// The browsers that are signed in, the one that was used last first.
    pub fn sessions(&self) -> Vec<Session> {
        self.state().kept.sessions.all(now())
    }

    /// A path under the web app that lets the owner in once, within ten minutes.
    pub fn owner_link(&self) -> String {
        format!("enter/{}", self.state().tickets.link(random(), now()))
    }

    /// A code that lets a phone in twice within ten minutes, as it is read out, and the moment at which it ends.
    pub fn phone_code(&self) -> (String, Timestamp) {
        let code = self.state().tickets.phone(random, now());
        (tickets::in_halves(&code), now().plus(tickets::LIFE))
    }

    /// True if this browser proved in the last five minutes who uses it, by password, link or code.
    pub fn recently_proved(&self, session: &SessionId) -> bool {
        self.state().proved.get(session).is_some_and(|at| now().since(*at) < PROOF)
    }

    /// What a browser that was let in keeps.
    pub(crate) fn cookie(&self, token: &Token, secure: bool) -> Option<HeaderValue> {
        self.0.jar.set(token, secure)
    }

    /// What takes that from a browser again.
    pub(crate) fn no_cookie(&self, secure: bool) -> Option<HeaderValue> {
        self.0.jar.clear(secure)
    }

    /// Sets the password, or changes it, which ends all browsers but `kept`.
    ///
    /// # Errors
    /// If it is too short or too long, or cannot be stored.
    pub async fn set_password(&self, password: String, kept: Option<&SessionId>) -> Result<(), NotIn> {
        let _turn = self.0.hashing.acquire().await;
        let hashed = tokio::task::spawn_blocking(move || password::hash(&password, random())).await;
        let hashed = hashed.unwrap_or(Err(BadPassword::NotHashed))?;
        {
            let mut state = self.state();
            state.kept.password = Some(hashed);
            state.kept.sessions.end_others(kept);
        }
        Ok(self.save().await?)
    }

    /// Ends a session. True if there was one by that name.
    ///
    /// # Errors
    /// If that cannot be stored; it has ended all the same, until the node starts again.
    pub async fn end(&self, session: &str) -> Result<bool, HomeError> {
        let ended = self.state().kept.sessions.end(session);
        self.save().await?;
        Ok(ended)
    }

    /// Ends all sessions but one, or all, and says how many.
    ///
    /// # Errors
    /// See [`Access::end`].
    pub async fn end_others(&self, kept: Option<&SessionId>) -> Result<usize, HomeError> {
        let ended = self.state().kept.sessions.end_others(kept);
        self.save().await?;
        Ok(ended)
    }

    /// Lets a browser in that knows the password.
    pub(crate) async fn enter_by_password(
        &self,
        from: IpAddr,
        password: String,
        label: String,
    ) -> Result<Token, NotIn> {
        self.check_password(from, password).await?;
        self.begin(label).await
    }

    /// Lets a browser in that has a link or a code.
    pub(crate) async fn enter_by_ticket(&self, from: IpAddr, ticket: &str, label: String) -> Result<Token, NotIn> {
        {
            let mut state = self.state();
            // Nobody guesses a link, so it needs no try: its owner comes in also where others have used up all.
            if !state.tickets.redeem_link(ticket, now()) {
                state.limiter.take(from, now()).map_err(|wait| NotIn::TooMany { wait })?;
                if !state.tickets.redeem(ticket, now()) {
                    return Err(NotIn::Wrong);
                }
            }
            state.limiter.forgive(from);
        }
        self.begin(label).await
    }

    /// Somebody proves again who they are.
    pub(crate) async fn prove(&self, from: IpAddr, session: &SessionId, password: String) -> Result<(), NotIn> {
        self.check_password(from, password).await?;
        self.state().proved.insert(session.clone(), now());
        Ok(())
    }

    async fn check_password(&self, from: IpAddr, password: String) -> Result<(), NotIn> {
        self.state().limiter.take(from, now()).map_err(|wait| NotIn::TooMany { wait })?;
        let stored = self.state().kept.password.clone();
        let _turn = self.0.hashing.acquire().await;
        let fits = tokio::task::spawn_blocking(move || password::is_it(stored.as_deref(), &password)).await;
        if !fits.unwrap_or(false) {
            return Err(NotIn::Wrong);
        }
        self.state().limiter.forgive(from);
        Ok(())
    }

    async fn begin(&self, label: String) -> Result<Token, NotIn> {
        let token = Token(random());
        {
            let mut state = self.state();
            let id = state.kept.sessions.begin(&token, label, now());
            state.proved.retain(|_, at| now().since(*at) < PROOF);
            state.proved.insert(id, now());
        }
        self.save().await?;
        Ok(token)
    }

    /// Whose session one of these tokens is.
    async fn session(&self, tokens: &[Token]) -> Option<SessionId> {
        let used = tokens.iter().find_map(|token| self.state().kept.sessions.use_one(token, now()));
        let (session, is_new) = used?;
        // If the hour cannot be written down, the browser is signed out a little early some day.
        if is_new && let Err(error) = self.save().await {
            tracing::warn!(%error, "the use of a browser could not be written down");
        }
        Some(session)
    }

    fn is_bearer(&self, given: &str) -> bool {
        same(given.as_bytes(), self.0.bearer.as_bytes())
    }

    /// Writes down how things are now; writers take turns, so the last one writes the latest.
    async fn save(&self) -> Result<(), HomeError> {
        let _turn = self.0.writing.lock().await;
        let (home, kept) = (self.0.home.clone(), self.state().kept.clone());
        let written = tokio::task::spawn_blocking(move || home.write_access(&kept)).await;
        // A task that was given up belongs to a process that ends.
        written.unwrap_or(Ok(()))
    }

    /// As if five minutes had passed since this browser proved who uses it.
    #[cfg(test)]
    pub(crate) fn lets_proof_age(&self, session: &SessionId) {
        self.state().proved.insert(session.clone(), now().minus(PROOF));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
