//! The address by which people reach the web app, if it is not this machine's own: `https://host[:port]/sub/path/`.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use axum::http::Uri;

/// Longest sub-path.
const PATH: usize = 100;

/// Such an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebUrl {
    is_https: bool,
    authority: String,
    host: String,
    base: String,
}

/// Why a text is no address of a web app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an address of the web app looks like https://kith.example.org/ or https://example.org/kith/")]
pub struct BadWebUrl;

impl WebUrl {
    /// The name or address of the host, in lower case, without port and brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// True if people come by TLS.
    pub const fn is_https(&self) -> bool {
        self.is_https
    }

    /// The sub-path without its last slash; empty if the app has the whole host.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// As a browser writes it into the header Origin.
    pub fn origin(&self) -> String {
        let scheme = if self.is_https { "https" } else { "http" };
        format!("{scheme}://{}", self.authority)
    }

    /// True if the host has a name that others can look up: then strangers may come to the public page.
    pub fn is_public(&self) -> bool {
        let is_local = self.host == "localhost" || self.host.ends_with(".local") || !self.host.contains('.');
        !is_local && self.host.parse::<IpAddr>().is_err()
    }
}

impl FromStr for WebUrl {
    type Err = BadWebUrl;

    fn from_str(text: &str) -> Result<Self, BadWebUrl> {
        let uri: Uri = text.parse().map_err(|_| BadWebUrl)?;
        let is_https = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(BadWebUrl),
        };
        let authority = uri.authority().ok_or(BadWebUrl)?.as_str().to_ascii_lowercase();
        if authority.contains('@') || uri.query().is_some() {
            return Err(BadWebUrl);
        }
        // A browser leaves the usual port out of Host and Origin.
        let usual = if is_https { ":443" } else { ":80" };
        let authority = authority.strip_suffix(usual).unwrap_or(&authority).to_owned();
        let host = super::hosts::name_of(&authority).to_owned();
        let base = uri.path().trim_end_matches('/').to_owned();
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
        if host.is_empty() || base.len() > PATH || !base.bytes().all(is_plain) || has_dots_or_gaps(&base) {
            return Err(BadWebUrl);
        }
        Ok(Self { is_https, authority, host, base })
    }
}

fn has_dots_or_gaps(base: &str) -> bool {
    base.split('/').skip(1).any(|part| matches!(part, "" | "." | ".."))
}

impl fmt::Display for WebUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}/", self.origin(), self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_scheme_a_host_and_perhaps_a_sub_path() {
        let url: WebUrl = "https://Ana.example:8443/apps/kith/".parse().unwrap();
        assert_eq!(
            (url.origin().as_str(), url.base(), url.host()),
            ("https://ana.example:8443", "/apps/kith", "ana.example")
        );
        assert_eq!(url.to_string(), "https://ana.example:8443/apps/kith/");
        assert!(url.is_public());
        let plain: WebUrl = "https://ana.example:443".parse().unwrap();
        assert_eq!((plain.to_string().as_str(), plain.base()), ("https://ana.example/", ""));
        for local in ["http://192.168.1.7:7518/", "https://ana-laptop.local/", "https://[fd00::1]:7518/"] {
            assert!(!local.parse::<WebUrl>().unwrap().is_public(), "{local}");
        }
        for bad in [
            "",
            "ana.example",
            "ftp://ana.example/",
            "https://a@b.example/",
            "https://b.example/?x=1",
            "https://b.example/a/../b",
            "https://b.example//a",
            "https://b.example/a%20b",
        ] {
            assert!(bad.parse::<WebUrl>().is_err(), "{bad}");
        }
    }
}
