//! The JSON API under `/api/v1`.
//!
//! The command line speaks it, over loopback with a running node or within its own process without one, and so
//! do the pages. Its description, `/api/v1/openapi.json`, is generated from the handlers here.

#![allow(unused_qualifications, reason = "the macro that describes a handler writes them")]

mod access;
mod answers;
mod backups;
pub mod captures;
mod card;
mod clock;
mod disk;
mod doctor;
mod elsewhere;
mod entry;
pub(crate) mod event_mode;
mod events;
mod exports;
mod finding;
mod found_again;
mod guests;
mod held;
mod inbox;
mod introductions;
mod invites;
mod keys;
mod letters;
pub mod local;
mod mail;
mod mailboxes;
mod metrics;
pub mod model;
mod node;
mod notices;
mod path;
mod people;
mod port;
mod problem;
mod reach;
mod scans;
pub(crate) mod today;
mod vouches;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::get;
use kith_protocol::engine::person::Person;
use kith_protocol::text::{Line, Text};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use crate::roster::PAGE as PEOPLE_ON_A_PAGE;
/// Introductions on a page.
pub(crate) use crate::roster::PAGE as INTRODUCTIONS_ON_A_PAGE;
pub use captures::{CaptureResult, OutcomeName};
pub use doctor::OtherPort;
pub use elsewhere::Elsewhere;
pub use entry::{Ended, SessionForm, WayIn};
pub use event_mode::EventModeForm;
pub(crate) use events::PAGE as MET_ON_A_PAGE;
pub use finding::{Finding, Health};
pub use invites::InvitesPage;
pub use letters::LettersPage;
pub(crate) use letters::PAGE as LETTERS_ON_A_PAGE;
pub use mail::{MailForm, MailTried};
pub use mailboxes::MailboxForm;
pub use node::StatusForm;
pub(crate) use notices::news;
pub use path::{path, query};
pub use people::PeoplePage;
pub use problem::{Kind, Problem, ProblemBody};
/// Next steps, and people out of touch, on a page.
pub(crate) use today::PAGE as DOINGS_ON_A_PAGE;

use access::Bearer;
use model::PersonForm;

use crate::access::Access;
use crate::backup::Backups;
use crate::codes;
use crate::driver::Handle;
use crate::home::{Home, HomeError};
use crate::mail::Mail;
use crate::mailbox::Holder;
use crate::network::{Budget, PortMapping};
use crate::roster::Listed;
use crate::store::VaultKey;

/// A request that is not a picture: the longest note, with room for its escapes.
const BODY: usize = 128 * 1024;

/// What handlers share.
#[derive(Clone)]
pub struct Api {
    handle: Handle,
    home: Home,
    token: Arc<str>,
    access: Access,
    has_network: bool,
    backups: Backups,
    mail: Mail,
    /// What holds mailboxes for others, if anything does.
    holder: Option<Holder>,
    /// What is passed on for others, if a network is there.
    budget: Option<Budget>,
    /// What a router does for the network, if one is there.
    port_mapping: Option<tokio::sync::watch::Receiver<PortMapping>>,
    /// Where the node listens, if the usual port was taken once.
    other_port: Option<OtherPort>,
    /// Pictures are decoded one at a time: each may take a quarter of a gigabyte.
    pictures: Arc<tokio::sync::Semaphore>,
    /// Held while the key changes.
    rotating: Arc<tokio::sync::Mutex<()>>,
}

impl Api {
    /// The API of a home. Without a network it says so where that matters.
    ///
    /// # Errors
    /// If the settings cannot be read, or the token file cannot be read or made.
    pub fn new(
        handle: Handle,
        home: Home,
        access: Access,
        vault: VaultKey,
        has_network: bool,
    ) -> Result<Self, HomeError> {
        let token = home.api_token()?.into();
        let backups = Backups::new(handle.clone(), home.clone())?;
        let mail = Mail::new(handle.clone(), home.clone(), vault);
        let pictures = Arc::new(tokio::sync::Semaphore::new(1));
        let rotating = Arc::default();
        let (holder, budget, port_mapping) = (None, None, None);
        Ok(Self {
            handle,
            home,
            token,
            access,
            has_network,
            backups,
            mail,
            holder,
            budget,
            port_mapping,
            other_port: None,
            pictures,
            rotating,
        })
    }

