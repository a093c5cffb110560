//! Copies files without ever overwriting one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Mode;

/// What became of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Copied {
    /// It is there now, or would be.
    Fresh,
    /// The same file was there.
    Same,
    /// Another file is there and stays.
    Other,
}

/// Copies one file with its permissions.
pub(super) fn copy(from: &Path, to: &Path, mode: Mode) -> io::Result<Copied> {
    if fs::symlink_metadata(to).is_ok() {
        let same = to.is_file() && fs::read(from)? == fs::read(to)?;
        return Ok(if same { Copied::Same } else { Copied::Other });
    }
    if mode == Mode::Write {
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::copy(from, to)?;
    }
    Ok(Copied::Fresh)
}

/// Folders nested deeper than this are left alone.
const DEEPEST: usize = 16;

/// Every file below a folder, sorted, relative to it. Leaves out hidden and compiled ones; a link to a file counts
/// as a file if it leads to one below `inside`, a link to a folder is not followed.
pub(super) fn files(folder: &Path, inside: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let inside = inside.canonicalize()?;
    walk(folder, Path::new(""), &inside, 0, &mut found)?;
    found.sort();
    Ok(found)
}

/// Every file of a folder, as [`files`].
pub(in crate::cli) fn all(folder: &Path) -> io::Result<Vec<PathBuf>> {
    files(folder, folder)
}

fn walk(
    folder: &Path,
    below: &Path,
    inside: &Path,
    depth: usize,
    found: &mut Vec<PathBuf>,
) -> io::Result<()> {
    for entry in fs::read_dir(folder.join(below))? {
        let entry = entry?;
        let name = entry.file_name();
        let skipped = name.as_encoded_bytes().starts_with(b".") || name == "__pycache__";
        let path = below.join(&name);
        let kind = entry.file_type()?;
        if skipped || path.extension().is_some_and(|ending| ending == "pyc") {
            continue;
        }
        let leads_inside =
            || entry.path().canonicalize().is_ok_and(|path| path.starts_with(inside) && path.is_file());
        if kind.is_dir() && depth < DEEPEST {
            walk(folder, &path, inside, depth + 1, found)?;
        } else if kind.is_file() || (kind.is_symlink() && leads_inside()) {
            found.push(path);
        }
    }
    Ok(())
}
