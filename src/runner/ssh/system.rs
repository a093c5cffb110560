//! The system's `ssh`, one process for each host: the user's configuration, jump hosts, agent and
//! certificates work as they do by hand.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::super::fleet::UNREACHED;
use super::super::host::Host;
use super::super::output::Pipe;
use super::super::record::Record;
use super::super::{Job, Settings, Ssh, UnknownHosts, shell};
use super::marked::Marked;
use super::words::{self, Trouble};
use super::{PAUSE, Session, TRIES, remote};
use crate::net::process::{self, Ending, Limits, Reason, Spec, Stdin};

/// Runs the session's script on one host.
pub(super) async fn run(
    session: &Session,
    host: &Host,
    limit: Duration,
    out: &Arc<Pipe>,
    err: &Arc<Pipe>,
    job: &Job,
    settings: &Settings,
) -> Record {
    let begun = job.world.now();
    let mut tries = 1;
    loop {
        let left = limit.saturating_sub(job.world.now().since(begun));
        let (stop, world) = (job.stop.clone(), job.world.clone());
        let limits = Limits { stop, limit: left, grace: settings.grace, world };
        let (marked_out, marked_err) = (Marked::new(out, &session.mark), Marked::new(err, &session.mark));
        let ended = process::run(spec(session, host, settings), &marked_out, &marked_err, &limits).await;
        let ending = match ended {
            Ok(ending) => ending,
            Err(error) => return Record::broken(UNREACHED, process::explain(&error, "ssh")),
        };
        let Some(trouble) = trouble(ending, &marked_out, &marked_err) else {
            if ending.reason == Reason::Itself {
                marked_out.release();
                marked_err.release();
            }
            return ran(ending, limit, host, out, err);
        };
        if trouble != Trouble::TurnedAway || tries == TRIES {
            let (user, port) = (session.user_at(host), session.port_of(host));
            let sentence = session.sentence(&trouble, host, user, port, &settings.ssh);
            return Record::broken(UNREACHED, sentence);
        }
        job.world.sleep(job.world.jitter(PAUSE * tries)).await;
        tries += 1;
    }
}

/// Why nothing ran, if nothing did.
fn trouble(ending: Ending, out: &Marked, err: &Marked) -> Option<Trouble> {
    let unreached = ending.reason == Reason::Itself && ending.code == UNREACHED;
    (unreached && !out.begun() && !err.begun()).then(|| Trouble::read(&err.before()))
}

/// The record of a command that did run, or may have.
fn ran(ending: Ending, limit: Duration, host: &Host, out: &Pipe, err: &Pipe) -> Record {
    let mut record = Record::ended(ending, limit, out, err);
    let lost = ending.reason == Reason::Itself && ending.code == UNREACHED && is_lost(&err.text().text);
    if lost {
        record.error = Some(words::lost(host));
    }
    record
}

/// Whether `ssh` ends with words about a broken connection.
fn is_lost(stderr: &str) -> bool {
    let last = stderr.trim_end().lines().next_back().unwrap_or_default();
    let signs =
        ["client_loop: ", "closed by remote host", "not responding", "Connection reset", "Broken pipe"];
    signs.iter().any(|sign| last.contains(sign))
}

fn spec(session: &Session, host: &Host, settings: &Settings) -> Spec {
    let mut args = common(session, &settings.ssh);
    args.extend(["-T", "-o", "ClearAllForwardings=yes", "-o", "RemoteCommand=none"].map(OsString::from));
    args.extend(target(session, host));
    if let Some(bastion) = &session.bastion {
        args.push("-o".into());
        args.push(proxy(session, bastion, &settings.ssh));
    }
    args.push("--".into());
    args.push(host.name.clone().into());
    args.push(remote::reader(session.script.len(), &session.mark, session.grace).into());
    let stdin = Stdin::Held(session.script.clone());
    Spec { program: "ssh".into(), args, env: answers(session), cwd: None, stdin }
}

