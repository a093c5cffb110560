//! Processes: each in a process group of its own, so that a time limit or a person ends all of it.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::pin::Pin;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, Command};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::World;

/// How long output is still read after the process ended while a child of it holds the pipe open.
const DRAIN: Duration = Duration::from_secs(1);
/// How long a killed process may take to disappear; one that hangs in the kernel is left behind.
const REAP: Duration = Duration::from_secs(5);
/// How often a process group is looked at while it is asked to end.
const LOOK: Duration = Duration::from_millis(10);
/// What a time limit leaves of the grace: nobody who set one second waits six for the answer.
const SHARE_OF_LIMIT: u32 = 4;
/// Bytes read at once.
const CHUNK: usize = 32 * 1024;

/// Where output goes. Called from the runtime: must not block.
pub trait Sink: Send + Sync {
    /// Takes the next bytes.
    fn write(&self, bytes: &[u8]);
}

/// What a process reads.
#[derive(Clone, Default)]
pub enum Stdin {
    /// Nothing: `/dev/null`.
    #[default]
    Null,
    /// These bytes, then the end.
    Bytes(Vec<u8>),
    /// These bytes; the end comes only when the process has ended or we have.
    Held(Vec<u8>),
    /// Our side gave it one end of a socket, for talking both ways.
    Socket(Arc<OwnedFd>),
}

/// A process to start: no shell is involved.
#[derive(Clone, Default)]
pub struct Spec {
    /// The program, looked up in `PATH` unless it holds a slash.
    pub program: OsString,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Variables beside those of our own environment, of which `CHATOPS_*` are left out.
    pub env: Vec<(OsString, OsString)>,
    /// Where it starts; without it, where we are.
    pub cwd: Option<PathBuf>,
    /// What it reads.
    pub stdin: Stdin,
}

/// When a process must end.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Cancelled when it is to stop.
    pub stop: CancellationToken,
    /// How long it may run.
    pub limit: Duration,
    /// How long it may take to end after TERM, at most a quarter of `limit` when that is what ends it; then
    /// comes KILL.
    pub grace: Duration,
    /// The clock of those spans.
    pub world: World,
}

/// Why a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// By itself.
    Itself,
    /// Its time was over.
    TimedOut,
    /// It was told to stop.
    Stopped,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// Why.
    pub reason: Reason,
    /// Its exit code; the negated number of the signal that killed it.
    pub code: i32,
}

/// Runs a process to its end, by itself, by its limit or because it is told to stop: then its whole
/// process group gets TERM and, after the grace, KILL. Dropping the future kills the group at once.
///
/// A child that the process leaves behind in the background lives on when the process ends by itself;
/// what it prints later is not read.
///
/// # Errors
/// The process cannot be started; see [`explain`].
pub async fn run(spec: Spec, out: &dyn Sink, err: &dyn Sink, limits: &Limits) -> io::Result<Ending> {
    let (mut child, _feeder) = spawn(spec)?;
    let mut group = Group::of(&child);
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let pumping = Box::pin(async move {
        tokio::join!(pump(stdout, out), pump(stderr, err));
    });
    let mut pumps = Pumps(Some(pumping));
    let reason = tokio::select! {
        status = finish(&mut child, &mut pumps, &limits.world) => {
            group.release();
            return Ok(Ending { reason: Reason::Itself, code: code(status?) });
        }
        () = limits.stop.cancelled() => Reason::Stopped,
        () = limits.world.sleep(limits.limit) => Reason::TimedOut,
    };
    let grace = if reason == Reason::TimedOut {
        limits.grace.min(limits.limit / SHARE_OF_LIMIT)
    } else {
        limits.grace
    };
    let ended = group.end(&mut child, &mut pumps, grace, &limits.world).await;
    group.release();
    Ok(Ending { reason, code: ended.map_or(-Signal::KILL.as_raw(), code) })
}

/// What is wrong when a process cannot be started, as a sentence.
pub fn explain(error: &io::Error, program: &str) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => format!("the program `{program}` is not there"),
        io::ErrorKind::PermissionDenied => format!("`{program}` may not be run by this user"),
        io::ErrorKind::InvalidInput => "a value holds a NUL byte, which no program can be given".to_owned(),
        io::ErrorKind::ArgumentListTooLong => {
            "a value is longer than the system lets programs have, at most 131057 bytes".to_owned()
        }
        _ => format!("`{program}` cannot be started: {error}"),
    }
}

