//! Something granted for a time.

use super::{Person, Timestamp};

/// What somebody may do for a time, beside what access.yaml says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeGrant {
    /// Its id.
    pub id: i64,
    /// A pattern of actions or commands (`deploy.*`, `alias:web.restart`), or the name of a role.
    pub what: String,
    /// A person or group of access.yaml, or a person's id.
    pub to: String,
    /// Who granted it.
    pub by: Person,
    /// How that person was shown.
    pub by_name: String,
    /// Why, or empty.
    pub why: String,
    /// From when on.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
}
