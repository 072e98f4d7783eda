//! Links: `mailto:`, `tel:`, profiles and other pages.

use kith_protocol::limits;
use kith_protocol::text::Line;

use super::{EACH, ForeignCard, ForeignLink, Kind, Service, add, strip_scheme};

/// The parts of an `http` or `https` address that tell where it leads.
pub(super) struct Address {
    /// In lower case, without port.
    host: String,
    /// Parts of the path that are not empty, percent-decoded.
    path: Vec<String>,
}

impl Address {
    /// Reads an address the way browsers do (WHATWG URL §4.4), so that we name the host that they would go to:
    /// `\` is `/`, and what stands before an `@` is not the host.
    pub(super) fn parse(url: &str) -> Option<Self> {
        let rest = strip_scheme(url, "https://").or_else(|| strip_scheme(url, "http://"))?;
        if rest.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return None;
        }
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let mut parts = rest.split(['/', '\\']);
        let authority = parts.next().unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or_default();
        let host = match host.strip_prefix('[') {
            Some(ip6) => ip6.split(']').next().unwrap_or_default(),
            None => host.split(':').next().unwrap_or_default(),
        };
        let host = host.trim_end_matches('.').to_lowercase();
        let is_host = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | ':' | '_');
        if host.is_empty() || host.len() > limits::LINE || !host.chars().all(is_host) {
            return None;
        }
        let path = parts.filter(|part| !part.is_empty()).map(percent_decoded).collect();
        Some(Self { host, path })
    }

    /// The page of any node that shows a public card from a code: `/c`.
    pub(super) fn is_code_page(&self) -> bool {
        matches!(self.path.as_slice(), [page] if page.eq_ignore_ascii_case("c"))
    }

    fn is_at(&self, domain: &str) -> bool {
        self.host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }

    /// The profile that this address shows, and the name there.
    fn profile(&self) -> Option<(Service, &str)> {
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let (service, handle) = match path.as_slice() {
            ["in", handle, ..] if self.is_at("linkedin.com") => (Service::LinkedIn, *handle),
            ["profile", handle, ..] if self.is_at("xing.com") => (Service::Xing, *handle),
            [handle] if matches!(self.host.as_str(), "github.com" | "www.github.com") && is_github_login(handle) => {
                (Service::GitHub, *handle)
            }
            [handle] => (Service::AtName, handle.strip_prefix('@')?),
            _ => return None,
        };
        (!handle.trim().is_empty()).then_some((service, handle))
    }
}

/// Pages of GitHub itself that look like the page of a person.
const GITHUB_PAGES: [&str; 16] = [
    "about",
    "apps",
    "collections",
    "contact",
    "enterprise",
    "events",
    "explore",
    "features",
    "join",
    "login",
    "marketplace",
    "pricing",
    "search",
    "settings",
    "sponsors",
    "topics",
];

fn is_github_login(text: &str) -> bool {
    text.len() <= 39
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !GITHUB_PAGES.iter().any(|page| page.eq_ignore_ascii_case(text))
}

/// A link to the profile of a person.
pub(super) fn profile(text: &str) -> Option<ForeignCard> {
    let address = Address::parse(text)?;
    let (service, handle) = address.profile()?;
    let mut card = ForeignCard::new(Kind::Profile(service), text);
    card.handle = Line::cut(handle);
    add(&mut card.urls, text);
    Some(card)
}

/// Any other link.
pub(super) fn plain(text: &str) -> Option<ForeignLink> {
    let address = Address::parse(text)?;
    Some(ForeignLink { host: Line::new(&address.host).ok()?, url: Line::cut(text)? })
}

/// A `mailto:` link with at least one address; subject, body and the rest are ignored.
pub(super) fn mailto(text: &str) -> Option<ForeignCard> {
    let rest = strip_scheme(text, "mailto:")?;
    let (to, headers) = rest.split_once('?').unwrap_or((rest, ""));
    let more = headers.split('&').filter_map(|header| strip_scheme(header, "to="));
    let mut card = ForeignCard::new(Kind::Mailto, text);
    // Split before decoding: a comma that belongs to an address is written as %2C.
    for address in std::iter::once(to).chain(more).flat_map(|list| list.split(',')).take(EACH) {
        let address = percent_decoded(address);
        if is_email(address.trim()) {
            add(&mut card.emails, &address);
        }
    }
    (!card.emails.is_empty()).then_some(card)
}

fn is_email(text: &str) -> bool {
    let parts = text.rsplit_once('@');
    parts.is_some_and(|(user, host)| !user.is_empty() && !host.is_empty())
        && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// A `tel:` link; parameters such as `;ext=` are left in the raw text.
pub(super) fn tel(text: &str) -> Option<ForeignCard> {
    let number = percent_decoded(strip_scheme(text, "tel:")?);
    let number = number.split(';').next().unwrap_or_default();
    let is_dialled = |c: char| c.is_ascii_digit() || " +-.()/*#\u{A0}".contains(c);
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    if digits < 3 || !number.chars().all(is_dialled) {
        return None;
    }
    let mut card = ForeignCard::new(Kind::Tel, text);
    add(&mut card.phones, number);
    Some(card)
}

/// `%C3%BC` becomes `ü`; a percent sign that stands for nothing stays (WHATWG URL §1.3).
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escaped = (first == b'%').then(|| after.split_at_checked(2)).flatten();
        match escaped.and_then(|(digits, after)| Some((hex(digits)?, after))) {
            Some((byte, after)) => {
                bytes.push(byte);
                rest = after;
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The byte that two hexadecimal digits stand for.
pub(super) fn hex(digits: &[u8]) -> Option<u8> {
    let [high, low] = digits else { return None };
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}
