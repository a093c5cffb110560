//! What the bot remembers: one SQLite file, one writer thread, grouped commits.

mod change;

pub use change::{Begin, Change, Done, Entry, Finish, NewDelivery, Settled, What};
