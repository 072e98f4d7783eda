//! A certificate authority for one node, which can speak for nothing but that node's own neighbourhood.
//!
//! Its certificate says, in a way that browsers must heed (RFC 5280 §4.2.1.10, critical), for which names and
//! addresses it counts: this machine's name, and addresses that the public internet does not have. Whoever installs it
//! on a phone gives nobody power over other sites, also not to a thief of the home.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use kith_protocol::crypto::sha256;
use kith_protocol::limits::DAY;
use kith_protocol::time::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, KeyPair, KeyUsagePurpose, NameConstraints, SanType,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::secret::Secret;
use crate::home::{Home, HomeError};
use crate::machine::{now, random};

/// How long the authority counts. Installing it is work for a person.
const LIFE: u64 = 10 * 365 * DAY;
/// How long the node's own certificate counts.
const LEAF_LIFE: u64 = 60 * DAY;
/// When it is made anew.
const LEAF_RENEWAL: u64 = 30 * DAY;
/// For clocks that are behind.
const BACK: u64 = DAY;
/// Addresses of this machine for which a certificate is kept.
const LEAVES: usize = 64;

/// The networks of homes, offices and VPNs (RFC 1918, 3927, 4193, 4291, 6598) and of the machine itself.
const NETWORKS: [(&str, u8); 9] = [
    ("127.0.0.0", 8),
    ("10.0.0.0", 8),
    ("172.16.0.0", 12),
    ("192.168.0.0", 16),
    ("169.254.0.0", 16),
    ("100.64.0.0", 10),
    ("::1", 128),
    ("fc00::", 7),
    ("fe80::", 10),
];

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum CaError {
    /// The file cannot be read or written.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// A certificate could not be made.
    #[error("a certificate could not be made: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The certificate could not be used.
    #[error("the certificate cannot be used: {0}")]
    Tls(#[from] rustls::Error),
    /// What the file holds is no key or certificate.
    #[error("the file ca.json is damaged")]
    Damaged,
}

/// What is kept in `ca.json`.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// DER, in base 64.
    certificate: String,
    /// PKCS #8, in base 64.
    key: Secret,
    /// What the authority is called.
    name: String,
    /// The names for which it counts.
    hosts: Vec<String>,
    /// Seconds since 1970.
    made: u64,
}

/// The authority of a home.
pub struct Authority {
    name: String,
    hosts: Vec<String>,
    certificate: CertificateDer<'static>,
    key: KeyPair,
    made: Timestamp,
    leaves: Mutex<HashMap<IpAddr, Leaf>>,
}

struct Leaf {
    config: Arc<ServerConfig>,
    made: Timestamp,
}

impl Authority {
    /// The authority of a home for these names; made at its first use, and made anew when it does not count for one of
    /// them or soon not any more. Then it has to be installed again.
    ///
    /// # Errors
    /// If it cannot be read or made.
    pub fn open(home: &Home, hosts: &[String]) -> Result<Self, CaError> {
        let kept: Option<Kept> = home.read_ca()?;
        if let Some(kept) = kept {
            let covers = hosts.iter().all(|host| kept.hosts.contains(host));
            let counts = now().secs() < kept.made + LIFE - 365 * DAY;
            if covers && counts {
                return Self::from_kept(&kept);
            }
            tracing::warn!("the certificate authority is made anew: install it again on phones and computers");
        }
        let made = Self::make(hosts, now())?;
        home.write_ca(&made.to_kept())?;
        Ok(made)
    }

    fn make(hosts: &[String], made: Timestamp) -> Result<Self, CaError> {
        let key = KeyPair::generate()?;
        // Not the name of a person: it is shown to everybody who connects.
        let name = format!("Kith node {}", data_encoding::HEXLOWER.encode(&random::<3>()));
        let certificate = params(&name, hosts, made)?.self_signed(&key)?.der().clone();
        Ok(Self { name, hosts: hosts.to_vec(), certificate, key, made, leaves: Mutex::default() })
    }

    fn from_kept(kept: &Kept) -> Result<Self, CaError> {
        let decode = |text: &str| data_encoding::BASE64.decode(text.as_bytes()).map_err(|_| CaError::Damaged);
        let key = Zeroizing::new(decode(&kept.key.0)?);
        let key = KeyPair::try_from(key.as_slice()).map_err(|_| CaError::Damaged)?;
        Ok(Self {
            name: kept.name.clone(),
            hosts: kept.hosts.clone(),
            certificate: decode(&kept.certificate)?.into(),
            key,
            made: Timestamp::from_secs(kept.made),
            leaves: Mutex::default(),
        })
    }

    fn to_kept(&self) -> Kept {
        Kept {
            certificate: data_encoding::BASE64.encode(&self.certificate),
            key: Secret(data_encoding::BASE64.encode(self.key.serialized_der())),
            name: self.name.clone(),
            hosts: self.hosts.clone(),
            made: self.made.secs(),
        }
    }

