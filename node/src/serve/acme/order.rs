//! One certificate, from asking for it to having it.

use std::time::Duration;

use instant_acme::{
    Account, AuthorizationStatus, ChallengeType, Identifier, NewAccount, NewOrder, Order, OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use zeroize::Zeroizing;

use super::config::{Config, Email};
use super::issued::Issued;
use super::kept::Kept;
use super::shown::{Certificates, Proving};
use super::trouble::AcmeError;
use super::wire::Wire;
use crate::home::Home;
use crate::serve::secret::Secret;

/// How long all of it may take.
const ORDER: Duration = Duration::from_secs(5 * 60);
/// How often it is looked whether the authority is done with one step, and for how long.
const PATIENCE: RetryPolicy =
    RetryPolicy::new().initial_delay(Duration::from_millis(500)).backoff(1.5).timeout(Duration::from_secs(90));

/// Asks the authority for a certificate. An account is made where there is none, and written down before anything else
/// is asked with it.
pub(super) async fn obtain(
    home: &Home,
    config: &Config,
    kept: &mut Kept,
    certificates: &Certificates,
) -> Result<Issued, AcmeError> {
    let asked = tokio::time::timeout(ORDER, async {
        let had_account = kept.account.is_some();
        match ask(home, config, kept, certificates).await {
            // An authority may forget accounts: then there is a new one.
            Err(error) if had_account && error.is_account_gone() => {
                kept.account = None;
                ask(home, config, kept, certificates).await
            }
            asked => asked,
        }
    });
    asked.await.unwrap_or(Err(AcmeError::Slow))
}

async fn ask(home: &Home, config: &Config, kept: &mut Kept, certificates: &Certificates) -> Result<Issued, AcmeError> {
    let account = account(home, config, kept).await?;
    let names = [Identifier::Dns(config.domain.clone())];
    let mut order = account.new_order(&NewOrder::new(&names)).await?;
    let proving = prove(&mut order, &config.domain, certificates).await?;
    if !proving.is_empty() {
        match order.poll_ready(&PATIENCE).await {
            Ok(OrderStatus::Ready) => {}
            Ok(_) => return Err(why_not(&mut order, None).await),
            Err(error) => return Err(why_not(&mut order, Some(error)).await),
        }
    }
    drop(proving);
    let key = KeyPair::generate()?;
    let mut request = CertificateParams::new([config.domain.clone()])?;
    request.distinguished_name = DistinguishedName::new();
    order.finalize_csr(request.serialize_request(&key)?.der()).await?;
    let pem = order.poll_certificate(&PATIENCE).await?;
    Ok(Issued::from_pem(&config.domain, &pem, Zeroizing::new(key.serialize_der()))?)
}

/// The account of this home with the authority.
async fn account(home: &Home, config: &Config, kept: &mut Kept) -> Result<Account, AcmeError> {
    let builder = Account::builder_with_http(Box::new(Wire::new()?));
    let email = config.email.as_ref().map(Email::contact);
    let contact: Vec<&str> = email.as_deref().into_iter().collect();
    let credentials = kept.account.as_ref().and_then(|account| serde_json::from_str(&account.0).ok());
    let account = match credentials {
        Some(credentials) => {
            let account = builder.from_credentials(credentials).await?;
            if kept.email == email {
                return Ok(account);
            }
            account.update_contacts(&contact).await?;
            account
        }
        None => {
            let new = NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
            let (account, credentials) = builder.create(&new, config.directory.as_str().to_owned(), None).await?;
            let credentials = serde_json::to_string(&credentials).map_err(instant_acme::Error::from)?;
            kept.account = Some(Secret(credentials));
            account
        }
    };
    kept.email = email;
    // Without it the next certificate costs another account, no more.
    if let Err(error) = kept.save(home).await {
        tracing::warn!(%error, "the account with the authority could not be written down");
    }
    Ok(account)
}

/// Shows the authority what it wants to see, as long as what comes back lives; nothing if it believes already.
async fn prove(order: &mut Order, domain: &str, certificates: &Certificates) -> Result<Vec<Proving>, AcmeError> {
    let mut proving = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        if authorization.status == AuthorizationStatus::Valid {
            continue;
        }
        let mut challenge = authorization.challenge(ChallengeType::TlsAlpn01).ok_or(AcmeError::NoChallenge)?;
        proving.push(certificates.prove(domain, challenge.key_authorization().digest().as_ref())?);
        challenge.set_ready().await?;
    }
    Ok(proving)
}

/// Why the authority does not believe that this node has the domain: that lies with what it looked at.
async fn why_not(order: &mut Order, error: Option<instant_acme::Error>) -> AcmeError {
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        let Ok(state) = authorization.refresh().await else { continue };
        if let Some(problem) = state.challenges.iter().find_map(|challenge| challenge.error.as_ref()) {
            return AcmeError::not_found(problem);
        }
    }
    error.map_or_else(|| AcmeError::Strange("the order is not valid any more".to_owned()), AcmeError::from)
}
