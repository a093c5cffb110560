//! Files as text, within limits.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::ConfigError;

/// A configuration file larger than this is refused, in bytes: far beyond what a person writes.
pub const LARGEST: usize = 1 << 20;

/// The text of a configuration file of at most [`LARGEST`] bytes, without a byte order mark. Refuses what is not a
/// regular file (reading a pipe would wait for ever) and what is not UTF-8.
pub fn read_file(path: &Path) -> Result<String, ConfigError> {
    let cannot = |error: &io::Error| ConfigError::new(path, format!("cannot be read: {}", reason(error)));
    let facts = std::fs::metadata(path).map_err(|error| cannot(&error))?;
    if !facts.is_file() {
        return Err(ConfigError::new(path, "is not a regular file"));
    }
    if facts.len() > LARGEST as u64 {
        return Err(too_large(path, facts.len()));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| cannot(&error))?;
    file.take(LARGEST as u64 + 1).read_to_end(&mut bytes).map_err(|error| cannot(&error))?;
    if bytes.len() > LARGEST {
        return Err(too_large(path, bytes.len() as u64));
    }
    text(path, bytes)
}

/// The same for a file that need not be there. A link that leads nowhere is an error: where a missing file means
/// fewer rules, it must not pass for one.
pub fn read_optional(path: &Path) -> Result<Option<String>, ConfigError> {
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        _ => read_file(path).map(Some),
    }
}

fn text(path: &Path, bytes: Vec<u8>) -> Result<String, ConfigError> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let before = &error.as_bytes()[..good];
        let line = before.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let column = String::from_utf8_lossy(&before[start..]).chars().count() as u64 + 1;
        ConfigError::new(path, "is not UTF-8 text").at(line, column).help("save it as UTF-8")
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// The words for a file over the limit.
pub(super) fn too_large(path: &Path, bytes: u64) -> ConfigError {
    ConfigError::new(path, format!("the file has {bytes} bytes, at most {LARGEST} are accepted"))
}

/// What the operating system said, in its own words without the number.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(content: &[u8]) -> ConfigError {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.yaml");
        std::fs::write(&path, content).unwrap();
        read_file(&path).unwrap_err()
    }

    #[test]
    fn a_file_that_is_not_utf8_is_refused_with_its_place() {
        let error = refusal(b"a: 1\nb: \xff\n");
        assert_eq!((error.at, error.message.as_str()), (Some((2, 4)), "is not UTF-8 text"));
    }

    #[test]
    fn a_file_over_the_limit_is_refused_unread() {
        let error = refusal(&vec![b'a'; LARGEST + 1]);
        assert_eq!(error.message, "the file has 1048577 bytes, at most 1048576 are accepted");
    }

    #[test]
    fn what_is_not_a_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read_file(folder.path()).unwrap_err().message, "is not a regular file");
        let missing = read_file(&folder.path().join("x")).unwrap_err();
        assert_eq!(missing.message, "cannot be read: no such file or directory");
    }

    #[test]
    fn a_file_may_be_missing_but_a_link_may_not_lead_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("access.yaml");
        assert_eq!(read_optional(&path), Ok(None));
        std::os::unix::fs::symlink("nowhere", &path).unwrap();
        assert!(read_optional(&path).is_err());
    }

    #[test]
    fn a_byte_order_mark_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.yaml");
        std::fs::write(&path, "\u{feff}a: 1").unwrap();
        assert_eq!(read_file(&path).unwrap(), "a: 1");
    }
}
