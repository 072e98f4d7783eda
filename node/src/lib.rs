//! Everything of Kith that touches the world: network, storage, driver, API.

pub mod codes;
