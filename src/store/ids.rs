//! Ids without I/O: each process reserves a block ahead, in the database, and hands it out from memory.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;

use super::StoreError;
use crate::model::Noun;

/// Ids of one block. A crash loses at most what is left of two.
const BLOCK: i64 = 1000;

/// The reserved ids of every noun.
#[derive(Debug)]
pub(super) struct Ids {
    ranges: Mutex<[Range; Noun::ALL.len()]>,
    more: Condvar,
}

#[derive(Debug, Clone, Copy, Default)]
struct Range {
    next: i64,
    end: i64,
    /// A second block behind the first.
    spare: Option<(i64, i64)>,
}

impl Range {
    fn left(&self) -> i64 {
        self.end - self.next + self.spare.map_or(0, |(next, end)| end - next)
    }

    fn take(&mut self) -> Option<i64> {
        if self.next == self.end {
            (self.next, self.end) = self.spare.take()?;
        }
        self.next += 1;
        Some(self.next - 1)
    }

    fn add(&mut self, block: (i64, i64)) {
        if self.next == self.end {
            (self.next, self.end) = block;
        } else {
            self.spare.get_or_insert(block);
        }
    }
}

/// An id, and whether it is time to reserve more.
pub(super) struct Taken {
    pub(super) id: i64,
    pub(super) low: bool,
}

impl Ids {
    /// Reserves the first blocks.
    pub(super) fn open(connection: &Connection) -> Result<Self, StoreError> {
        let ids = Self { ranges: Mutex::default(), more: Condvar::new() };
        ids.reserve(connection)?;
        Ok(ids)
    }

    fn lock(&self) -> MutexGuard<'_, [Range; Noun::ALL.len()]> {
        self.ranges.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next id. `ask` is called when none is left, before waiting for the writer to reserve more.
    pub(super) fn take(&self, noun: Noun, ask: impl Fn()) -> Taken {
        let mut ranges = self.lock();
        loop {
            let range = &mut ranges[noun as usize];
            if let Some(id) = range.take() {
                return Taken { id, low: range.left() == BLOCK / 2 };
            }
            ask();
            let waited = self.more.wait_timeout(ranges, Duration::from_millis(100));
            ranges = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Reserves a block for each noun that runs low. Committed before any of it is handed out.
    pub(super) fn reserve(&self, connection: &Connection) -> Result<(), StoreError> {
        let low: Vec<Noun> = {
            let ranges = self.lock();
            Noun::ALL.into_iter().filter(|noun| ranges[*noun as usize].left() <= BLOCK / 2).collect()
        };
        for noun in low {
            let sql = "INSERT INTO block (noun, next) VALUES (?1, 1 + ?2) \
                       ON CONFLICT (noun) DO UPDATE SET next = next + ?2 RETURNING next";
            let end: i64 = connection.query_row(sql, (noun.as_str(), BLOCK), |row| row.get(0))?;
            self.lock()[noun as usize].add((end - BLOCK, end));
        }
        self.more.notify_all();
        Ok(())
    }

    /// Gives back what was not used, at the end of a process that ends in good order.
    pub(super) fn give_back(&self, connection: &Connection) -> Result<(), StoreError> {
        let mut ranges = self.lock();
        for noun in Noun::ALL {
            let range = &mut ranges[noun as usize];
            let end = range.spare.map_or(range.end, |(_, end)| end);
            let contiguous = range.spare.is_none_or(|(next, _)| next == range.end);
            if contiguous {
                // Only if nobody reserved behind us.
                let sql = "UPDATE block SET next = ?2 WHERE noun = ?1 AND next = ?3";
                connection.execute(sql, (noun.as_str(), range.next, end))?;
            }
            *range = Range::default();
        }
        Ok(())
    }
}
