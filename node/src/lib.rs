//! Everything of Kith that touches the world.

pub mod store;
