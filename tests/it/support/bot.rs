//! The real program, in a home directory of its own: one-shot commands, lines from a pipe, and the
//! serving bot, which can be asked to stop, killed and started again.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::lines::Lines;
use super::{SOON, within};

/// A home directory and what is set in the environment; files and variables stay over restarts.
pub(crate) struct Home {
    folder: TempDir,
    variables: BTreeMap<String, String>,
}

/// What a finished command left.
#[derive(Debug)]
pub(crate) struct Ran {
    /// Its exit code; `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    /// Its answers.
    pub(crate) stdout: String,
    /// Its errors and log.
    pub(crate) stderr: String,
}

impl Home {
    /// An empty home with an open port of the machine's choice for the API.
    pub(crate) fn new() -> Self {
        let home = Self { folder: TempDir::new().unwrap(), variables: BTreeMap::new() };
        home.set("CHATOPS_LISTEN", "127.0.0.1:0").set("CHATOPS_LOG", "debug")
    }

    /// Sets an environment variable for all that is run from here on.
    #[must_use]
    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Writes a file of the home, folders included.
    #[must_use]
    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        self.write(name, text);
        self
    }

    /// Writes a file while the home is in use.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// What is set in the environment.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        self.variables.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// Takes a file away while the home is in use.
    pub(crate) fn remove(&self, name: &str) {
        fs::remove_file(self.path().join(name)).unwrap();
    }

    /// The database.
    pub(crate) fn database(&self) -> PathBuf {
        self.path().join("var/chatops.db")
    }

    /// The program with nothing of the tester's own settings.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chatops"));
        let inherited = std::env::vars_os().map(|(name, _)| name);
        for name in inherited.filter(|name| name.to_string_lossy().starts_with("CHATOPS_")) {
            command.env_remove(name);
        }
        command.env("CHATOPS_HOME", self.path()).env("HOME", self.path()).envs(&self.variables);
        command.args(arguments).current_dir(self.path());
        command
    }

    /// Runs one command to its end, nothing on stdin.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.feed(arguments, "")
    }

    /// Runs one command with `input` on stdin; fails when it does not end.
    pub(crate) fn feed(&self, arguments: &[&str], input: &str) -> Ran {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_owned();
        // A program that reads nothing closes the pipe: that is not the test's failure.
        let feeding = thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
        let stdout = Lines::follow(child.stdout.take().unwrap(), |_| {});
        let stderr = Lines::follow(child.stderr.take().unwrap(), |_| {});
        let status = ended(&mut child, &stderr);
        feeding.join().unwrap();
        Ran { code: status.code(), stdout: rest(&stdout), stderr: rest(&stderr) }
    }

    /// Types lines into `chatops chat` through a pipe.
    pub(crate) fn chat(&self, lines: &str) -> Ran {
        self.feed(&["chat"], lines)
    }

    /// Starts `chatops serve`.
    pub(crate) fn serve(&self) -> Bot {
        let mut command = self.command(&["serve"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let log = Lines::follow(child.stderr.take().unwrap(), |_| {});
        Bot { child, log }
    }
}

/// A serving bot; killed when dropped.
pub(crate) struct Bot {
    child: Child,
    log: Lines,
}

impl Bot {
    /// Waits for a line of the log that contains `part`.
    pub(crate) fn logs(&self, part: &str) -> String {
        let found = self.log.wait(0, SOON, |line| line.contains(part).then(|| line.to_owned()));
        found.unwrap_or_else(|why| panic!("the log was to say `{part}`: {why}")).0
    }

    /// Everything logged so far.
    pub(crate) fn log(&self) -> String {
        self.log.since(0).join("\n")
    }

    /// The process.
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill9(mut self) {
        kill_process(self.pid(), Signal::KILL).unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop and waits until it did.
    pub(crate) fn stop(mut self) -> ExitStatus {
        kill_process(self.pid(), Signal::TERM).unwrap();
        ended(&mut self.child, &self.log)
    }

    /// It stands still while its connections stay.
    pub(crate) fn freeze(&self) {
        kill_process(self.pid(), Signal::STOP).unwrap();
    }

    /// It goes on.
    pub(crate) fn thaw(&self) {
        kill_process(self.pid(), Signal::CONT).unwrap();
    }

    /// Waits for it to end by itself.
    pub(crate) fn ends(mut self) -> ExitStatus {
        ended(&mut self.child, &self.log)
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("the bot's log:\n{}", self.log());
        }
        // It may have ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How long a program may take to end.
const ENDING: Duration = Duration::from_secs(60);

/// Waits for the end; a program that hangs is killed and fails the test.
fn ended(child: &mut Child, log: &Lines) -> ExitStatus {
    within(ENDING, || child.try_wait().unwrap()).unwrap_or_else(|| {
        child.kill().unwrap();
        child.wait().unwrap();
        panic!("the program did not end within {ENDING:?}; it logged:\n{}", log.since(0).join("\n"))
    })
}

/// All lines of a stream that has ended or is about to.
fn rest(lines: &Lines) -> String {
    let _ = lines.wait(0, Duration::from_secs(5), |_| None::<()>);
    lines.since(0).join("\n")
}