/// Options for the host and for the bastion before it.
fn common(session: &Session, ssh: &Ssh) -> Vec<OsString> {
    let mut args: Vec<OsString> = Vec::new();
    let mut option = |text: String| args.extend(["-o".into(), text.into()]);
    option(format!("ConnectTimeout={}", ssh.connect.as_secs().max(1)));
    // We read its words: neither silence nor debugging would do.
    option("LogLevel=INFO".to_owned());
    option("ServerAliveInterval=15".to_owned());
    option("ServerAliveCountMax=3".to_owned());
    match session.files.askpass {
        // Questions go to our helper, which never says yes to an unknown key.
        Some(_) => {
            option("BatchMode=no".to_owned());
            option("NumberOfPasswordPrompts=1".to_owned());
        }
        None => option("BatchMode=yes".to_owned()),
    }
    if ssh.unknown_hosts == UnknownHosts::Accept {
        option("StrictHostKeyChecking=accept-new".to_owned());
    }
    if let Some(file) = &ssh.known_hosts {
        option(format!("UserKnownHostsFile={}", in_quotes(file)));
        option("GlobalKnownHostsFile=/dev/null".to_owned());
    }
    if let Some(key) = &session.key {
        option("IdentitiesOnly=yes".to_owned());
        args.extend(["-i".into(), key.into()]);
    }
    if let Some(file) = &ssh.config {
        args.extend(["-F".into(), file.into()]);
    }
    args
}

/// A path as a value of `ssh`'s configuration: blanks part values there, `%` begins a token.
fn in_quotes(path: &Path) -> String {
    format!("\"{}\"", path.display()).replace('%', "%%")
}

fn target(session: &Session, host: &Host) -> Vec<OsString> {
    let mut args: Vec<OsString> = Vec::new();
    if let Some(user) = session.user_at(host) {
        args.extend(["-l".into(), user.into()]);
    }
    if let Some(port) = session.port_of(host) {
        args.extend(["-p".into(), port.to_string().into()]);
    }
    args
}

/// What `-J` does, with our own options for the bastion too: it is logged in to with the same key.
fn proxy(session: &Session, bastion: &Host, ssh: &Ssh) -> OsString {
    let mut words: Vec<String> = vec!["ssh".to_owned()];
    words.extend(common(session, ssh).iter().map(|word| word.to_string_lossy().into_owned()));
    words.extend(["-o", "ClearAllForwardings=no", "-W", "[%h]:%p"].map(str::to_owned));
    let user = session.user_at(bastion);
    words.extend(user.into_iter().flat_map(|user| ["-l".to_owned(), user.to_owned()]));
    words.extend(bastion.port.into_iter().flat_map(|port| ["-p".to_owned(), port.to_string()]));
    words.extend(["--".to_owned(), bastion.name.clone()]);
    let quoted = words.iter().map(|word| {
        if word == "[%h]:%p" { shell::quote(word) } else { shell::quote(&word.replace('%', "%%")) }
    });
    format!("ProxyCommand={}", quoted.collect::<Vec<_>>().join(" ")).into()
}

/// Secrets go by the environment to the helper that `ssh` asks.
fn answers(session: &Session) -> Vec<(OsString, OsString)> {
    let Some(helper) = &session.files.askpass else { return Vec::new() };
    let text = |secret: &Option<crate::model::Secret>| {
        OsString::from(secret.as_ref().map_or("", |secret| secret.expose()))
    };
    let bastion = session.bastion.as_ref().map_or("", |bastion| bastion.name.as_str());
    // Older clients ask a helper only where there seems to be a display.
    let display = std::env::var_os("DISPLAY").unwrap_or_else(|| ":0".into());
    vec![
        ("SSH_ASKPASS".into(), helper.into()),
        ("SSH_ASKPASS_REQUIRE".into(), "force".into()),
        ("DISPLAY".into(), display),
        ("CHATOPS_SSH_PASSWORD".into(), text(&session.password)),
        ("CHATOPS_SSH_PASSPHRASE".into(), text(&session.passphrase)),
        ("CHATOPS_SSH_BASTION".into(), bastion.into()),
    ]
}
