//! The world outside, through one handle: time, randomness, HTTP, TLS, processes.

mod base64;
pub mod certificates;
mod clock;
pub mod dial;
pub mod http;
pub mod process;
mod same;
mod seal;
pub mod tls;
mod world;
pub mod ws;

pub use base64::{base64, file_bytes, unbase64, webhook_key};
pub use clock::{Clock, ManualClock};
pub use same::same;
pub use seal::{Seal, SealError};
pub use world::{Elapsed, Proxies, World};
