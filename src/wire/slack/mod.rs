//! Slack: calls of the Web API, the frames of Socket Mode, what people said in them, and the rights all that needs.
//!
//! Written after docs.slack.dev: `apis/web-api`, `apis/events-api/using-socket-mode`, `reference/events`,
//! `messaging/formatting-message-text`, `reference/scopes`.

mod api;
mod event;
mod frame;
mod markup;
mod scopes;

pub use api::{Answer, Api, ApiError, Body, JSON};
pub use event::{Action, Event, Said, Slash};
pub use frame::{Frame, Leave};
pub use markup::{Undone, undo};
pub use scopes::{APP_SCOPE, EVENTS, SCOPES, Scope};
