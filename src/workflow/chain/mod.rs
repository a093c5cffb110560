//! Action chains: one action after the other, what follows depends on how each ended.
//!
//! The format is StackStorm's `action-chain` runner; `docs/workflows.md` describes it.

mod file;
mod flow;
mod read;
mod run;
mod stored;
mod values;

use serde_json::{Map, Value};

pub use file::{Chain, Node};
pub use read::read;
pub use run::{Around, ChainRun, Step};

/// A mapping of names to values.
type Names = Map<String, Value>;
