//! A public authority on this machine: Pebble, the test server of those who make Let's Encrypt, with a DNS in which every
//! name leads to loopback.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use kith_tests::e2e::{PATIENCE, free_port, skip};
use rcgen::{CertificateParams, KeyPair};

use crate::browser;

/// True if Pebble is there; without it these tests end here.
pub fn has_pebble() -> bool {
    let is_there = ["pebble", "pebble-challtestsrv"].iter().all(|program| {
        let folders = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&folders).any(|folder| folder.join(program).exists())
    });
    if !is_there {
        skip("certificates of a public authority", "pebble is missing (Debian's package pebble)");
    }
    is_there
}

/// A process that does not outlive its test.
struct Running(Child);

impl Running {
    fn start(command: &mut Command, log: &Path) -> Self {
        let log = std::fs::File::options().create(true).append(true).open(log).unwrap();
        let also = log.try_clone().unwrap();
        Self(command.stdin(Stdio::null()).stdout(log).stderr(also).spawn().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The authority.
pub struct Authority {
    port: u16,
    management: u16,
    folder: tempfile::TempDir,
    dns: u16,
    pebble: Option<Running>,
    _dns: Running,
}

impl Authority {
    /// One that gives certificates for so many seconds, and looks at this port where others look at 443.
    pub fn start(looks_at: u16, seconds: u64) -> Self {
        let folder = tempfile::Builder::new().prefix("kith-test-acme-").tempdir().unwrap();
        let (port, management, dns) = (free_port(), free_port(), free_port());
        let at = |port: u16| format!("127.0.0.1:{port}");
        let key = KeyPair::generate().unwrap();
        let own = CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
        let file = |name: &str| folder.path().join(name);
        std::fs::write(file("own.pem"), own.pem()).unwrap();
        std::fs::write(file("key.pem"), key.serialize_pem()).unwrap();
        let config = serde_json::json!({ "pebble": {
            "listenAddress": at(port),
            "managementListenAddress": at(management),
            "certificate": file("own.pem"),
            "privateKey": file("key.pem"),
            "httpPort": 9,
            "tlsPort": looks_at,
            "certificateValidityPeriod": seconds,
        }});
        std::fs::write(file("config.json"), config.to_string()).unwrap();
        let mut names = Command::new("pebble-challtestsrv");
        names.args(["-dns01", &at(dns), "-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv6", ""]);
        names.args(["-management", &at(free_port())]);
        let names = Running::start(&mut names, &file("dns.log"));
        let mut authority = Self { port, management, folder, dns, pebble: None, _dns: names };
        authority.opens();
        authority
    }

    /// Opens, knowing nothing of what was before.
    pub fn opens(&mut self) {
        let mut pebble = Command::new("pebble");
        pebble.arg("-strict").arg("-config").arg(self.file("config.json"));
        pebble.args(["-dnsserver", &format!("127.0.0.1:{}", self.dns)]);
        // It is not the patience of the node that is tested, and every name is to be looked at every time.
        pebble.envs([("PEBBLE_VA_NOSLEEP", "1"), ("PEBBLE_WFE_NONCEREJECT", "0"), ("PEBBLE_AUTHZREUSE", "0")]);
        self.pebble = Some(Running::start(&mut pebble, &self.file("log")));
        let begun = Instant::now();
        while browser::get(self.management, "localhost", &self.trusted(), "/roots/0").is_err() {
            assert!(begun.elapsed() < PATIENCE, "the authority does not open: {}", self.logged());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Closes.
    pub fn closes(&mut self) {
        self.pebble = None;
    }

    /// The address of its directory.
    pub fn directory(&self) -> String {
        format!("https://localhost:{}/dir", self.port)
    }

    /// The file with the certificate by which it is known itself.
    pub fn trusted(&self) -> PathBuf {
        self.file("own.pem")
    }

    /// A file with the root of all that it gives, for browsers to trust.
    pub fn root(&self) -> PathBuf {
        let (answer, _) = browser::get(self.management, "localhost", &self.trusted(), "/roots/0").unwrap();
        let (_, pem) = answer.split_once("\r\n\r\n").unwrap();
        let file = self.file("root.pem");
        std::fs::write(&file, pem).unwrap();
        file
    }

    /// What it logged.
    pub fn logged(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.file("log")).unwrap_or_default()).into_owned()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}