    /// The same of a node that does so much for others.
    #[must_use]
    pub fn serving(mut self, budget: Budget, holder: Option<Holder>) -> Self {
        (self.budget, self.holder) = (Some(budget), holder);
        self
    }

    /// The same of a node that may have a router in front of it.
    #[must_use]
    pub fn behind(mut self, port_mapping: tokio::sync::watch::Receiver<PortMapping>) -> Self {
        self.port_mapping = Some(port_mapping);
        self
    }

    /// The same of a node that listens there, if it does so because the usual port was taken once.
    #[must_use]
    pub fn at_port(mut self, other: Option<OtherPort>) -> Self {
        self.other_port = other;
        self
    }

    /// The backups of the home.
    pub(crate) const fn backups(&self) -> &Backups {
        &self.backups
    }

    /// The mail of the home.
    pub(crate) const fn mail(&self) -> &Mail {
        &self.mail
    }

    /// The driver behind it.
    pub(crate) const fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Who may come in.
    pub(crate) const fn access(&self) -> &Access {
        &self.access
    }

    /// The home that it is of.
    pub(crate) const fn home(&self) -> &Home {
        &self.home
    }

    /// The bearer token, for who asks within the process.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// What a list shows of one person.
    fn listed(&self, person: &Person) -> Result<PersonForm, Problem> {
        let connected = self.handle.status().connected.contains(&person.id);
        Ok(PersonForm::of(&Listed::read(self.handle.view(), person)?, connected))
    }
}

/// The description of the API, before the handlers add theirs.
#[derive(OpenApi)]
#[openapi(
    info(title = "Kith node", description = "The API of one's own Kith node. Every request carries the bearer token from the file `api-token` in the home, or the cookie of a browser that is signed in."),
    modifiers(&Bearer),
    security(("token" = []))
)]
struct Description;

fn described() -> OpenApiRouter<Api> {
    let pictures = OpenApiRouter::new()
        .routes(routes!(scans::scan_picture))
        .routes(routes!(scans::glance))
        .routes(routes!(scans::read_picture))
        .layer(DefaultBodyLimit::max(codes::read::MOST_BYTES + 1024));
    let rest = OpenApiRouter::new()
        .routes(routes!(node::status))
        .routes(routes!(doctor::doctor))
        .routes(routes!(notices::notices))
        .routes(routes!(node::words_done))
        .routes(routes!(backups::check_words))
        .routes(routes!(keys::rotate))
        .routes(routes!(backups::take))
        .routes(routes!(backups::kept))
        .routes(routes!(event_mode::show, event_mode::set))
        .routes(routes!(mailboxes::list, mailboxes::choose))
        .routes(routes!(mailboxes::leave))
        .routes(routes!(mail::show, mail::set, mail::off))
        .routes(routes!(mail::test))
        .routes(routes!(entry::sessions))
        .routes(routes!(entry::end_session))
        .routes(routes!(entry::end_others))
        .routes(routes!(entry::link))
        .routes(routes!(entry::phone))
        .routes(routes!(entry::set_password))
        .routes(routes!(card::show, card::change))
        .routes(routes!(exports::card))
        .routes(routes!(invites::list, invites::create))
        .routes(routes!(invites::prepare))
        .routes(routes!(invites::code))
        .routes(routes!(invites::revoke))
        .routes(routes!(scans::scan))
        .routes(routes!(captures::capture))
        .routes(routes!(captures::show))
        .routes(routes!(events::list, events::add))
        .routes(routes!(events::show, events::change, events::remove))
        .routes(routes!(today::today))
        .routes(routes!(today::all_steps))
        .routes(routes!(today::all_silent))
        .routes(routes!(inbox::list))
        .routes(routes!(inbox::accept))
        .routes(routes!(inbox::ignore))
        .routes(routes!(guests::leave))
        .routes(routes!(guests::show, guests::take_back))
        .routes(routes!(introductions::list, introductions::begin::ask))
        .routes(routes!(introductions::exchange))
        .routes(routes!(introductions::of_stage))
        .routes(routes!(introductions::begin::suggest))
        .routes(routes!(introductions::show))
        .routes(routes!(introductions::acts::pass))
        .routes(routes!(introductions::acts::give_back))
        .routes(routes!(introductions::acts::decline))
        .routes(routes!(introductions::acts::later))
        .routes(routes!(introductions::acts::accept))
        .routes(routes!(introductions::acts::withdraw))
        .routes(routes!(introductions::acts::edit))
        .routes(routes!(introductions::acts::outcome))
        .routes(routes!(people::list, people::add))
        .routes(routes!(exports::people_vcf))
        .routes(routes!(exports::people_csv))
        .routes(routes!(exports::person))
        .routes(routes!(people::show, people::change, people::forget))
        .routes(routes!(people::join))
        .routes(routes!(letters::list, letters::write))
        .routes(routes!(letters::hand_over))
        .routes(routes!(vouches::list, vouches::give))
        .routes(routes!(vouches::renew))
        .routes(routes!(vouches::revoke))
        .routes(routes!(vouches::accept))
        .layer(DefaultBodyLimit::max(BODY));
    OpenApiRouter::with_openapi(Description::openapi()).nest("/api/v1", rest.merge(pictures))
}

