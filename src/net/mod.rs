//! The world outside, through one handle: time, randomness, HTTP, TLS, processes.

mod clock;
pub mod http;
pub mod process;
pub mod tls;
mod world;

pub use clock::{Clock, ManualClock};
pub use world::{Elapsed, World};
