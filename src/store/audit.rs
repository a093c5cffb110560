//! The audit chain: what the MAC of each record covers, and how a change to any of them shows.
//!
//! A record is one JSON object on one line, with these members in this order: `strand`, `seq`, `at`
//! (microseconds), `what`, `person`, `place`, `subject`, `body`. Its MAC is HMAC-SHA256, in hex, over the
//! MAC of the record before it (64 zeros before the first), a line feed, and the record's bytes as stored.
//! A strand numbers its records from 1 without gaps. Trimming removes the first ones and writes a
//! record `trimmed` that names the last one removed and its MAC, from which the rest still verifies.

use std::fmt;
use std::str::FromStr;

use rusqlite::Connection;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Entry, Keys, StoreError, What};

/// Before the first record of a strand.
pub(super) const ZERO: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The newest record of a strand. Displayed as `1:250:<mac>`, so that an older head can be kept elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The strand.
    pub strand: i64,
    /// The number of its newest record; 0 where there is none.
    pub seq: i64,
    /// That record's MAC.
    pub mac: String,
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.strand, self.seq, self.mac)
    }
}

/// A text that is no head.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a head: it looks like `1:250:` and 64 hex digits, as `chatops audit verify` prints it")]
pub struct ParseHeadError(pub String);

impl FromStr for Head {
    type Err = ParseHeadError;

    fn from_str(text: &str) -> Result<Self, ParseHeadError> {
        let mut parts = text.trim().splitn(3, ':');
        let head = (|| {
            let strand = parts.next()?.parse().ok()?;
            let seq = parts.next()?.parse().ok()?;
            let mac = parts.next().filter(|mac| mac.len() == 64)?.to_owned();
            Some(Self { strand, seq, mac })
        })();
        head.ok_or_else(|| ParseHeadError(text.to_owned()))
    }
}

/// One record as it was read back.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Its strand.
    pub strand: i64,
    /// Its number there.
    pub seq: i64,
    /// What it says.
    pub entry: Entry,
    /// The bytes that the MAC covers.
    pub line: String,
    /// The MAC.
    pub mac: String,
}

/// What a check of the chain found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every record is there, in order and unchanged.
    Good {
        /// How many records.
        records: u64,
        /// The newest record of each strand.
        heads: Vec<Head>,
    },
    /// Something was done to the log.
    Broken {
        /// The strand.
        strand: i64,
        /// The number of the first record that is wrong.
        seq: i64,
        /// What is wrong with it.
        why: String,
    },
}

/// The record of an entry as it is stored.
pub(super) fn line(strand: i64, seq: i64, entry: &Entry) -> String {
    json!({
        "strand": strand,
        "seq": seq,
        "at": entry.at,
        "what": entry.what.as_str(),
        "person": entry.person,
        "place": entry.place,
        "subject": entry.subject,
        "body": entry.body,
    })
    .to_string()
}

pub(super) fn mac(keys: &Keys, before: &str, line: &str) -> String {
    keys.mac(&[before.as_bytes(), b"\n", line.as_bytes()])
}

/// Appends an entry to a strand whose newest record is `head`; `head` moves along.
pub(super) fn append(connection: &Connection, keys: &Keys, head: &mut Head, entry: &Entry) -> Result<(), StoreError> {
    let seq = head.seq + 1;
    let line = line(head.strand, seq, entry);
    let mac = mac(keys, &head.mac, &line);
    let mut insert = connection.prepare_cached(
        "INSERT INTO audit (strand, seq, at, what, person, record, mac) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    let person = entry.person.as_ref().map(ToString::to_string);
    let at = entry.at.as_micros();
    insert.execute((head.strand, seq, at, entry.what.as_str(), person, line, &mac))?;
    *head = Head { strand: head.strand, seq, mac };
    Ok(())
}

/// The newest record of a strand.
pub(super) fn head(connection: &Connection, strand: i64) -> Result<Head, StoreError> {
    let mut select =
        connection.prepare_cached("SELECT seq, mac FROM audit WHERE strand = ?1 ORDER BY seq DESC LIMIT 1")?;
    let mut rows = select.query([strand])?;
    Ok(match rows.next()? {
        Some(row) => Head { strand, seq: row.get(0)?, mac: row.get(1)? },
        None => Head { strand, seq: 0, mac: ZERO.to_owned() },
    })
}

/// Reads a record's line back.
pub(super) fn parse(line: String, mac: String) -> Result<Record, StoreError> {
    #[derive(Deserialize)]
    struct Written {
        strand: i64,
        seq: i64,
        at: crate::model::Timestamp,
        what: String,
        person: Option<crate::model::Person>,
        place: Option<crate::model::Place>,
        subject: Option<String>,
        body: Map<String, Value>,
    }
    let written: Written = serde_json::from_str(&line)?;
    let what = What::ALL.iter().copied().find(|what| what.as_str() == written.what);
    let what = what.ok_or_else(|| StoreError::Sql(format!("`{}` is no kind of audit record", written.what)))?;
    let Written { strand, seq, at, person, place, subject, body, .. } = written;
    Ok(Record { strand, seq, entry: Entry { at, what, person, place, subject, body }, line, mac })
}

/// Checks the whole chain, and that it still leads on from an older `against` head, if one is given.
pub(super) fn verify(connection: &Connection, keys: &Keys, against: Option<&Head>) -> Result<Verdict, StoreError> {
    let mut walk = Walk::new(keys, against, trims(connection)?);
    let mut select =
        connection.prepare("SELECT strand, seq, at, what, person, record, mac FROM audit ORDER BY strand, seq")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let stored = Stored {
            strand: row.get(0)?,
            seq: row.get(1)?,
            at: row.get(2)?,
            what: row.get(3)?,
            person: row.get(4)?,
            line: row.get(5)?,
            mac: row.get(6)?,
        };
        if let Err(why) = walk.step(&stored) {
            return Ok(Verdict::Broken { strand: stored.strand, seq: stored.seq, why });
        }
    }
    Ok(walk.end())
}

