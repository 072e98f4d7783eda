//! Kith seen from outside.
//!
//! [`sim`] is a world of many people with virtual time and a network that loses, doubles and reorders letters.
//! The stories and the simulator run in it; the other tests of this crate use the real node.
//! [`e2e`] runs the real program, [`lab`] puts it behind routers, [`browser`] looks at it through real browsers, and
//! [`camera`] holds a code in front of one. [`dht`] is a model of networks too large to run.

pub mod browser;
pub mod camera;
pub mod dht;
pub mod e2e;
pub mod lab;
pub mod sim;
