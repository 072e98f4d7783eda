//! Whether a request that changes something was made by a page of this node.

use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, Method};

use super::url::WebUrl;

/// True for methods that change nothing.
pub fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// True if a page of this node made the request, or no browser did.
///
/// Browsers say so in `Sec-Fetch-Site` where the page is secure, else in `Origin`, which they send with everything
/// that is not read-only. Who sends neither is a program, which has no cookie unless somebody gave it one.
pub fn is_own(headers: &HeaderMap, has_cookie: bool, web_url: Option<&WebUrl>) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        // Not same-site: another program on this machine is that.
        return site == "same-origin" || site == "none";
    }
    let Some(origin) = headers.get(ORIGIN) else { return !has_cookie };
    let Ok(origin) = origin.to_str() else { return false };
    // A proxy may ask under a name of its own; the browser used the one that is set.
    if web_url.is_some_and(|url| url.origin().eq_ignore_ascii_case(origin)) {
        return true;
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let named = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    matches!((host, named), (Some(host), Some(named)) if host.eq_ignore_ascii_case(named))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_another_page_made_is_known_as_such() {
        let url: WebUrl = "https://kith.ana.example/".parse().unwrap();
        let own = |headers: &[(&'static str, &'static str)]| {
            let mut map = HeaderMap::from_iter([(HOST, "127.0.0.1:7518".parse().unwrap())]);
            for (name, value) in headers {
                map.insert(*name, value.parse().unwrap());
            }
            is_own(&map, true, Some(&url))
        };
        for good in [
            &[("sec-fetch-site", "same-origin"), ("origin", "null")][..],
            &[("sec-fetch-site", "none")],
            &[("origin", "http://127.0.0.1:7518")],
            &[("origin", "https://kith.ana.example")],
        ] {
            assert!(own(good), "{good:?}");
        }
        for bad in [
            &[("sec-fetch-site", "cross-site"), ("origin", "http://127.0.0.1:7518")][..],
            &[("sec-fetch-site", "same-site"), ("origin", "http://127.0.0.1:3000")],
            &[("origin", "null")],
            &[("origin", "http://127.0.0.1:3000")],
            &[("origin", "http://mallory.example")],
            &[("origin", "https://kith.ana.example.mallory.example")],
            &[("origin", "127.0.0.1:7518")],
            &[],
        ] {
            assert!(!own(bad), "{bad:?}");
        }
        assert!(is_own(&HeaderMap::new(), false, None), "a program without a cookie");
    }
}
