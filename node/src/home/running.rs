//! How commands and programs find the node that runs in a home, and the token that lets them in.

use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Home, HomeError, files};
use crate::machine::random;
use crate::store::HomeLock;

/// Where a running node can be spoken to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Running {
    /// The address of the API.
    pub api: std::net::SocketAddr,
    /// The process.
    pub pid: u32,
}

impl Home {
    fn running_file(&self) -> PathBuf {
        self.folder.join("running.json")
    }

    /// The bearer token of the API; made at its first use.
    pub fn api_token(&self) -> Result<String, HomeError> {
        let path = self.folder.join("api-token");
        let failed = |reason| self.file_error(&path, reason);
        match files::read_secret(&path) {
            Ok(bytes) => String::from_utf8(bytes.to_vec()).map_err(|_| HomeError::Damaged(path)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let token = data_encoding::BASE32_NOPAD.encode(&random::<32>()).to_ascii_lowercase();
                files::write_durably(&path, token.as_bytes()).map_err(failed)?;
                Ok(token)
            }
            Err(reason) => Err(failed(reason)),
        }
    }

    /// Where the running node can be spoken to; `None` if none runs.
    pub fn running(&self) -> Option<Running> {
        // The file of a node that was killed is still there; the lock is not.
        if !HomeLock::is_held(&self.folder) {
            return None;
        }
        serde_json::from_slice(&std::fs::read(self.running_file()).ok()?).ok()
    }

    /// Says where the API listens.
    pub fn announce(&self, running: &Running) -> Result<(), HomeError> {
        let path = self.running_file();
        files::write_json(&path, running).map_err(|reason| self.file_error(&path, reason))
    }

    /// Takes back what [`Home::announce`] said.
    pub fn retract(&self) {
        // If it stays, `running` sees that nobody holds the lock.
        let _ = std::fs::remove_file(self.running_file());
    }
}
