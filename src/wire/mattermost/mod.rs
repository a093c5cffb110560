//! Mattermost as a client speaks it: frames of its WebSocket, its REST API, what people type, and the seal of buttons.
//! Documented at <https://developers.mattermost.com/api-documentation>; no socket is opened here but REST's.

mod api;
mod event;
mod plain;
mod post;
mod seal;

pub use api::{Api, ApiError, Reply};
pub use event::{Event, Frame};
pub use plain::{Called, called, plain};
pub use post::{Channel, Kind, Page, Post, Spoken, is_id};
pub use seal::{Seal, Sealed};
