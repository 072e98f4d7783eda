//! Paths and queries of the API, for those who call it: the command line and the pages.

/// A path of the API with names in it that may hold anything. A path cannot hold an empty name; a blank one is as
/// unknown to everybody.
pub fn path(parts: &[&str]) -> String {
    let named = parts.iter().map(|part| if part.is_empty() { " " } else { part });
    named.fold(String::new(), |path, part| path + "/" + &percent_encoded(part))
}

/// A query of the API from the pairs that have a value.
pub fn query(pairs: &[(&str, Option<&str>)]) -> String {
    let given = pairs.iter().filter_map(|(name, value)| Some(format!("{name}={}", percent_encoded((*value)?))));
    let given: Vec<String> = given.collect();
    if given.is_empty() { String::new() } else { format!("?{}", given.join("&")) }
}

/// RFC 3986 §2.1, everything but the unreserved characters.
fn percent_encoded(text: &str) -> String {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if unreserved(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_any_kind_fit_into_a_path() {
        assert_eq!(path(&["people", "Jörg / Weiß?"]), "/people/J%C3%B6rg%20%2F%20Wei%C3%9F%3F");
        assert_eq!(path(&["people", ""]), "/people/%20");
        assert_eq!(query(&[("query", Some("a&b")), ("tag", None)]), "?query=a%26b");
        assert_eq!(query(&[("tag", None)]), "");
    }
}
