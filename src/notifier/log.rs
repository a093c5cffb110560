//! A file that gets one line of JSON for each notice.

use std::io::Write;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::json;

use super::{Doors, Edits, Mode, Notice, Notifier, later};
use crate::model::{Handle, Receipt, SendError};

/// The options.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    file: PathBuf,
}

impl Notifier for Log {
    const SUMMARY: &'static str = "appends one line of JSON to a file";
    const PAGE: &'static str = include_str!("../../docs/notifiers/log.md");
    const EDITS: Edits = Edits::Never;

    fn check(&self) -> Result<(), String> {
        if self.file.is_absolute() { Ok(()) } else { Err("`file` must be an absolute path".to_owned()) }
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

/// One write, so that lines of several writers do not mix.
fn append(file: &PathBuf, line: &str) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(file)?;
    file.write_all(line.as_bytes())?;
    file.sync_data()
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
        let text = std::fs::read_to_string(&log.file).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((lines.len(), &lines[1]["event"]["title"]), (2, &json!("a\nb")));
        let nowhere = Log { file: folder.path().join("no/events.log") };
        let error = nowhere.send(&Rig::new().doors(), &notice, None).await.unwrap_err();
        assert!(matches!(error, SendError::Retry { .. }));
    }
}
