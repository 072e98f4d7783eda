//! A certificate that an authority gave, and until when it is good enough.

use std::sync::Arc;

use kith_protocol::time::Timestamp;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use x509_parser::extensions::GeneralName;
use zeroize::Zeroizing;

use super::kept::KeptCertificate;
use crate::serve::secret::Secret;

/// Certificates of a chain; public ones have two or three.
const CHAIN: usize = 8;

/// Why what came is not shown to anybody.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadCertificate {
    /// There is none, or there are too many.
    #[error("it has {0} certificates")]
    Length(usize),
    /// It cannot be read.
    #[error("it cannot be read")]
    Unreadable,
    /// It speaks for somebody else.
    #[error("it is not for this domain")]
    OtherName,
    /// It does not go with the key that was made for it.
    #[error("it cannot be used: {0}")]
    Tls(#[from] rustls::Error),
}

/// A certificate with its key.
pub(super) struct Issued {
    chain: Vec<CertificateDer<'static>>,
    key: Zeroizing<Vec<u8>>,
    certified: Arc<CertifiedKey>,
    from: Timestamp,
    until: Timestamp,
}

impl Issued {
    /// What an authority sent as PEM, with the key that was made for it as PKCS #8.
    pub(super) fn from_pem(domain: &str, pem: &str, key: Zeroizing<Vec<u8>>) -> Result<Self, BadCertificate> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).take(CHAIN + 1).collect();
        Self::new(domain, chain.map_err(|_| BadCertificate::Unreadable)?, key)
    }

    /// A chain, the domain's own certificate first.
    pub(super) fn new(
        domain: &str,
        chain: Vec<CertificateDer<'static>>,
        key: Zeroizing<Vec<u8>>,
    ) -> Result<Self, BadCertificate> {
        let leaf = chain.first().filter(|_| chain.len() <= CHAIN).ok_or(BadCertificate::Length(chain.len()))?;
        let (from, until) = read(leaf, domain)?;
        let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.to_vec()));
        let certified = CertifiedKey::from_der(chain.clone(), der, &aws_lc_rs::default_provider())?;
        Ok(Self { chain, key, certified: Arc::new(certified), from, until })
    }

    /// What was written down.
    pub(super) fn from_kept(kept: &KeptCertificate) -> Option<Self> {
        let decode = |text: &String| data_encoding::BASE64.decode(text.as_bytes()).ok();
        let chain = kept.chain.iter().map(|der| decode(der).map(CertificateDer::from)).collect::<Option<Vec<_>>>()?;
        Self::new(&kept.domain, chain, Zeroizing::new(decode(&kept.key.0)?)).ok()
    }

    /// To be written down.
    pub(super) fn to_kept(&self, domain: &str) -> KeptCertificate {
        KeptCertificate {
            domain: domain.to_owned(),
            chain: self.chain.iter().map(|der| data_encoding::BASE64.encode(der)).collect(),
            key: Secret(data_encoding::BASE64.encode(&self.key)),
        }
    }

    /// To be shown.
    pub(super) fn certified(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.certified)
    }

    /// When it ends.
    pub(super) const fn until(&self) -> Timestamp {
        self.until
    }

    /// Seconds until a new one is to be asked for, when a third of its life is left: a month for one of three months.
    /// `None` if that is now.
    pub(super) fn due_in(&self, now: Timestamp) -> Option<u64> {
        let due = self.until.minus(self.until.since(self.from) / 3);
        Some(due.since(now)).filter(|left| *left > 0)
    }
}

/// From when until when a certificate for this domain counts.
fn read(leaf: &[u8], domain: &str) -> Result<(Timestamp, Timestamp), BadCertificate> {
    let (_, leaf) = x509_parser::parse_x509_certificate(leaf).map_err(|_| BadCertificate::Unreadable)?;
    let names = leaf.subject_alternative_name().map_err(|_| BadCertificate::Unreadable)?;
    let is_own =
        |name: &GeneralName<'_>| matches!(name, GeneralName::DNSName(name) if name.eq_ignore_ascii_case(domain));
    if !names.is_some_and(|names| names.value.general_names.iter().any(is_own)) {
        return Err(BadCertificate::OtherName);
    }
    let moment = |secs: i64| u64::try_from(secs).map(Timestamp::from_secs).map_err(|_| BadCertificate::Unreadable);
    let validity = leaf.validity();
    Ok((moment(validity.not_before.timestamp())?, moment(validity.not_after.timestamp())?))
}

#[cfg(test)]
mod tests {
    use kith_protocol::limits::DAY;
    use rcgen::{CertificateParams, KeyPair};
    use time::OffsetDateTime;

    use super::*;

    /// A certificate of ninety days, and its key.
    fn made(domain: &str, key: &KeyPair) -> String {
        let mut params = CertificateParams::new([domain.to_owned()]).unwrap();
        params.not_before = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
        params.not_after = params.not_before + time::Duration::days(90);
        params.self_signed(key).unwrap().pem()
    }

    #[test]
    fn a_certificate_is_renewed_when_a_third_of_its_life_is_left() {
        let key = KeyPair::generate().unwrap();
        let pem = made("kith.ana.example", &key);
        let issued = Issued::from_pem("kith.ana.example", &pem, key.serialize_der().into()).unwrap();
        let begun = Timestamp::from_secs(1_800_000_000);
        assert_eq!(issued.due_in(begun), Some(60 * DAY));
        assert_eq!(issued.due_in(begun.plus(60 * DAY)), None);
        assert_eq!(issued.due_in(begun.plus(100 * DAY)), None);
        let again = Issued::from_kept(&issued.to_kept("kith.ana.example")).unwrap();
        assert_eq!((again.until(), again.chain), (begun.plus(90 * DAY), issued.chain));
    }

    #[test]
    fn what_is_not_anas_certificate_is_not_shown() {
        let (key, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let take =
            |pem: &str, key: &KeyPair| Issued::from_pem("kith.ana.example", pem, key.serialize_der().into()).err();
        let pem = made("kith.ana.example", &key);
        assert!(matches!(take(&made("mallory.example", &key), &key), Some(BadCertificate::OtherName)));
        assert!(matches!(take(&pem, &other), Some(BadCertificate::Tls(_))));
        assert!(matches!(take("", &key), Some(BadCertificate::Length(0))));
        assert!(matches!(take(&pem.repeat(9), &key), Some(BadCertificate::Length(9))));
        assert!(matches!(take(&pem.replace("MII", "AAA"), &key), Some(BadCertificate::Unreadable)));
    }
}
