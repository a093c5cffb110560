//! Debian's tinyproxy, with a log that tells what went through it.

use std::fs;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use super::ircd::free_port;
use super::{SOON, skip, until};

/// A running proxy; ends with the value.
pub(crate) struct Tinyproxy {
    child: Child,
    folder: tempfile::TempDir,
    port: u16,
}

impl Tinyproxy {
    /// Starts one; `login` is `user password`. `None`, and a word, where it is not installed.
    pub(crate) fn start(login: Option<&str>) -> Option<Self> {
        if Command::new("tinyproxy").arg("-v").stdout(Stdio::null()).status().is_err() {
            skip("tinyproxy is not installed: run `scripts/test servers`");
            return None;
        }
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        let log = folder.path().join("log");
        let login = login.map(|login| format!("BasicAuth {login}\n")).unwrap_or_default();
        let config = format!(
            "Port {port}\nListen 127.0.0.1\nTimeout 30\nMaxClients 20\nAllow 127.0.0.1\nLogFile \"{}\"\n\
             LogLevel Connect\nDisableViaHeader Yes\n{login}",
            log.display()
        );
        let file = folder.path().join("tinyproxy.conf");
        fs::write(&file, config).unwrap();
        let mut command = Command::new("tinyproxy");
        command
            .args(["-d", "-c"])
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = command.spawn().unwrap();
        until(SOON, || TcpStream::connect(("127.0.0.1", port)).ok());
        Some(Self { child, folder, port })
    }

    /// Its address, with `user:password@` or nothing before the host.
    pub(crate) fn url(&self, login: &str) -> String {
        format!("http://{login}127.0.0.1:{}", self.port)
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// Waits until its log has `text`.
    pub(crate) fn logged(&self, text: &str) {
        until(SOON, || fs::read_to_string(self.log()).unwrap_or_default().contains(text).then_some(()));
    }

    /// What it logged of requests.
    pub(crate) fn requests(&self) -> Vec<String> {
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        log.lines().filter(|line| line.contains("Request (file")).map(str::to_owned).collect()
    }
}

impl Drop for Tinyproxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
