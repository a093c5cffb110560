//! The audit log: chained records, their verification, search and export. The bytes are fixed in `docs/audit.md`.

mod chain;
mod export;
mod record;
#[cfg(test)]
mod tests;
mod verify;

pub(super) use chain::Chain;
pub use export::{Format, export};
pub use record::{Head, InvalidHead, Record};
pub use verify::{Finding, Flaw, Verdict, verify};
