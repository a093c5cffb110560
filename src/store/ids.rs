//! Ids without I/O: each noun has a block that was reserved in the database ahead of its use.

use std::sync::atomic::{AtomicI64, Ordering};

use rusqlite::{Connection, OptionalExtension, params};

use super::StoreError;
use crate::model::Noun;

/// How many ids are reserved at a time. A crash skips what is left of them, so people see the numbers jump by that much.
const BLOCK: i64 = 1_000;

/// The blocks of all nouns.
#[derive(Debug)]
pub(super) struct Ids {
    blocks: [Block; Noun::ALL.len()],
}

#[derive(Debug)]
struct Block {
    /// The next id to give.
    next: AtomicI64,
    /// The first id that is not reserved in the database.
    end: AtomicI64,
}

impl Ids {
    /// Reads where the last process stopped reserving; nothing is reserved yet.
    pub(super) fn load(connection: &Connection) -> Result<Self, StoreError> {
        let mut blocks = Vec::with_capacity(Noun::ALL.len());
        for noun in Noun::ALL {
            let sql = "SELECT next FROM block WHERE noun = ?1";
            let next = connection.query_row(sql, [noun.as_str()], |row| row.get(0)).optional()?.unwrap_or(1);
            blocks.push(Block { next: AtomicI64::new(next), end: AtomicI64::new(next) });
        }
        let blocks = blocks.try_into().expect("one block was made for each noun");
        Ok(Self { blocks })
    }

    /// The next id, and whether the block runs low.
    ///
    /// Were the database unable to reserve for half a block, ids past the block would be given; they
    /// are reserved at the latest by the commit that writes them, so none is ever written twice.
    pub(super) fn take(&self, noun: Noun) -> (i64, bool) {
        let block = &self.blocks[noun as usize];
        let id = block.next.fetch_add(1, Ordering::Relaxed);
        (id, id + BLOCK / 2 >= block.end.load(Ordering::Relaxed))
    }

    /// Reserves what runs low, inside the caller's transaction.
    pub(super) fn reserve(&self, connection: &Connection) -> Result<Reserved, StoreError> {
        let mut reserved = [None; Noun::ALL.len()];
        for (index, noun) in Noun::ALL.into_iter().enumerate() {
            let next = self.blocks[index].next.load(Ordering::Relaxed);
            if next + BLOCK / 2 < self.blocks[index].end.load(Ordering::Relaxed) {
                continue;
            }
            let sql = "INSERT INTO block (noun, next) VALUES (?1, ?2)
                       ON CONFLICT (noun) DO UPDATE SET next = excluded.next";
            connection.prepare_cached(sql)?.execute(params![noun.as_str(), next + BLOCK])?;
            reserved[index] = Some(next + BLOCK);
        }
        Ok(Reserved(reserved))
    }

    /// Gives back what was not taken, at the end of a process that ends in good order.
    pub(super) fn give_back(&self, connection: &Connection) -> Result<(), StoreError> {
        for (block, noun) in self.blocks.iter().zip(Noun::ALL) {
            let next = block.next.load(Ordering::Relaxed);
            connection.execute("UPDATE block SET next = ?2 WHERE noun = ?1", params![noun.as_str(), next])?;
        }
        Ok(())
    }

    /// The transaction of [`Ids::reserve`] is committed.
    pub(super) fn committed(&self, reserved: &Reserved) {
        for (block, end) in self.blocks.iter().zip(reserved.0) {
            if let Some(end) = end {
                block.end.store(end, Ordering::Relaxed);
            }
        }
    }
}

/// Reservations that wait for their commit.
#[derive(Debug)]
pub(super) struct Reserved([Option<i64>; Noun::ALL.len()]);

#[cfg(test)]
mod tests {
    use super::super::schema;
    use super::*;

    #[test]
    fn no_id_is_given_twice_across_crashes() {
        let dir = tempfile::tempdir().unwrap();
        let connection = schema::open(&dir.path().join("chatops.db")).unwrap();
        let mut highest = 0;
        for _life in 0..3 {
            let ids = Ids::load(&connection).unwrap();
            ids.committed(&ids.reserve(&connection).unwrap());
            for _ in 0..400 {
                let (id, _) = ids.take(Noun::Execution);
                assert!(id > highest, "{id} after {highest}");
                highest = id;
            }
        }
    }

    #[test]
    fn a_process_that_ends_well_leaves_no_gap() {
        let dir = tempfile::tempdir().unwrap();
        let connection = schema::open(&dir.path().join("chatops.db")).unwrap();
        for expected in [1, 2, 3] {
            let ids = Ids::load(&connection).unwrap();
            ids.committed(&ids.reserve(&connection).unwrap());
            assert_eq!(ids.take(Noun::Execution).0, expected);
            ids.give_back(&connection).unwrap();
        }
    }

    #[test]
    fn a_low_block_is_noticed_before_it_is_empty() {
        let dir = tempfile::tempdir().unwrap();
        let connection = schema::open(&dir.path().join("chatops.db")).unwrap();
        let ids = Ids::load(&connection).unwrap();
        ids.committed(&ids.reserve(&connection).unwrap());
        let given = (0..).find(|_| ids.take(Noun::Delivery).1).unwrap();
        assert!((100..BLOCK - 100).contains(&given), "{given}");
        ids.committed(&ids.reserve(&connection).unwrap());
        assert!(!ids.take(Noun::Delivery).1);
    }
}
