//! Giving one mail to a server.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kith_protocol::time::Timestamp;
use lettre::Message;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail as From, Rcpt};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::plan::Plan;
use super::trouble::{Unsent, answer};
use super::wire::Wire;
use crate::machine::random;

/// How long a server that has the mail is waited for to say goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// What a mail says.
pub(super) struct Words {
    pub subject: String,
    pub text: String,
}

/// Gives it to the server; says what that answered. `leaving` is called when all is agreed and nothing has left so far: if
/// it fails, nothing does.
pub(super) async fn send(
    wire: &Wire,
    plan: &Plan,
    password: Option<Zeroizing<String>>,
    words: Words,
    now: Timestamp,
    leaving: impl FnOnce() -> Result<(), Unsent>,
) -> Result<String, Unsent> {
    let host = plan.server.host();
    let silent = |_| Unsent::Silent { host: host.to_owned() };
    let mail = written(plan, words, now)?;
    let mut connection = timeout(wire.patience, agree(wire, plan, password)).await.map_err(silent)??;
    leaving()?;
    let unknown = || Unsent::Unknown { host: host.to_owned() };
    let taken = timeout(wire.patience, connection.message(&mail)).await.map_err(|_| unknown())?;
    let taken = taken.map_err(|error| if error.status().is_some() { Unsent::of(&error, host) } else { unknown() })?;
    // It has the mail, whatever it says now.
    let _ = timeout(GOODBYE, connection.quit()).await;
    let words: Vec<&str> = taken.message().collect();
    Ok(answer(&format!("{} {}", taken.code(), words.join(" "))))
}

/// Everything before the mail itself.
async fn agree(wire: &Wire, plan: &Plan, password: Option<Zeroizing<String>>) -> Result<AsyncSmtpConnection, Unsent> {
    let host = plan.server.host();
    let mut connection = wire.connect(&plan.server).await?;
    if let Some(login) = &plan.login {
        let password = password.ok_or(Unsent::NoPassword)?;
        let credentials = Credentials::new(login.name.clone(), password.to_string());
        connection.auth(DEFAULT_MECHANISMS, &credentials).await.map_err(|error| Unsent::of_login(&error, host))?;
    }
    let from = From::new(Some(plan.from.clone()), Vec::new());
    connection.command(from).await.map_err(|error| Unsent::of(&error, host))?;
    let to = Rcpt::new(plan.to.clone(), Vec::new());
    connection.command(to).await.map_err(|error| Unsent::of(&error, host))?;
    connection.command(Data).await.map_err(|error| Unsent::of(&error, host))?;
    Ok(connection)
}

/// The mail as it is sent: ASCII throughout, so that every server takes it.
fn written(plan: &Plan, words: Words, now: Timestamp) -> Result<Vec<u8>, Unsent> {
    let id = data_encoding::HEXLOWER.encode(&random::<16>());
    let mail = Message::builder()
        .from(Mailbox::new(Some("Kith".to_owned()), plan.from.clone()))
        .to(Mailbox::new(None, plan.to.clone()))
        .date(UNIX_EPOCH.checked_add(Duration::from_secs(now.secs())).unwrap_or_else(SystemTime::now))
        .message_id(Some(format!("<{id}@{}>", plan.from.domain())))
        .subject(words.subject)
        .header(ContentType::TEXT_PLAIN)
        .body(words.text);
    mail.map(|mail| mail.formatted()).map_err(|error| Unsent::Home(error.to_string()))
}
