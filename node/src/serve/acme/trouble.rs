//! Why an authority gave no certificate, what to do about it, and when to ask again.

use std::time::Duration;

use instant_acme::{Error, Problem};
use kith_protocol::limits::{DAY, HOUR, MINUTE};
use kith_protocol::text::Line;

use super::issued::BadCertificate;
use super::wire::WireError;
use crate::machine::random;

/// Bytes of an authority's own words that are shown.
const WORDS: usize = 300;
/// What all types of problems begin with (RFC 8555 §6.7).
const PROBLEM: &str = "urn:ietf:params:acme:error:";

/// How soon and how late to ask again after authority and node did not reach each other; costs nobody anything.
const UNREACHED: (u64, u64) = (MINUTE / 2, HOUR);
/// The same after a refusal. Authorities count these: Let's Encrypt takes five an hour for one name.
const REFUSED: (u64, u64) = (10 * MINUTE, DAY / 2);

/// Such a reason.
#[derive(Debug, thiserror::Error)]
pub(super) enum AcmeError {
    /// The authority cannot be asked.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// It does not give one.
    #[error("the authority refuses: {words}")]
    Refused {
        /// The type of the problem, without what all types begin with.
        kind: String,
        /// The authority's own words.
        words: String,
    },
    /// It looked at the domain and did not find this node there.
    #[error("the authority looked for this node at its domain and did not find it: {words}")]
    NotFound {
        /// The type of the problem.
        kind: String,
        /// The authority's own words.
        words: String,
    },
    /// It offers no proof that this node can give.
    #[error("the authority does not look at port 443 (tls-alpn-01)")]
    NoChallenge,
    /// It comes to no end.
    #[error("the authority takes too long")]
    Slow,
    /// What it said cannot be understood.
    #[error("the authority's answer cannot be understood: {0}")]
    Strange(String),
    /// What it gave cannot be shown.
    #[error("the authority's certificate is not shown: {0}")]
    Certificate(#[from] BadCertificate),
    /// A key or a request could not be made.
    #[error("a key could not be made: {0}")]
    Key(#[from] rcgen::Error),
    /// The proof could not be shown.
    #[error("the proof could not be shown: {0}")]
    Tls(rustls::Error),
}

impl AcmeError {
    /// What the authority said about its own look at the domain.
    pub(super) fn not_found(problem: &Problem) -> Self {
        Self::NotFound { kind: kind(problem), words: words(problem) }
    }

    /// True if the authority does not know the account any more.
    pub(super) fn is_account_gone(&self) -> bool {
        matches!(self, Self::Refused { kind, .. } if kind == "accountDoesNotExist")
    }

    /// What to do about it.
    pub(super) fn hint(&self) -> &'static str {
        match self {
            Self::Wire(error) => error.hint(),
            Self::NotFound { kind, .. } | Self::Refused { kind, .. } => match kind.as_str() {
                "dns" => "the domain needs an A or AAAA record with the address at which this node is reached",
                "caa" => {
                    "a CAA record of the domain leaves this authority out: change it, or name another authority with \
                          --acme-directory"
                }
                "rateLimited" => "too much was asked of this authority; the node waits and asks again",
                "invalidContact" | "unsupportedContact" => "give another address with --acme-email",
                "externalAccountRequired" => {
                    "this authority takes only who has an account from elsewhere; name another with --acme-directory"
                }
                "rejectedIdentifier" | "unsupportedIdentifier" => {
                    "this authority gives none for that name; name another with --acme-directory"
                }
                _ if matches!(self, Self::NotFound { .. }) => {
                    "port 443 of the domain must reach this node from outside: look at the DNS record, the router and the \
                     firewall, and let no other server do TLS in between"
                }
                _ => "the authority's words say why; the node asks again",
            },
            Self::NoChallenge => "name another authority with --acme-directory, or put a proxy with TLS in front",
            Self::Slow => "nothing, if it goes by; the node asks again",
            Self::Strange(_) => "look whether --acme-directory leads to an authority",
            Self::Certificate(_) | Self::Key(_) | Self::Tls(_) => "the node asks again; if it stays, report it",
        }
    }

    /// How long to wait before asking again after so many failures: twice as long each time up to a bound, and never
    /// when all others do.
    pub(super) fn wait(&self, failures: u32) -> Duration {
        let (soon, late) = match self {
            Self::Wire(_) | Self::Slow => UNREACHED,
            _ => REFUSED,
        };
        let wait = soon.saturating_mul(1 << failures.min(20)).min(late);
        let [part] = random::<1>();
        Duration::from_millis(wait * 1000 / 4 * 3 + wait * 1000 / 2 * u64::from(part) / 256)
    }
}

impl From<Error> for AcmeError {
    fn from(error: Error) -> Self {
        match error {
            Error::Api(problem) => Self::Refused { kind: kind(&problem), words: words(&problem) },
            Error::Timeout(_) => Self::Slow,
            Error::Other(error) => match error.downcast::<WireError>() {
                Ok(error) => Self::Wire(*error),
                Err(error) => Self::Strange(cut(&error.to_string())),
            },
            error => Self::Strange(cut(&error.to_string())),
        }
    }
}

fn kind(problem: &Problem) -> String {
    let kind = problem.r#type.as_deref().unwrap_or_default();
    cut(kind.strip_prefix(PROBLEM).unwrap_or(kind))
}

/// What an authority says of a problem, and if that is nothing, its type.
fn words(problem: &Problem) -> String {
    let parts = problem.subproblems.iter().filter_map(|part| part.detail.as_deref());
    let all: Vec<&str> = problem.detail.as_deref().into_iter().chain(parts).collect();
    let words = cut(&all.join("; "));
    if words.is_empty() { kind(problem) } else { words }
}

/// As much of a foreign text as is shown, without what a terminal would obey.
fn cut(text: &str) -> String {
    Line::<WORDS>::cut(text).map(|text| text.as_str().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(kind: &str, detail: &str) -> Problem {
        serde_json::from_value(serde_json::json!({ "type": kind, "detail": detail, "status": 403 })).unwrap()
    }

    #[test]
    fn the_wait_doubles_and_ends_somewhere() {
        let refused = AcmeError::from(Error::Api(problem("urn:ietf:params:acme:error:malformed", "no")));
        for (error, soon, late) in [(AcmeError::Slow, 30, HOUR), (refused, 600, DAY / 2)] {
            for failures in [0, 1, 3, 12, 40, u32::MAX] {
                let least = (soon << failures.min(20)).min(late) * 3 / 4;
                let wait = error.wait(failures).as_secs();
                assert!((least..=least * 5 / 3 + 1).contains(&wait), "{failures}: {wait}");
            }
        }
    }

    #[test]
    fn an_authoritys_words_are_short_and_command_no_terminal() {
        let long = format!("\u{1b}[31mno\u{7}\u{202e}{}", "x".repeat(10_000));
        let error = AcmeError::from(Error::Api(problem("urn:ietf:params:acme:error:rateLimited", &long)));
        let said = error.to_string();
        assert!(said.len() < 400 && !said.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{said:?}");
        assert!(error.hint().contains("waits"));
        let gone = AcmeError::from(Error::Api(problem("urn:ietf:params:acme:error:accountDoesNotExist", "")));
        assert!(gone.is_account_gone());
        assert_eq!(gone.to_string(), "the authority refuses: accountDoesNotExist");
        let away = AcmeError::not_found(&problem("urn:ietf:params:acme:error:connection", "refused"));
        assert!(away.hint().starts_with("port 443"), "{}", away.hint());
    }
}
