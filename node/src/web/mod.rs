//! The web app: pages for a phone-sized browser, rendered here, small and without any service of others.
//!
//! A page is made of what the JSON API answers, asked within the process (see [`inside`]): what a page offers, the API
//! and the command line offer through the same code. Forms work without scripts; the few scripts in `assets/` are
//! there where only a browser can do something (the camera, a queue without network, news as they come).
//!
//! Templates are in `templates/`, compiled in; every sentence of ours that a person reads is in [`words`].

mod assets;
mod card;
mod contacts;
pub(crate) mod entry;
mod event_mode;
mod events;
mod exchange;
mod fair;
mod form;
mod frame;
mod inside;
mod key;
mod letters;
mod live;
mod mail;
mod mailboxes;
mod more;
mod paging;
mod people;
mod phone;
mod public;
mod qr;
mod scan;
mod time;
mod today;
mod trouble;
mod undo;
mod vouches;
pub(crate) mod words;

pub(crate) use assets::STYLE;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{get, post};

use crate::access::Limiter;
use crate::api::Api;
use crate::codes::read::MOST_BYTES;
use inside::Inside;
pub use undo::Undo;

/// A form without a picture: the longest text, with room for its escapes.
const FORM: usize = 64 * 1024;

/// What pages share.
#[derive(Clone)]
struct Web {
    api: Api,
    inside: Inside,
    undo: Undo,
    /// The path under which the app is mounted, beginning and ending with a slash.
    base: Arc<str>,
    /// How often visitors may leave a card.
    visits: Arc<Mutex<Limiter>>,
}

impl Web {
    /// The address of my public card, if people elsewhere can open it.
    fn public_page(&self) -> Option<String> {
        self.api.access().public_page()
    }

    /// Where the recovery words lie, as long as they do.
    fn words_file(&self) -> Option<String> {
        let file = self.api.home().words_file();
        file.exists().then(|| file.display().to_string())
    }
}

/// The pages of a home, and what is about to go away by them. `calls` is the router of its API.
pub(crate) fn pages(api: Api, calls: Router) -> (Router, Undo) {
    let inside = Inside::of(&api, calls);
    let undo = Undo::new(inside.clone());
    let base = format!("{}/", api.access().base()).into();
    let visits = Arc::new(Mutex::new(Limiter::new(public::VISITS)));
    (router(Web { api, inside, undo: undo.clone(), base, visits }), undo)
}

/// The pages as a service, by paths without the base.
fn router(web: Web) -> Router {
    let pictures =
        Router::new().route("/scan/picture", post(scan::picture)).layer(DefaultBodyLimit::max(MOST_BYTES + FORM));
    let pages = Router::new()
        .route("/", get(today::show))
        .route("/today", get(today::all))
        .route("/access/phone", post(phone::show))
        .route("/welcome", post(card::begin))
        .route("/inbox/{id}/{answer}", post(today::answer))
        .route("/qr", get(qr::show).post(qr::next))
        .route("/qr/other", get(qr::other))
        .route("/qr/other.png", get(qr::other_picture))
        .route("/qr/{id}/picture.png", get(qr::picture))
        .route("/qr/{id}/withdraw", post(qr::withdraw))
        .route("/codes", get(qr::list))
        .route("/scan", get(scan::show).post(scan::text))
        .route("/people", get(people::list).post(people::add))
        .route("/people/new", get(people::new))
        .route("/people/{who}", get(people::show))
        .route("/people/{who}/capture", get(people::capture).post(people::captured))
        .route("/captures/{key}", get(people::captured_sheet).post(people::captured_kept))
        .route("/people/{who}/change", post(people::change))
        .route("/people/{who}/join", post(people::join))
        .route("/people/{who}/forget", get(people::ask_forget).post(people::forget))
        .route("/people/{who}/card.vcf", get(people::vcard))
        .route("/people/{who}/thanks", get(people::thanks))
        .route("/people/{who}/letters", get(letters::show).post(letters::write))
        .route("/people/{who}/hand-over", get(letters::ask_hand_over).post(letters::hand_over))
        .route("/people/{who}/vouch", get(vouches::ask).post(vouches::give))
        .route("/vouches", get(vouches::of_me))
        .route("/vouches/{id}/{action}", post(vouches::about))
        .route("/exchange", get(exchange::list))
        .route("/exchange/ask", get(exchange::ask).post(exchange::asked))
        .route("/exchange/suggest", get(exchange::suggest).post(exchange::suggested))
        .route("/exchange/{id}", get(exchange::show))
        .route("/exchange/{id}/{action}", post(exchange::act))
        .route("/card", get(card::show).post(card::change))
        .route("/card/as", get(card::preview))
        .route("/events", get(events::list).post(events::add))
        .route("/events/{which}", get(events::show).post(events::change))
        .route("/events/{which}/remove", post(events::remove))
        .route("/events/{which}/{file}", get(events::download))
        .route("/fair", get(fair::show))
        .route("/offline", get(fair::offline))
        .route("/manifest.webmanifest", get(fair::manifest))
        .route("/sw.js", get(fair::worker))
        .route("/event-mode", get(event_mode::show).post(event_mode::set))
        .route("/mailboxes", get(mailboxes::show).post(mailboxes::choose))
        .route("/mailboxes/{who}/leave", post(mailboxes::leave))
        .route("/mail", get(mail::show).post(mail::set))
        .route("/mail/test", post(mail::test))
        .route("/mail/off", post(mail::off))
        .route("/key", get(key::show))
        .route("/key/change", get(key::ask).post(key::change))
        .route("/more", get(more::show))
        .route("/node", get(more::node))
        .route("/words/done", post(more::words_done))
        .layer(DefaultBodyLimit::max(FORM));
    let own = pages
        .merge(pictures)
        .route("/undo/{number}", post(undo::stop))
        .route("/live", get(live::news))
        .route("/assets/{name}", get(assets::asset))
        .fallback(trouble::no_such_page)
        .method_not_allowed_fallback(trouble::no_such_page)
        .layer(middleware::from_fn_with_state(web.clone(), trouble::show))
        .layer(middleware::from_fn(time::as_the_reader_has_it))
        .with_state(web.clone());
    // Without a name that others can look up, there is no such page.
    if web.public_page().is_some() { own.merge(public::router(web)) } else { own }
}

#[cfg(test)]
mod tests;
