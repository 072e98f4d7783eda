//! What an owner says about the authority, and whether it can be right.

use std::net::IpAddr;
use std::str::FromStr;

use axum::http::Uri;
use instant_acme::LetsEncrypt;

use crate::access::WebUrl;
use crate::home::AcmeSettings;

/// Longest address of a person (RFC 5321 §4.5.3.1.3).
const EMAIL: usize = 254;
/// Longest address of a directory; those of public authorities have fifty characters.
const URL: usize = 250;

/// For which name a certificate is asked for, and of whom.
#[derive(Clone, Debug)]
pub struct Config {
    pub(super) domain: String,
    pub(super) email: Option<Email>,
    pub(super) directory: Directory,
}

/// Why no authority can give this node a certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAcme {
    /// The node has no name.
    #[error("a certificate of a public authority needs a domain, and this node has none")]
    NoDomain,
    /// People come by plain HTTP.
    #[error("{0} is plain http, which has no certificate")]
    Plain(String),
    /// The name is an address, or nobody else can look it up.
    #[error("no public authority gives a certificate for {0:?}")]
    NotPublic(String),
    /// It is no address of a person.
    #[error("{0:?} is no e-mail address")]
    Email(String),
    /// It is no address of a directory.
    #[error("{0:?} is no address of an authority's directory")]
    Directory(String),
    /// The options say something about an authority that is not asked.
    #[error("--acme-email and --acme-directory say nothing without --tls acme")]
    NotAsked,
}

impl BadAcme {
    /// What to do about it.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::NoDomain | Self::Plain(_) => "name it with --web-url https://kith.example.org/",
            Self::NotPublic(_) => {
                "give a domain of yours with --web-url; in a local network use --tls own, which needs none"
            }
            Self::Email(_) => "it looks like ana@example.org, or none for no address",
            Self::Directory(_) => "it looks like https://acme.example.org/directory, or none for Let's Encrypt",
            Self::NotAsked => "give --tls acme too, or leave them away",
        }
    }
}

impl Config {
    /// What the settings say.
    ///
    /// # Errors
    /// If no authority can give a certificate for that.
    pub fn new(web_url: Option<&WebUrl>, settings: &AcmeSettings) -> Result<Self, BadAcme> {
        let url = web_url.ok_or(BadAcme::NoDomain)?;
        if !url.is_https() {
            return Err(BadAcme::Plain(url.to_string()));
        }
        let domain = url.host().trim_end_matches('.');
        if !url.is_public() || !is_domain(domain) {
            return Err(BadAcme::NotPublic(domain.to_owned()));
        }
        Ok(Self {
            domain: domain.to_owned(),
            email: settings.email.as_deref().map(str::parse).transpose()?,
            directory: settings.directory.as_deref().map_or(Ok(Directory::usual()), str::parse)?,
        })
    }
}

/// True for a name that the public DNS can have (RFC 1035 §2.3).
fn is_domain(name: &str) -> bool {
    let is_label = |label: &str| {
        let plain = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        plain && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    };
    let never = name.ends_with(".local") || name.ends_with(".localhost") || name.ends_with(".onion");
    let top_is_name = name.rsplit('.').next().is_some_and(|top| top.parse::<u64>().is_err());
    name.len() <= 253
        && name.contains('.')
        && name.split('.').all(is_label)
        && top_is_name
        && !never
        && name.parse::<IpAddr>().is_err()
}

/// Where an authority can write to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As the authority wants it.
    pub(super) fn contact(&self) -> String {
        format!("mailto:{}", self.0)
    }
}

impl FromStr for Email {
    type Err = BadAcme;

    fn from_str(text: &str) -> Result<Self, BadAcme> {
        // More than one, or header fields after a question mark, are not allowed (RFC 8555 §7.3).
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b",?%<>\"".contains(&byte);
        let has_both = text.split_once('@').is_some_and(|(who, at)| !who.is_empty() && is_domain(at));
        match has_both && text.len() <= EMAIL && text.bytes().all(is_plain) {
            true => Ok(Self(text.to_owned())),
            false => Err(BadAcme::Email(text.to_owned())),
        }
    }
}

/// The address at which an authority says what it offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory(String);

impl Directory {
    /// That of Let's Encrypt, for certificates that count.
    fn usual() -> Self {
        Self(LetsEncrypt::Production.url().to_owned())
    }

    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Directory {
    type Err = BadAcme;

    fn from_str(text: &str) -> Result<Self, BadAcme> {
        let bad = || BadAcme::Directory(text.to_owned());
        let uri: Uri = text.parse().map_err(|_| bad())?;
        let has_host = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
        match uri.scheme_str() == Some("https") && has_host && text.len() <= URL {
            true => Ok(Self(text.to_owned())),
            false => Err(bad()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(url: &str, email: Option<&str>, directory: Option<&str>) -> Result<Config, BadAcme> {
        let settings = AcmeSettings { email: email.map(str::to_owned), directory: directory.map(str::to_owned) };
        Config::new(Some(&url.parse().unwrap()), &settings)
    }

    #[test]
    fn a_certificate_is_asked_for_a_name_that_others_can_look_up() {
        let good = config("https://Kith.Ana.example:8443/home/", Some("ana@ana.example"), None).unwrap();
        assert_eq!(
            (good.domain.as_str(), good.directory.as_str()),
            ("kith.ana.example", LetsEncrypt::Production.url())
        );
        assert_eq!(good.email.unwrap().contact(), "mailto:ana@ana.example");
        assert_eq!(Config::new(None, &AcmeSettings::default()).unwrap_err(), BadAcme::NoDomain);
        assert!(matches!(config("http://kith.ana.example/", None, None), Err(BadAcme::Plain(_))));
        for near in [
            "https://ana-laptop.local/",
            "https://localhost/",
            "https://ana/",
            "https://192.168.1.7/",
            "https://198.51.100.7:8443/",
            "https://[2001:db8::1]/",
            "https://app.localhost/",
            "https://-ana.example/",
            "https://ana..example/",
        ] {
            assert!(matches!(config(near, None, None), Err(BadAcme::NotPublic(_))), "{near}");
        }
    }

    #[test]
    fn addresses_of_people_and_authorities_look_like_ones() {
        let at = "https://kith.ana.example/";
        for email in [
            "",
            "ana",
            "@ana.example",
            "ana@",
            "ana@example.org,bo@example.org",
            "ana@example.org?cc=bo",
            "a b@c.example",
        ] {
            assert!(matches!(config(at, Some(email), None), Err(BadAcme::Email(_))), "{email}");
        }
        assert!(config(at, None, Some("https://acme.example:14000/dir")).is_ok());
        for directory in ["", "acme.example", "http://acme.example/dir", "https://ana@acme.example/dir", "https:///dir"]
        {
            assert!(matches!(config(at, None, Some(directory)), Err(BadAcme::Directory(_))), "{directory}");
        }
    }
}
