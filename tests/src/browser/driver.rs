//! The program between a test and a browser.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::Engine;
use crate::e2e::{PATIENCE, free_port, read_head};

/// How often a driver that begins is asked whether it is ready.
const LOOK: Duration = Duration::from_millis(20);

/// A driver that runs until it is dropped.
#[derive(Debug)]
pub(super) struct Driver {
    address: SocketAddr,
    program: Child,
    screen: Option<Child>,
    /// Where the browser puts what it forgets to remove.
    _temporary: TempDir,
}

impl Driver {
    /// Starts the driver of a browser and waits until it listens.
    #[track_caller]
    pub(super) fn start(engine: Engine, home: Option<&Path>) -> Self {
        let port = free_port();
        let (mut command, screen) = match engine {
            Engine::Chromium => (Command::new("chromedriver"), None),
            Engine::WebKit => {
                let (screen, display) = screen();
                let mut command = Command::new("WebKitWebDriver");
                command.env("DISPLAY", display);
                (command, Some(screen))
            }
        };
        if let Some(home) = home {
            command.env("HOME", home);
        }
        let temporary = tempfile::tempdir().unwrap();
        command.env("TMPDIR", temporary.path());
        command.arg(format!("--port={port}")).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let program = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let driver = Self { address: (Ipv4Addr::LOCALHOST, port).into(), program, screen, _temporary: temporary };
        driver.wait_until_ready();
        driver
    }

    #[track_caller]
    fn wait_until_ready(&self) {
        let begun = Instant::now();
        while !self.ask("GET", "/status", None).is_ok_and(|(status, _)| status == 200) {
            assert!(begun.elapsed() < PATIENCE, "the driver of the browser does not answer");
            std::thread::sleep(LOOK);
        }
    }

    /// Asks the driver for something: the status of its answer and the body.
    ///
    /// # Errors
    /// If it does not answer.
    pub(super) fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> std::io::Result<(u16, Value)> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut stream = TcpStream::connect_timeout(&self.address, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(2 * PATIENCE))?;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n",
            self.address,
            body.len(),
        );
        stream.write_all(&[head.as_bytes(), body.as_bytes()].concat())?;
        let mut reader = BufReader::new(stream);
        let (status, length) = read_head(&mut reader)?;
        let mut answer = vec![0; length];
        reader.read_exact(&mut answer)?;
        Ok((status, serde_json::from_slice(&answer)?))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        for child in [Some(&mut self.program), self.screen.as_mut()].into_iter().flatten() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A screen in memory, and the name that it chose for itself.
fn screen() -> (Child, String) {
    let mut command = Command::new("Xvfb");
    command.args(["-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut screen = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut number = String::new();
    BufReader::new(screen.stdout.take().unwrap()).read_line(&mut number).unwrap();
    (screen, format!(":{}", number.trim()))
}
