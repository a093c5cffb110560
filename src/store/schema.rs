//! Opening the database file: pragmas, migrations.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::StoreError;

/// What brings the database from each version to the next. Never changed once released; only added to.
const MIGRATIONS: &[&str] = &[include_str!("migrations/0001.sql")];

/// How long a statement waits for another process's lock.
const BUSY: Duration = Duration::from_secs(5);

/// Opens the file for writing, making or migrating it as needed.
pub(super) fn open(path: &Path) -> Result<Connection, StoreError> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", -2000)?;
    connection.set_prepared_statement_cache_capacity(64);
    migrate(&mut connection)?;
    Ok(connection)
}

/// Opens the file for reading only.
pub(super) fn open_readonly(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "cache_size", -1000)?;
    check_version(&connection)?;
    Ok(connection)
}

fn version(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

fn known() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

fn check_version(connection: &Connection) -> Result<i64, StoreError> {
    let (found, known) = (version(connection)?, known());
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    Ok(found)
}

fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let found = usize::try_from(check_version(connection)?).unwrap_or(0);
    for (index, sql) in MIGRATIONS.iter().enumerate().skip(found) {
        let step = connection.transaction()?;
        step.execute_batch(sql)?;
        step.pragma_update(None, "user_version", index + 1)?;
        step.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_of_a_newer_version_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("chatops.db");
        open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
        let refused = StoreError::Newer { found: 99, known: known() };
        assert_eq!(open(&path).err(), Some(refused.clone()));
        assert_eq!(open_readonly(&path).err(), Some(refused));
    }

    #[test]
    fn opening_twice_migrates_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("chatops.db");
        drop(open(&path).unwrap());
        assert_eq!(version(&open(&path).unwrap()), Ok(known()));
    }
}
