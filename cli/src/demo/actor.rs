//! Somebody in the demo: a home, and a node process while it is up.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::ops::RangeInclusive;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use axum::http::Method;
use kith_node::api::model::{ItemForm, PersonDetails};
use kith_node::home::Home;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::client::Client;
use crate::trouble::Trouble;

/// How long anything in the demo may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Where the nodes listen: below the ports that systems give to outgoing connections, one of which could take the port
/// of a node while that is down.
const PORTS: RangeInclusive<u16> = 30_001..=32_767;
/// Ports that are tried before giving up.
const PORT_TRIES: u32 = 64;

/// Somebody with a node.
pub struct Actor {
    name: &'static str,
    home: Home,
    port: u16,
    node: Option<Child>,
}

impl Actor {
    /// Somebody whose home is to be in a folder of the demo.
    pub fn new(name: &'static str, stage: &Path) -> Result<Self, Trouble> {
        let first = name.split(' ').next().unwrap_or(name).to_lowercase();
        Ok(Self { name, home: Home::at(stage.join(first)), port: free_port()?, node: None })
    }

    /// The home's folder.
    pub fn folder(&self) -> &Path {
        self.home.folder()
    }

    /// What the others call this actor.
    pub fn first_name(&self) -> &'static str {
        self.name.split(' ').next().unwrap_or(self.name)
    }

    /// True while the node process is there.
    pub fn is_running(&mut self) -> bool {
        self.node.as_mut().is_some_and(|node| matches!(node.try_wait(), Ok(None)))
    }

    /// Starts the node process and waits until it says that it runs.
    pub fn start(&mut self) -> Result<(), Trouble> {
        let program = std::env::current_exe().map_err(|error| Trouble::failed(format!("where am I? {error}")))?;
        let port = self.port;
        let log_file = self.home.folder().with_extension("log");
        let log = File::options().create(true).append(true).open(&log_file);
        let log = log.map_err(|error| Trouble::failed(format!("{}: {error}", log_file.display())))?;
        let mut child = Command::new(program)
            .args(["up", "--name", self.name, "--web", "127.0.0.1:0"])
            .args(["--listen", &format!("/ip4/127.0.0.1/tcp/{port}")])
            .args(["--listen", &format!("/ip4/127.0.0.1/udp/{port}/quic-v1")])
            .arg("--home")
            .arg(self.home.folder())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .map_err(|error| Trouble::failed(format!("{}'s node does not start: {error}", self.name)))?;
        let output = child.stdout.take();
        // From here on the process ends with the actor, whatever happens.
        self.node = Some(child);
        let runs = output.is_some_and(|output| {
            BufReader::new(output).lines().map_while(Result::ok).any(|line| line.ends_with("node is running."))
        });
        if runs {
            return Ok(());
        }
        let said = std::fs::read_to_string(&log_file).unwrap_or_default();
        Err(Trouble::failed(format!("{}'s node does not run: {}", self.name, said.trim())))
    }

    /// Ends the node with SIGKILL: it has no time for anything.
    pub fn kill(&mut self) -> Result<(), Trouble> {
        let Some(mut child) = self.node.take() else { return Ok(()) };
        let ended = child.kill().and_then(|()| child.wait());
        ended.map(drop).map_err(|error| Trouble::failed(format!("{}'s node does not end: {error}", self.name)))
    }

    /// Leaves the node running and says its process id.
    pub fn leave(&mut self) -> u32 {
        self.node.take().map_or(0, |child| child.id())
    }

    /// Somebody to ask: the running node, or the home itself.
    pub async fn client(&self) -> Result<Client, Trouble> {
        Client::open(&self.home).await
    }

    /// What this actor keeps about another.
    pub async fn view_of(&self, who: &str) -> Result<PersonDetails, Trouble> {
        self.asks(Method::GET, &person_path(who), None).await
    }

    /// Asks the running node, or the home itself.
    pub async fn asks<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<T, Trouble> {
        let client = self.client().await?;
        let answer = client.ask(method, path, body.as_ref()).await;
        client.close().await?;
        answer
    }

    /// Waits until what this actor keeps about another is as told.
    pub async fn until(
        &self,
        who: &str,
        what: &str,
        is_so: impl Fn(&PersonDetails) -> bool,
    ) -> Result<PersonDetails, Trouble> {
        self.until_get(&person_path(who), what, is_so).await
    }

    /// Waits until something of a kind is asked of this actor.
    pub async fn until_asked(&self, kind: &str) -> Result<ItemForm, Trouble> {
        let is_it = |item: &ItemForm| item.kind == kind;
        let what = format!("a question of the kind {kind}");
        let items: Vec<ItemForm> =
            self.until_get("/inbox", &what, |items: &Vec<ItemForm>| items.iter().any(is_it)).await?;
        items.into_iter().find(is_it).ok_or_else(|| Trouble::failed(what))
    }

    /// Waits until the node answers as told. Wakes with every notice of the node, and looks once a second beside it.
    pub async fn until_get<T: DeserializeOwned>(
        &self,
        path: &str,
        what: &str,
        is_so: impl Fn(&T) -> bool,
    ) -> Result<T, Trouble> {
        let client = Client::of_running_node(&self.home)?;
        let mut notices = client.notices().await?;
        let waiting = async {
            loop {
                if let Ok(answer) = client.get::<T>(path).await
                    && is_so(&answer)
                {
                    return Ok(answer);
                }
                if let Ok(next) = tokio::time::timeout(Duration::from_secs(1), notices.next()).await {
                    next?;
                }
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, waiting).await;
        in_time.unwrap_or_else(|_| Err(Trouble::failed(format!("{} waited in vain: {what}", self.name))))
    }
}

fn person_path(who: &str) -> String {
    format!("/people/{}", who.replace(' ', "%20"))
}

impl Drop for Actor {
    fn drop(&mut self) {
        // The demo is over or has failed; either way no process of it stays.
        let _ = self.kill();
    }
}

/// A port that is free for TCP and UDP, and most likely still is when the node starts a second time.
fn free_port() -> Result<u16, Trouble> {
    for _ in 0..PORT_TRIES {
        let random = getrandom::u32().map_err(|error| Trouble::failed(format!("no randomness: {error}")))?;
        let port = PORTS.start() + (random % u32::from(PORTS.end() - PORTS.start())) as u16;
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
        if tcp.is_ok() && UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Err(Trouble::failed("no free port for TCP and UDP together"))
}
