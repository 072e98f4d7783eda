//! Somebody with a home.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Api, RunningNode, Said, faketime, free_port, kith_bin, run};

/// Tell a test of which home it is to run the node, and whose that is.
const HOME: &str = "KITH_STAND_IN_HOME";
const NAME: &str = "KITH_STAND_IN_NAME";

/// The home whose node a test is to run, and its owner, if it was started for that and not as a test. A node of a test
/// can have other bounds than those of people; it says `Stop it with` once it runs, as the program does.
pub fn stand_in() -> Option<(PathBuf, String)> {
    Some((std::env::var_os(HOME)?.into(), std::env::var(NAME).ok()?))
}

/// Somebody with a home in a temporary folder, and a node while it is up.
#[derive(Debug)]
pub struct Someone {
    /// Their name.
    pub name: &'static str,
    /// Where their node listens.
    pub port: u16,
    /// Where their web app listens; 0 for any free port, another one each time the node starts.
    pub web: u16,
    /// Further arguments of `kith up`.
    pub also: Vec<String>,
    /// How far their clock is off, such as `+1d` (see faketime(1)); none if it is right.
    pub clock: Option<&'static str>,
    /// The test of this very program that runs their node instead of the program under test; see [`stand_in`].
    pub stand_in: Option<&'static str>,
    /// Their node, while it is up.
    pub node: Option<RunningNode>,
    folder: PathBuf,
    log: PathBuf,
    namespace: Option<String>,
    log_filter: Option<&'static str>,
    // Last, so that the process is gone before the folder is.
    _stage: tempfile::TempDir,
}

impl Someone {
    /// Somebody without a home so far.
    pub fn new(name: &'static str) -> Self {
        Self::within(&std::env::temp_dir(), name)
    }

    /// Somebody whose home is to be within a folder.
    pub fn within(folder: &Path, name: &'static str) -> Self {
        let stage = tempfile::Builder::new().prefix("kith-test-").tempdir_in(folder).unwrap();
        let (folder, log) = (stage.path().join("home"), stage.path().join("log"));
        Self {
            name,
            port: free_port(),
            web: 0,
            also: Vec::new(),
            clock: None,
            stand_in: None,
            node: None,
            folder,
            log,
            namespace: None,
            log_filter: None,
            _stage: stage,
        }
    }

    /// Somebody with a home and no node.
    #[track_caller]
    pub fn at_home(name: &'static str) -> Self {
        let someone = Self::new(name);
        someone.kith(["init", "--name", name]).ok();
        someone
    }

    /// Somebody whose node runs.
    #[track_caller]
    pub fn up(name: &'static str) -> Self {
        let mut someone = Self::new(name);
        someone.start();
        someone
    }

    /// In a network namespace of this name, where the node listens as it does by itself.
    #[must_use]
    pub fn in_namespace(mut self, name: &str) -> Self {
        self.namespace = Some(name.to_owned());
        self
    }

    /// Logs as much as this asks for (see `KITH_LOG`).
    #[must_use]
    pub const fn logging(mut self, filter: &'static str) -> Self {
        self.log_filter = Some(filter);
        self
    }

    /// The home.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A path beside the home.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.with_file_name(name)
    }

    /// What the nodes logged on standard error so far.
    pub fn logged(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// A command in this home, to be run in some special way.
    pub fn command<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        let mut command = self.program(&kith_bin());
        if let Some(off) = self.clock {
            command.env("LD_PRELOAD", faketime().expect("faketime is installed")).env("FAKETIME", off);
            // Only the clock on the wall is off, not the one that measures how long something takes.
            command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").env("DONT_FAKE_MONOTONIC", "1");
        }
        command.arg("--home").arg(&self.folder).args(args);
        command
            .env_remove("KITH_HOME")
            .env_remove("KITH_LOG")
            .env_remove("KITH_PASSPHRASE")
            .env_remove("KITH_MAIL_PASSWORD")
            .env_remove("CREDENTIALS_DIRECTORY");
        if let Some(filter) = self.log_filter {
            command.env("KITH_LOG", filter);
        }
        command
    }

    /// A program where they are.
    fn program(&self, program: &Path) -> Command {
        match &self.namespace {
            Some(name) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", name]).arg(program);
                command
            }
            None => Command::new(program),
        }
    }

    /// Runs a command in this home.
    #[track_caller]
    pub fn kith<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Said {
        run(&mut self.command(args), b"")
    }

    /// The command that runs the node.
    pub fn up_command(&self) -> Command {
        if let Some(test) = self.stand_in {
            let mut command = self.program(&std::env::current_exe().expect("a test knows where it lies"));
            command.args([test, "--exact", "--nocapture"]).env(HOME, &self.folder).env(NAME, self.name);
            return command;
        }
        let (port, web) = (self.port, format!("127.0.0.1:{}", self.web));
        let mut command = self.command(["up", "--name", self.name, "--web", &web]);
        if self.namespace.is_none() {
            command.args(["--listen", &format!("/ip4/127.0.0.1/tcp/{port}")]);
            command.args(["--listen", &format!("/ip4/127.0.0.1/udp/{port}/quic-v1")]);
        }
        command.args(&self.also);
        command
    }

    /// Starts the node.
    #[track_caller]
    pub fn start(&mut self) {
        if let Err(said) = self.try_start() {
            panic!("{}: {said}", self.name);
        }
    }

    /// Starts the node.
    ///
    /// # Errors
    /// What it said, if it does not run.
    pub fn try_start(&mut self) -> Result<(), String> {
        assert!(self.node.is_none(), "{}'s node runs already", self.name);
        self.node = Some(RunningNode::start(&mut self.up_command(), self.log.clone())?);
        Ok(())
    }

    /// Ends the node with SIGKILL.
    #[track_caller]
    pub fn kill(&mut self) {
        self.node.take().expect("a node runs").kill();
    }

    /// Ends the node as a person does; it must end well.
    #[track_caller]
    pub fn stop(&mut self) {
        let status = self.node.take().expect("a node runs").stop();
        assert!(status.success(), "{}'s node ended with {status}: {}", self.name, self.logged());
    }

    /// The API of the running node.
    #[track_caller]
    pub fn api(&self) -> Api {
        Api::of(&self.folder).unwrap_or_else(|error| panic!("{}'s node cannot be asked: {error}", self.name))
    }

    /// A fresh live code, as text.
    #[track_caller]
    pub fn shows(&self, event: &str) -> String {
        let shown = self.kith(["invite", "--event", event, "--json"]).ok().json();
        shown["link"].as_str().unwrap().to_owned()
    }

    /// Scans a code and waits until both hold each other.
    #[track_caller]
    pub fn meets(&self, shower: &Self, event: &str) {
        self.kith(["scan", &shower.shows(event)]).ok();
        self.api().until_contact(shower.name);
        shower.api().until_contact(self.name);
    }
}
