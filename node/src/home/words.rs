//! The recovery words, as long as they lie in the home: until their owner has written them down.

use std::io;
use std::path::{Path, PathBuf};

use kith_protocol::engine::Own;
use kith_protocol::engine::own::words_fit;
use kith_protocol::words::RecoveryWords;
use zeroize::Zeroizing;

use super::{Home, HomeError, files};

impl Home {
    /// Where the words lie until their owner has written them down.
    pub fn words_file(&self) -> PathBuf {
        self.folder.join("recovery-words.txt")
    }

    /// Where words lie that are about to take the place of others.
    pub(super) fn fresh_words_file(&self) -> PathBuf {
        self.folder.join("fresh-words.txt")
    }

    pub(super) fn write_words(&self, words: &RecoveryWords) -> Result<(), HomeError> {
        self.write_words_to(&self.words_file(), words)
    }

    /// Writes fresh words down before they count, so that no crash can leave an identity whose words nobody has seen.
    /// [`Home::settle_fresh_words`] follows, whatever became of them.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn write_fresh_words(&self, words: &RecoveryWords) -> Result<(), HomeError> {
        self.write_words_to(&self.fresh_words_file(), words)
    }

    /// Fresh words that count now lie where words lie; others are gone.
    ///
    /// # Errors
    /// If the files cannot be read or moved.
    pub fn settle_fresh_words(&self, own: &Own) -> Result<(), HomeError> {
        let path = self.fresh_words_file();
        let failed = |reason| self.file_error(&path, reason);
        let written = match files::read_secret(&path) {
            Ok(written) => written,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(reason) => return Err(failed(reason)),
        };
        let words = std::str::from_utf8(&written).ok().and_then(|text| RecoveryWords::parse(text).ok());
        if words.is_some_and(|words| words_fit(own, &words)) {
            std::fs::rename(&path, self.words_file()).map_err(failed)
        } else {
            std::fs::remove_file(&path).map_err(failed)
        }
    }

    fn write_words_to(&self, path: &Path, words: &RecoveryWords) -> Result<(), HomeError> {
        let text = Zeroizing::new(format!("{}\n", words.words().join(" ")));
        files::write_durably(path, text.as_bytes()).map_err(|reason| self.file_error(path, reason))
    }

    /// Removes the file with the words. True if there was one.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn forget_words(&self) -> Result<bool, HomeError> {
        let path = self.words_file();
        match std::fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(reason) => Err(self.file_error(&path, reason)),
        }
    }
}
