//! When something is to happen: what people write, and the next time by it. Pure: values in, times out.
//!
//! `at 17:00`, `in 20 minutes`, `every weekday at 9:00`, `every 15 minutes`, `on the first monday at 9:00`, `cron "*/5 * * * *"`, each by a time zone.
//! `docs/schedules.md` tells people, also what happens where clocks are changed.

mod cron;
mod days;
mod monthly;
mod parse;
mod spoken;
mod when;
mod words;
mod zone;

pub use parse::{Planned, Unclear, parse, remind};
pub use spoken::spoken;
pub use when::When;
pub use zone::{known as known_zone, written as written_time};
