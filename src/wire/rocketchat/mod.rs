//! Rocket.Chat: DDP for what is heard (the Meteor protocol over a WebSocket, github.com/meteor/meteor
//! packages/ddp/DDP.md, and developer.rocket.chat, Realtime API), REST for everything else (developer.rocket.chat,
//! REST API).

pub mod ddp;
mod failure;
mod message;
mod rest;
mod typed;

pub use failure::Failure;
pub use message::{Moment, Room, Said, User};
pub use rest::{Rest, Waits};
pub use typed::{Typed, typed};
