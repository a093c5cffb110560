//! What people set by command: silences and tokens.

use rusqlite::Row;

use super::Reader;
use crate::model::{Silence, Timestamp};
use crate::store::change::Token;
use crate::store::{StoreError, rows};

impl Reader {
    /// The silences that hold at a time, or all that are kept; the one that ends last first.
    pub fn silences(&self, at: Option<Timestamp>) -> Result<Vec<Silence>, StoreError> {
        const COLUMNS: &str = "SELECT id, matching, who, why, begins, ends FROM silence";
        match at {
            Some(at) => {
                let sql = format!("{COLUMNS} WHERE begins <= ?1 AND ends > ?1 ORDER BY ends DESC, id DESC");
                self.all(&sql, [at.as_micros()], silence)
            }
            None => self.all(&format!("{COLUMNS} ORDER BY ends DESC, id DESC"), [], silence),
        }
    }

    /// The tokens, also those that were revoked, the newest first.
    pub fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        let sql =
            "SELECT id, name, hash, scopes, created, expires, used, revoked FROM token ORDER BY id DESC";
        self.all(sql, [], token)
    }
}

fn silence(row: &Row<'_>) -> rusqlite::Result<Silence> {
    Ok(Silence {
        id: row.get(0)?,
        matching: rows::parsed(row, 1)?,
        who: row.get(2)?,
        why: row.get(3)?,
        from: Timestamp::from_micros(row.get(4)?),
        until: Timestamp::from_micros(row.get(5)?),
    })
}

fn token(row: &Row<'_>) -> rusqlite::Result<Token> {
    Ok(Token {
        id: row.get(0)?,
        name: row.get(1)?,
        hash: row.get(2)?,
        scopes: rows::parsed(row, 3)?,
        created: Timestamp::from_micros(row.get(4)?),
        expires: rows::time(row, 5)?,
        used: rows::time(row, 6)?,
        revoked: rows::time(row, 7)?,
    })
}
