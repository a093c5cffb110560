//! Reading: executions, results, deliveries, the audit log.

use std::path::Path;

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};
use serde_json::{Map, Value};

use super::audit::{self, Head, Record, Verdict};
use super::{Keys, StoreError, schema};
use crate::model::{Execution, Handle, Person, Place, Slot, Status, Timestamp};

/// A read-only view of the database.
pub struct Reader {
    connection: Connection,
    keys: Option<Keys>,
}

/// Which executions; every part that is set must fit. Newest first.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Asked for by this person.
    pub person: Option<Person>,
    /// Asked for here.
    pub place: Option<Place>,
    /// Of this action.
    pub action: Option<String>,
    /// By this alias.
    pub alias: Option<String>,
    /// In one of these states; empty for all.
    pub statuses: Vec<Status>,
    /// Whose command, action, person or status holds this text, in any case.
    pub text: Option<String>,
    /// Older than this id.
    pub before: Option<i64>,
    /// At most so many; 0 for none.
    pub limit: usize,
}

/// Which audit records; every part that is set must fit. Newest first.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Of this person.
    pub person: Option<Person>,
    /// Of this kind.
    pub what: Option<String>,
    /// Whose record holds this text, in any case.
    pub text: Option<String>,
    /// From here on.
    pub since: Option<Timestamp>,
    /// Before this.
    pub until: Option<Timestamp>,
    /// At most so many; 0 for none.
    pub limit: usize,
}

const COLUMNS: &str = "id, cause, rerun_of, person, person_name, place, alias, command, action, runner, definition, \
                       parameters, status, why, asked, started, ended";

impl Reader {
    /// Opens the file for reading; with `keys` it can also verify and unseal.
    pub fn open(path: &Path, keys: Option<Keys>) -> Result<Self, StoreError> {
        Ok(Self { connection: schema::open_readonly(path)?, keys })
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    fn keys(&self) -> Result<&Keys, StoreError> {
        self.keys.as_ref().ok_or_else(|| StoreError::Sql("this needs var/audit.key".to_owned()))
    }

    /// One execution.
    pub fn execution(&self, id: i64) -> Result<Option<Execution>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM execution WHERE id = ?1");
        let mut select = self.connection.prepare_cached(&sql)?;
        select.query_row([id], |row| Ok(execution(row))).optional()?.transpose()
    }

