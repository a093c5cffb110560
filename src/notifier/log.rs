//! A file that gets one line of JSON for each notice.

use std::fs;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{Doors, Edits, Mode, Notice, Notifier, later};
use crate::model::{Handle, Receipt, SendError};

/// The options.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// The file that gets a line for each event.
    file: PathBuf,
}

impl Notifier for Log {
    const SUMMARY: &'static str = "appends one line of JSON to a file";
    const PAGE: &'static str = include_str!("../../docs/notifiers/log.md");
    const EDITS: Edits = Edits::Never;

    fn check(&self) -> Result<(), String> {
        // A relative path has got the home before it by now.
        if self.file.as_os_str().is_empty() { Err("`file` is empty".to_owned()) } else { Ok(()) }
    }

    fn targets(&self) -> Vec<String> {
        vec![self.file.display().to_string()]
    }

    async fn send(
        &self,
        doors: &Doors<'_>,
        notice: &Notice,
        _: Option<&Handle>,
    ) -> Result<Receipt, SendError> {
        let line = format!("{}\n", json!({"at": doors.world.now().to_string(), "event": notice.event()}));
        if doors.mode == Mode::Rehearse {
            return Ok(Receipt { handle: None, answer: line.trim_end().to_owned() });
        }
        let (file, bytes) = (self.file.clone(), line.len());
        let written = tokio::task::spawn_blocking(move || append(&file, &line)).await;
        match written {
            Ok(Ok(())) => Ok(Receipt { handle: None, answer: format!("{bytes} bytes written") }),
            Ok(Err(error)) => Err(later(format!("`{}` cannot be written: {error}", self.file.display()))),
            Err(_) => Err(later("the write was given up")),
        }
    }
}

/// One write, so that lines of several writers do not mix. The file is opened each time, so whoever rotates it may
/// move it away at any moment; a pipe that nobody reads does not hold us up.
fn append(path: &Path, line: &str) -> io::Result<()> {
    let nonblock = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default();
    let open = || fs::OpenOptions::new().create(true).append(true).custom_flags(nonblock).open(path);
    let mut file = open()?;
    let is_regular = file.metadata()?.is_file();
    // A line that a full disk cut short must not take the next one with it.
    let torn = is_regular && !ends_with_a_line(path)?;
    let line = if torn { format!("\n{line}") } else { line.to_owned() };
    file.write_all(line.as_bytes())?;
    if is_regular { file.sync_data() } else { Ok(()) }
}

fn ends_with_a_line(path: &Path) -> io::Result<bool> {
    let mut file = fs::File::open(path)?;
    let mut last = [b'\n'];
    if file.metadata()?.len() > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    Ok(last == [b'\n'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notifier::conformance::Rig;
    use serde_json::Value;

    #[tokio::test]
    async fn each_notice_is_one_line_and_a_missing_folder_may_pass() {
        let folder = tempfile::tempdir().unwrap();
        let log = Log { file: folder.path().join("events.log") };
        let notice = Notice { title: "a\nb".into(), ..Notice::default() };
        log.send(&Rig::new().doors(), &notice, None).await.unwrap();
        log.send(&Rig::new().doors(), &notice, None).await.unwrap();
        let text = fs::read_to_string(&log.file).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((lines.len(), &lines[1]["event"]["title"]), (2, &json!("a\nb")));
        let nowhere = Log { file: folder.path().join("no/events.log") };
        let error = nowhere.send(&Rig::new().doors(), &notice, None).await.unwrap_err();
        assert!(matches!(error, SendError::Retry { .. }));
    }

    #[tokio::test]
    async fn a_file_that_was_rotated_away_is_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let log = Log { file: folder.path().join("events.log") };
        log.send(&Rig::new().doors(), &Notice::default(), None).await.unwrap();
        fs::rename(&log.file, folder.path().join("events.log.1")).unwrap();
        log.send(&Rig::new().doors(), &Notice::default(), None).await.unwrap();
        for name in ["events.log", "events.log.1"] {
            assert_eq!(fs::read_to_string(folder.path().join(name)).unwrap().lines().count(), 1, "{name}");
        }
    }

    #[tokio::test]
    async fn a_torn_line_does_not_take_the_next_along() {
        let folder = tempfile::tempdir().unwrap();
        let log = Log { file: folder.path().join("events.log") };
        fs::write(&log.file, "{\"at\": \"2026-").unwrap();
        log.send(&Rig::new().doors(), &Notice::default(), None).await.unwrap();
        let text = fs::read_to_string(&log.file).unwrap();
        assert!(serde_json::from_str::<Value>(text.lines().nth(1).unwrap()).is_ok(), "{text}");
    }

    #[tokio::test]
    async fn a_full_disk_and_a_pipe_without_a_reader_may_pass() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        for file in [pipe, PathBuf::from("/dev/full")] {
            let log = Log { file };
            let error = log.send(&Rig::new().doors(), &Notice::default(), None).await.unwrap_err();
            assert!(matches!(error, SendError::Retry { .. }), "{error:?}");
        }
    }
}
