//! The world outside, through one handle: time, randomness, HTTP, TLS, processes.

mod clock;
mod world;

pub use clock::{Clock, ManualClock};
pub use world::{Elapsed, World};