struct Stored {
    strand: i64,
    seq: i64,
    at: i64,
    what: String,
    person: Option<String>,
    line: String,
    mac: String,
}

/// Where trimming cut: strand, number and MAC of the last record removed.
struct Trim {
    strand: i64,
    seq: i64,
    mac: String,
}

fn trims(connection: &Connection) -> Result<Vec<Trim>, StoreError> {
    let mut select = connection.prepare("SELECT strand, record FROM audit WHERE what = 'trimmed' ORDER BY seq")?;
    let rows = select.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
    let mut trims = Vec::new();
    for row in rows {
        let (strand, line) = row?;
        let record: Value = serde_json::from_str(&line).unwrap_or_default();
        let (seq, mac) = (record["body"]["through_seq"].as_i64(), record["body"]["through_mac"].as_str());
        if let (Some(seq), Some(mac)) = (seq, mac) {
            trims.push(Trim { strand, seq, mac: mac.to_owned() });
        }
    }
    Ok(trims)
}

struct Walk<'a> {
    keys: &'a Keys,
    against: Option<&'a Head>,
    trims: Vec<Trim>,
    heads: Vec<Head>,
    records: u64,
    met: bool,
}

impl<'a> Walk<'a> {
    fn new(keys: &'a Keys, against: Option<&'a Head>, trims: Vec<Trim>) -> Self {
        let met = against.is_none_or(|head| head.seq == 0);
        Self { keys, against, trims, heads: Vec::new(), records: 0, met }
    }

    fn step(&mut self, stored: &Stored) -> Result<(), String> {
        if self.heads.last().is_none_or(|head| head.strand != stored.strand) {
            self.begin(stored)?;
        }
        let head = self.heads.last_mut().ok_or("no strand was begun")?;
        if stored.seq != head.seq + 1 {
            return Err(format!("record {} is missing", head.seq + 1));
        }
        if mac(self.keys, &head.mac, &stored.line) != stored.mac {
            return Err("its bytes do not fit its MAC: the record was changed, moved or written by somebody else".to_owned());
        }
        same_columns(stored)?;
        head.seq = stored.seq;
        head.mac.clone_from(&stored.mac);
        self.records += 1;
        if let Some(old) = self.against.filter(|old| old.strand == stored.strand && old.seq == stored.seq) {
            if old.mac != stored.mac {
                return Err("it is not the record that the older head names: the log was rewritten".to_owned());
            }
            self.met = true;
        }
        Ok(())
    }

    /// The first record of a strand is number 1, or follows a cut that trimming wrote down.
    fn begin(&mut self, stored: &Stored) -> Result<(), String> {
        let strand = stored.strand;
        if stored.seq == 1 {
            self.heads.push(Head { strand, seq: 0, mac: ZERO.to_owned() });
            return Ok(());
        }
        let cut = self.trims.iter().find(|trim| trim.strand == strand && trim.seq == stored.seq - 1);
        let cut = cut.ok_or_else(|| format!("records 1 to {} are missing and no trimming says so", stored.seq - 1))?;
        // An older head inside what was trimmed cannot be compared any more; the cut itself is vouched for.
        self.met |= self.against.is_some_and(|old| old.strand == strand && old.seq <= cut.seq);
        self.heads.push(Head { strand, seq: cut.seq, mac: cut.mac.clone() });
        Ok(())
    }

    fn end(self) -> Verdict {
        match self.against {
            Some(old) if !self.met => Verdict::Broken {
                strand: old.strand,
                seq: old.seq,
                why: "the log ends before the record that the older head names: its tail was cut".to_owned(),
            },
            _ => Verdict::Good { records: self.records, heads: self.heads },
        }
    }
}

/// The search columns must say what the record says.
fn same_columns(stored: &Stored) -> Result<(), String> {
    let record = parse(stored.line.clone(), stored.mac.clone()).map_err(|error| error.to_string())?;
    let entry = &record.entry;
    let same = record.strand == stored.strand
        && record.seq == stored.seq
        && entry.at.as_micros() == stored.at
        && entry.what.as_str() == stored.what
        && entry.person.as_ref().map(ToString::to_string) == stored.person;
    if same { Ok(()) } else { Err("its search columns differ from the record".to_owned()) }
}
