//! As much of XML as is needed to read what routers say: what stands between two tags, whatever their prefix.

use std::ops::Range;

/// What stands within the first element of this name.
pub(super) fn within<'a>(xml: &'a str, name: &'a str) -> Option<&'a str> {
    all_within(xml, name).next()
}

/// What stands within each element of this name, of those that do not stand within each other.
pub(super) fn all_within<'a>(xml: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    let mut rest = xml;
    std::iter::from_fn(move || {
        let inside = rest.get(tag(rest, name, false)?.end..)?;
        let end = tag(inside, name, true)?;
        rest = inside.get(end.end..)?;
        inside.get(..end.start).map(str::trim)
    })
}

/// Where the next tag of this name stands: one that ends an element, or one that begins it.
fn tag(xml: &str, name: &str, ends: bool) -> Option<Range<usize>> {
    let mut from = 0;
    loop {
        let at = from + xml.get(from..)?.find('<')?;
        let said = xml.get(at + 1..)?;
        let said = said.get(..said.find('>')?)?;
        from = at + said.len() + 2;
        let (is_end, named) = said.strip_prefix('/').map_or((false, said), |named| (true, named));
        let whole = named.split(|c: char| c.is_ascii_whitespace() || c == '/').next().unwrap_or(named);
        if is_end == ends && whole.rsplit(':').next() == Some(name) {
            return Some(at..from);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_is_found_by_its_name_whatever_its_prefix() {
        let said = r#"<?xml version="1.0"?><s:Body><!-- <code>1</code --><u:code a="b"> 718 </u:code><codes>2</codes></s:Body>"#;
        assert_eq!(within(said, "code"), Some("718"));
        assert_eq!(all_within("<a>1</a><b><a>2</a></b><a>3", "a").collect::<Vec<_>>(), ["1", "2"]);
    }

    #[test]
    fn what_is_broken_off_is_not_there() {
        for said in ["", "<", "<code", "<code>", "<code>7", "<code/>", "</code>", "<code>7</code", "<cöde>7</cöde>"] {
            assert_eq!(within(said, "code"), None, "{said}");
        }
    }
}
