//! What an earlier life of the bot left open.

use serde_json::json;

use super::StoreError;
use super::apply::{Scribe, object};
use super::change::{Done, Entry, Notice, What};
use super::rows;
use crate::model::{Execution, Status, Timestamp};

/// Said where an execution was abandoned.
const WHY: &str = "the bot stopped while it ran";

/// Ends all open executions of other lives but those that wait for somebody's word and workflows, which go on, and puts the messages that tell of it into their lanes.
pub(super) fn recover(scribe: &mut Scribe<'_>, at: Timestamp, notice: &Notice) -> Result<Done, StoreError> {
    let mut abandoned = left_open(scribe)?;
    for execution in &mut abandoned {
        execution.status = Status::Abandoned;
        execution.why = Some(WHY.to_owned());
        execution.ended = Some(at);
        let sql = "UPDATE execution SET status = 'abandoned', why = ?2, ended = ?3 WHERE id = ?1";
        scribe.run(sql, rusqlite::params![execution.id, WHY, at.as_micros()])?;
        if let Some(delivery) = notice.make(execution) {
            scribe.deliver(&delivery)?;
        }
        scribe.audit(&entry(execution, at))?;
    }
    Ok(Done::Recovered(abandoned))
}

fn left_open(scribe: &Scribe<'_>) -> Result<Vec<Execution>, StoreError> {
    let columns = rows::EXECUTION;
    let sql = format!(
        "SELECT {columns} FROM execution WHERE ended IS NULL AND worker <> ?1
         AND NOT EXISTS (SELECT 1 FROM request WHERE request.execution = execution.id AND closed IS NULL)
         AND NOT EXISTS (SELECT 1 FROM flow WHERE flow.execution = execution.id) ORDER BY id"
    );
    let mut statement = scribe.connection.prepare(&sql)?;
    let found = statement.query_map([scribe.worker], rows::execution)?;
    Ok(found.collect::<Result<_, _>>()?)
}

fn entry(execution: &Execution, at: Timestamp) -> Entry {
    Entry {
        at,
        what: What::Finished,
        person: Some(execution.person.clone()),
        place: execution.place.clone(),
        subject: Some(format!("execution/{}", execution.id)),
        body: object([
            ("alias", json!(execution.alias)),
            ("action", json!(execution.action)),
            ("status", json!(execution.status)),
            ("why", json!(WHY)),
        ]),
    }
}
