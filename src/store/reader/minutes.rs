//! How many tries of deliveries there were lately, minute by minute.

use super::Reader;
use crate::model::Timestamp;
use crate::store::StoreError;

/// Tries are counted among so many of the newest ids of deliveries: there is no index by time, which every try would pay
/// for.
const LOOKED_AT: i64 = 50_000;

/// A minute, in microseconds.
const MINUTE: i64 = 60_000_000;

/// The tries of one minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Minute {
    /// When it began.
    pub at: Timestamp,
    /// Tries that delivered.
    pub sent: u64,
    /// Tries that failed, those that come again among them.
    pub failed: u64,
}

impl Reader {
    /// The tries since `since`, minute by minute, those without any left out; of the newest deliveries alone.
    pub fn minutes(&self, since: Timestamp) -> Result<Vec<Minute>, StoreError> {
        let values = rusqlite::params![LOOKED_AT, since.as_micros(), MINUTE];
        self.all(MINUTES, values, |row| {
            let count = |column| row.get::<_, i64>(column).map(|count| u64::try_from(count).unwrap_or(0));
            let at = Timestamp::from_micros(row.get::<_, i64>(0)? * MINUTE);
            Ok(Minute { at, sent: count(1)?, failed: count(2)? })
        })
    }
}

const MINUTES: &str = "SELECT at / ?3, sum(outcome = 'sent'), sum(outcome <> 'sent') FROM attempt
    WHERE delivery > (SELECT coalesce(max(id), 0) FROM delivery) - ?1 AND at >= ?2 GROUP BY 1 ORDER BY 1";
