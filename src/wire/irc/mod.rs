//! IRC as a client speaks it (RFC 2812, <https://modern.ircdocs.horse>, IRCv3): pure state machines.
//!
//! [`Client`] is fed with lines and the time and says what to send and what happened; it opens no
//! socket. Messages are parsed and written by `irc::proto`; lines are cut by our own [`Lines`],
//! since the crate's codec ends the connection at the first byte that is not UTF-8.

mod bucket;
mod channels;
mod client;
mod ctcp;
mod formatting;
mod isupport;
mod lines;
mod nick;
mod profile;
mod register;
mod roster;
mod sasl;
mod speech;
mod split;

pub use bucket::{Bucket, Rate};
pub use channels::Standing;
pub use client::{Client, Event};
pub use lines::Lines;
pub use profile::{Channel, Login, Patience, Profile};
pub use speech::{Said, Target};
pub use split::{Splitter, sentence};
