//! Why a mail was not sent, and what to do about it.

use lettre::transport::smtp::Error as SmtpError;

/// Characters of a server's answer that are kept.
const ANSWER: usize = 200;

/// Why a mail was not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsent {
    /// The machine trusts no authority at all.
    #[error("this machine trusts no certificate authority")]
    NoRoots,
    /// No connection.
    #[error("{host} is not reached: {reason}")]
    Away {
        /// The server.
        host: String,
        /// What the system said.
        reason: String,
    },
    /// No answer.
    #[error("{host} does not answer in time")]
    Silent {
        /// The server.
        host: String,
    },
    /// Nothing is said in the clear.
    #[error("{host} offers no encryption")]
    NoTls {
        /// The server.
        host: String,
    },
    /// It is somebody else, or nobody says who it is.
    #[error("nobody whom this machine trusts says that this is {host}: {reason}")]
    NotTrusted {
        /// The server.
        host: String,
        /// What is wrong with what it showed.
        reason: String,
    },
    /// It is no mail server, or a broken one.
    #[error("{host} says what no mail server says")]
    Odd {
        /// The server.
        host: String,
    },
    /// The name or the password is wrong.
    #[error("{host} does not take the login: {answer}")]
    Login {
        /// The server.
        host: String,
        /// What it said.
        answer: String,
    },
    /// It does not take the mail now, or never.
    #[error("{host} does not take the mail: {answer}")]
    Refused {
        /// The server.
        host: String,
        /// What it said.
        answer: String,
        /// Asking again on the same day changes nothing.
        for_good: bool,
    },
    /// The words had left, and then the connection broke.
    #[error("{host} said nothing more after it was given the mail, which may have come or not")]
    Unknown {
        /// The server.
        host: String,
    },
    /// There is no password where it should be.
    #[error("the password is not there")]
    NoPassword,
    /// What waits could not be read, or what is done could not be written down.
    #[error("the home could not be read or written: {0}")]
    Home(String),
    /// There is no plan.
    #[error("no mail is set up")]
    Off,
}

impl Unsent {
    /// What to do about it.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::NoRoots => "install the package ca-certificates, or name a list in SSL_CERT_FILE",
            Self::Away { .. } | Self::Silent { .. } => {
                "look at the network, and at the server and port in kith mail; it is tried again"
            }
            Self::NoTls { .. } => {
                "ask who runs it for another port: smtps:// is usually 465, smtp:// with STARTTLS 587"
            }
            Self::NotTrusted { .. } => {
                "look whether the name of the server is right, and the clock; an authority of your own must be trusted by this machine"
            }
            Self::Odd { .. } => "look at the server and port in kith mail: smtps:// is usually 465, smtp:// 587",
            Self::Login { .. } => {
                "look at name and password and give them again with kith mail set; many providers want a password made for programs"
            }
            Self::Refused { .. } => {
                "look at the addresses of kith mail, and whether the server lets this login send from there; kith mail test tries it"
            }
            Self::Unknown { .. } => "look into your mail; it is not sent twice",
            Self::NoPassword => {
                "give it again with kith mail set, or hand it over as the credential kith-mail-password"
            }
            Self::Home(_) => "run kith doctor and look at the disk",
            Self::Off => "kith mail set says to whom, by which server and when",
        }
    }

    /// True if it does not get better on the same day by itself.
    pub const fn is_for_good(&self) -> bool {
        match self {
            Self::Login { .. } | Self::Unknown { .. } | Self::NoPassword | Self::Off => true,
            Self::Refused { for_good, .. } => *for_good,
            _ => false,
        }
    }

    /// What the library says went wrong before the words left.
    pub(super) fn of(error: &SmtpError, host: &str) -> Self {
        let host = host.to_owned();
        let source = std::error::Error::source(error);
        if let Some(code) = error.status() {
            let said = source.map(ToString::to_string).unwrap_or_default();
            return Self::Refused { host, answer: answer(&format!("{code} {said}")), for_good: error.is_permanent() };
        }
        match source.and_then(|source| source.downcast_ref::<std::io::Error>()) {
            Some(broken) if broken.kind() != std::io::ErrorKind::InvalidData => {
                Self::Away { host, reason: broken.to_string() }
            }
            _ => Self::Odd { host },
        }
    }

    /// The same, while signing in.
    pub(super) fn of_login(error: &SmtpError, host: &str) -> Self {
        match Self::of(error, host) {
            // The server may repeat what it was told, so its words are not.
            Self::Refused { host, for_good: true, .. } => {
                let code = error.status().map(|code| code.to_string()).unwrap_or_default();
                Self::Login { host, answer: format!("it answers {code}") }
            }
            // It offers no way of signing in that we know.
            Self::Odd { host } if error.is_client() => {
                Self::Login { host, answer: "it offers no way to sign in".to_owned() }
            }
            Self::Refused { host, .. } => {
                Self::Refused { host, answer: "it takes no logins at the moment".to_owned(), for_good: false }
            }
            other => other,
        }
    }
}

/// What a server said, as it may be shown: short, one line, nothing that moves a terminal.
pub(super) fn answer(text: &str) -> String {
    let text = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    text.take(ANSWER).collect::<String>().trim().to_owned()
}