    /// Its result and how many bytes of output there were.
    pub fn result(&self, id: i64) -> Result<Option<(Value, u64)>, StoreError> {
        let sql = "SELECT body, seen_bytes FROM execution_result WHERE execution = ?1";
        let mut select = self.connection.prepare_cached(sql)?;
        let row = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?));
        let Some((body, seen)) = select.query_row([id], row).optional()? else { return Ok(None) };
        Ok(Some((serde_json::from_str(&body)?, u64::try_from(seen).unwrap_or(0))))
    }

    /// Its secret parameters.
    pub fn sealed(&self, id: i64) -> Result<Option<Map<String, Value>>, StoreError> {
        let sql = "SELECT sealed FROM execution WHERE id = ?1 AND sealed IS NOT NULL";
        let mut select = self.connection.prepare_cached(sql)?;
        let Some(sealed) = select.query_row([id], |row| row.get::<_, String>(0)).optional()? else { return Ok(None) };
        let text = self.keys()?.unseal(id, &sealed);
        let text = text.ok_or_else(|| StoreError::Sql("the sealed parameters do not open with var/audit.key".to_owned()))?;
        Ok(Some(serde_json::from_str(&text)?))
    }

    /// Executions that fit.
    pub fn executions(&self, filter: &Filter) -> Result<Vec<Execution>, StoreError> {
        let mut terms = Terms::default();
        terms.equal("person", filter.person.as_ref().map(ToString::to_string));
        terms.equal("room", filter.place.as_ref().map(ToString::to_string));
        terms.equal("action", filter.action.clone());
        terms.equal("alias", filter.alias.clone());
        if !filter.statuses.is_empty() {
            let words: Vec<_> = filter.statuses.iter().map(|status| format!("'{}'", status.as_str())).collect();
            terms.raw(format!("status IN ({})", words.join(", ")));
        }
        terms.contains("command || ' ' || action || ' ' || person || ' ' || person_name || ' ' || status", filter.text.as_deref());
        if let Some(before) = filter.before {
            terms.compare("id <", before);
        }
        let sql = format!("SELECT {COLUMNS} FROM execution {} ORDER BY id DESC LIMIT {}", terms.clause(), filter.limit);
        let mut select = self.connection.prepare(&sql)?;
        let rows = select.query_map(params_from_iter(terms.values), |row| Ok(execution(row)))?;
        rows.map(|row| row?).collect()
    }

    /// The message that shows a slot.
    pub fn slot(&self, slot: &Slot) -> Result<Option<Handle>, StoreError> {
        let sql = "SELECT handle FROM slot WHERE notifier = ?1 AND target = ?2 AND lane = ?3";
        let mut select = self.connection.prepare_cached(sql)?;
        let found = select.query_row((&slot.notifier, &slot.target, &slot.lane), |row| row.get(0)).optional()?;
        Ok(found.map(Handle))
    }

    /// Where an adapter resumes reading each room.
    pub fn positions(&self, adapter: &str) -> Result<Vec<(String, String)>, StoreError> {
        let mut select = self.connection.prepare_cached("SELECT room, mark FROM position WHERE adapter = ?1")?;
        let rows = select.query_map([adapter], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The newest message keys, at most `limit`.
    pub fn seen(&self, limit: usize) -> Result<Vec<String>, StoreError> {
        let mut select = self.connection.prepare("SELECT key FROM seen ORDER BY at DESC LIMIT ?1")?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = select.query_map([limit], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Audit records that fit.
    pub fn audit(&self, filter: &AuditFilter) -> Result<Vec<Record>, StoreError> {
        let mut terms = Terms::default();
        terms.equal("person", filter.person.as_ref().map(ToString::to_string));
        terms.equal("what", filter.what.clone());
        terms.contains("record", filter.text.as_deref());
        if let Some(since) = filter.since {
            terms.compare("at >=", since.as_micros());
        }
        if let Some(until) = filter.until {
            terms.compare("at <", until.as_micros());
        }
        let sql = format!(
            "SELECT record, mac FROM audit {} ORDER BY at DESC, seq DESC LIMIT {}",
            terms.clause(),
            filter.limit
        );
        let mut select = self.connection.prepare(&sql)?;
        let rows = select.query_map(params_from_iter(terms.values), |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.map(|row| row.map_err(StoreError::from).and_then(|(line, mac)| audit::parse(line, mac))).collect()
    }

    /// Hands every record, oldest first, to `take` as stored: line and MAC.
    pub fn audit_lines(&self, mut take: impl FnMut(String, String) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let mut select = self.connection.prepare("SELECT record, mac FROM audit ORDER BY strand, seq")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            take(row.get(0)?, row.get(1)?)?;
        }
        Ok(())
    }

    /// Checks the chain, see [`super::audit`].
    pub fn verify(&self, against: Option<&Head>) -> Result<Verdict, StoreError> {
        audit::verify(&self.connection, self.keys()?, against)
    }
}

/// The open executions of earlier lives.
pub(super) fn open_before(connection: &Connection, worker: i64) -> Result<Vec<Execution>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM execution WHERE ended IS NULL AND worker <> ?1 ORDER BY id");
    let mut select = connection.prepare(&sql)?;
    let rows = select.query_map([worker], |row| Ok(execution(row)))?;
    rows.map(|row| row?).collect()
}

fn execution(row: &Row<'_>) -> Result<Execution, StoreError> {
    let bad = |what: &str| StoreError::Sql(format!("a stored execution has no good {what}"));
    let text = |index: usize| row.get::<_, String>(index);
    let place: Option<String> = row.get(5)?;
    Ok(Execution {
        id: row.get(0)?,
        cause: serde_json::from_value(Value::String(text(1)?))?,
        rerun_of: row.get(2)?,
        person: text(3)?.parse().map_err(|_| bad("person"))?,
        person_name: text(4)?,
        place: place.map(|place| serde_json::from_str(&place)).transpose()?,
        alias: row.get(6)?,
        command: text(7)?,
        action: text(8)?,
        runner: text(9)?,
        definition: text(10)?,
        parameters: serde_json::from_str(&text(11)?)?,
        status: text(12)?.parse().map_err(|_| bad("status"))?,
        why: row.get(13)?,
        asked: Timestamp::from_micros(row.get(14)?),
        started: row.get::<_, Option<i64>>(15)?.map(Timestamp::from_micros),
        ended: row.get::<_, Option<i64>>(16)?.map(Timestamp::from_micros),
    })
}

/// The terms of a WHERE clause and their values.
#[derive(Default)]
struct Terms {
    terms: Vec<String>,
    values: Vec<Sql>,
}

impl Terms {
    fn equal(&mut self, column: &str, value: Option<String>) {
        if let Some(value) = value {
            self.values.push(Sql::Text(value));
            self.terms.push(format!("{column} = ?{}", self.values.len()));
        }
    }

    fn compare(&mut self, left: &str, value: i64) {
        self.values.push(Sql::Integer(value));
        self.terms.push(format!("{left} ?{}", self.values.len()));
    }

    fn contains(&mut self, text: &str, part: Option<&str>) {
        if let Some(part) = part {
            self.values.push(Sql::Text(part.to_lowercase()));
            self.terms.push(format!("instr(lower({text}), ?{}) > 0", self.values.len()));
        }
    }

    fn raw(&mut self, term: String) {
        self.terms.push(term);
    }

    fn clause(&self) -> String {
        if self.terms.is_empty() { String::new() } else { format!("WHERE {}", self.terms.join(" AND ")) }
    }
}
