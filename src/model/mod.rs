//! The nouns that every room of the house speaks of: plain values, no I/O.

mod attached;
mod delivery;
mod event;
mod execution;
pub mod hex;
mod id;
mod mask;
mod message;
mod newest;
mod offer;
mod outcomes;
mod person;
mod place;
mod secret;
mod subject;
mod time;
mod topic;

pub use attached::{Attached, Trigger};
pub use delivery::{Handle, Receipt, SendError, Slot};
pub use event::{Event, EventError, EventStatus, Level, Link, Moment, UnknownWord};
pub use execution::{Cause, Execution, ParseStatusError, Status};
pub use id::Noun;
pub use mask::{MASK, is_secret_word, mask};
pub use message::{Message, MessageKey};
pub use newest::Newest;
pub use offer::{Chosen, Ends, Offer, Way};
pub use person::{AdapterName, InvalidName, Person};
pub use place::{Place, Room};
pub use secret::Secret;
pub use subject::{Acknowledged, Outcome, RECENT, Silence, Subject};
pub use time::Timestamp;
pub use topic::{About, HandlerSpec, Override, TopicEvent};
