//! `--job`: runs a command as if nobody looked, and tells how it goes.

use std::io::{IsTerminal, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};

use super::reporter::Reporter;
use super::tail::{Stream, Tail};
use super::{Notify, random_key};
use crate::cli::api::Api;
use crate::cli::{Global, print};
use crate::model::Level;
use crate::net::World;

/// How long output is still passed on after the command ended while a child of it holds the pipe open.
const DRAIN: Duration = Duration::from_secs(2);
/// What a shell answers when there is no such command.
const NOT_FOUND: u8 = 127;
/// What a shell answers when a file cannot be run.
const NOT_RUN: u8 = 126;

/// The signals that are passed on.
const PASSED: [Signal; 6] =
    [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT, Signal::USR1, Signal::USR2];

/// Whose signals the command gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    /// It has a process group of its own, which gets what we get.
    Own,
    /// It shares the terminal's foreground group with us, which gets the terminal's signals itself.
    Shared,
}

/// Runs the command and exits as it does; what could not be told is a warning on stderr.
pub(super) async fn run(notify: &Notify, name: &str, global: &Global) -> ExitCode {
    let world = World::real();
    let host = host();
    let mut event = notify.fields.job(name, &host);
    let (began, started) = (Instant::now(), world.now().to_string());
    event["started"] = json!(started);
    let mut first = event.clone();
    first["status"] = json!("started");
    first["level"] = json!(Level::Info);
    first["ts"] = json!(started);
    let tail = Arc::new(Mutex::new(Tail::new(notify.tail, notify.errors.clone(), notify.warnings.clone())));
    // Before the command starts, so that none of the signals can end us in between.
    let signals = Signals::new();
    let api = Api::open(global, notify.server.as_deref());
    let reporter = Reporter::start(api, random_key(), first);
    let ended = carry_out(notify, &tail, signals).await;
    let span = began.elapsed();
    ended.tell(&mut event, &mut tail.lock().unwrap_or_else(PoisonError::into_inner), notify.fields.level);
    event["duration"] = json!(span.as_secs_f64());
    event["ts"] = json!(world.now().to_string());
    for problem in reporter.finish(event).await {
        print::remark(format_args!("chatops notify: job `{name}`: {problem}"));
    }
    ExitCode::from(ended.code())
}

/// The name of this machine.
fn host() -> String {
    let read = |file| std::fs::read_to_string(file).ok();
    let name = read("/proc/sys/kernel/hostname").or_else(|| read("/etc/hostname"));
    name.map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "localhost".to_owned())
}

/// How a command ended.
#[derive(Debug)]
enum Ended {
    /// It ran; and whether a signal that ended it was passed on by us.
    Ran(ExitStatus, bool),
    /// It did not start: the exit code, and why.
    Not(u8, String),
}

impl Ended {
    /// As a shell would have it.
    fn code(&self) -> u8 {
        let small = |code: i32| u8::try_from(code & 0xff).unwrap_or(1);
        match self {
            Self::Ran(status, _) => match (status.code(), status.signal()) {
                (Some(code), _) => small(code),
                (None, signal) => small(128 + signal.unwrap_or_default()),
            },
            Self::Not(code, _) => *code,
        }
    }

    /// Fills in what the event says of it.
    fn tell(&self, event: &mut Value, tail: &mut Tail, level: Option<Level>) {
        let last = tail.text();
        let (errors, warnings) = (tail.error_count, tail.warning_count);
        let (status, usual, head) = match self {
            Self::Ran(exit, passed) => match (exit.code(), exit.signal()) {
                (Some(0), _) if errors > 0 => {
                    ("error", Level::Error, format!("ended well, with {errors} errors"))
                }
                (Some(0), _) if warnings > 0 => {
                    ("warning", Level::Warning, format!("ended well, with {warnings} warnings"))
                }
                (Some(0), _) => ("ok", Level::Ok, String::new()),
                (Some(code), _) => ("failed", Level::Critical, format!("exit code {code}")),
                (None, signal) => {
                    let head = format!("ended by signal {}", signal.unwrap_or_default());
                    if *passed {
                        ("canceled", Level::Warning, head)
                    } else {
                        ("failed", Level::Critical, head)
                    }
                }
            },
            Self::Not(_, why) => ("failed", Level::Critical, why.clone()),
        };
        let went_well = status == "ok";
        event["status"] = json!(status);
        event["level"] = json!(level.filter(|_| !went_well).unwrap_or(usual));
        event["labels"]["exit_code"] = json!(self.code().to_string());
        if let Self::Ran(exit, _) = self
            && let Some(signal) = exit.signal()
        {
            event["labels"]["signal"] = json!(signal.to_string());
        }
        event["labels"]["count_errors"] = json!(errors.to_string());
        event["labels"]["count_warnings"] = json!(warnings.to_string());
        let parts = [head, last].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
        if !parts.is_empty() {
            event["text"] = json!(parts.join("\n"));
        }
    }
}

