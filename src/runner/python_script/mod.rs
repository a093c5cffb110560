//! `python-script`: an action of a StackStorm pack, a class with a method `run`. What such an action imports of StackStorm
//! is ours, in `shim/`. Parameters, configuration and result go over a socket: no list of processes shows them.

mod shim;
mod talk;
#[cfg(test)]
mod tests;

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::net::UnixStream;

use super::parameter::{environment, limit};
use super::record::too_long;
use super::{Input, Job, Outcome, Runner, Script, Settings};
use crate::action::{cut_secrets, cut_secrets_in};
use crate::model::Status;
use crate::net::process::{self, Ending, Limits, Reason, Spec, Stdin};
use talk::Said;

/// How long the socket is still read after the process ended.
const DRAIN: Duration = Duration::from_secs(1);

/// What Python says of a status that is none.
const BAD_STATUS: i32 = 220;

#[derive(Debug, Deserialize)]
pub(super) struct PythonScript {
    #[serde(default)]
    env: Map<String, Value>,
    #[serde(default)]
    timeout: f64,
    log_level: Option<String>,
    #[serde(default)]
    debug: bool,
    content_version: Option<String>,
}

impl Runner for PythonScript {
    const SUMMARY: &'static str = "runs a Python action of a StackStorm pack";
    const SCRIPT: Script = Script::Needed;
    const PARAMETERS: &'static str = "\
env:
  type: object
  description: environment variables; PYTHONPATH cannot be changed
timeout:
  type: integer
  default: 600
  description: seconds it may take; then the whole process group is ended
log_level:
  type: string
  default: debug
  description: the level of `self.logger`, whose lines are part of stderr
debug:
  type: boolean
  default: false
  description: sets ST2_ACTION_DEBUG, for actions that look at it
content_version:
  type: string
  description: accepted and refused unless empty; there are no older versions of packs here
";

    async fn run(self, input: Input, job: &Job, settings: &Settings) -> Outcome {
        if self.content_version.as_deref().is_some_and(|version| !version.is_empty()) {
            return Outcome::refused(
                "`content_version` is not supported: install the version of the pack that you want",
            );
        }
        let limit = limit(self.timeout, job.limit);
        match self.start(input, job, settings, limit) {
            Ok((spec, order, stream)) => carry_out(spec, order, stream, job, settings, limit).await,
            Err(why) => Outcome::refused(why),
        }
    }
}

impl PythonScript {
    /// The process, what it is told, and our end of the socket.
    fn start(
        self,
        input: Input,
        job: &Job,
        settings: &Settings,
        limit: Duration,
    ) -> Result<(Spec, Value, UnixStream), String> {
        if input.pack == "core" {
            return Err(format!("`{}` is for a StackStorm server and cannot run here", input.reference));
        }
        let home = settings.home.as_deref().ok_or("there is no home directory to run it in")?;
        let places = Places::of(&input, home)?;
        let shim = shim::unpack(&home.join("var"))
            .map_err(|error| format!("the files that run Python actions cannot be written: {error}"))?;
        let (ours, theirs) = pair().map_err(|error| format!("no socket can be made: {error}"))?;
        let own = environment(&self.env, &[])?;
        let mut env = places.variables(home, &input.pack);
        env.extend(own.into_iter().filter(|(name, _)| name != "PYTHONPATH"));
        env.extend(self.facts(&input, job, settings, limit));
        let order = json!({
            "file": places.file, "pack": input.pack, "folders": places.folders, "parameters": input.own,
            "config": input.config, "config_path": format!("configs/{}.yaml", input.pack),
            "log_level": self.log_level.as_deref().unwrap_or("debug"), "user": user(&input),
        });
        let spec = Spec {
            program: places.python.into(),
            args: vec!["-u".into(), shim.join("main.py").into(), input.reference.into()],
            env: env.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
            cwd: Some(home.to_owned()),
            stdin: Stdin::Socket(Arc::new(theirs)),
        };
        Ok((spec, order, ours))
    }

    fn facts(&self, input: &Input, job: &Job, settings: &Settings, limit: Duration) -> Vec<(String, String)> {
        let fact = |name: &str, value: String| (format!("ST2_ACTION_{name}"), value);
        vec![
            fact("PACK_NAME", input.pack.clone()),
            fact("EXECUTION_ID", job.id.to_string()),
            fact("API_URL", settings.api_url.clone().unwrap_or_default()),
            // No token of ours is handed to code that did not ask for one.
            fact("AUTH_TOKEN", String::new()),
            fact("TIMEOUT", limit.as_secs().to_string()),
            fact("DEBUG", if self.debug { "true" } else { "false" }.to_owned()),
        ]
    }
}

/// Where things are.
struct Places {
    file: PathBuf,
    /// What is searched after Python's own folders.
    folders: Vec<PathBuf>,
    /// What is searched before them.
    first: Vec<PathBuf>,
    python: PathBuf,
}

