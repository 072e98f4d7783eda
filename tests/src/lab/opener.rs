//! The program in a router that opens ports for those at home: the one that most routers have (miniupnpd).

use std::process::{Child, Stdio};

use super::space::Space;

const PROGRAM: &str = "miniupnpd";

/// Where it writes what it opens. What it has translated may pass by the rules of the router.
pub(super) const RULES: &str = "table inet upnp {
    chain forwarded { }
    chain translated { }
    chain masked { }
    chain prerouting { type nat hook prerouting priority -101; jump translated; }
    chain postrouting { type nat hook postrouting priority 99; jump masked; }
}
";

/// True if this machine has the program.
pub(super) fn is_there() -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| folder.join(PROGRAM).exists())
}

/// The program; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Opener {
    program: Child,
    // Last, so that the program is gone before its files are.
    _folder: tempfile::TempDir,
}

impl Opener {
    /// A strict one lets nobody at home close what another one opened.
    pub(super) fn start(router: &Space, is_strict: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (config, pid) = (folder.path().join("config"), folder.path().join("pid"));
        let lines = [
            "ext_ifname=wan",
            "listening_ip=lan",
            // The same after a restart, as with routers in homes.
            "port=5000",
            "enable_upnp=yes",
            if is_strict { "secure_mode=yes" } else { "secure_mode=no" },
            "system_uptime=yes",
            "uuid=5f2c1a3e-8d43-4c5e-9a1b-7d0f3b6e9c21",
            "upnp_table_name=upnp",
            "upnp_nat_table_name=upnp",
            "upnp_forward_chain=forwarded",
            "upnp_nat_chain=translated",
            "upnp_nat_postrouting_chain=masked",
            "allow 1024-65535 192.168.0.0/16 1024-65535",
            "deny 0-65535 0.0.0.0/0 0-65535",
        ];
        std::fs::write(&config, lines.join("\n") + "\n").unwrap();
        let mut command = router.program(PROGRAM.as_ref());
        command.args(["-d", "-P"]).arg(pid).arg("-f").arg(config);
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let program = quiet.spawn().expect("miniupnpd is installed");
        Self { program, _folder: folder }
    }
}

impl Drop for Opener {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}
