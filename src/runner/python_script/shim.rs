//! The Python files that run an action, in the binary; written to `var/python` where Python finds them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ring::digest::{SHA256, digest};

use crate::model::hex;

macro_rules! files {
    ($($path:literal,)*) => {
        &[$(($path, include_str!(concat!("shim/", $path))),)*]
    };
}

/// Every file: where it goes, and its text.
const FILES: &[(&str, &str)] = files![
    "main.py",
    "st2common/__init__.py",
    "st2common/log.py",
    "st2common/runners/__init__.py",
    "st2common/runners/base_action.py",
    "st2common/runners/utils.py",
    "st2common/util/__init__.py",
    "st2common/util/isotime.py",
    "st2actions/__init__.py",
    "st2actions/runners/__init__.py",
    "st2actions/runners/pythonrunner.py",
    "last/six.py",
];

/// The folder of the files below `var`, made if it is not there: whole or not at all, one for each version of them.
///
/// # Errors
/// The disk failed.
pub(super) fn unpack(var: &Path) -> io::Result<PathBuf> {
    let base = var.join("python");
    let all: String = FILES.iter().map(|(path, text)| format!("{path}\n{text}\n")).collect();
    let version = hex::encode(&digest(&SHA256, all.as_bytes()).as_ref()[..6]);
    let folder = base.join(&version);
    if folder.is_dir() {
        return Ok(folder);
    }
    let draft = base.join(format!("{version}.{}", std::process::id()));
    for (path, text) in FILES {
        let path = draft.join(path);
        fs::create_dir_all(path.parent().unwrap_or(&draft))?;
        fs::write(path, text)?;
    }
    match fs::rename(&draft, &folder) {
        // Another run was as quick.
        Err(_) if folder.is_dir() => fs::remove_dir_all(&draft)?,
        done => done?,
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_written_once_and_whole() {
        let var = tempfile::tempdir().unwrap();
        let folder = unpack(var.path()).unwrap();
        assert_eq!(unpack(var.path()).unwrap(), folder);
        assert!(FILES.iter().all(|(path, text)| fs::read_to_string(folder.join(path)).unwrap() == *text));
        assert_eq!(fs::read_dir(var.path().join("python")).unwrap().count(), 1);
    }
}
