//! What the buttons of messages stand for.

use super::Reader;
use crate::model::Offer;
use crate::store::{StoreError, rows};

impl Reader {
    /// The offer whose nonces begin with `key`, expired or not.
    pub fn offer(&self, key: &str) -> Result<Option<Offer>, StoreError> {
        self.one("SELECT body FROM choice WHERE key = ?1", [key], |row| rows::parsed(row, 0))
    }
}
