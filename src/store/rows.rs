//! How the nouns read from their rows.

use rusqlite::types::{FromSql, Type};
use rusqlite::{Error, Row};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::model::{Event, Execution, Place, Step, Timestamp};

/// The columns that [`execution`] reads, in order.
pub(super) const EXECUTION: &str = "id, rerun_of, cause, adapter, room, thread, room_kind, person, person_name, \
     alias, command, action, runner, definition, parameters, status, why, asked, started, ended, parent, task";

/// An execution from the columns of [`EXECUTION`].
pub(super) fn execution(row: &Row<'_>) -> Result<Execution, Error> {
    Ok(Execution {
        id: row.get(0)?,
        rerun_of: row.get(1)?,
        cause: word(row, 2)?,
        place: place(row)?,
        person: word(row, 7)?,
        person_name: row.get(8)?,
        alias: row.get(9)?,
        command: row.get(10)?,
        action: row.get(11)?,
        runner: row.get(12)?,
        definition: row.get(13)?,
        parameters: parsed(row, 14)?,
        status: word(row, 15)?,
        why: row.get(16)?,
        asked: Timestamp::from_micros(row.get(17)?),
        started: time(row, 18)?,
        ended: time(row, 19)?,
        step: step(row)?,
    })
}

fn step(row: &Row<'_>) -> Result<Option<Step>, Error> {
    let workflow: Option<i64> = row.get(20)?;
    let task: Option<String> = row.get(21)?;
    Ok(workflow.map(|workflow| Step { workflow, task: task.unwrap_or_default() }))
}

fn place(row: &Row<'_>) -> Result<Option<Place>, Error> {
    if row.get_ref(3)? == rusqlite::types::ValueRef::Null {
        return Ok(None);
    }
    let thread: Option<String> = row.get(5)?;
    let room: String = row.get(4)?;
    Ok(Some(Place {
        adapter: word(row, 3)?,
        room: room.into(),
        thread: thread.map(Into::into),
        kind: word(row, 6)?,
    }))
}

/// A time, if there is one.
pub(super) fn time(row: &Row<'_>, column: usize) -> Result<Option<Timestamp>, Error> {
    optional(row, column).map(|micros| micros.map(Timestamp::from_micros))
}

fn optional<T: FromSql>(row: &Row<'_>, column: usize) -> Result<Option<T>, Error> {
    row.get(column)
}

/// A value whose serde form is one string.
pub(super) fn word<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<T, Error> {
    let text: String = row.get(column)?;
    serde_json::from_value(Value::String(text)).map_err(|error| broken(column, error))
}

/// A value that is stored as JSON text.
pub(super) fn parsed<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<T, Error> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| broken(column, error))
}

/// An event, stored as JSON text.
pub(super) fn event(row: &Row<'_>, column: usize) -> Result<Event, Error> {
    Event::from_json(&parsed(row, column)?).map_err(|error| broken(column, error))
}

fn broken(column: usize, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}

/// The one string that is the serde form of `value`.
pub(super) fn text_of(value: &impl serde::Serialize) -> String {
    match json!(value) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}