fn spawn(spec: Spec) -> io::Result<(Child, JoinSet<()>)> {
    let mut command = Command::new(&spec.program);
    command.args(&spec.args).process_group(0).kill_on_drop(true);
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_ours(name)) {
        command.env_remove(name);
    }
    command.envs(spec.env);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.stdin(match &spec.stdin {
        Stdin::Null => Stdio::null(),
        Stdin::Bytes(_) | Stdin::Held(_) => Stdio::piped(),
        Stdin::Socket(end) => Stdio::from(end.try_clone()?),
    });
    if let Some(cwd) = &spec.cwd {
        command.current_dir(cwd);
    }
    let mut child = command.spawn()?;
    let mut feeder = JoinSet::new();
    if let Some(pipe) = child.stdin.take() {
        feeder.spawn(feed(pipe, spec.stdin));
    }
    Ok((child, feeder))
}

/// Whether a variable configures the bot, perhaps with a token: no process gets it.
fn is_ours(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b"CHATOPS_")
}

/// Writes what the process reads. A process that does not read it is no error.
async fn feed(mut pipe: ChildStdin, stdin: Stdin) {
    match stdin {
        Stdin::Null | Stdin::Socket(_) => {}
        Stdin::Bytes(bytes) => drop(pipe.write_all(&bytes).await),
        Stdin::Held(bytes) => {
            if pipe.write_all(&bytes).await.is_ok() && pipe.flush().await.is_ok() {
                std::future::pending::<()>().await;
            }
        }
    }
}

async fn pump(pipe: Option<impl AsyncRead + Unpin>, sink: &dyn Sink) {
    let Some(mut pipe) = pipe else { return };
    let mut chunk = vec![0; CHUNK];
    while let Ok(count) = pipe.read(&mut chunk).await {
        if count == 0 {
            return;
        }
        sink.write(&chunk[..count]);
    }
}

/// Reads both streams to their ends. Waiting for it may be dropped and taken up again, also after the end.
struct Pumps<'a>(Option<Pin<Box<dyn Future<Output = ()> + Send + 'a>>>);

impl Pumps<'_> {
    fn are_done(&self) -> bool {
        self.0.is_none()
    }

    async fn wait(&mut self) {
        if let Some(pumping) = &mut self.0 {
            pumping.as_mut().await;
            self.0 = None;
        }
    }
}

/// Waits for the process, reading all the while; then for the end of its output, within [`DRAIN`].
async fn finish(child: &mut Child, pumps: &mut Pumps<'_>, world: &World) -> io::Result<ExitStatus> {
    let status = loop {
        let done = pumps.are_done();
        tokio::select! {
            status = child.wait() => break status?,
            () = pumps.wait(), if !done => {}
        }
    };
    let _ = world.timeout(DRAIN, pumps.wait()).await;
    Ok(status)
}

fn code(status: ExitStatus) -> i32 {
    status.code().or_else(|| status.signal().map(|signal| -signal)).unwrap_or(-Signal::KILL.as_raw())
}

/// A process group that is killed when this is dropped unreleased: `kill_on_drop` kills only the child.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        Self(child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw))
    }

    fn release(&mut self) {
        self.0 = None;
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = self.0 {
            // It may be gone already, which is what we want.
            let _ = kill_process_group(pid, signal);
        }
    }

    fn is_alive(&self) -> bool {
        self.0.is_some_and(|pid| test_kill_process_group(pid).is_ok())
    }

    /// TERM, the grace, KILL; `None` when the process is still there after that.
    async fn end(
        &self,
        child: &mut Child,
        pumps: &mut Pumps<'_>,
        grace: Duration,
        world: &World,
    ) -> Option<ExitStatus> {
        self.signal(Signal::TERM);
        // A stopped process takes no TERM.
        self.signal(Signal::CONT);
        let ending = async {
            let status = finish(child, pumps, world).await;
            while self.is_alive() {
                tokio::time::sleep(LOOK).await;
            }
            status.ok()
        };
        if let Ok(status) = world.timeout(grace, ending).await {
            return status;
        }
        self.signal(Signal::KILL);
        // Nothing outlives KILL: its dead may lie about until somebody buries them, and need no waiting for.
        tokio::time::timeout(REAP, finish(child, pumps, world)).await.ok()?.ok()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

#[cfg(test)]
mod tests;
