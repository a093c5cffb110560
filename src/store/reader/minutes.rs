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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::Home;

    #[tokio::test]
    async fn tries_are_counted_minute_by_minute_those_of_long_ago_not_at_all() {
        let home = Home::new();
        let store = home.open().unwrap();
        let raw = home.raw();
        for (number, (minute, outcome)) in
            [(1, "sent"), (5, "sent"), (5, "retry"), (5, "gone"), (7, "sent")].iter().enumerate()
        {
            let sql = "INSERT INTO attempt (delivery, n, at, ms, outcome) VALUES (?1, 1, ?2, 3, ?3)";
            raw.execute(sql, rusqlite::params![number as i64 + 1, minute * MINUTE + 9, outcome]).unwrap();
        }
        let found = store.read(|reader| reader.minutes(Timestamp::from_micros(4 * MINUTE))).await.unwrap();
        let minute = |at: i64, sent, failed| Minute { at: Timestamp::from_micros(at * MINUTE), sent, failed };
        assert_eq!(found, [minute(5, 1, 2), minute(7, 1, 0)]);
    }
}
