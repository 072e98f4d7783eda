//! A world of many people in which one seed decides everything.
//!
//! Each person has a home: recovery words, a storage in memory, the real engine, and a clock of their own that
//! may be wrong. Time is virtual: it jumps from one event to the next. The network carries out what the engines
//! ask for, and may lose, double, delay and reorder what it carries ([`Weather`]). Homes can be switched off,
//! restarted, crashed between or inside steps ([`Crash`]), copied and restored.
//!
//! ```
//! use kith_tests::sim::World;
//!
//! let mut world = World::new(1);
//! let (ana, bo) = (world.person("Ana"), world.person("Bo"));
//! let code = world.shows_live(ana, "Hannover Messe");
//! world.scans(bo, &code);
//! world.run_for(60);
//! world.accepts(ana, bo);
//! world.run_for(60);
//! assert!(world.are_contacts(ana, bo));
//! assert!(world.met(ana, bo));
//! world.check();
//! ```

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "an assumption of a test that does not hold must end the test, with its place"
)]

mod check;
mod dht;
mod guests;
mod home;
mod introductions;
mod letters;
mod mailboxes;
mod mallory;
mod nearby;
mod network;
mod people;
mod queue;
mod recovery;
mod vouches;
mod world;

pub use dht::Dht;
pub use guests::Visitor;
pub use home::{Crash, Home, Who};
pub use mailboxes::Mailboxes;
pub use mallory::{Mallory, Pen};
pub use nearby::Names;
pub use network::Weather;
pub use people::{Code, Scan};
pub use vouches::{WORDS, vouch_of};
pub use world::World;
