//! A node process.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::PATIENCE;

/// A node that runs until it is stopped, killed, or dropped.
#[derive(Debug)]
pub struct RunningNode {
    child: Child,
    said: Arc<Mutex<String>>,
}

impl RunningNode {
    /// Starts `kith up` and waits until it says that it runs. What it logs is appended to `log`.
    ///
    /// # Errors
    /// What it said, if it does not run.
    pub fn start(command: &mut Command, log: PathBuf) -> Result<Self, String> {
        let file = std::fs::File::options().create(true).append(true).open(&log).unwrap();
        let begins = file.metadata().unwrap().len();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(file).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let said = Arc::new(Mutex::new(String::new()));
        let (sender, runs) = mpsc::channel();
        let kept = Arc::clone(&said);
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let is_up = line.starts_with("Stop it with");
                kept.lock().unwrap().push_str(&(line + "\n"));
                if is_up {
                    let _ = sender.send(());
                }
            }
        });
        let mut node = Self { child, said };
        match runs.recv_timeout(PATIENCE) {
            Ok(()) => Ok(node),
            Err(why) => {
                let _ = node.child.kill();
                let ended = node.child.wait();
                let log = std::fs::read(&log).unwrap();
                let log = String::from_utf8_lossy(log.get(begins as usize..).unwrap_or_default()).into_owned();
                Err(format!("the node does not run ({why}, {ended:?}): {}{log}", node.said()))
            }
        }
    }

    /// What it has said on standard output so far.
    pub fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it with SIGKILL: it has no time for anything.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends it with SIGTERM and waits for it.
    #[track_caller]
    pub fn stop(mut self) -> ExitStatus {
        let pid = self.pid().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.wait("SIGTERM")
    }

    /// Waits until it ends by itself.
    #[track_caller]
    pub fn wait(&mut self, why: &str) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "the node goes on after {why}");
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    }

    /// True if the process lives.
    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for RunningNode {
    fn drop(&mut self) {
        // No process outlives its test, however the test ends.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
