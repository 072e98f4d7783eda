//! The way to the pages before and after one page of a list.

/// Links to both, where there are such pages.
pub(super) struct Pages {
    pub earlier: Option<String>,
    pub later: Option<String>,
}

impl Pages {
    /// Around page `number`, from 0, of a list of `total` with `size` on a page.
    pub(super) fn around(number: u64, size: usize, total: usize, link: impl Fn(u64) -> String) -> Self {
        let next = number.saturating_add(1);
        let is_last = next.saturating_mul(size as u64) >= total as u64;
        Self { earlier: number.checked_sub(1).map(&link), later: (!is_last).then(|| link(next)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_link_leads_to_a_page_without_anybody() {
        let around = |number, total| {
            let pages = Pages::around(number, 50, total, |page| page.to_string());
            (pages.earlier, pages.later)
        };
        let some = |page: &str| Some(page.to_owned());
        assert_eq!(around(0, 0), (None, None));
        assert_eq!(around(0, 50), (None, None));
        assert_eq!(around(0, 51), (None, some("1")));
        assert_eq!(around(1, 51), (some("0"), None));
        assert_eq!(around(u64::MAX, 51), (some(&(u64::MAX - 1).to_string()), None));
    }
}
