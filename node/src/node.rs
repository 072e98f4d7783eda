//! A node: a home, its driver, its network and its API, running together.

mod listening;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use kith_protocol::crypto::sign::SigningKey;
use kith_protocol::engine;
use kith_protocol::store::StoreError;

use tokio::task::JoinHandle;

use crate::access::{Access, Ways, WebUrl};
use crate::api::{self, Api};
use crate::backup::{self, Plan};
use crate::driver::{Driver, Handle, Line, Offline};
use crate::home::{Home, HomeError, OpenHome, Running, Settings, Tls};
use crate::mail;
use crate::mailbox::{self, Holder};
use crate::network::{Limits, Multiaddr, Network, NetworkError};
use crate::roster::Roster;
use crate::serve::acme::{self, BadAcme, Directory, Email, Keeper, Keeping};
use crate::serve::ca::CaError;
use crate::serve::{self, Opened, Server, Sockets};
use crate::store::{FileStore, HomeLock};
use crate::web;

/// Where the API listens if nothing else is asked for.
pub const API: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 7518);
/// How long a start waits for the first address.
const LISTENING: std::time::Duration = std::time::Duration::from_secs(2);

/// What a node is to do, beyond what its home remembers.
#[derive(Clone, Debug, Default)]
pub struct NodeOptions {
    /// Where to listen from now on; empty for where it was asked to before, or [`PORT`](crate::network::PORT).
    pub listen: Vec<Multiaddr>,
    /// Whether it listens as if nothing was ever asked for, from now on.
    pub listens_as_usual: bool,
    /// Where the API listens from now on; `None` for where it was asked to before, or [`API`].
    pub web: Option<SocketAddr>,
    /// The address by which people reach the web app; the inner `None` for this machine's own.
    pub web_url: Option<Option<WebUrl>>,
    /// Proxies whose word on the client counts.
    pub trust_proxy: Option<Vec<String>>,
    /// Who does TLS.
    pub tls: Option<Tls>,
    /// Where a public authority can write to; the inner `None` for nowhere.
    pub acme_email: Option<Option<Email>>,
    /// The public authority; the inner `None` for the usual one.
    pub acme_directory: Option<Option<Directory>>,
    /// Backups that are made by themselves; the inner `None` for none.
    pub backup: Option<Option<Plan>>,
    /// Whether it begins to look for contacts on the networks that it is on, and goes on with it.
    pub event_mode: bool,
    /// Whether it holds mailboxes for its owner's contacts; nodes do if nothing else was ever said.
    pub holds_mailboxes: Option<bool>,
    /// Bytes that it passes on for others in a day; [`Limits::passed_on`] if nothing was ever said.
    pub relay_at_most: Option<u64>,
    /// Bytes that may lie in the mailboxes that it holds; [`mailbox::BYTES`] if nothing was ever said.
    pub mailboxes_at_most: Option<u64>,
    /// Whether it asks the router to pass its port on; nodes do if nothing else was ever said.
    pub opens_ports: Option<bool>,
    /// The bounds of the network, all but those that have an option of their own.
    pub limits: Limits,
}

