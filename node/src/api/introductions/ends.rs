//! Who is in an introduction, by what I know of them.

use kith_protocol::engine::person::Person;
use kith_protocol::engine::{Error, people};
use kith_protocol::id::{IdentityId, PersonId};
use kith_protocol::introduction::Ask;

use super::Looking;
use super::words::{Names, Way};
use crate::api::Problem;
use crate::api::model::EndForm;

/// Everybody in an introduction.
pub(super) struct Ends {
    pub asker: EndForm,
    pub introducer: EndForm,
    pub target: EndForm,
}

impl Ends {
    pub fn names(&self, waits: Option<Way>) -> Names<'_> {
        let Self { asker, introducer, target } = self;
        Names { asker: &asker.name, introducer: &introducer.name, target: &target.name, waits }
    }
}

impl Looking<'_> {
    pub(super) fn me(&self) -> EndForm {
        let identity = Some(self.own.id().to_string());
        EndForm { name: self.own.card.name.to_string(), me: true, identity, ..EndForm::default() }
    }

    pub(super) fn person(&self, id: PersonId) -> Result<EndForm, Problem> {
        match people::person(self.view, id) {
            Ok(person) => Ok(end_of(&person)),
            Err(Error::NotFound { .. }) => Ok(EndForm { name: "somebody".to_owned(), ..EndForm::default() }),
            Err(error) => Err(error.into()),
        }
    }

    /// Somebody whom I may hold, or whose name is on a card that came with them.
    pub(super) fn stranger(&self, identity: IdentityId, name: Option<&str>) -> Result<EndForm, Problem> {
        Ok(match people::by_identity(self.view, identity)? {
            Some(person) => end_of(&person),
            None => EndForm {
                name: name.unwrap_or("somebody").to_owned(),
                identity: Some(identity.to_string()),
                ..EndForm::default()
            },
        })
    }

    pub(super) fn described(&self, person: Option<PersonId>, words: &str) -> Result<EndForm, Problem> {
        match person {
            Some(person) => Ok(EndForm { name: words.to_owned(), ..self.person(person)? }),
            None => Ok(EndForm { name: words.to_owned(), ..EndForm::default() }),
        }
    }

    pub(super) fn named_in(&self, ask: &Ask) -> Result<EndForm, Problem> {
        match ask.target_id {
            Some(identity) => self.stranger(identity, Some(ask.target.as_str())),
            None => self.described(None, ask.target.as_str()),
        }
    }
}

fn end_of(person: &Person) -> EndForm {
    EndForm {
        name: person.display_name().to_owned(),
        me: false,
        person: Some(person.id.to_string()),
        identity: person.identity.as_ref().map(ToString::to_string),
        how: Some(person.provenance()).filter(|how| !how.is_empty()),
    }
}
