//! The list of runners, and finding one by its name.

use serde_json::Value;

use super::{Input, Job, Outcome, Runner, Settings, parameter};
use super::{
    action_chain, announcement, echo, grant, http_request, inquirer, local_shell_cmd, local_shell_script,
    noop, orquesta, python_script, remote_shell_cmd, remote_shell_script,
};
use crate::config::nearest::nearest;

/// One runner, for help, for checks of actions and for the parameters that every action of it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Its name: `runner_type` of an action.
    pub name: &'static str,
    /// Names it had in older StackStorm versions; accepted.
    pub older: &'static [&'static str],
    /// What it does, in one line.
    pub summary: &'static str,
    /// Its page of documentation; the first YAML block is an example action.
    pub page: &'static str,
    /// Its parameters in YAML, in the format of an action's `parameters:`.
    pub parameters: &'static str,
    /// Whether an action of it names a file.
    pub script: Script,
    /// Whether a run ends where it begins.
    pub pace: Pace,
}

/// Whether an action names a file as its `entry_point`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Script {
    /// No: it is ignored.
    None,
    /// Yes: without it nothing can run.
    Needed,
}

/// A runner that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    /// StackStorm has it, this program does not.
    #[error("the runner `{0}` is not built in: actions of it load but cannot run")]
    Unsupported(String),
    /// Nobody knows it.
    #[error("there is no runner `{name}`{}", hint.map(|near| format!(", did you mean `{near}`?")).unwrap_or_default())]
    Unknown {
        /// What was asked for.
        name: String,
        /// The name most like it.
        hint: Option<&'static str>,
    },
}

/// Runners that StackStorm or its packs have and this program has not, with their older names.
const UNSUPPORTED: &[&str] = &[
    "mistral-v2",
    "winrm-cmd",
    "winrm-ps-cmd",
    "winrm-ps-script",
    "windows-cmd",
    "windows-script",
    "cloudslang",
];

macro_rules! runners {
    ($($runner:ident($of:ty) = $name:literal or $older:expr,)*) => {
        #[derive(Debug, Clone, Copy)]
        enum Kind { $($runner,)* }

        const KINDS: &[Kind] = &[$(Kind::$runner,)*];

        /// Every runner.
        pub const CATALOGUE: &[Row] = &[$(Row {
            name: $name,
            older: &$older,
            summary: <$of>::SUMMARY,
            page: include_str!(concat!("../../docs/runners/", $name, ".md")),
            parameters: <$of>::PARAMETERS,
            script: <$of>::SCRIPT,
            pace: <$of>::PACE,
        },)*];

        async fn carry_out(kind: Kind, input: Input, job: &Job, settings: &Settings) -> Outcome {
            match kind {
                $(Kind::$runner => Box::pin(begin::<$of>(input, job, settings)).await,)*
            }
        }
    };
}
runners! {
    LocalShellCmd(local_shell_cmd::LocalShellCmd) = "local-shell-cmd" or ["run-local"],
    LocalShellScript(local_shell_script::LocalShellScript) = "local-shell-script" or ["run-local-script"],
    RemoteShellCmd(remote_shell_cmd::RemoteShellCmd) = "remote-shell-cmd" or ["run-remote"],
    RemoteShellScript(remote_shell_script::RemoteShellScript) = "remote-shell-script" or ["run-remote-script"],
    PythonScript(python_script::PythonScript) = "python-script" or ["run-python"],
    HttpRequest(http_request::HttpRequest) = "http-request" or ["http-runner"],
    Announcement(announcement::Announcement) = "announcement" or [],
    Grant(grant::Grant) = "grant" or [],
    Inquirer(inquirer::Inquirer) = "inquirer" or [],
    ActionChain(action_chain::ActionChain) = "action-chain" or [],
    Orquesta(orquesta::Orquesta) = "orquesta" or ["orchestra"],
    Noop(noop::Noop) = "noop" or [],
    Echo(echo::Echo) = "echo" or [],
}

async fn begin<R: Runner>(input: Input, job: &Job, settings: &Settings) -> Outcome {
    if R::SCRIPT == Script::Needed && input.entry_point.is_none() {
        return Outcome::refused("the action names no `entry_point`, so there is no script to run");
    }
    match parameter::options::<R>(&input.parameters) {
        Ok(options) => options.run(input, job, settings).await,
        Err(why) => Outcome::refused(why),
    }
}

/// Whether a run of `name` starts nothing outside the process and is done at its first step.
pub fn is_instant(name: &str) -> bool {
    find(name).is_some_and(|row| row.pace == Pace::Instant)
}