/// Why a node did not start.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The home cannot be used.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// The network cannot be started.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The engine does not wake.
    #[error(transparent)]
    Engine(#[from] engine::Error),
    /// The API cannot listen.
    #[error("the API cannot listen on {address}: {reason}")]
    Api {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        reason: std::io::Error,
    },
    /// There is no certificate.
    #[error(transparent)]
    Certificate(#[from] CaError),
    /// No public authority can give a certificate for what was asked for.
    #[error(transparent)]
    Acme(#[from] BadAcme),
    /// No port is free.
    #[error("no free port was found for TCP and UDP together")]
    NoPort,
}

/// A running node.
pub struct Node {
    home: Home,
    driver: Driver,
    network: Network,
    access: Access,
    server: Server,
    undo: web::Undo,
    certificate: Option<Keeping>,
    warming: JoinHandle<()>,
    keeping: (Option<backup::Keeping>, mail::Keeping),
    holder: Option<Holder>,
    lock: HomeLock,
}

impl Node {
    /// Starts a node in a home.
    ///
    /// # Errors
    /// If an address that was asked for, now or before, cannot be listened on, the options do not go together, or the home cannot be
    /// used.
    pub async fn start(open: OpenHome, options: NodeOptions) -> Result<Self, NodeError> {
        let (home, store, seed, lock) = open.into_parts();
        let (mut settings, vault) = (home.settings()?, store.vault());
        let acme = remember_ways(&mut settings, &options)?;
        settings.web = options.web.or(settings.web);
        // Before the network, which would ask the router for a port.
        let sockets = Sockets::bind(settings.web, API, settings.tls != Tls::Off).await;
        let sockets = sockets.map_err(|(address, reason)| NodeError::Api { address, reason })?;
        let holder = holds_mailboxes(&settings).then(|| hold(&home, &settings)).flatten();
        let node_key = SigningKey::from_seed(&seed);
        let (network, events) = listening::start(seed, &options, &mut settings, holder.clone())?;
        if settings.opens_ports.unwrap_or(true) {
            network.open_ports().await?;
        }
        home.remember(&settings)?;
        let mut ways = ways(&settings);
        ways.place = Some(sockets.place());
        let Opened { authority, keeper, credentials } = Opened::new(&home, settings.tls, acme, &mut ways)?;
        let access = Access::new(&home, &identity(&store)?, ways)?;
        let driver = Driver::start(store, network.clone(), Some(Line { events, node_key }))?;
        // Codes name addresses, so nobody is told that the node runs before it has one. A machine without any
        // network has none; its node runs all the same, and announces an address when it gets one.
        let handle = driver.handle();
        if options.event_mode
            && let Err(error) = handle.act(|turn| turn.set_event_mode(true)).await
        {
            tracing::error!(%error, "event mode was not turned on");
        }
        let _ = tokio::time::timeout(LISTENING, handle.until(|status| !status.listening.is_empty())).await;
        let api = Api::new(driver.handle(), home.clone(), access.clone(), vault, true)?;
        let api = api.serving(network.budget().clone(), holder.clone()).behind(network.port_mapping().clone());
        let api = api.at_port(listening::instead_of_usual(&settings));
        let (place, calls) = (sockets.place(), api::router(api.clone()));
        let (backups, mail) = (api.backups().clone(), api.mail().clone());
        let (pages, undo) = web::pages(api, calls.clone());
        let app = serve::app(&access, pages, calls, authority, move || handle.goes_on().is_ok());
        let server = sockets.serve(&app, credentials);
        let server = server.map_err(|reason| NodeError::Api { address: place.web, reason })?;
        home.announce(&Running { api: place.local, pid: std::process::id() })?;
        let warming = warm(Arc::clone(driver.handle().roster()));
        let certificate = keeper.map(Keeper::start);
        let keeping = (backups.keep(), mail.keep());
        Ok(Self { home, driver, network, access, server, undo, certificate, warming, keeping, holder, lock })
    }

    /// A handle on the driver.
    pub fn handle(&self) -> Handle {
        self.driver.handle()
    }

    /// Who may come in, and how.
    pub const fn access(&self) -> &Access {
        &self.access
    }

    /// Stops: takes no more requests, finishes what was begun, closes connections and storage.
    ///
    /// # Errors
    /// What the storage said at the end.
    pub async fn stop(self) -> Result<(), StoreError> {
        self.home.retract();
        drop((self.certificate, self.keeping));
        self.server.stop().await;
        self.undo.finish_all().await;
        // It reads the storage that is to be closed.
        let _ = self.warming.await;
        let closed = self.driver.stop().await;
        self.network.shutdown().await;
        if let Some(holder) = self.holder {
            // It finishes what it writes; a few milliseconds.
            let _ = tokio::task::spawn_blocking(|| holder.stop()).await;
        }
        drop(self.lock);
        closed
    }
}

/// A home without a network, for commands while no node runs.
pub struct Desk {
    driver: Driver,
    router: axum::Router,
    lock: HomeLock,
}

impl Desk {
    /// Opens a home for commands.
    ///
    /// # Errors
    /// If the home cannot be used.
    pub fn open(open: OpenHome) -> Result<Self, NodeError> {
        let (home, store, _, lock) = open.into_parts();
        let (access, vault) = (Access::new(&home, &identity(&store)?, ways(&home.settings()?))?, store.vault());
        let driver = Driver::start(store, Offline, None)?;
        let router = api::router(Api::new(driver.handle(), home, access, vault, false)?);
        Ok(Self { driver, router, lock })
    }

    /// A handle on the driver.
    pub fn handle(&self) -> Handle {
        self.driver.handle()
    }

    /// The API, to be called in this process.
    pub fn router(&self) -> axum::Router {
        self.router.clone()
    }

    /// Closes the home.
    ///
    /// # Errors
    /// What the storage said at the end.
    pub async fn close(self) -> Result<(), StoreError> {
        let closed = self.driver.stop().await;
        drop(self.lock);
        closed
    }
}

/// Reads everybody while nobody waits for it, so that the first list comes as quickly as the next.
fn warm(roster: Arc<Roster>) -> JoinHandle<()> {
    tokio::task::spawn_blocking(move || {
        if let Err(error) = roster.warm() {
            tracing::warn!(%error, "the people of this home could not be read");
        }
    })
}

/// What names the home in the cookies of browsers.
fn identity(store: &FileStore) -> Result<[u8; 32], NodeError> {
    Ok(engine::Own::load(store)?.id().0)
}

/// What was given counts from now on; the rest as it was. What a public authority is to be asked for, if one is.
fn remember_ways(settings: &mut Settings, options: &NodeOptions) -> Result<Option<acme::Config>, BadAcme> {
    if let Some(url) = &options.web_url {
        settings.web_url = url.as_ref().map(ToString::to_string);
    }
    if let Some(proxies) = &options.trust_proxy {
        settings.trust_proxy.clone_from(proxies);
    }
    if let Some(plan) = &options.backup {
        settings.backup.clone_from(plan);
    }
    settings.holds_mailboxes = options.holds_mailboxes.or(settings.holds_mailboxes);
    settings.relay_at_most = options.relay_at_most.or(settings.relay_at_most);
    settings.mailboxes_at_most = options.mailboxes_at_most.or(settings.mailboxes_at_most);
    settings.opens_ports = options.opens_ports.or(settings.opens_ports);
    settings.tls = options.tls.unwrap_or(settings.tls);
    if let Some(email) = &options.acme_email {
        settings.acme.email = email.as_ref().map(|email| email.as_str().to_owned());
    }
    if let Some(directory) = &options.acme_directory {
        settings.acme.directory = directory.as_ref().map(|directory| directory.as_str().to_owned());
    }
    match settings.tls {
        Tls::Acme => acme::Config::new(ways(settings).web_url.as_ref(), &settings.acme).map(Some),
        _ if options.acme_email.is_some() || options.acme_directory.is_some() => Err(BadAcme::NotAsked),
        _ => Ok(None),
    }
}

/// How people reach the web app, as far as the settings tell.
fn ways(settings: &Settings) -> Ways {
    Ways {
        web_url: settings.web_url.as_ref().and_then(|url| url.parse().ok()),
        proxies: settings.trust_proxy.iter().filter_map(|proxy| proxy.parse().ok()).collect(),
        ..Ways::default()
    }
}

/// Whether mailboxes are held for others: not by who has less room for them than one letter takes, since contacts would
/// choose this node and be told that it is full for ever.
fn holds_mailboxes(settings: &Settings) -> bool {
    let fits = |most: Option<u64>| most.is_none_or(|most| most >= kith_protocol::limits::LETTER as u64);
    settings.holds_mailboxes.unwrap_or(true) && fits(settings.mailboxes_at_most) && fits(settings.relay_at_most)
}

/// What holds mailboxes for others; a node without is a node all the same.
fn hold(home: &Home, settings: &Settings) -> Option<Holder> {
    let held = Holder::start(&home.mailbox_folder(), settings.mailboxes_at_most.unwrap_or(mailbox::BYTES));
    held.inspect_err(|error| tracing::error!(%error, "no mailboxes are held for others")).ok()
}
