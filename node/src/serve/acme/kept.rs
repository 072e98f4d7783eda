//! What is kept in `acme.json`.

use serde::{Deserialize, Serialize};

use super::issued::Issued;
use crate::home::{Home, HomeError};
use crate::serve::secret::Secret;

/// What an authority gave.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Kept {
    /// The authority's directory. What another one gave does not count.
    directory: String,
    /// The account and its key, in the words of the library that speaks with the authority.
    pub(super) account: Option<Secret>,
    /// The e-mail address that the authority was told last.
    pub(super) email: Option<String>,
    pub(super) certificate: Option<KeptCertificate>,
}

/// A certificate with its key.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct KeptCertificate {
    pub(super) domain: String,
    /// DER, in base 64; the domain's own first.
    pub(super) chain: Vec<String>,
    /// PKCS #8, in base 64.
    pub(super) key: Secret,
}

impl Kept {
    /// What this authority gave; nothing if the file is damaged, since all of it can be asked for again.
    pub(super) fn open(home: &Home, directory: &str) -> Result<Self, HomeError> {
        let kept = match home.read_acme::<Self>() {
            Err(HomeError::Damaged(path)) => {
                tracing::warn!(path = %path.display(), "the file is damaged: a certificate is asked for anew");
                None
            }
            kept => kept?,
        };
        let kept = kept.filter(|kept| kept.directory == directory);
        Ok(kept.unwrap_or_else(|| Self { directory: directory.to_owned(), ..Self::default() }))
    }

    /// The certificate for this domain, if there is one that can be used.
    pub(super) fn issued(&self, domain: &str) -> Option<Issued> {
        Issued::from_kept(self.certificate.as_ref().filter(|kept| kept.domain == domain)?)
    }

    /// Writes it down.
    pub(super) async fn save(&self, home: &Home) -> Result<(), HomeError> {
        let (home, kept) = (home.clone(), self.clone());
        let written = tokio::task::spawn_blocking(move || home.write_acme(&kept)).await;
        // A task that was given up belongs to a process that ends.
        written.unwrap_or(Ok(()))
    }
}
