//! One instance for one database: a lock on `var/lock` that the system frees when the process ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use super::StoreError;

/// Held while this process uses the home; freed when dropped or when the process dies, in whatever way.
#[derive(Debug)]
pub struct InstanceLock {
    _file: File,
}

impl InstanceLock {
    /// Takes `lock` in `var_dir`, which is made if absent, and writes this process's id into it.
    ///
    /// # Errors
    /// [`StoreError::InUse`] with the pid of the other process, at once; or what the file system said.
    pub fn take(var_dir: &Path) -> Result<Self, StoreError> {
        let path = var_dir.join("lock");
        let failed =
            |error: &std::io::Error| StoreError::io(&format!("cannot lock `{}`", path.display()), error);
        std::fs::create_dir_all(var_dir).map_err(|error| failed(&error))?;
        let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = options.map_err(|error| failed(&error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::InUse { pid: pid_in(&mut file) }),
            Err(TryLockError::Error(error)) => return Err(failed(&error)),
        }
        let pid = format!("{}\n", std::process::id());
        let written =
            file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(pid.as_bytes()));
        written.map_err(|error| failed(&error))?;
        Ok(Self { _file: file })
    }
}

fn pid_in(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_instance_is_told_the_first_ones_pid() {
        let dir = tempfile::tempdir().unwrap();
        let first = InstanceLock::take(dir.path()).unwrap();
        let error = InstanceLock::take(dir.path()).unwrap_err();
        assert_eq!(error, StoreError::InUse { pid: Some(std::process::id()) });
        assert!(error.to_string().starts_with("another chatops (pid "), "{error}");
        drop(first);
        InstanceLock::take(dir.path()).unwrap();
    }
}
