//! What is held becomes due when its time has come: by a commit, so that nothing is gathered into what is being sent.

use std::time::Duration;

use rusqlite::params;

use super::StoreError;
use super::apply::Scribe;
use super::change::Done;
use crate::model::Timestamp;

/// Makes what is held for `notifier` until `at` due.
pub(super) fn ripen(scribe: &Scribe<'_>, notifier: &str, at: Timestamp) -> Result<Done, StoreError> {
    let sql = "UPDATE delivery SET state = 'due' WHERE state = 'held' AND notifier = ?1 AND due <= ?2";
    let changed = scribe.run(sql, params![notifier, at.as_micros()])?;
    Ok(Done::Sorted(changed as u64))
}

/// The clock was put back `by` so much, to `at`: what is to be tried later is tried as much sooner. What is held until a
/// time of day stays until that time.
pub(super) fn rewind(scribe: &mut Scribe<'_>, at: Timestamp, by: Duration) -> Result<Done, StoreError> {
    let sql = "UPDATE delivery SET due = max(?1, due - ?2) WHERE state = 'due' AND head = 1 AND due > ?1";
    let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
    let heads = scribe.run(sql, params![at.as_micros(), by])?;
    // Behind the heads all are due as soon as they are heads.
    let sql = "UPDATE delivery SET due = ?1 WHERE done IS NULL AND state = 'due' AND head = 0 AND due > ?1";
    scribe.run(sql, [at.as_micros()])?;
    let mut statement = scribe
        .connection
        .prepare("SELECT DISTINCT notifier FROM delivery WHERE state = 'due' AND head = 1")?;
    let notifiers: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    drop(statement);
    for notifier in &notifiers {
        scribe.touch(notifier);
    }
    Ok(Done::Sorted(heads as u64))
}
