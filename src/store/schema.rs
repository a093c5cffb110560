//! Opening a database file: connections, settings, migrations.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::StoreError;

/// One file a step; the step's number is its place here, from 1, and `user_version` says how many were done.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
    include_str!("migrations/0004.sql"),
    include_str!("migrations/0005.sql"),
    include_str!("migrations/0006.sql"),
    include_str!("migrations/0007.sql"),
    include_str!("migrations/0008.sql"),
    include_str!("migrations/0009.sql"),
    include_str!("migrations/0010.sql"),
];

/// The version of the tables that this program writes.
const KNOWN: i64 = MIGRATIONS.len() as i64;

/// How long a statement waits for another program's lock, such as a backup's.
const BUSY: Duration = Duration::from_secs(5);

/// More than the statements of the store, so that none is compiled twice.
const STATEMENTS: usize = 128;

/// A connection that may write, with the tables brought up to date.
pub(super) fn open(path: &Path) -> Result<Connection, StoreError> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    prepare(&connection)?;
    let found = version(&connection)?;
    if connection.is_readonly("main")? {
        return Err(StoreError::ReadOnly);
    }
    // An acknowledged write must survive a loss of power: FULL syncs the log at each commit.
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864;
         PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -8192;",
    )?;
    migrate(&mut connection, found)?;
    Ok(connection)
}

/// What every connection needs.
fn prepare(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // A plan that depends on bound values, such as the one of `LIMIT ?1`, is made anew for each of them: preparing cost
    // more than all the rest. With the query planner's stability guarantee a statement is compiled once.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// A connection that can only read.
pub(super) fn open_readonly(path: &Path) -> Result<Connection, StoreError> {
    if !path.exists() {
        return Err(StoreError::Missing(path.display().to_string()));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    prepare(&connection)?;
    let found = version(&connection)?;
    if found < KNOWN {
        return Err(StoreError::Corrupt(format!(
            "`{}` has version {found} of the tables, {KNOWN} is needed: start the bot once to bring it up to date",
            path.display()
        )));
    }
    Ok(connection)
}

fn version(connection: &Connection) -> Result<i64, StoreError> {
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found > KNOWN {
        return Err(StoreError::Newer { found, known: KNOWN });
    }
    Ok(found)
}

/// All missing steps in one transaction: a crash leaves the old version or the new one.
fn migrate(connection: &mut Connection, found: i64) -> Result<(), StoreError> {
    if found == KNOWN {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = usize::try_from(found).map_err(|_| StoreError::Corrupt(format!("version {found}")))?;
    for step in &MIGRATIONS[done..] {
        let step = step.replace("$ID", "INTEGER PRIMARY KEY NOT NULL").replace("$KEYED", "WITHOUT ROWID");
        transaction.execute_batch(&step)?;
    }
    transaction.pragma_update(None, "user_version", KNOWN)?;
    transaction.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_file_gets_all_tables_and_the_settings_of_a_durable_store() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("chatops.db");
        drop(open(&path).unwrap());
        let connection = open(&path).unwrap();
        let text = |name: &str| -> String {
            connection
                .pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0))
                .map(|value| match value {
                    rusqlite::types::Value::Text(text) => text,
                    rusqlite::types::Value::Integer(number) => number.to_string(),
                    other => format!("{other:?}"),
                })
                .unwrap()
        };
        assert_eq!((text("journal_mode").as_str(), text("synchronous").as_str()), ("wal", "2"));
        assert_eq!(text("user_version"), KNOWN.to_string());
        open_readonly(&path).unwrap();
    }

    #[test]
    fn a_newer_database_is_refused_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("chatops.db");
        open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
        let error = open(&path).unwrap_err();
        assert_eq!(error, StoreError::Newer { found: 99, known: KNOWN });
        assert!(error.to_string().contains("use the newer program"), "{error}");
        assert!(matches!(open_readonly(&path), Err(StoreError::Newer { .. })));
    }

    #[test]
    fn a_file_that_is_no_database_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("chatops.db");
        std::fs::write(&path, "this is not a database, it is a note of some length\n".repeat(40)).unwrap();
        assert!(matches!(open(&path), Err(StoreError::Corrupt(_))));
        assert!(matches!(open_readonly(&dir.path().join("none")), Err(StoreError::Missing(_))));
    }

    #[test]
    fn a_statement_is_compiled_once_whatever_is_bound() {
        let dir = tempfile::tempdir().unwrap();
        let connection = open(&dir.path().join("chatops.db")).unwrap();
        let mut statement = connection.prepare("SELECT id FROM delivery WHERE id > ?1 LIMIT ?2").unwrap();
        for limit in 1..9 {
            assert!(!statement.exists([limit, limit]).unwrap());
        }
        assert_eq!(statement.get_status(rusqlite::StatementStatus::RePrepare), 0);
    }
}