    /// What it is called in the lists of phones and computers.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its certificate, to be installed, as DER.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// The SHA-256 of its certificate, as systems show it.
    pub fn fingerprint(&self) -> String {
        let hex = data_encoding::HEXUPPER.encode(&sha256(&[&self.certificate]));
        hex.as_bytes().chunks(2).map(String::from_utf8_lossy).collect::<Vec<_>>().join(":")
    }

    /// How to speak TLS with somebody who came to this address of the machine. A certificate is made when a new address
    /// is first come to, and again after a month.
    ///
    /// # Errors
    /// If the certificate cannot be made.
    pub fn config_for(&self, address: IpAddr) -> Result<Arc<ServerConfig>, CaError> {
        let address = address.to_canonical();
        let mut leaves = self.leaves.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(leaf) = leaves.get(&address).filter(|leaf| now().since(leaf.made) < LEAF_RENEWAL) {
            return Ok(Arc::clone(&leaf.config));
        }
        if leaves.len() >= LEAVES {
            leaves.clear();
        }
        let (chain, key) = self.leaf(&self.names_at(address))?;
        let config = Arc::new(config(chain, key)?);
        leaves.insert(address, Leaf { config: Arc::clone(&config), made: now() });
        Ok(config)
    }

    /// All names of this machine for somebody who came to this address. A public address has no place in it: the
    /// authority does not count for one.
    fn names_at(&self, address: IpAddr) -> Vec<SanType> {
        let hosts = self.hosts.iter().filter_map(|host| san(host));
        let own = [IpAddr::from([127, 0, 0, 1]), IpAddr::from(std::net::Ipv6Addr::LOCALHOST)];
        let address = is_near(address).then_some(address).filter(|address| !address.is_loopback());
        hosts.chain(own.into_iter().chain(address).map(SanType::IpAddress)).collect()
    }

    /// A certificate for these names.
    fn leaf(&self, names: &[SanType]) -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), CaError> {
        // The same parameters and key make an issuer that is equal in all that a certificate takes from it.
        let issuer = params(&self.name, &self.hosts, self.made)?.self_signed(&self.key)?;
        let mut leaf = CertificateParams::default();
        leaf.subject_alt_names = names.to_vec();
        leaf.distinguished_name = named("Kith");
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        leaf.use_authority_key_identifier_extension = true;
        (leaf.not_before, leaf.not_after) = (moment(now().minus(BACK)), moment(now().plus(LEAF_LIFE)));
        let key = KeyPair::generate()?;
        let certificate = leaf.signed_by(&key, &issuer, &self.key)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        Ok((certificate.der().clone(), key))
    }
}

fn params(name: &str, hosts: &[String], made: Timestamp) -> Result<CertificateParams, CaError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    (params.not_before, params.not_after) = (moment(made.minus(BACK)), moment(made.plus(LIFE)));
    let mut permitted: Vec<GeneralSubtree> = Vec::new();
    for (address, prefix) in NETWORKS {
        let address: IpAddr = address.parse().map_err(|_| CaError::Damaged)?;
        permitted.push(GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(address, prefix)));
    }
    for host in hosts {
        permitted.push(match host.parse::<IpAddr>() {
            Ok(address) => GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(
                address,
                if address.is_ipv4() { 32 } else { 128 },
            )),
            Err(_) => GeneralSubtree::DnsName(host.clone()),
        });
    }
    params.name_constraints = Some(NameConstraints { permitted_subtrees: permitted, excluded_subtrees: Vec::new() });
    Ok(params)
}

fn named(name: &str) -> DistinguishedName {
    let mut full = DistinguishedName::new();
    full.push(DnType::CommonName, name);
    full
}

fn san(host: &str) -> Option<SanType> {
    match host.parse::<IpAddr>() {
        Ok(address) => Some(SanType::IpAddress(address)),
        Err(_) => Some(SanType::DnsName(host.try_into().ok()?)),
    }
}

/// True for addresses that the public internet does not have.
fn is_near(address: IpAddr) -> bool {
    let holds = |(network, prefix): &(&str, u8)| {
        format!("{network}/{prefix}").parse().is_ok_and(|network: crate::access::Proxy| network.holds(address))
    };
    NETWORKS.iter().any(holds)
}

fn moment(at: Timestamp) -> OffsetDateTime {
    let secs = i64::try_from(at.secs()).unwrap_or(i64::MAX);
    OffsetDateTime::from_unix_timestamp(secs).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn config(chain: CertificateDer<'static>, key: PrivateKeyDer<'static>) -> Result<ServerConfig, CaError> {
    // Named, since a process in which two were compiled would have no usual one.
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let mut config = config.with_no_client_auth().with_single_cert(vec![chain], key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

#[cfg(test)]
mod tests;
