//! The cookie of a session.
//!
//! `SameSite=Strict`: no page of somebody else makes a browser send it. Whoever arrives by a link or a picture code
//! comes without it too; the page that lets in is therefore a form of this node, whose answer sets the cookie, and a
//! request without a cookie from elsewhere gets a page that goes on by itself (see the guard).

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};

use super::sessions::Token;

/// How long a browser keeps the cookie, in seconds: as long as browsers keep any (RFC 6265bis: 400 days). Whether it still
/// counts is for the list of sessions to say, which knows when it was last used.
const KEPT: u64 = 400 * 24 * 60 * 60;

/// Cookies of this name that are tried; a neighbour on the same host may have set one too.
const TRIES: usize = 4;

/// How the cookie of a home is called and where it counts.
#[derive(Clone, Debug)]
pub struct Jar {
    /// Different for every home: cookies know no ports, and two homes may live on one host.
    suffix: String,
    base: String,
}

impl Jar {
    /// The cookie of the home with this identity, under this sub-path.
    pub fn new(identity: &[u8], base: &str) -> Self {
        // A hash: other programs on the host are sent the name as well, and it should not say who lives here.
        let digest = kith_protocol::crypto::sha256(&[b"kith/web/cookie", identity]);
        let suffix = data_encoding::HEXLOWER.encode(&digest).chars().take(8).collect();
        Self { suffix, base: base.to_owned() }
    }

    /// A browser keeps the prefixes from being set over plain HTTP, or by another host.
    fn name(&self, secure: bool) -> String {
        let prefix = match (secure, self.base.is_empty()) {
            (false, _) => "",
            (true, true) => "__Host-",
            (true, false) => "__Secure-",
        };
        format!("{prefix}kith_{}", self.suffix)
    }

    /// The tokens that a request carries under the right name.
    pub fn tokens(&self, headers: &HeaderMap, secure: bool) -> Vec<Token> {
        let name = self.name(secure);
        let lines = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let values = pairs.filter(|(given, _)| *given == name).map(|(_, value)| value);
        values.filter_map(decode).take(TRIES).collect()
    }

    /// Gives a browser its token.
    pub fn set(&self, token: &Token, secure: bool) -> Option<HeaderValue> {
        let value = data_encoding::BASE64URL_NOPAD.encode(&token.0);
        self.header(&value, KEPT, secure)
    }

    /// Takes it away.
    pub fn clear(&self, secure: bool) -> Option<HeaderValue> {
        self.header("", 0, secure)
    }

    fn header(&self, value: &str, life: u64, secure: bool) -> Option<HeaderValue> {
        let flag = if secure { "; Secure" } else { "" };
        let (name, base) = (self.name(secure), &self.base);
        let text = format!("{name}={value}; Path={base}/; Max-Age={life}; HttpOnly; SameSite=Strict{flag}");
        let mut header = HeaderValue::from_str(&text).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}

fn decode(value: &str) -> Option<Token> {
    let bytes = data_encoding::BASE64URL_NOPAD.decode(value.as_bytes()).ok()?;
    Some(Token(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(header: Option<HeaderValue>) -> String {
        header.unwrap().to_str().unwrap().to_owned()
    }

    #[test]
    fn the_flags_fit_the_way_to_the_browser() {
        let plain = text(Jar::new(b"ana", "").set(&Token([1; 32]), false));
        assert!(
            plain.starts_with("kith_") && plain.ends_with("; Path=/; Max-Age=34560000; HttpOnly; SameSite=Strict"),
            "{plain}"
        );
        let tls = text(Jar::new(b"ana", "").set(&Token([1; 32]), true));
        assert!(tls.starts_with("__Host-kith_") && tls.contains("; Path=/;") && tls.ends_with("; Secure"), "{tls}");
        let below = text(Jar::new(b"ana", "/kith").set(&Token([1; 32]), true));
        assert!(below.starts_with("__Secure-kith_") && below.contains("; Path=/kith/;"), "{below}");
    }

    #[test]
    fn two_homes_in_one_jar_do_not_take_each_other_for_themselves() {
        let (ana, bo) = (Jar::new(b"ana", ""), Jar::new(b"bo", ""));
        let pair = |jar: &Jar, byte| text(jar.set(&Token([byte; 32]), false)).split_once(';').unwrap().0.to_owned();
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, format!("theme=dark; {}; {}", pair(&bo, 2), pair(&ana, 1)).parse().unwrap());
        let of = |jar: &Jar| jar.tokens(&headers, false).iter().map(|token| token.0[0]).collect::<Vec<_>>();
        assert_eq!((of(&ana), of(&bo)), (vec![1], vec![2]));
        assert!(ana.tokens(&headers, true).is_empty(), "a cookie that came over plain HTTP does not count over TLS");
    }
}
