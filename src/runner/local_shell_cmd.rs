//! `local-shell-cmd`: shell text on this machine.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::local::{self, Plan};
use super::record::Record;
use super::shell::Sudo;
use super::{Input, Job, Outcome, Runner, Settings, parameter};

/// Options of every command on this machine.
#[derive(Debug, Deserialize)]
#[serde(default)]
pub(super) struct Common {
    pub(super) cwd: Option<String>,
    pub(super) env: Map<String, Value>,
    pub(super) sudo: bool,
    pub(super) sudo_password: Option<String>,
    pub(super) timeout: f64,
}

impl Default for Common {
    fn default() -> Self {
        Self { cwd: None, env: Map::new(), sudo: false, sudo_password: None, timeout: 60.0 }
    }
}

impl Common {
    /// Whether and how to become root.
    pub(super) fn sudo(&self) -> Option<Sudo> {
        self.sudo.then(|| Sudo { password: self.sudo_password.clone().filter(|it| !it.is_empty()) })
    }

    /// Runs a command line with these options.
    pub(super) async fn run(
        self,
        argv: Vec<String>,
        values: &[(String, String)],
        job: &Job,
        settings: &Settings,
    ) -> Outcome {
        let env = match parameter::environment(&self.env, values) {
            Ok(env) => env,
            Err(why) => return Record::not_started(why).outcome(),
        };
        let sudo = self.sudo();
        let cwd = self.cwd.filter(|cwd| !cwd.is_empty()).map(Into::into);
        let cwd = cwd.or_else(|| settings.home.clone());
        let plan = Plan { argv, env, cwd, sudo, limit: parameter::limit(self.timeout, job.limit) };
        let (out, err) = (job.output.pipe(), job.output.pipe());
        local::run(plan, &out, &err, job, settings).await.outcome()
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct LocalShellCmd {
    #[serde(default)]
    cmd: String,
    #[serde(flatten)]
    common: Common,
}

impl Runner for LocalShellCmd {
    const SUMMARY: &'static str = "runs shell text on the machine of the bot";
    const PARAMETERS: &'static str = "\
cmd:
  type: string
  description: shell text, run by /bin/bash (by /bin/sh where there is no bash)
cwd:
  type: string
  description: the directory to start in; without it the home directory of the bot
env:
  type: object
  description: environment variables
kwarg_op:
  type: string
  default: '--'
  description: what stands before the names of a script's arguments
sudo:
  type: boolean
  default: false
  description: run it as root
sudo_password:
  type: string
  secret: true
  description: the password for sudo; without it sudo must not ask
timeout:
  type: integer
  default: 60
  description: seconds it may take; then the whole process group is ended
";

    async fn run(self, input: Input, job: &Job, settings: &Settings) -> Outcome {
        self.common.run(local::command(&self.cmd), &input.values, job, settings).await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::model::Status;
    use crate::net::World;
    use crate::runner::testing::{job, local};

    #[tokio::test]
    async fn a_command_leaves_stackstorms_record() {
        let outcome = local(json!({"cmd": "echo hello; echo oops >&2"}), &[], &job()).await;
        assert_eq!(outcome.status, Status::Succeeded);
        let expected = json!({"stdout": "hello", "stderr": "oops", "return_code": 0, "succeeded": true, "failed": false});
        assert_eq!(outcome.result, expected);
        assert_eq!(outcome.why, None);
    }

    #[tokio::test]
    async fn a_failure_says_its_exit_code() {
        let outcome = local(json!({"cmd": "exit 3"}), &[], &job()).await;
        assert_eq!(outcome.status, Status::Failed);
        assert_eq!(outcome.result["return_code"], 3);
        assert_eq!(outcome.why.unwrap(), "exit code 3");
        let outcome = local(json!({"cmd": "kill -KILL $$"}), &[], &job()).await;
        assert_eq!(outcome.why.unwrap(), "killed by signal 9");
    }

    #[tokio::test]
    async fn a_command_that_somebody_else_terminates_is_abandoned() {
        let outcome = local(json!({"cmd": "kill -TERM $$"}), &[], &job()).await;
        assert_eq!((outcome.status, &outcome.result["return_code"]), (Status::Abandoned, &json!(-15)));
    }

    #[tokio::test]
    async fn a_time_limit_says_how_long_and_keeps_the_output() {
        let (world, clock) = World::manual(World::real().now());
        let job = Job { world, ..job() };
        let mut bell = job.output.bell();
        let turn = async {
            bell.changed().await.unwrap();
            clock.advance(Duration::from_secs(5));
        };
        let running = local(json!({"cmd": "echo begun; sleep 60", "timeout": 5}), &[], &job);
        let (outcome, ()) = tokio::join!(running, turn);
        assert_eq!(outcome.status, Status::Timeout);
        assert_eq!(outcome.result["return_code"], -9);
        assert_eq!(outcome.result["stdout"], "begun");
        assert_eq!(outcome.result["error"], "Action failed to complete in 5 seconds");
    }

    #[tokio::test]
    async fn a_canceled_command_ends_at_once() {
        let job = job();
        let mut bell = job.output.bell();
        let stop = job.stop.clone();
        let stopper = async {
            bell.changed().await.unwrap();
            stop.cancel();
        };
        let (outcome, ()) = tokio::join!(local(json!({"cmd": "echo up; sleep 60"}), &[], &job), stopper);
        assert_eq!(outcome.status, Status::Canceled);
        assert_eq!(outcome.result["stdout"], "up");
        assert_eq!(outcome.result["error"], "canceled");
    }

    #[tokio::test]
    async fn nasty_values_arrive_exactly_and_run_nothing() {
        for nasty in
            ["$(id)", "`id`", "\"; id; \"", "'; id #", "-n", "a\nb", "\\", "*", "\u{e9}\u{1f600}", " x "]
        {
            let values = [("V".to_owned(), nasty.to_owned())];
            let outcome = local(json!({"cmd": "printf '%s|' \"$V\""}), &values, &job()).await;
            assert_eq!(outcome.result["stdout"], format!("{nasty}|"));
        }
    }

    #[tokio::test]
    async fn a_nul_byte_is_refused_in_a_sentence() {
        let values = [("V".to_owned(), "a\0b".to_owned())];
        let outcome = local(json!({"cmd": "true"}), &values, &job()).await;
        assert_eq!(outcome.status, Status::Failed);
        assert!(outcome.why.unwrap().contains("the value of `V` holds a NUL byte"));
        let outcome = local(json!({"cmd": "echo \0"}), &[], &job()).await;
        assert!(outcome.why.unwrap().contains("NUL byte"));
    }

    #[tokio::test]
    async fn environment_directory_and_json_output() {
        let folder = tempfile::tempdir().unwrap();
        let parameters = json!({"cmd": "echo \"{\\\"a\\\": $N, \\\"at\\\": \\\"$PWD\\\"}\"", "env": {"N": 5}, "cwd": folder.path()});
        let outcome = local(parameters, &[], &job()).await;
        assert_eq!(outcome.result["stdout"], json!({"a": 5, "at": folder.path().canonicalize().unwrap()}));
        let outcome = local(json!({"cmd": "true", "cwd": "/no/such"}), &[], &job()).await;
        assert_eq!(outcome.result["return_code"], 126);
        assert_eq!(outcome.result["error"], "`/no/such` is not a directory to start in");
    }

    #[tokio::test]
    async fn a_flood_of_output_is_counted_and_not_waited_for() {
        let job = job();
        let outcome = local(json!({"cmd": "head -c 100000000 /dev/zero | tr '\\0' x"}), &[], &job).await;
        assert_eq!(outcome.status, Status::Succeeded);
        let text = outcome.result["stdout"].as_str().unwrap();
        assert!(text.ends_with("\n... output cut: 1048576 bytes kept of 100000000"));
        assert!(text.len() < 1_100_000);
        assert_eq!(job.output.seen(), 100_000_000);
    }

    #[tokio::test]
    async fn without_a_command_nothing_is_done_and_that_is_well() {
        let whole = Job { limit: Duration::from_secs(1), ..job() };
        let outcome = local(json!({"cmd": ""}), &[], &whole).await;
        assert_eq!(outcome.status, Status::Succeeded);
    }
}
