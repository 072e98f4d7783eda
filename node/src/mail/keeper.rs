//! The mail of a home: what is set, when it is time, and trying it out.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jiff::Zoned;
use jiff::tz::TimeZone;
use kith_protocol::time::Timestamp;
use lettre::Address;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use super::digest::{Waiting, waiting};
use super::plan::{self, BadPlan, Login, Password, Plan, Server};
use super::record::Record;
use super::sending::send;
use super::trouble::Unsent;
use super::wire::Wire;
use crate::driver::Handle;
use crate::home::{Home, HomeError};
use crate::machine::now;
use crate::store::VaultKey;

/// How often the clock is looked at, so that a laptop that slept makes up for the morning.
const LOOK: Duration = Duration::from_secs(30);
/// What the sealed password stands under: no table of the storage has this number.
const SEAL: &[u8] = b"\xffmail password";
/// The name under which a service manager hands the password over (systemd.exec(5), LoadCredential=).
const CREDENTIAL: &str = "kith-mail-password";

/// What somebody says of their mail, as they typed it. It is not to be printed: the password is in it.
#[derive(Default)]
pub struct Wanted<'w> {
    /// The server.
    pub server: &'w str,
    /// The address that it is from.
    pub from: &'w str,
    /// The address that it goes to.
    pub to: &'w str,
    /// The time of the day.
    pub at: &'w str,
    /// Whether it names people.
    pub names: bool,
    /// The name at the server; `None` if it wants none.
    pub login: Option<&'w str>,
    /// The password; `None` with a login if the service manager hands it over, or if it is to be kept.
    pub password: Option<Zeroizing<String>>,
    /// Without a password: the one that is set stays.
    pub keep_password: bool,
}

/// The mail of a home; clones are of the same one.
#[derive(Clone)]
pub struct Mail {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    handle: Handle,
    home: Home,
    vault: VaultKey,
    wire: Wire,
    pub(super) plan: RwLock<Option<Plan>>,
    unread: RwLock<Option<String>>,
    record: RwLock<Record>,
    one_at_a_time: Mutex<()>,
}

impl Mail {
    /// The mail of a home that is open.
    pub fn new(handle: Handle, home: Home, vault: VaultKey) -> Self {
        Self::by(handle, home, vault, Wire::default())
    }

    pub(super) fn by(handle: Handle, home: Home, vault: VaultKey, wire: Wire) -> Self {
        let (plan, unread): (Option<Plan>, _) = match home.read_mail() {
            Ok(plan) => (plan, None),
            Err(error) => {
                tracing::error!(%error, "no mail is sent");
                (None, Some(error.to_string()))
            }
        };
        let host = plan.as_ref().map(|plan| plan.server.host().to_owned()).unwrap_or_default();
        let record: Record = home.read_mailed().unwrap_or_default();
        let (plan, unread, record) = (RwLock::new(plan), RwLock::new(unread), RwLock::new(record.woken(&host)));
        let inner = Inner { handle, home, vault, wire, plan, unread, record, one_at_a_time: Mutex::default() };
        Self { inner: Arc::new(inner) }
    }

