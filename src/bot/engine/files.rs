//! Files in a result: `files: [{path | data, name, type}]` of an action's result become files beside the answer.
//!
//! `data` is base64. `path` is read only below the folders that may be shown: `var/files` of the home, and those in
//! `CHATOPS_FILES`. What cannot be shown is told under the answer; the result keeps names and sizes alone.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::bot::home::Home;
use crate::net::{base64, unbase64};
use crate::text::File;

/// Files of one result.
const MOST: usize = 8;

/// The bytes of one file.
const LARGEST: u64 = 4 << 20;

/// The bytes of all files of one result.
const MOST_BYTES: usize = 8 << 20;

/// Files, and why others are not among them.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) files: Vec<File>,
    pub(super) problems: Vec<String>,
}

/// Takes the files out of a result: of its own, of what a script printed as JSON, or of what a script returned.
pub(super) fn take(home: &Home, result: &mut Value) -> Found {
    let mut found = Found::default();
    for part in ["", "/stdout", "/result"] {
        let list =
            result.pointer_mut(part).and_then(|part| part.get_mut("files")).and_then(Value::as_array_mut);
        for entry in list.into_iter().flatten().filter(|entry| entry.is_object()) {
            take_one(home, entry, &mut found);
        }
    }
    found
}

/// Whether a result may have files.
pub(super) fn has(result: &Value) -> bool {
    let parts = ["/files", "/stdout/files", "/result/files"];
    parts.iter().any(|part| result.pointer(part).is_some_and(Value::is_array))
}

fn take_one(home: &Home, entry: &mut Value, found: &mut Found) {
    let name = shown_name(entry);
    let room = MOST_BYTES - found.files.iter().map(size).sum::<usize>().min(MOST_BYTES);
    let read = match found.files.len() < MOST {
        true => content(home, entry),
        false => Err(format!("at most {MOST} files are shown")),
    };
    let read = read.and_then(|bytes| match bytes.len() <= room {
        true => Ok(bytes),
        false => Err(format!("all files together have more than {MOST_BYTES} bytes")),
    });
    match read {
        Ok(bytes) => {
            *entry = json!({"name": name, "bytes": bytes.len()});
            found.files.push(file(name, bytes));
        }
        Err(why) => {
            found.problems.push(format!("the file `{name}` is not shown: {why}"));
            *entry = json!({"name": name, "why": why});
        }
    }
}

fn size(file: &File) -> usize {
    file.text.len() + file.bytes()
}

/// What the file is called: its own name without folders, or that of its path.
fn shown_name(entry: &Value) -> String {
    let given = entry["name"].as_str().or_else(|| entry["path"].as_str()).unwrap_or("file");
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last.chars().filter(|letter| !letter.is_control()).take(100).collect();
    if clean.trim().is_empty() { "file".to_owned() } else { clean }
}

fn content(home: &Home, entry: &Value) -> Result<Vec<u8>, String> {
    if let Some(data) = entry["data"].as_str() {
        let data: String = data.chars().filter(|letter| !letter.is_ascii_whitespace()).collect();
        let bytes = unbase64(&data).ok_or("its `data` is no base64")?;
        return match bytes.len() as u64 > LARGEST {
            true => Err(format!("it has more than {LARGEST} bytes")),
            false => Ok(bytes),
        };
    }
    let path = entry["path"].as_str().ok_or("it has neither `path` nor `data`")?;
    below(&home.file_dirs(), Path::new(path))
}

/// The bytes of a file below one of the folders, links followed before that is looked at.
fn below(folders: &[PathBuf], path: &Path) -> Result<Vec<u8>, String> {
    let none = || "there is no such file in a folder whose files may be shown".to_owned();
    if !path.is_absolute() {
        return Err("its `path` is not absolute".to_owned());
    }
    let real = path.canonicalize().map_err(|_| none())?;
    let allowed = folders.iter().filter_map(|folder| folder.canonicalize().ok());
    if !allowed.into_iter().any(|folder| real.starts_with(folder)) {
        return Err(none());
    }
    let about = std::fs::metadata(&real).map_err(|_| none())?;
    match (about.is_file(), about.len() > LARGEST) {
        (false, _) => Err("it is no file".to_owned()),
        (_, true) => Err(format!("it has more than {LARGEST} bytes")),
        _ => std::fs::read(&real).map_err(|_| none()),
    }
}

fn file(name: String, bytes: Vec<u8>) -> File {
    match String::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => File { name, text, ..File::default() },
        Ok(text) => File { name, data: base64(text.as_bytes()), ..File::default() },
        Err(error) => File { name, data: base64(error.as_bytes()), ..File::default() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_below_an_allowed_folder_and_nowhere_else() {
        let dir = tempfile::tempdir().unwrap();
        let (open, closed) = (dir.path().join("open"), dir.path().join("closed"));
        std::fs::create_dir_all(&open).unwrap();
        std::fs::create_dir_all(&closed).unwrap();
        std::fs::write(open.join("a.txt"), "a").unwrap();
        std::fs::write(closed.join("b.txt"), "b").unwrap();
        std::os::unix::fs::symlink(closed.join("b.txt"), open.join("link")).unwrap();
        let read = |path: &Path| below(std::slice::from_ref(&open), path);
        assert_eq!(read(&open.join("a.txt")), Ok(b"a".to_vec()));
        for wrong in
            [open.join("../closed/b.txt"), open.join("link"), open.join("none"), closed.join("b.txt")]
        {
            assert!(read(&wrong).unwrap_err().contains("no such file"), "{}", wrong.display());
        }
        assert!(read(&open).unwrap_err().contains("no file"));
        assert!(read(Path::new("a.txt")).unwrap_err().contains("not absolute"));
    }

    #[test]
    fn text_stays_text_and_other_bytes_are_data() {
        assert_eq!(file("a".into(), b"x\n".to_vec()).text, "x\n");
        assert_eq!(file("a".into(), vec![0xff, 0]).data, "/wA=");
        assert_eq!(shown_name(&json!({"name": "../../etc/passwd"})), "passwd");
        assert_eq!(shown_name(&json!({"path": "/x/chart.png"})), "chart.png");
    }
}
