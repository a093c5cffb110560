//! What can go wrong with the database, as sentences an operator can act on.

use rusqlite::ErrorCode;
use rusqlite::ffi::SQLITE_IOERR_SHMSIZE;

/// Why a write or a read was not done. Nothing of a failed write is kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Too many writes wait; later ones may be taken.
    #[error("the database is behind: too many writes are waiting")]
    Full,
    /// No room on the disk; writes work again when there is.
    #[error("the disk that holds the database is full")]
    DiskFull,
    /// The file or its directory may not be written.
    #[error("the database cannot be written: check the permissions of its directory and its files")]
    ReadOnly,
    /// Another program keeps the file locked.
    #[error("the database is locked by another program")]
    Locked,
    /// Another instance holds the lock file.
    #[error("another chatops{} uses this database already", pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default())]
    InUse {
        /// Its process, where the lock file tells.
        pid: Option<u32>,
    },
    /// A later version of this program has changed the tables.
    #[error(
        "the database has version {found}, this program knows versions up to {known}: use the newer program"
    )]
    Newer {
        /// The version of the tables.
        found: i64,
        /// The last version that this program knows.
        known: i64,
    },
    /// There is no such file.
    #[error("no database at `{0}`: has the bot been started in this home?")]
    Missing(String),
    /// The key file is absent, or not a key.
    #[error("{0}")]
    Key(String),
    /// The store was closed.
    #[error("the database is closed")]
    Closed,
    /// The change contradicts what is stored.
    #[error("the database refused the change: {0}")]
    Conflict(String),
    /// The file is damaged, or holds what no version of this program writes.
    #[error("the database is damaged: {0}")]
    Corrupt(String),
    /// The operating system failed.
    #[error("{0}")]
    Io(String),
}

impl StoreError {
    /// Whether only this one change is at fault, not the database: the rest of its group goes on.
    pub(super) const fn is_of_one_change(&self) -> bool {
        matches!(self, Self::Conflict(_) | Self::Corrupt(_) | Self::Key(_))
    }

    /// An error of the operating system while doing `what`.
    pub(super) fn io(what: &str, error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull => Self::DiskFull,
            _ => Self::Io(format!("{what}: {error}")),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let Some(failure) = error.sqlite_error() else { return Self::Corrupt(error.to_string()) };
        match failure.code {
            ErrorCode::DiskFull => Self::DiskFull,
            _ if failure.extended_code == SQLITE_IOERR_SHMSIZE => Self::DiskFull,
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen => Self::ReadOnly,
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Locked,
            ErrorCode::ConstraintViolation => Self::Conflict(error.to_string()),
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Self::Corrupt(error.to_string()),
            _ => Self::Io(format!("the database failed: {error}")),
        }
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Corrupt(error.to_string())
    }
}
