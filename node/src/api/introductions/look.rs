//! Finding introductions among all of them.

use std::collections::BTreeMap;

use kith_protocol::engine::introduction::{self, IntroKey, Mine};
use kith_protocol::engine::person::Person;
use kith_protocol::engine::{Error, Own};
use kith_protocol::id::{IntroId, PersonId};

use super::ends::Ends;
use super::lines::{changed, may_concern, stage};
use crate::api::Problem;
use crate::api::model::{ExchangeForm, IntroductionForm, IntroductionLine, LinesPage, StageName};
use crate::driver::Handle;
use crate::roster::{PAGE, Roster};
use crate::store::View;

/// Introductions of each stage that the overview shows.
const SHOWN: usize = 10;

/// Reads introductions, and what belongs on their screens, each thing once.
pub(in crate::api) struct Looking<'v> {
    pub(super) view: &'v View,
    pub(super) own: Own,
    /// People whose nodes are connected with mine.
    pub(super) connected: Vec<PersonId>,
    /// Everybody I know.
    pub(super) roster: &'v Roster,
    /// The introductions about which letters to a person wait.
    pub(super) waiting: BTreeMap<PersonId, Vec<IntroId>>,
}

impl<'v> Looking<'v> {
    pub(in crate::api) fn at(handle: &'v Handle) -> Result<Self, Problem> {
        let (view, connected) = (handle.view(), handle.status().connected);
        Ok(Self { view, own: Own::load(view)?, connected, roster: handle.roster(), waiting: BTreeMap::new() })
    }

    /// Introductions, the one that changed last first: all that are wanted, or one page of them.
    pub(super) fn list(
        &mut self,
        is_wanted: impl Fn(&Mine) -> bool,
        page: Option<usize>,
    ) -> Result<Vec<IntroductionForm>, Problem> {
        let (skip, take) = page.map_or((0, usize::MAX), |page| (page.saturating_mul(PAGE), PAGE));
        let all = self.newest_first()?;
        all.iter().filter(|one| is_wanted(one)).skip(skip).take(take).map(|one| self.form(one)).collect()
    }

    /// The first introductions of each stage, and how many there are.
    pub(super) fn overview(&mut self) -> Result<ExchangeForm, Problem> {
        let all = self.newest_first()?;
        let mut first = |of| self.lines(&all, of, 0, SHOWN);
        Ok(ExchangeForm {
            needs_me: first(StageName::NeedsMe)?,
            waiting: first(StageName::Waiting)?,
            done: first(StageName::Done)?,
        })
    }

    /// A page of the introductions of one stage.
    pub(super) fn page(&mut self, of: StageName, page: usize) -> Result<LinesPage, Problem> {
        let all = self.newest_first()?;
        self.lines(&all, of, page.saturating_mul(PAGE), PAGE)
    }

    fn lines(&mut self, all: &[Mine], of: StageName, skip: usize, take: usize) -> Result<LinesPage, Problem> {
        let wanted: Vec<&Mine> = all.iter().filter(|one| stage(one) == of).collect();
        let shown = wanted.iter().skip(skip).take(take).map(|one| self.line(one).map(|(line, _)| line));
        Ok(LinesPage { list: shown.collect::<Result<_, _>>()?, total: wanted.len() })
    }

    fn newest_first(&self) -> Result<Vec<Mine>, Problem> {
        let mut mine = introduction::all(self.view)?;
        mine.sort_by_key(|one| std::cmp::Reverse(changed(one)));
        Ok(mine)
    }

    /// All introductions in which a person has a part.
    pub(in crate::api) fn with(&mut self, person: &Person) -> Result<Vec<IntroductionLine>, Problem> {
        let id = person.id.to_string();
        let has_part = |ends: &Ends| {
            [&ends.asker, &ends.introducer, &ends.target].iter().any(|end| end.person.as_ref() == Some(&id))
        };
        let mut lines = Vec::new();
        for mine in self.newest_first()?.iter().filter(|mine| may_concern(mine, person)) {
            let (line, ends) = self.line(mine)?;
            lines.extend(Some(line).filter(|_| has_part(&ends)));
        }
        Ok(lines)
    }

    /// One introduction; nothing if it went at this very moment.
    pub(in crate::api) fn one(&mut self, key: IntroKey) -> Result<Option<IntroductionForm>, Problem> {
        match introduction::one(self.view, key) {
            Ok(mine) => self.form(&mine).map(Some),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
