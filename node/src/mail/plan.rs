//! What the owner said of the mail: by which server, to whom, when.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use jiff::civil::Time;
use lettre::Address;
use serde::{Deserialize, Serialize};

/// Longest name of a server (RFC 1035 §2.3.4).
const HOST: usize = 253;
/// Longest name at a server, and longest password, in bytes.
const LOGIN: usize = 256;
/// Longest address (RFC 5321 §4.5.3.1.3).
const ADDRESS: usize = 254;

/// The mail of every day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The server that takes it.
    pub server: Server,
    /// Whom it says it is from.
    pub from: Address,
    /// To whom it goes.
    pub to: Address,
    /// The time of the day, where the node is.
    pub at: Time,
    /// Whether it names people.
    pub names: bool,
    /// How the node signs in at the server; `None` if it need not.
    pub login: Option<Login>,
}

/// How the node signs in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// The name.
    pub name: String,
    /// Where the password is.
    pub password: Password,
}

/// Where a password is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Password {
    /// Here, sealed with the key of the home's secrets, in hex.
    Sealed(String),
    /// With the service manager.
    Credential,
}

/// Why something is no part of a plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPlan {
    /// No server.
    #[error("{0:?} is no mail server")]
    Server(String),
    /// No address.
    #[error("{0:?} is no mail address")]
    Address(String),
    /// No time.
    #[error("{0:?} is no time of the day")]
    Time(String),
    /// A name or password that no server takes.
    #[error("a login and its password have 1 to {LOGIN} bytes and no line breaks")]
    Login,
    /// A login without a password.
    #[error("the login has no password")]
    NoPassword,
    /// The password was given for another server.
    #[error("the password that is kept is for another server or port")]
    OtherServer,
}

impl BadPlan {
    /// What to do about it.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Server(_) => "write it as smtps://mail.example.org:465 or smtp://mail.example.org:587",
            Self::Address(_) => "write it as ana@example.org",
            Self::Time(_) => "write it as 07:30",
            Self::Login => "give both; in a file, the password is the first line",
            Self::NoPassword => "give its password, or let the service manager hand it over",
            Self::OtherServer => "give the password again",
        }
    }
}

/// Whom the mail is given to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
}

/// How it is spoken with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Security {
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// TLS before anything is said (RFC 3207), or not at all.
    StartTls,
    /// In the clear: a program of this machine.
    Plain,
}

impl Server {
    /// The name of the machine.
    pub fn host(&self) -> &str {
        &self.host
    }
}

impl FromStr for Server {
    type Err = BadPlan;

    fn from_str(text: &str) -> Result<Self, BadPlan> {
        let wrong = || BadPlan::Server(shown(text));
        let (scheme, rest) = text.trim().split_once("://").ok_or_else(wrong)?;
        let (host, port) = match rest.trim_end_matches('/').rsplit_once(':') {
            // The colons of an address of IPv6 stand in brackets.
            Some((host, port)) if !port.ends_with(']') => (host, Some(port.parse().map_err(|_| wrong())?)),
            _ => (rest.trim_end_matches('/'), None),
        };
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host).to_ascii_lowercase();
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        let is_host = host.parse::<IpAddr>().is_ok() || host.bytes().all(is_name);
        if host.is_empty() || host.len() > HOST || !is_host || port == Some(0) {
            return Err(wrong());
        }
        let (security, usual) = match scheme {
            "smtps" => (Security::Tls, 465),
            "smtp" if is_here(&host) => (Security::Plain, 25),
            "smtp" => (Security::StartTls, 587),
            _ => return Err(wrong()),
        };
        Ok(Self { host, port: port.unwrap_or(usual), security })
    }
}

fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

impl TryFrom<String> for Server {
    type Error = BadPlan;

    fn try_from(text: String) -> Result<Self, BadPlan> {
        text.parse()
    }
}

impl From<Server> for String {
    fn from(server: Server) -> Self {
        server.to_string()
    }
}

impl fmt::Display for Server {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.security == Security::Tls { "smtps" } else { "smtp" };
        match self.host.contains(':') {
            true => write!(out, "{scheme}://[{}]:{}", self.host, self.port),
            false => write!(out, "{scheme}://{}:{}", self.host, self.port),
        }
    }
}

/// A mail address that every server takes: without letters beyond ASCII.
///
/// # Errors
/// If it is none.
pub(super) fn address(text: &str) -> Result<Address, BadPlan> {
    let text = text.trim();
    let read = text.parse().ok().filter(|_| text.is_ascii() && text.len() <= ADDRESS);
    read.ok_or_else(|| BadPlan::Address(shown(text)))
}

/// A time of the day to the minute.
///
/// # Errors
/// If it is none.
pub(super) fn time(text: &str) -> Result<Time, BadPlan> {
    let wrong = || BadPlan::Time(shown(text));
    let (hour, minute) = text.trim().split_once(':').filter(|(_, minute)| minute.len() == 2).ok_or_else(wrong)?;
    let (hour, minute) = (hour.parse().map_err(|_| wrong())?, minute.parse().map_err(|_| wrong())?);
    Time::new(hour, minute, 0, 0).map_err(|_| wrong())
}

/// True if a server may be told this as a name or password.
pub(super) fn may_be_said(text: &str) -> bool {
    (1..=LOGIN).contains(&text.len()) && !text.chars().any(char::is_control)
}

/// Not all of what somebody typed is said back.
fn shown(text: &str) -> String {
    text.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_goes_to_another_machine_in_the_clear() {
        let security = |text: &str| text.parse::<Server>().unwrap().security;
        assert_eq!(security("smtps://mail.example.org"), Security::Tls);
        assert_eq!(security("smtp://mail.example.org"), Security::StartTls);
        assert_eq!(security("smtp://192.168.1.4:25"), Security::StartTls);
        assert_eq!(security("smtp://localhost"), Security::Plain);
        assert_eq!(security("smtp://[::1]:2525"), Security::Plain);
        assert_eq!(security("smtp://localhost.example.org"), Security::StartTls);
    }

    #[test]
    fn a_server_comes_back_as_it_was_written() {
        for (typed, kept) in [
            ("smtps://Mail.Example.org", "smtps://mail.example.org:465"),
            ("smtp://mail.example.org/", "smtp://mail.example.org:587"),
            ("smtp://127.0.0.1:2525", "smtp://127.0.0.1:2525"),
            ("smtps://[2001:db8::4]", "smtps://[2001:db8::4]:465"),
        ] {
            assert_eq!(typed.parse::<Server>().unwrap().to_string(), kept);
        }
        for wrong in [
            "",
            "mail.example.org",
            "http://x",
            "smtps://",
            "smtps://:465",
            "smtps://a b",
            "smtps://x:0",
            "smtps://x:99999",
            "smtps://ana:secret@x",
        ] {
            assert!(wrong.parse::<Server>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn addresses_and_times_are_what_people_write() {
        assert!(address("ana@example.org").is_ok());
        for wrong in ["ana", "ana@example.org\r\nBcc: bo@example.org", "Ana <ana@example.org>", "ána@example.org", ""]
        {
            assert!(address(wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(time("7:30").unwrap(), time("07:30").unwrap());
        for wrong in ["24:00", "7", "07:3", "07:60", "half past seven", "-1:30"] {
            assert!(time(wrong).is_err(), "{wrong:?}");
        }
    }
}
