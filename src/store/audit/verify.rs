//! Telling whether the audit log is whole.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::super::{Keys, Reader, StoreError, What};
use super::record::{Head, MAC, ORIGIN, Record, decode_mac};
use crate::model::hex;

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Verdict {
    /// How many records were read.
    pub records: u64,
    /// The last record of each strand, as `strand:seq:mac`.
    pub heads: Vec<String>,
    /// How many findings there are, also those that are not listed.
    pub flaws: u64,
    /// The first 100 findings; none if the log is whole.
    pub findings: Vec<Finding>,
}

/// At most so many findings are listed, the others counted.
const LISTED: usize = 100;

impl Verdict {
    /// Whether nothing is wrong.
    pub const fn is_whole(&self) -> bool {
        self.flaws == 0
    }

    fn add(&mut self, strand: i64, seq: i64, flaw: Flaw) {
        self.flaws += 1;
        if self.findings.len() < LISTED {
            self.findings.push(Finding { strand, seq, flaw });
        }
    }
}

/// One thing wrong with the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// In which strand.
    pub strand: i64,
    /// At which record.
    pub seq: i64,
    /// What.
    pub flaw: Flaw,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record {}:{}: {}", self.strand, self.seq, self.flaw.sentence())
    }
}

/// How a record is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Flaw {
    /// It is not what was written, or does not follow the one before it.
    Changed,
    /// Records before it are missing.
    Missing,
    /// The strand begins here, and no trimming accounts for what came before.
    Beginning,
    /// The log ends before this record, which a head proves was written.
    Cut,
    /// It is not the record that the head names.
    Other,
    /// A row of the table that no record can be.
    Foreign,
}

impl Flaw {
    /// What it means.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Changed => "changed, or moved from another place",
            Self::Missing => "records before it are missing",
            Self::Beginning => "the log begins here, and no trimming accounts for what came before",
            Self::Cut => "the log ends before it: its end was cut off",
            Self::Other => "another record than the one the head names",
            Self::Foreign => "not a record: something else wrote to the table",
        }
    }
}

/// Where one strand stands during the walk.
struct Walk {
    next: i64,
    previous: [u8; MAC],
    /// The number of the last record that was trimmed away.
    start: i64,
    /// The first record, as long as no trimming record has accounted for what was before it.
    unexplained: Option<Record>,
}

/// Walks through the whole log; with a head kept from earlier, also tells whether its end was cut.
/// Constant memory; about a million records in a few seconds.
///
/// # Errors
/// Only when the database cannot be read: what is wrong with the log is in the verdict.
pub fn verify(reader: &Reader, keys: &Keys, against: Option<&Head>) -> Result<Verdict, StoreError> {
    reader.at_one_moment(|reader| walk(reader, keys, against))
}

fn walk(reader: &Reader, keys: &Keys, against: Option<&Head>) -> Result<Verdict, StoreError> {
    let mut verdict = Verdict::default();
    let mut walks: BTreeMap<i64, Walk> = BTreeMap::new();
    let mut anchored = None;
    reader.audit_rows(|row| {
        let Some(record) = row else {
            verdict.add(0, 0, Flaw::Foreign);
            return Ok(());
        };
        verdict.records += 1;
        let walk = walks.entry(record.strand).or_insert_with(|| Walk::beginning(&record));
        walk.step(keys, &record, &mut verdict);
        if against.is_some_and(|head| (head.strand, head.seq) == (record.strand, record.seq)) {
            anchored = Some(record.mac);
        }
        Ok(())
    })?;
    for (strand, walk) in &walks {
        if walk.unexplained.is_some() {
            verdict.add(*strand, walk.start + 1, Flaw::Beginning);
        }
        let mac = hex::encode(&walk.previous);
        verdict.heads.push(Head { strand: *strand, seq: walk.next - 1, mac }.to_string());
    }
    check_stored_heads(reader, &walks, &mut verdict)?;
    if let Some(head) = against {
        check_head(head, &walks, anchored.as_deref(), &mut verdict);
    }
    Ok(verdict)
}

impl Walk {
    fn beginning(record: &Record) -> Self {
        let unexplained = (record.seq != 1).then(|| record.clone());
        Self { next: record.seq, previous: ORIGIN, start: record.seq - 1, unexplained }
    }

    fn step(&mut self, keys: &Keys, record: &Record, verdict: &mut Verdict) {
        let stored = decode_mac(&record.mac).unwrap_or(ORIGIN);
        if record.seq != self.next {
            verdict.add(record.strand, record.seq, Flaw::Missing);
        } else if record.seq == self.start + 1 && self.unexplained.is_some() {
            // What it follows is known when the trimming record is reached; see `explain`.
        } else if record.compute(keys.audit(), &self.previous) != stored {
            verdict.add(record.strand, record.seq, Flaw::Changed);
        }
        if record.what == What::Trimmed.as_str() {
            self.explain(keys, record, verdict);
        }
        self.next = record.seq + 1;
        self.previous = stored;
    }

    fn explain(&mut self, keys: &Keys, record: &Record, verdict: &mut Verdict) {
        let Ok(trim) = serde_json::from_str::<Trim>(&record.body) else { return };
        let Some(mac) = decode_mac(&trim.mac).filter(|_| trim.last_seq == self.start) else { return };
        let Some(first) = self.unexplained.take() else { return };
        if Some(first.compute(keys.audit(), &mac)) != decode_mac(&first.mac) {
            verdict.add(first.strand, first.seq, Flaw::Changed);
        }
    }
}

/// The part of a trimming record that verification needs.
#[derive(Deserialize)]
struct Trim {
    last_seq: i64,
    mac: String,
}

fn check_stored_heads(
    reader: &Reader,
    walks: &BTreeMap<i64, Walk>,
    verdict: &mut Verdict,
) -> Result<(), StoreError> {
    for head in reader.heads()? {
        match walks.get(&head.strand) {
            Some(walk) if walk.next > head.seq => {
                if walk.next - 1 == head.seq && decode_mac(&head.mac) != Some(walk.previous) {
                    verdict.add(head.strand, head.seq, Flaw::Other);
                }
            }
            _ => verdict.add(head.strand, head.seq, Flaw::Cut),
        }
    }
    Ok(())
}

fn check_head(head: &Head, walks: &BTreeMap<i64, Walk>, anchored: Option<&str>, verdict: &mut Verdict) {
    match (walks.get(&head.strand), anchored) {
        (_, Some(mac)) if mac == head.mac => {}
        (_, Some(_)) => verdict.add(head.strand, head.seq, Flaw::Other),
        // Trimmed since: that later records follow is proof enough that the end was not cut there.
        (Some(walk), None) if head.seq <= walk.start => {}
        _ => verdict.add(head.strand, head.seq, Flaw::Cut),
    }
}
