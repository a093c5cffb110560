//! What can go wrong with the database, in sentences.

use std::path::PathBuf;

/// Why the store did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another process uses the home.
    #[error("another chatops{} uses `{}`: stop it first, or talk to it with `chatops chat`", .pid.as_ref().map(|pid| format!(" (pid {pid})")).unwrap_or_default(), .dir.display())]
    Taken {
        /// Its process id, where it could be read.
        pid: Option<String>,
        /// The directory that is locked.
        dir: PathBuf,
    },
    /// Too many writes wait.
    #[error("too many writes wait for the disk")]
    Full,
    /// No space left.
    #[error("the disk is full")]
    DiskFull,
    /// The file or its folder cannot be written.
    #[error("the database cannot be written, it is read-only")]
    ReadOnly,
    /// The database was made by a newer version.
    #[error("the database has version {found}, this program knows {known} and older: use a newer chatops")]
    Newer {
        /// What the file says.
        found: i64,
        /// The newest known.
        known: i64,
    },
    /// A key file is unusable.
    #[error("the key file `{}` cannot be used: {why}", .file.display())]
    Key {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The store was closed.
    #[error("the database is closed")]
    Closed,
    /// Everything else SQLite says.
    #[error("the database says: {0}")]
    Sql(String),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => Self::ReadOnly,
            _ => Self::Sql(error.to_string()),
        }
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Sql(format!("a stored value cannot be read: {error}"))
    }
}
