//! The writing end of a strand.

use ring::hmac;
use rusqlite::{Connection, OptionalExtension, params};

use super::super::StoreError;
use super::super::change::Entry;
use super::record::{MAC, ORIGIN, Record, decode_mac};
use crate::model::hex;

/// The strand of the one process that writes to a SQLite file. Processes that share a database
/// later take one each.
const STRAND: i64 = 1;

/// Where a strand stands. A plain value: a write that is rolled back goes on from an earlier copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Chain {
    seq: i64,
    mac: [u8; MAC],
}

impl Chain {
    /// Goes on where the strand ended. The `strand` row is believed, not the last record: so records
    /// that were cut off while the bot was down leave a gap.
    pub(in crate::store) fn load(connection: &Connection) -> Result<Self, StoreError> {
        let sql = "SELECT seq, mac FROM strand WHERE id = ?1";
        let found: Option<(i64, String)> =
            connection.query_row(sql, [STRAND], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let Some((seq, mac)) = found else { return Ok(Self { seq: 0, mac: ORIGIN }) };
        let mac = decode_mac(&mac)
            .ok_or_else(|| StoreError::Corrupt("the head of the audit log is not a MAC".to_owned()))?;
        Ok(Self { seq, mac })
    }

    /// Appends a record.
    pub(in crate::store) fn append(
        &mut self,
        connection: &Connection,
        key: &hmac::Key,
        entry: &Entry,
    ) -> Result<(), StoreError> {
        let mut record = Record {
            strand: STRAND,
            seq: self.seq + 1,
            at: entry.at,
            what: entry.what.as_str().to_owned(),
            person: entry.person.as_ref().map(ToString::to_string),
            place: entry.place.as_ref().map(ToString::to_string),
            subject: entry.subject.clone(),
            body: serde_json::to_string(&entry.body)?,
            mac: String::new(),
        };
        let mac = record.compute(key, &self.mac);
        record.mac = hex::encode(&mac);
        insert(connection, &record)?;
        *self = Self { seq: record.seq, mac };
        Ok(())
    }

    /// Keeps the head beside the records; once a commit is enough.
    pub(in crate::store) fn save(&self, connection: &Connection) -> Result<(), StoreError> {
        let sql = "INSERT INTO strand (id, seq, mac) VALUES (?1, ?2, ?3)
                   ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, mac = excluded.mac";
        connection.prepare_cached(sql)?.execute(params![STRAND, self.seq, hex::encode(&self.mac)])?;
        Ok(())
    }

    /// Where records older than `before` end, as (how many, number of the last, its MAC). Only a whole
    /// beginning of the strand can go; at most `most` at once.
    pub(in crate::store) fn cut(
        connection: &Connection,
        before: crate::model::Timestamp,
        most: i64,
    ) -> Result<Option<(i64, i64, String)>, StoreError> {
        let sql = "SELECT count(*), max(seq) FROM (SELECT seq FROM audit WHERE strand = ?1 AND seq <
                   coalesce((SELECT min(seq) FROM audit WHERE strand = ?1 AND at >= ?2), 9223372036854775807)
                   ORDER BY seq LIMIT ?3)";
        let found: (i64, Option<i64>) =
            connection.query_row(sql, params![STRAND, before.as_micros(), most], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        let (count, Some(last)) = found else { return Ok(None) };
        let sql = "SELECT mac FROM audit WHERE strand = ?1 AND seq = ?2";
        let mac = connection.query_row(sql, [STRAND, last], |row| row.get(0))?;
        connection.execute("DELETE FROM audit WHERE strand = ?1 AND seq <= ?2", [STRAND, last])?;
        Ok(Some((count, last, mac)))
    }
}

fn insert(connection: &Connection, record: &Record) -> Result<(), StoreError> {
    let sql = "INSERT INTO audit (strand, seq, at, what, person, place, subject, body, mac)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    connection.prepare_cached(sql)?.execute(params![
        record.strand,
        record.seq,
        record.at.as_micros(),
        record.what,
        record.person,
        record.place,
        record.subject,
        record.body,
        record.mac,
    ])?;
    Ok(())
}
