//! The table of pairs.

use rusqlite::{Connection, Row, params};

use super::Kept;
use crate::model::{Held, KvKey, KvScope, Pair, Timestamp};
use crate::store::apply::Scribe;
use crate::store::{StoreError, rows};

/// Every pair, expired ones too.
pub(in crate::store) fn all(connection: &Connection) -> Result<Vec<Pair>, StoreError> {
    let mut statement =
        connection.prepare("SELECT scope, owner, name, value, secret, expires, who, at FROM kv")?;
    let found = statement.query_map([], pair)?;
    Ok(found.collect::<Result<_, _>>()?)
}

fn pair(row: &Row<'_>) -> rusqlite::Result<Pair> {
    let (scope, owner): (String, String) = (row.get(0)?, row.get(1)?);
    let scope = if scope == "system" { KvScope::System } else { KvScope::User(owner) };
    let value: String = row.get(3)?;
    let secret: i64 = row.get(4)?;
    Ok(Pair {
        key: KvKey { scope, name: row.get(2)? },
        held: if secret == 0 { Held::Plain(value) } else { Held::Sealed(value) },
        expires: rows::time(row, 5)?,
        who: row.get(6)?,
        at: Timestamp::from_micros(row.get(7)?),
    })
}

/// Writes a pair over what was there.
pub(in crate::store) fn put(scribe: &mut Scribe<'_>, pair: &Pair) -> Result<usize, StoreError> {
    scribe.kv.takes(pair)?;
    let sql = "INSERT INTO kv (scope, owner, name, value, secret, expires, who, at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO UPDATE SET
               value = excluded.value, secret = excluded.secret, expires = excluded.expires, who = excluded.who,
               at = excluded.at";
    let (Held::Plain(value) | Held::Sealed(value)) = &pair.held;
    let (scope, owner, name) = (pair.key.scope.word(), pair.key.scope.owner(), &pair.key.name);
    let expires = pair.expires.map(Timestamp::as_micros);
    let values = params![scope, owner, name, value, pair.is_secret(), expires, pair.who, pair.at.as_micros()];
    let changed = scribe.run(sql, values)?;
    scribe.kept.push(Kept::Put(pair.clone()));
    Ok(changed)
}

/// Removes a pair.
pub(in crate::store) fn remove(scribe: &mut Scribe<'_>, key: &KvKey) -> Result<usize, StoreError> {
    let sql = "DELETE FROM kv WHERE scope = ?1 AND owner = ?2 AND name = ?3";
    let changed = scribe.run(sql, params![key.scope.word(), key.scope.owner(), key.name])?;
    scribe.kept.push(Kept::Gone(key.clone()));
    Ok(changed)
}

/// Removes what has expired by `at`; how many.
pub(in crate::store) fn forget(scribe: &mut Scribe<'_>, at: Timestamp) -> Result<usize, StoreError> {
    let gone = scribe.run("DELETE FROM kv WHERE expires <= ?1", [at.as_micros()])?;
    if gone > 0 {
        scribe.kept.push(Kept::Expired(at));
    }
    Ok(gone)
}