    /// What is set, if anything is.
    pub fn plan(&self) -> Option<Plan> {
        self.inner.plan.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Why it is not known what is set, if it could not be read.
    pub fn unread(&self) -> Option<String> {
        self.inner.unread.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What is remembered.
    pub fn record(&self) -> Record {
        self.inner.record.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What somebody typed, with the password sealed.
    ///
    /// # Errors
    /// If something of it is no part of a plan.
    pub fn read(&self, wanted: Wanted<'_>) -> Result<Plan, BadPlan> {
        let Wanted { server, from, to, at, names, login, password, keep_password } = wanted;
        let server = server.parse()?;
        let login = match (login, password) {
            (None, None) => None,
            (Some(name), password) if plan::may_be_said(name) => {
                let password = match password {
                    None if keep_password => self.kept(&server)?,
                    password => self.sealed(password.as_deref())?,
                };
                Some(Login { name: name.to_owned(), password })
            }
            _ => return Err(BadPlan::Login),
        };
        let (from, to): (Address, Address) = (plan::address(from)?, plan::address(to)?);
        Ok(Plan { server, from, to, at: plan::time(at)?, names, login })
    }

    /// The password that is set. No other server is told it: whoever may change the plan could name one of their own.
    fn kept(&self, server: &Server) -> Result<Password, BadPlan> {
        let plan = self.plan().ok_or(BadPlan::NoPassword)?;
        let login = plan.login.ok_or(BadPlan::NoPassword)?;
        if plan.server == *server { Ok(login.password) } else { Err(BadPlan::OtherServer) }
    }

    fn sealed(&self, password: Option<&String>) -> Result<Password, BadPlan> {
        let Some(password) = password else { return Ok(Password::Credential) };
        if !plan::may_be_said(password) {
            return Err(BadPlan::Login);
        }
        let sealed = self.inner.vault.seal(SEAL, password.as_bytes()).map_err(|_| BadPlan::NoPassword)?;
        Ok(Password::Sealed(data_encoding::HEXLOWER.encode(&sealed)))
    }

    /// From now on this counts; `None` for no mail. A password that was stored before is forgotten.
    ///
    /// # Errors
    /// If it cannot be written down. Then it is as it was.
    pub fn set(&self, plan: Option<Plan>) -> Result<(), HomeError> {
        let mut now = self.inner.plan.write().unwrap_or_else(PoisonError::into_inner);
        self.inner.home.write_mail(&plan)?;
        *now = plan;
        drop(now);
        *self.inner.unread.write().unwrap_or_else(PoisonError::into_inner) = None;
        self.remember(Record::begin_anew)
    }

    fn remember(&self, change: impl FnOnce(&mut Record)) -> Result<(), HomeError> {
        let mut record = self.inner.record.write().unwrap_or_else(PoisonError::into_inner);
        change(&mut record);
        self.inner.home.write_mailed(&*record)
    }

    /// Sends one now, whatever waits; says what the server answered. The mail of the day comes all the same.
    ///
    /// # Errors
    /// Why it was not sent.
    pub async fn test(&self) -> Result<String, Unsent> {
        let _turn = self.inner.one_at_a_time.lock().await;
        let plan = self.plan().ok_or_else(|| self.unread().map_or(Unsent::Off, Unsent::Home))?;
        let now = now();
        let waits = self.waits(&plan, &zoned(now, TimeZone::system()))?;
        let answer = self.send(&plan, &waits, now, || Ok(())).await?;
        // It works now, whatever was wrong before.
        self.remember(|record| record.trouble = None).map_err(in_home)?;
        Ok(answer)
    }

    /// Sends mails by itself as long as what comes back lives.
    pub fn keep(&self) -> Keeping {
        let mail = self.clone();
        Keeping(tokio::spawn(async move {
            loop {
                mail.look(&zoned(now(), TimeZone::system())).await;
                tokio::time::sleep(LOOK).await;
            }
        }))
    }

    /// Does what is to be done at this moment.
    pub(super) async fn look(&self, now: &Zoned) {
        let _turn = self.inner.one_at_a_time.lock().await;
        let Some(plan) = self.plan().filter(|plan| self.record().is_due(plan.at, now)) else { return };
        let (today, secs) = (now.date(), timestamp(now));
        let waits = self.waits(&plan, now);
        let kept = match waits {
            Ok(waits) if waits.is_empty() => self.remember(|record| record.pass(today)),
            waits => {
                let leaving = || self.remember(|record| record.leave(today)).map_err(in_home);
                let sent = match waits {
                    Ok(waits) => self.send(&plan, &waits, secs, leaving).await,
                    Err(error) => Err(error),
                };
                match sent {
                    Ok(_) => self.remember(|record| record.done(secs)),
                    Err(why) => {
                        tracing::warn!(%why, "the mail of the day was not sent");
                        self.remember(|record| record.fail(today, secs, &why))
                    }
                }
            }
        };
        if let Err(error) = kept {
            tracing::warn!(%error, "what became of the mail of the day could not be written down");
        }
    }

    fn waits(&self, plan: &Plan, now: &Zoned) -> Result<Waiting, Unsent> {
        waiting(self.inner.handle.view(), now, plan.names).map_err(|error| Unsent::Home(error.to_string()))
    }

    async fn send(
        &self,
        plan: &Plan,
        waits: &Waiting,
        now: Timestamp,
        leaving: impl FnOnce() -> Result<(), Unsent>,
    ) -> Result<String, Unsent> {
        let password = plan.login.as_ref().map(|login| self.password(login)).transpose()?;
        let web = self.inner.home.settings().map_err(in_home)?.web_url;
        send(&self.inner.wire, plan, password, waits.words(web.as_deref()), now, leaving).await
    }

    fn password(&self, login: &Login) -> Result<Zeroizing<String>, Unsent> {
        match &login.password {
            Password::Sealed(sealed) => {
                let sealed = data_encoding::HEXLOWER.decode(sealed.as_bytes()).map_err(|_| Unsent::NoPassword)?;
                let opened = self.inner.vault.open(SEAL, &sealed).map_err(|_| Unsent::NoPassword)?;
                String::from_utf8(opened).map(Zeroizing::new).map_err(|_| Unsent::NoPassword)
            }
            Password::Credential => {
                let folder = std::env::var_os("CREDENTIALS_DIRECTORY").ok_or(Unsent::NoPassword)?;
                let text = std::fs::read_to_string(Path::new(&folder).join(CREDENTIAL)).map(Zeroizing::new);
                let text = text.map_err(|_| Unsent::NoPassword)?;
                let first = text.lines().next().unwrap_or_default();
                if plan::may_be_said(first) { Ok(Zeroizing::new(first.to_owned())) } else { Err(Unsent::NoPassword) }
            }
        }
    }
}

#[allow(clippy::needless_pass_by_value, reason = "it maps errors")]
fn in_home(error: HomeError) -> Unsent {
    Unsent::Home(error.to_string())
}

fn zoned(at: Timestamp, zone: TimeZone) -> Zoned {
    let at = i64::try_from(at.secs()).ok().and_then(|secs| jiff::Timestamp::from_second(secs).ok());
    at.unwrap_or_default().to_zoned(zone)
}

fn timestamp(at: &Zoned) -> Timestamp {
    Timestamp::from_secs(u64::try_from(at.timestamp().as_second()).unwrap_or_default())
}

/// Mails are sent by themselves as long as this lives.
pub struct Keeping(JoinHandle<()>);

impl Drop for Keeping {
    fn drop(&mut self) {
        self.0.abort();
    }
}
