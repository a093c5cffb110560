//! Several hosts at a time, and one result for all of them: `{host: record}`, in the order given.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::host::{self, Host};
use super::local::{self, Plan};
use super::output::Pipe;
use super::record::Record;
use super::shell::Sudo;
use super::ssh::{self, Login, Session};
use super::{Job, Localhost, Outcome, Settings, parameter};
use crate::model::{Status, Timestamp};

/// The code of a host that could not be reached, as `ssh` has it.
pub(super) const UNREACHED: i32 = 255;

/// What is to run on each host.
pub(super) enum Work {
    /// Shell text.
    Command(String),
    /// A script with its arguments.
    Script { path: PathBuf, content: Vec<u8>, arguments: Vec<String> },
}

/// Options of every remote command.
#[derive(Debug, Deserialize)]
#[serde(default)]
pub(super) struct Fleet {
    hosts: Value,
    #[serde(flatten)]
    login: Login,
    cwd: String,
    dir: String,
    env: Map<String, Value>,
    sudo: bool,
    sudo_password: Option<String>,
    parallel: bool,
    allow_partial_failure: bool,
    timeout: f64,
}

impl Default for Fleet {
    fn default() -> Self {
        let tmp = || "/tmp".to_owned();
        Self {
            hosts: Value::Null,
            login: Login::default(),
            cwd: tmp(),
            dir: tmp(),
            env: Map::new(),
            sudo: false,
            sudo_password: None,
            parallel: true,
            allow_partial_failure: false,
            timeout: 60.0,
        }
    }
}

/// Everything that is the same for all hosts of a run.
struct Run<'a> {
    fleet: &'a Fleet,
    work: &'a Work,
    env: Vec<(String, String)>,
    sudo: Option<Sudo>,
    session: Option<Session>,
    /// When the whole run must be over.
    deadline: Timestamp,
    hosts: usize,
    done: AtomicUsize,
    job: &'a Job,
    settings: &'a Settings,
}

impl Fleet {
    /// Runs `work` on all hosts.
    pub(super) async fn run(
        self,
        work: Work,
        values: &[(String, String)],
        job: &Job,
        settings: &Settings,
    ) -> Outcome {
        match self.prepare(&work, values, job, settings) {
            Ok((run, hosts)) => run.all(hosts).await,
            Err(why) => Outcome::refused(why),
        }
    }

    fn prepare<'a>(
        &'a self,
        work: &'a Work,
        values: &[(String, String)],
        job: &'a Job,
        settings: &'a Settings,
    ) -> Result<(Run<'a>, Vec<Host>), String> {
        let hosts = host::list(&self.hosts)?;
        let env = parameter::environment(&self.env, values)?;
        let sudo_password = self.sudo_password.clone().filter(|it| !it.is_empty());
        let sudo = self.sudo.then_some(Sudo { password: sudo_password });
        let text = ssh::script(work, &env, &self.cwd, &self.dir, sudo.as_ref())?;
        let away = hosts.iter().any(|host| !self.is_direct(host, settings));
        let session = away.then(|| Session::open(&self.login, text, job, settings)).transpose()?;
        let deadline = job.world.now().plus(job.limit);
        let done = AtomicUsize::new(0);
        let run =
            Run { fleet: self, work, env, sudo, session, deadline, hosts: hosts.len(), done, job, settings };
        Ok((run, hosts))
    }

    /// Whether `host` is this machine and runs as processes of ours.
    fn is_direct(&self, host: &Host, settings: &Settings) -> bool {
        let wanted = settings.ssh.localhost == Localhost::Direct;
        wanted && host.is_here() && self.login.username.is_none() && self.login.port.is_none()
    }
}

impl Run<'_> {
    async fn all(&self, hosts: Vec<Host>) -> Outcome {
        let at_a_time = if self.fleet.parallel { self.settings.ssh.at_a_time() } else { 1 };
        self.job.output.advance(0, self.hosts);
        let named = &hosts;
        let runs = stream::iter(0..named.len())
            .map(|place| async move { (place, self.one(&named[place]).await) })
            .buffer_unordered(at_a_time);
        let mut records: Vec<(usize, Record)> = runs.collect().await;
        records.sort_by_key(|(place, _)| *place);
        let records = records.into_iter().map(|(_, record)| record).collect();
        summary(&hosts, records, self.fleet.allow_partial_failure)
    }

    async fn one(&self, host: &Host) -> Record {
        let (out, err) = (self.job.output.share(self.hosts), self.job.output.share(self.hosts));
        let limit = self.limit();
        let record = match &self.session {
            _ if self.job.stop.is_cancelled() => canceled(),
            _ if limit.is_zero() => overdue(),
            Some(session) if !self.fleet.is_direct(host, self.settings) => {
                session.run(host, limit, &out, &err, self.job, self.settings).await
            }
            _ => self.here(limit, &out, &err).await,
        };
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        self.job.output.advance(done, self.hosts);
        record
    }

    /// What is left for a host that starts now.
    fn limit(&self) -> Duration {
        let left = self.deadline.since(self.job.world.now());
        parameter::limit(self.fleet.timeout, left)
    }

    async fn here(&self, limit: Duration, out: &Arc<Pipe>, err: &Arc<Pipe>) -> Record {
        let argv = match self.work {
            Work::Command(cmd) => Ok(local::command(cmd)),
            Work::Script { path, arguments, .. } => local::script(path, arguments).await,
        };
        match argv {
            Ok(argv) => {
                let (env, cwd) = (self.env.clone(), Some(self.fleet.cwd.clone().into()));
                let plan = Plan { argv, env, cwd, sudo: self.sudo.clone(), limit };
                local::run(plan, out, err, self.job, self.settings).await
            }
            Err(why) => Record::not_started(why),
        }
    }
}

