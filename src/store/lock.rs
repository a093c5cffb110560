//! One process at a time writes to a home.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use super::StoreError;

/// Holds `var/lock` while it lives. The lock goes with the process, however that ends.
#[derive(Debug)]
pub struct InstanceLock {
    _file: File,
}

impl InstanceLock {
    /// Takes the lock of the directory `var`, or tells which process has it.
    pub fn take(var: &Path) -> Result<Self, StoreError> {
        let path = var.join("lock");
        let denied = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::StorageFull => StoreError::DiskFull,
            std::io::ErrorKind::ReadOnlyFilesystem | std::io::ErrorKind::PermissionDenied => StoreError::ReadOnly,
            _ => StoreError::Sql(format!("cannot lock `{}`: {error}", path.display())),
        };
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = open.map_err(denied)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                let read = file.read_to_string(&mut pid);
                let pid = read.ok().map(|_| pid.trim().to_owned()).filter(|pid| !pid.is_empty());
                return Err(StoreError::Taken { pid, dir: var.to_owned() });
            }
            Err(TryLockError::Error(error)) => return Err(denied(error)),
        }
        let write = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            writeln!(file, "{}", std::process::id())
        };
        write(&mut file).map_err(denied)?;
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_one_is_told_who_has_it() {
        let dir = tempfile::tempdir().unwrap();
        let first = InstanceLock::take(dir.path()).unwrap();
        let error = InstanceLock::take(dir.path()).unwrap_err().to_string();
        assert!(error.contains(&format!("pid {}", std::process::id())), "{error}");
        drop(first);
        InstanceLock::take(dir.path()).unwrap();
    }
}
