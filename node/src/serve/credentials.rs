//! By what browsers know this node, if it does its own TLS.

use std::sync::Arc;

use super::acme::{Certificates, Config, Keeper};
use super::ca::{Authority, CaError};
use crate::access::{Ways, machine_name};
use crate::home::{Home, Tls};

/// Who vouches for the node's name.
#[derive(Clone)]
pub enum Credentials {
    /// Its own authority, which people install.
    Own(Arc<Authority>),
    /// A public one.
    Acme(Arc<Certificates>),
}

/// What a node has for its TLS.
#[derive(Default)]
pub struct Opened {
    /// Its own authority, if it has one.
    pub authority: Option<Arc<Authority>>,
    /// Who asks a public authority, if one is asked.
    pub keeper: Option<Keeper>,
    /// What browsers are shown; `None` for plain HTTP.
    pub credentials: Option<Credentials>,
}

impl Opened {
    /// What lies in the home, or is made now. What people should know of it goes to the ways.
    ///
    /// # Errors
    /// If a file cannot be read or made.
    pub fn new(home: &Home, tls: Tls, acme: Option<Config>, ways: &mut Ways) -> Result<Self, CaError> {
        if let Some(config) = acme {
            let keeper = Keeper::open(home, config)?;
            ways.certificate = Some(keeper.standing());
            let credentials = Some(Credentials::Acme(keeper.certificates()));
            return Ok(Self { keeper: Some(keeper), credentials, authority: None });
        }
        if tls != Tls::Own {
            return Ok(Self::default());
        }
        let authority = Arc::new(own_authority(home, ways)?);
        ways.fingerprint = Some(authority.fingerprint());
        let credentials = Some(Credentials::Own(Arc::clone(&authority)));
        Ok(Self { authority: Some(authority), credentials, keeper: None })
    }
}

/// The authority for all names by which browsers may ask for this node.
fn own_authority(home: &Home, ways: &Ways) -> Result<Authority, CaError> {
    let public = ways.web_url.as_ref().map(|url| url.host().to_owned());
    let hosts: Vec<String> = ["localhost".to_owned()].into_iter().chain(machine_name()).chain(public).collect();
    Authority::open(home, &hosts)
}