async fn carry_out(notify: &Notify, tail: &Arc<Mutex<Tail>>, mut signals: Signals) -> Ended {
    let looks = notify.tail > 0 || notify.errors.is_some() || notify.warnings.is_some();
    let group = if std::io::stdin().is_terminal() { Group::Shared } else { Group::Own };
    let Some((program, arguments)) = notify.command.split_first() else {
        return Ended::Not(NOT_FOUND, "there is no command".to_owned());
    };
    let mut command = Command::new(program);
    command.args(arguments);
    if group == Group::Own {
        command.process_group(0);
    }
    if looks {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
    }
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            let missing = error.kind() == std::io::ErrorKind::NotFound;
            let why = format!("`{}` cannot be run: {error}", program.to_string_lossy());
            print::remark(format_args!("chatops notify: {why}"));
            return Ended::Not(if missing { NOT_FOUND } else { NOT_RUN }, why);
        }
    };
    let pid = Pid::from_child(&child);
    let copies = copy(&mut child, tail);
    let mut waiting = tokio::task::spawn_blocking(move || child.wait());
    let mut passed = Vec::new();
    let status = loop {
        tokio::select! {
            status = &mut waiting => break status,
            signal = signals.next() => {
                pass(signal, pid, group);
                passed.push(signal);
            }
        }
    };
    // What the command wrote last is on its way through the pipes still.
    let drained = tokio::task::spawn_blocking(move || drain(&copies));
    let _ = drained.await;
    match status {
        Ok(Ok(status)) => {
            let ours = status.signal().is_some_and(|number| passed.iter().any(|one| one.as_raw() == number));
            Ended::Ran(status, ours)
        }
        _ => Ended::Not(1, "how it ended is not known".to_owned()),
    }
}

/// Passes a signal on. What a terminal sends to its foreground group the command has already.
fn pass(signal: Signal, pid: Pid, group: Group) {
    let outcome = match group {
        Group::Own => kill_process_group(pid, signal),
        Group::Shared if matches!(signal, Signal::INT | Signal::QUIT) => Ok(()),
        Group::Shared => kill_process(pid, signal),
    };
    // It may have ended just now.
    let _ = outcome;
}

/// Copies both streams as they come, each on a thread; the receivers end with them.
fn copy(child: &mut Child, tail: &Arc<Mutex<Tail>>) -> Vec<mpsc::Receiver<()>> {
    let mut copies = Vec::new();
    if let Some(out) = child.stdout.take() {
        copies.push(copied(out, std::io::stdout(), Stream::Out, tail.clone()));
    }
    if let Some(err) = child.stderr.take() {
        copies.push(copied(err, std::io::stderr(), Stream::Err, tail.clone()));
    }
    copies
}

fn copied(
    mut from: impl Read + Send + 'static,
    mut to: impl Write + Send + 'static,
    stream: Stream,
    tail: Arc<Mutex<Tail>>,
) -> mpsc::Receiver<()> {
    let (done, ended) = mpsc::channel();
    thread::spawn(move || {
        let _done: mpsc::Sender<()> = done;
        let mut chunk = [0; 32 * 1024];
        loop {
            match from.read(&mut chunk) {
                Ok(0) => return,
                Ok(count) => {
                    tail.lock().unwrap_or_else(PoisonError::into_inner).see(stream, &chunk[..count]);
                    // A reader that is gone: closing our end tells the command, as it would have been told.
                    if to.write_all(&chunk[..count]).and_then(|()| to.flush()).is_err() {
                        return;
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    });
    ended
}

/// Waits until the copies have ended, or their time has.
fn drain(copies: &[mpsc::Receiver<()>]) {
    let end = Instant::now() + DRAIN;
    for copy in copies {
        // Either way it is over: nothing is ever sent.
        let _ = copy.recv_timeout(end.saturating_duration_since(Instant::now()));
    }
}

/// The signals that we get instead of ending by them.
struct Signals(Vec<(Signal, tokio::signal::unix::Signal)>);

impl Signals {
    fn new() -> Self {
        let listen = |signal_to_pass: Signal| {
            let kind = SignalKind::from_raw(signal_to_pass.as_raw());
            Some((signal_to_pass, signal(kind).ok()?))
        };
        Self(PASSED.into_iter().filter_map(listen).collect())
    }

    /// The next one.
    async fn next(&mut self) -> Signal {
        let arrivals = self.0.iter_mut().map(|(signal, arrives)| {
            let signal = *signal;
            Box::pin(async move {
                if arrives.recv().await.is_none() {
                    std::future::pending::<()>().await;
                }
                signal
            })
        });
        futures_util::future::select_all(arrivals).await.0
    }
}
