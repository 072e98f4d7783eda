//! The small files that other modules keep in a home: their names, and how they are read and written.

use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Home, HomeError, files};

impl Home {
    /// Who may come in, as it was last written down.
    pub(crate) fn read_access<T: DeserializeOwned>(&self) -> Result<Option<T>, HomeError> {
        self.read_json("access.json")
    }

    /// Writes down who may come in.
    pub(crate) fn write_access(&self, access: &impl Serialize) -> Result<(), HomeError> {
        self.write_json("access.json", access)
    }

    /// The certificate authority of this home, if there is one.
    pub(crate) fn read_ca<T: DeserializeOwned>(&self) -> Result<Option<T>, HomeError> {
        self.read_json("ca.json")
    }

    /// Writes down a new certificate authority.
    pub(crate) fn write_ca(&self, ca: &impl Serialize) -> Result<(), HomeError> {
        self.write_json("ca.json", ca)
    }

    /// What came from a public authority, if anything did.
    pub(crate) fn read_acme<T: DeserializeOwned>(&self) -> Result<Option<T>, HomeError> {
        self.read_json("acme.json")
    }

    /// Writes down what came from a public authority.
    pub(crate) fn write_acme(&self, acme: &impl Serialize) -> Result<(), HomeError> {
        self.write_json("acme.json", acme)
    }

    pub(super) fn read_json<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, HomeError> {
        let path = self.folder.join(name);
        match files::read_secret(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|_| HomeError::Damaged(path)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(reason) => Err(self.file_error(&path, reason)),
        }
    }

    pub(super) fn write_json(&self, name: &str, value: &impl Serialize) -> Result<(), HomeError> {
        let path = self.folder.join(name);
        files::write_json(&path, value).map_err(|reason| self.file_error(&path, reason))
    }

    /// What is remembered of backups.
    pub(crate) fn read_backups<T: DeserializeOwned>(&self) -> Option<T> {
        // Without it the next backup is made early, which harms nobody.
        self.read_json("backups.json").ok().flatten()
    }

    /// Writes down what is to be remembered of backups.
    pub(crate) fn write_backups(&self, record: &impl Serialize) -> Result<(), HomeError> {
        self.write_json("backups.json", record)
    }

    /// How the mail of every day is set, if it is.
    pub(crate) fn read_mail<T: DeserializeOwned>(&self) -> Result<Option<T>, HomeError> {
        Ok(self.read_json::<Option<T>>("mail.json")?.flatten())
    }

    /// Writes down how it is set.
    pub(crate) fn write_mail(&self, plan: &impl Serialize) -> Result<(), HomeError> {
        self.write_json("mail.json", plan)
    }

    /// What is remembered of mails.
    pub(crate) fn read_mailed<T: DeserializeOwned>(&self) -> Option<T> {
        // Without it a day may have a second mail.
        self.read_json("mailed.json").ok().flatten()
    }

    /// Writes down what is to be remembered of mails.
    pub(crate) fn write_mailed(&self, record: &impl Serialize) -> Result<(), HomeError> {
        self.write_json("mailed.json", record)
    }
}