/// A host whose turn never came.
fn canceled() -> Record {
    Record { status: Status::Canceled, ..Record::broken(-15, "canceled".to_owned()) }
}

/// A host whose turn did not come within the time of the whole run.
fn overdue() -> Record {
    let error = "the time of the whole run was over before its turn came".to_owned();
    Record { status: Status::Timeout, ..Record::broken(-9, error) }
}

/// One outcome of all records, which stand in the order of the hosts.
fn summary(hosts: &[Host], records: Vec<Record>, partial: bool) -> Outcome {
    let count = |wanted: Status| records.iter().filter(|record| record.status == wanted).count();
    let (all, good, late) = (records.len(), count(Status::Succeeded), count(Status::Timeout));
    let status = match () {
        () if count(Status::Canceled) > 0 => Status::Canceled,
        () if good == all || (partial && good > 0) => Status::Succeeded,
        () if late == all => Status::Timeout,
        () => Status::Failed,
    };
    let why = match &records[..] {
        [record] => record.why(),
        _ => Some(counts(&records)),
    };
    let result = hosts.iter().zip(records).map(|(host, record)| (host.to_string(), entry(record)));
    Outcome { status, why, result: Value::Object(result.collect()), effects: Vec::new() }
}

/// The record of one host: with an error, `timeout` says whether it was that.
fn entry(record: Record) -> Value {
    let late = record.status == Status::Timeout;
    let mut object = record.object();
    if let Some(error) = object.remove("error") {
        object.insert("timeout".to_owned(), json!(late));
        object.insert("error".to_owned(), error);
    }
    Value::Object(object)
}

/// `48 ok, 2 failed`.
fn counts(records: &[Record]) -> String {
    let named = [
        (Status::Succeeded, "ok"),
        (Status::Failed, "failed"),
        (Status::Timeout, "timed out"),
        (Status::Abandoned, "abandoned"),
        (Status::Canceled, "canceled"),
    ];
    let count = |status| records.iter().filter(|record| record.status == status).count();
    let parts = named.iter().map(|(status, word)| (count(*status), word));
    let parts = parts.filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
    parts.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::testing::{input, job};

    async fn remote(parameters: Value) -> Outcome {
        crate::runner::run("remote-shell-cmd", input(parameters), &job(), &Settings::default()).await
    }

    #[tokio::test]
    async fn localhost_runs_without_ssh_and_hosts_stand_in_the_order_given() {
        let cmd = "echo \"$PWD\"; echo \"$A\" >&2";
        let parameters = json!({"cmd": cmd, "hosts": "localhost, 127.0.0.1 ::1", "env": {"A": "it's"}});
        let outcome = remote(parameters).await;
        assert_eq!(outcome.status, Status::Succeeded);
        let hosts: Vec<_> = outcome.result.as_object().unwrap().keys().collect();
        assert_eq!(hosts, ["localhost", "127.0.0.1", "::1"]);
        let record =
            json!({"stdout": "/tmp", "stderr": "it's", "return_code": 0, "succeeded": true, "failed": false});
        assert_eq!(outcome.result["::1"], record);
        assert_eq!(outcome.why.unwrap(), "3 ok");
    }

    #[tokio::test]
    async fn one_host_speaks_for_itself() {
        let outcome = remote(json!({"cmd": "exit 4", "hosts": "localhost"})).await;
        assert_eq!((outcome.status, outcome.why.unwrap()), (Status::Failed, "exit code 4".to_owned()));
    }

    #[tokio::test]
    async fn a_host_whose_turn_comes_too_late_is_said() {
        let short = Job { limit: Duration::ZERO, ..job() };
        let input = input(json!({"cmd": "true", "hosts": "localhost"}));
        let outcome = crate::runner::run("remote-shell-cmd", input, &short, &Settings::default()).await;
        assert_eq!(outcome.status, Status::Timeout);
        assert_eq!(outcome.why.unwrap(), "the time of the whole run was over before its turn came");
    }

    #[tokio::test]
    async fn a_bad_host_is_refused_before_anything_runs() {
        let outcome = remote(json!({"cmd": "true", "hosts": "localhost,-oProxyCommand=id"})).await;
        assert!(outcome.why.unwrap().starts_with("`-oProxyCommand=id` is not a host"));
        assert!(remote(json!({"cmd": "true"})).await.why.unwrap().contains("no host is named"));
    }

    fn record(status: Status) -> Record {
        Record { status, ..Record::broken(1, "x".to_owned()) }
    }

    fn status_of(statuses: &[Status], partial: bool) -> (Status, String) {
        let hosts: Vec<Host> =
            (0..statuses.len()).map(|number| Host::parse(&format!("h{number}")).unwrap()).collect();
        let outcome = summary(&hosts, statuses.iter().copied().map(record).collect(), partial);
        (outcome.status, outcome.why.unwrap())
    }

    #[test]
    fn all_must_succeed_unless_partial_failure_is_allowed() {
        use Status::{Failed, Succeeded, Timeout};
        let failed = (Failed, "1 ok, 1 failed, 1 timed out".to_owned());
        assert_eq!(status_of(&[Succeeded, Failed, Timeout], false), failed);
        assert_eq!(status_of(&[Succeeded, Failed], true).0, Succeeded);
        assert_eq!(status_of(&[Timeout, Failed], true).0, Failed);
        assert_eq!(status_of(&[Timeout, Timeout], false), (Timeout, "2 timed out".to_owned()));
    }
}