/// Whether an action of it is a workflow, which the bot carries out step by step.
pub fn is_workflow(name: &str) -> bool {
    find(name).is_some_and(|row| row.pace == Pace::Steps)
}

/// The runner called `name`, also by an older name of it.
pub fn find(name: &str) -> Option<&'static Row> {
    index(name).map(|index| &CATALOGUE[index])
}

fn index(name: &str) -> Option<usize> {
    CATALOGUE.iter().position(|row| row.name == name || row.older.contains(&name))
}

/// How long a run takes in the process itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// It starts nothing and waits for nothing: its future is ready at the first poll.
    Instant,
    /// It waits for a process or the network.
    Waits,
    /// It is a workflow: the bot carries it out, step by step.
    Steps,
}

/// Why there is no runner `name`; for a name that [`find`] does not know.
pub(super) fn missing(name: &str) -> Missing {
    if UNSUPPORTED.contains(&name) {
        return Missing::Unsupported(name.to_owned());
    }
    let hint = nearest(name, CATALOGUE.iter().map(|row| row.name));
    let hint = hint.and_then(find).map(|row| row.name);
    Missing::Unknown { name: name.to_owned(), hint }
}

impl Row {
    /// The row of `name`, or why there is none.
    ///
    /// # Errors
    /// The runner is not built in, or nobody knows it.
    pub fn of(name: &str) -> Result<&'static Self, Missing> {
        find(name).ok_or_else(|| missing(name))
    }

    /// The first YAML block of the page: an example action.
    pub fn example(&self) -> &'static str {
        let after = self.page.split_once("```yaml\n").map_or("", |(_, after)| after);
        after.split_once("```").map_or("", |(block, _)| block)
    }
}

/// Runs an action of the runner `name` to its end. Never fails: what goes wrong is in the outcome.
/// The output of the run goes to `job.output` while it comes.
pub async fn run(name: &str, input: Input, job: &Job, settings: &Settings) -> Outcome {
    let Some(index) = index(name) else {
        return Outcome { result: Value::Null, ..Outcome::refused(missing(name).to_string()) };
    };
    if job.stop.is_cancelled() {
        return canceled();
    }
    carry_out(KINDS[index], input, job, settings).await
}

fn canceled() -> Outcome {
    let refused = Outcome::refused("canceled");
    Outcome { status: crate::model::Status::Canceled, why: None, ..refused }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Status;
    use crate::runner::testing::job;

    #[test]
    fn older_names_lead_to_the_same_runner() {
        for (older, name) in [
            ("run-local", "local-shell-cmd"),
            ("run-local-script", "local-shell-script"),
            ("run-remote", "remote-shell-cmd"),
            ("run-remote-script", "remote-shell-script"),
            ("http-runner", "http-request"),
            ("run-python", "python-script"),
        ] {
            assert_eq!(find(older).unwrap().name, name);
        }
        assert!(find("mistral-v2").is_none());
    }

    #[tokio::test]
    async fn a_runner_that_is_not_built_in_is_refused_by_its_name() {
        let outcome = run("mistral-v2", Input::default(), &job(), &Settings::default()).await;
        assert_eq!(outcome.status, Status::Failed);
        let why = outcome.why.unwrap();
        assert_eq!(why, "the runner `mistral-v2` is not built in: actions of it load but cannot run");
        let why = run("local-shel-cmd", Input::default(), &job(), &Settings::default()).await.why.unwrap();
        assert_eq!(why, "there is no runner `local-shel-cmd`, did you mean `local-shell-cmd`?");
    }

    #[test]
    fn every_page_begins_with_an_example_action_of_its_runner() {
        for row in CATALOGUE {
            let example: Value = serde_yaml::from_str(row.example()).unwrap();
            assert_eq!(example["runner_type"], row.name);
            assert!(example["name"].is_string(), "{}", row.name);
            assert!(row.page.starts_with(&format!("# {}\n", row.name)), "{}", row.name);
        }
    }

    #[test]
    fn every_runner_parameter_has_a_type_and_a_description_and_is_on_its_page() {
        for row in CATALOGUE {
            let parameters: serde_json::Map<String, Value> = serde_yaml::from_str(row.parameters).unwrap();
            for (name, schema) in &parameters {
                assert!(schema["type"].is_string(), "{}: {name}", row.name);
                assert!(schema["description"].is_string(), "{}: {name}", row.name);
                assert!(row.page.contains(&format!("| `{name}` |")), "{}: {name}", row.name);
            }
        }
    }

    #[tokio::test]
    async fn a_job_that_is_canceled_already_does_nothing() {
        let job = job();
        job.stop.cancel();
        let outcome = run("noop", Input::default(), &job, &Settings::default()).await;
        assert_eq!(outcome.status, Status::Canceled);
    }
}
