//! Whom a list is of.

use std::cmp::Reverse;
use std::sync::Arc;

use kith_protocol::engine::person::Standing;
use kith_protocol::folding::fold;
use kith_protocol::id::PersonId;
use kith_protocol::store::StoreError;
use kith_protocol::time::Timestamp;
use memchr::memmem::Finder;

use super::PAGE;
use super::entry::{Entry, Listed};
use crate::store::View;

/// Words of a query that count: more than anybody types.
const WORDS: usize = 16;

/// In which order a list is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// By name.
    #[default]
    Name,
    /// By when we last had to do with each other, the latest first.
    Touched,
}

/// Who fits, and which of them to show. All conditions hold together; those left empty fit everybody.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Words, each of which is somewhere in names, tags, events, card or notes, in any spelling that looks alike.
    pub words: String,
    /// How a name of theirs begins, as a whole.
    pub called: String,
    /// Tags that a person has, all of them.
    pub tags: Vec<String>,
    /// Events at one of which we came across each other.
    pub met: Vec<String>,
    /// What we are to each other.
    pub standing: Option<Standing>,
    /// The present moment, to find those with whom I want to be in touch by now.
    pub overdue: Option<Timestamp>,
    /// The order.
    pub order: Order,
    /// The page, from 0.
    pub page: usize,
}

/// One page of a list.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// At most [`PAGE`] people.
    pub people: Vec<Listed>,
    /// How many fit on all pages.
    pub total: usize,
}

impl Query {
    /// All who fit, from everybody by name.
    pub(super) fn all(&self, by_name: &[Arc<Entry>], view: &View) -> Result<Vec<PersonId>, StoreError> {
        Ok(self.in_order(by_name, view)?.into_iter().map(|entry| entry.listed.id).collect())
    }

    fn in_order<'e>(&self, by_name: &'e [Arc<Entry>], view: &View) -> Result<Vec<&'e Entry>, StoreError> {
        let mut fitting = self.fitting(by_name, view)?;
        if self.order == Order::Touched {
            // The sort is stable, so people of the same moment stay in the order of their names.
            fitting.sort_by_key(|entry| Reverse(entry.listed.touched));
        }
        Ok(fitting)
    }

    /// The page of this query from everybody by name.
    pub(super) fn run(&self, by_name: &[Arc<Entry>], view: &View) -> Result<Page, StoreError> {
        let fitting = self.in_order(by_name, view)?;
        let page = fitting.iter().skip(self.page.saturating_mul(PAGE)).take(PAGE);
        Ok(Page { people: page.map(|entry| entry.listed.clone()).collect(), total: fitting.len() })
    }

    fn fitting<'e>(&self, by_name: &'e [Arc<Entry>], view: &View) -> Result<Vec<&'e Entry>, StoreError> {
        let (words, called) = (fold(&self.words), fold(&self.called));
        let words: Vec<Finder<'_>> = words.split_whitespace().take(WORDS).map(Finder::new).collect();
        let tags: Vec<Whole> = self.tags.iter().map(|tag| Whole::new(tag)).collect();
        let met: Vec<Whole> = self.met.iter().map(|event| Whole::new(event)).collect();
        let mut fitting = Vec::new();
        for entry in by_name.iter().map(Arc::as_ref) {
            let listed = &entry.listed;
            let is_wanted = self.standing.is_none_or(|standing| listed.standing == standing)
                && self.overdue.is_none_or(|now| listed.is_overdue(now))
                && (called.is_empty() || entry.called().names.lines().any(|name| name.starts_with(&called)))
                && tags.iter().all(|tag| tag.is_one_of(entry, listed.tags.iter().map(|tag| tag.as_str())))
                && (met.is_empty()
                    || met.iter().any(|met| met.is_one_of(entry, listed.met.iter().map(|event| event.as_str()))));
            if is_wanted && has_all(entry, &words, view)? {
                fitting.push(entry);
            }
        }
        Ok(fitting)
    }
}

fn has_all(entry: &Entry, words: &[Finder<'_>], view: &View) -> Result<bool, StoreError> {
    let all_in = |text: &str| words.iter().all(|word| word.find(text.as_bytes()).is_some());
    if all_in(&entry.text) {
        return Ok(true);
    }
    Ok(entry.has_more && all_in(&entry.whole_text(view)?))
}

/// A tag or an event that is wanted as a whole.
struct Whole {
    folded: String,
    /// The same as a line of the text of an entry: looked for first, since that takes no folding.
    line: Finder<'static>,
}

impl Whole {
    fn new(text: &str) -> Self {
        let folded = fold(text);
        Self { line: Finder::new(&format!("\n{folded}\n")).into_owned(), folded }
    }

    fn is_one_of<'t>(&self, entry: &Entry, mut texts: impl Iterator<Item = &'t str>) -> bool {
        let may_be = entry.has_more || self.line.find(entry.text.as_bytes()).is_some();
        may_be && texts.any(|text| fold(text) == self.folded)
    }
}