impl Places {
    fn of(input: &Input, home: &Path) -> Result<Self, String> {
        let file = input.entry_point.clone().unwrap_or_default();
        if !file.is_file() {
            return Err(format!("the script `{}` is not there", file.display()));
        }
        let actions = file.parent().unwrap_or(home).to_owned();
        let pack = input.pack_root.clone().unwrap_or_else(|| actions.parent().unwrap_or(home).to_owned());
        let first = [pack.join("actions").join("lib"), actions.join("lib"), pack.join("lib")];
        let mut first: Vec<PathBuf> = first.into_iter().filter(|folder| folder.is_dir()).collect();
        first.dedup();
        let own = virtualenv(home, &input.pack).join("bin/python");
        let python = if own.exists() { own } else { "python3".into() };
        Ok(Self { folders: vec![actions], file, first, python })
    }

    fn variables(&self, home: &Path, pack: &str) -> Vec<(String, String)> {
        let first: Vec<String> = self.first.iter().map(|folder| folder.display().to_string()).collect();
        let mut variables = vec![
            ("PYTHONPATH".to_owned(), first.join(":")),
            // Beside the sources they would look like a change of the pack.
            ("PYTHONPYCACHEPREFIX".to_owned(), home.join("var/pycache").display().to_string()),
            ("PYTHONIOENCODING".to_owned(), "utf-8".to_owned()),
        ];
        let own = virtualenv(home, pack);
        if self.python.starts_with(&own) {
            let path = std::env::var("PATH").unwrap_or_default();
            variables.push(("PATH".to_owned(), format!("{}:{path}", own.join("bin").display())));
            variables.push(("VIRTUAL_ENV".to_owned(), own.display().to_string()));
        }
        variables
    }
}

/// The virtual environment of a pack; perhaps not there.
pub fn virtualenv(home: &Path, pack: &str) -> PathBuf {
    home.join("var/virtualenvs").join(pack)
}

fn user(input: &Input) -> Value {
    json!({
        "username": input.user, "authentication": {"method": "chatops", "location": "chat"},
        "rbac": {"enabled": true, "roles": [], "is_admin": false},
    })
}

/// Both ends of a socket: ours for the runtime, theirs as a process expects it.
fn pair() -> std::io::Result<(UnixStream, OwnedFd)> {
    let (ours, theirs) = UnixStream::pair()?;
    let theirs = theirs.into_std()?;
    theirs.set_nonblocking(false)?;
    Ok((ours, theirs.into()))
}

async fn carry_out(
    spec: Spec,
    order: Value,
    stream: UnixStream,
    job: &Job,
    settings: &Settings,
    limit: Duration,
) -> Outcome {
    let (out, err) = (job.output.pipe(), job.output.pipe());
    let program = spec.program.to_string_lossy().into_owned();
    let limits = Limits { stop: job.stop.clone(), limit, grace: settings.grace, world: job.world.clone() };
    let mut said = Said::default();
    let ending = {
        let talking = talk::talk(stream, &order, job.desk.as_deref(), &mut said);
        let running = process::run(spec, &*out, &*err, &limits);
        tokio::pin!(talking, running);
        let mut over = false;
        loop {
            tokio::select! {
                ended = &mut running => {
                    if !over {
                        // A child left behind may hold the socket; what the action itself said is there already.
                        let _ = job.world.timeout(DRAIN, &mut talking).await;
                    }
                    break ended;
                }
                () = &mut talking, if !over => over = true,
            }
        }
    };
    let ending = match ending {
        Ok(ending) => ending,
        Err(error) => return Outcome::refused(process::explain(&error, &program)),
    };
    let (out, err) = (out.text().text, err.text().text);
    let told = job.desk.as_ref().map(|desk| desk.told()).unwrap_or_default();
    let outcome = judge(ending, limit, said, &out, &err);
    let why = outcome.why.map(|why| cut_secrets(&why, &told));
    Outcome { result: cut_secrets_in(&outcome.result, &told), why, ..outcome }
}

/// What came of it, in StackStorm's shape: `{stdout, stderr, exit_code, result}`.
fn judge(ending: Ending, limit: Duration, said: Said, stdout: &str, stderr: &str) -> Outcome {
    let (result, verdict) = said.result.unwrap_or_else(|| (json!("None"), None));
    let mut body = json!({"stdout": stdout, "stderr": stderr, "exit_code": ending.code, "result": result});
    let (status, why) = match (ending.reason, ending.code) {
        (Reason::TimedOut, _) => (Status::Timeout, Some(too_long(limit))),
        (Reason::Stopped, _) => (Status::Canceled, None),
        (Reason::Itself, 0) if said.refused.is_some() => (Status::Failed, said.refused),
        (Reason::Itself, 0) if verdict == Some(false) => (Status::Failed, None),
        (Reason::Itself, 0) => (Status::Succeeded, None),
        (Reason::Itself, BAD_STATUS) => (
            Status::Failed,
            Some("the status that the action returned is neither True, False nor None".to_owned()),
        ),
        (Reason::Itself, code) if code < 0 => (Status::Failed, Some(format!("killed by signal {}", -code))),
        (Reason::Itself, code) => {
            (Status::Failed, said.refused.or(said.raised).or_else(|| Some(format!("exit code {code}"))))
        }
    };
    if let (Status::Timeout, Some(why)) = (status, &why) {
        body["error"] = json!(why);
    }
    Outcome { status, why, result: body, effects: Vec::new() }
}
