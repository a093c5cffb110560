//! Who listens to a topic, and what an event means for them. Pure: values in, decisions out.
//!
//! A topic is a named queue of events that remembers how bad each thing in it is. Handlers listen to it: they notify,
//! publish to other topics, or gather for a while. `docs/topics.md` tells it to admins.

mod aggregate;
mod decide;
mod facts;
mod handler;
mod name;

pub use aggregate::{Aggregate, Member, merged};
pub use decide::{Asked, Gathering, Outcome, Sent, Verdict, decide};
pub use handler::{Does, Handler, Topics, read};
pub use name::{check_name, topics_of};
