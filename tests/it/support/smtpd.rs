//! A mail server that does what a test tells it: aiosmtpd, in the virtual environment that `scripts/test servers` makes.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use super::ircd::make_certificates;
use super::{SOON, skip, source, until, within};

/// A running server; ends with the value.
pub(crate) struct Smtpd {
    child: Child,
    folder: tempfile::TempDir,
    port: u16,
    lines: Arc<Mutex<Vec<Value>>>,
}

fn python() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    target.unwrap_or_else(|| source::root().join("target")).join("aiosmtpd/bin/python")
}

impl Smtpd {
    /// Starts one with options of `smtpd.py`; `None`, and a word, where it is not installed.
    pub(crate) fn start(options: &[&str]) -> Option<Self> {
        if !python().is_file() {
            skip("aiosmtpd is not installed: run `scripts/test servers`");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        make_certificates(folder.path());
        let script = folder.path().join("smtpd.py");
        std::fs::write(&script, include_str!("smtpd.py")).unwrap();
        let mut command = Command::new(python());
        command.arg(&script).arg("--certificates").arg(folder.path()).args(options);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let lines: Arc<Mutex<Vec<Value>>> = Arc::default();
        let kept = lines.clone();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                kept.lock().unwrap().push(serde_json::from_str(&line).unwrap());
            }
        });
        let first = until(SOON, || lines.lock().unwrap().first().cloned());
        let port = u16::try_from(first["port"].as_u64().unwrap()).unwrap();
        Some(Self { child, folder, port, lines })
    }

    /// Where it listens, on `localhost`.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// A file beside it: `ca.pem`, `cert.pem`, `client.pem`.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The mails that it took, once there are `count`.
    pub(crate) fn mails(&self, count: usize) -> Vec<Value> {
        until(SOON, || {
            let mails = self.lines.lock().unwrap()[1..].to_vec();
            (mails.len() >= count).then_some(mails)
        })
    }

    /// Whether nothing came for a moment.
    pub(crate) fn got_nothing(&self) -> bool {
        within(Duration::from_millis(200), || (self.lines.lock().unwrap().len() > 1).then_some(())).is_none()
    }
}

impl Drop for Smtpd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