/// The API as a document.
pub fn openapi() -> utoipa::openapi::OpenApi {
    answers::complete(described().split_for_parts().1)
}

/// The API as a service.
pub fn router(api: Api) -> axum::Router {
    let (router, document) = described().split_for_parts();
    let document = answers::complete(document).to_json().unwrap_or_default();
    router
        .route("/metrics", get(metrics::show))
        .route("/api/v1/openapi.json", get(move || async move { ([("content-type", "application/json")], document) }))
        .fallback(problem::no_such_page)
        .method_not_allowed_fallback(problem::no_such_method)
        .layer(middleware::from_fn_with_state(api.clone(), access::check))
        .with_state(api)
}

/// A line that a person typed into a field of this name.
fn line<const MAX: usize>(field: &'static str, text: &str) -> Result<Line<MAX>, Problem> {
    Line::new(text).map_err(|error| Problem::text(field, &error))
}

/// A text that a person typed into a field of this name; none if it was left out.
fn text<const MAX: usize>(field: &'static str, text: Option<&str>) -> Result<Text<MAX>, Problem> {
    Text::new(text.unwrap_or_default()).map_err(|error| Problem::text(field, &error))
}

/// A line that may be left out.
fn optional_line<const MAX: usize>(field: &'static str, text: Option<&str>) -> Result<Option<Line<MAX>>, Problem> {
    text.filter(|text| !text.trim().is_empty()).map(|text| line(field, text)).transpose()
}

/// The one thing whose id begins so.
fn by_id<T>(what: &'static str, id: &str, all: Vec<T>, id_of: impl Fn(&T) -> String) -> Result<T, Problem> {
    let wanted = id.trim().to_ascii_lowercase();
    let mut found: Vec<T> = match wanted.len() {
        0..4 => Vec::new(),
        _ => all.into_iter().filter(|one| id_of(one).starts_with(&wanted)).collect(),
    };
    match (found.pop(), found.len()) {
        (Some(only), 0) => Ok(only),
        (None, _) => Err(Problem::not_found(what, id, Some("give at least four characters of its id"))),
        (Some(_), others) => Err(Problem::new(
            axum::http::StatusCode::CONFLICT,
            Kind::Ambiguous,
            format!("{id:?} could be {} of them", others + 1),
            Some("give more of the id"),
        )),
    }
}

#[cfg(test)]
mod tests;
