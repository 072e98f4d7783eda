//! Choosing a contact in a form: from a list while that can be read through, else by typing a name.

use super::Web;
use super::trouble::Trouble;
use crate::api::model::{PersonDetails, PersonForm};
use crate::api::{PEOPLE_ON_A_PAGE, PeoplePage, path, query};

/// The most contacts that a list has; who has more types a name, and a page of them is offered.
const MOST: usize = 4 * PEOPLE_ON_A_PAGE;

async fn page(web: &Web, number: usize) -> Result<PeoplePage, Trouble> {
    let asked = query(&[("standing", Some("contact")), ("page", Some(&number.to_string()))]);
    web.inside.get(&format!("/people{asked}")).await
}

/// Contacts to choose from.
pub(super) struct Contacts {
    pub list: Vec<PersonForm>,
    /// True if there are more than in the list.
    pub has_more: bool,
    /// What is chosen already: an id of the list, or a name to type; may be empty.
    pub chosen: String,
}

impl Contacts {
    /// My contacts, with somebody chosen whom an id means; nobody if it is empty.
    pub(super) async fn of(web: &Web, chosen: &str) -> Result<Self, Trouble> {
        let first = page(web, 0).await?;
        let (mut list, has_more) = (first.people, first.total > MOST);
        if !has_more {
            for number in 1..first.total.div_ceil(PEOPLE_ON_A_PAGE) {
                list.extend(page(web, number).await?.people);
            }
        }
        let chosen = if has_more && !chosen.is_empty() {
            web.inside.get::<PersonDetails>(&path(&["people", chosen])).await?.person.name
        } else {
            chosen.to_owned()
        };
        Ok(Self { list, has_more, chosen })
    }

    /// The same without somebody.
    pub(super) fn without(mut self, id: &str) -> Self {
        self.list.retain(|contact| contact.id != id);
        self
    }
}
