//! A home that fell silent, since it had heard that it goes on elsewhere, is the one that goes on: its owner has the words.

use kith_protocol::engine::{self, Engine, Own};
use kith_protocol::store::{Store, StoreError};
use kith_protocol::text::Name;
use kith_protocol::words::RecoveryWords;

use crate::home::{Home, HomeError};
use crate::machine::{now, random};

/// Why a home does not go on here.
#[derive(Debug, thiserror::Error)]
pub enum GoingOnError {
    /// The home does not open.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// It is not silent, or these are not the words.
    #[error(transparent)]
    Engine(#[from] engine::Error),
    /// The storage cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Signs with a key that comes after all of which this home has heard, and speaks again. Whose home it is.
///
/// # Errors
/// If nobody lives here, the home is not silent, or these are not its words.
pub fn go_on_here(home: &Home, words: &RecoveryWords) -> Result<Name, GoingOnError> {
    let (_, mut store, _, lock) = home.open()?.into_parts();
    let mut engine = Engine::open(&store)?;
    let ((), step) = engine.turn(&store, now(), random(), |turn| turn.goes_on_here(words))?;
    store.commit(&step.writes)?;
    let name = Own::load(&store)?.card.name;
    store.close()?;
    drop(lock);
    Ok(name)
}
