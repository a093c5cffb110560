//! Processes on this machine, for the local runners and for `localhost` in a list of hosts.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::output::Pipe;
use super::record::Record;
use super::shell::{self, Sudo};
use super::{Job, Settings};
use crate::net::process::{self, Limits, Spec, Stdin};

/// What is to run here.
pub(super) struct Plan {
    /// The program and its arguments.
    pub(super) argv: Vec<String>,
    /// Its variables beside ours.
    pub(super) env: Vec<(String, String)>,
    /// Where it starts.
    pub(super) cwd: Option<PathBuf>,
    /// Whether it runs as root.
    pub(super) sudo: Option<Sudo>,
    /// Its time limit.
    pub(super) limit: Duration,
}

/// The command line that runs shell text here.
pub(super) fn command(cmd: &str) -> Vec<String> {
    vec![shell::local().to_owned(), "-c".to_owned(), cmd.to_owned()]
}

/// The command line that runs a script here: by itself if it may be executed and names its
/// interpreter or is no text, else by the interpreter it names, else by the shell.
pub(super) async fn script(path: &Path, arguments: &[String]) -> Result<Vec<String>, String> {
    let shown = path.display().to_string();
    let content = tokio::fs::read(path).await.map_err(|error| unreadable(&shown, &error))?;
    let interpreter = shell::interpreter(&content);
    let is_text = !content.iter().take(512).any(|byte| *byte == 0);
    let mut argv = match interpreter {
        _ if may_execute(path).await && (interpreter.is_some() || !is_text) => Vec::new(),
        Some(words) => words,
        None => vec![shell::local().to_owned()],
    };
    argv.push(shown);
    argv.extend_from_slice(arguments);
    Ok(argv)
}

/// Why a script cannot be read.
pub(super) fn unreadable(path: &str, error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => format!("the script `{path}` is not there"),
        _ => format!("the script `{path}` cannot be read: {error}"),
    }
}

async fn may_execute(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let metadata = tokio::fs::metadata(path).await;
    metadata.is_ok_and(|metadata| metadata.permissions().mode() & 0o111 != 0)
}

/// Runs it. Never fails: what goes wrong is in the record.
pub(super) async fn run(plan: Plan, out: &Pipe, err: &Pipe, job: &Job, settings: &Settings) -> Record {
    if let Some(cwd) = plan.cwd.as_deref().filter(|cwd| !cwd.is_dir()) {
        return Record::not_started(format!("`{}` is not a directory to start in", cwd.display()));
    }
    let limit = plan.limit;
    let spec = spec(plan);
    let program = spec.program.to_string_lossy().into_owned();
    let (stop, world) = (job.stop.clone(), job.world.clone());
    let limits = Limits { stop, limit, grace: settings.grace, world };
    match process::run(spec, out, err, &limits).await {
        Ok(ending) => Record::ended(ending, limit, out, err),
        Err(error) => Record::not_started(process::explain(&error, &program)),
    }
}

fn spec(plan: Plan) -> Spec {
    let cwd = plan.cwd;
    let Some(sudo) = plan.sudo else {
        let mut argv = plan.argv.into_iter().map(OsString::from);
        let program = argv.next().unwrap_or_default();
        let env = plan.env.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        return Spec { program, args: argv.collect(), env, cwd, stdin: Stdin::Null };
    };
    let script = as_root(&plan.argv, &plan.env);
    let shell = [shell::local().to_owned(), "-c".to_owned(), Sudo::reader()];
    let options = sudo.options().iter().map(|option| (*option).into());
    Spec {
        program: "sudo".into(),
        args: options.chain(shell.map(OsString::from)).collect(),
        env: Vec::new(),
        cwd,
        stdin: Stdin::Bytes(sudo.input(&script).into_bytes()),
    }
}

/// The script that `sudo`'s shell reads: values never stand in an argument, where everybody sees them.
fn as_root(argv: &[String], env: &[(String, String)]) -> String {
    let words: Vec<String> = argv.iter().map(|word| shell::quote(word)).collect();
    format!("{}exec {}", shell::exports(env), words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_root_neither_password_nor_values_stand_in_arguments() {
        let plan = Plan {
            argv: command("echo \"$A\""),
            env: vec![("A".to_owned(), "typed 'value'".to_owned())],
            cwd: None,
            sudo: Some(Sudo { password: Some("hunter2".to_owned()) }),
            limit: Duration::from_secs(1),
        };
        let spec = spec(plan);
        assert_eq!(spec.program, "sudo");
        let shown = format!("{:?}", spec.args);
        assert!(!shown.contains("hunter2") && !shown.contains("typed"), "{shown}");
        let Stdin::Bytes(bytes) = spec.stdin else { panic!("the script comes by standard input") };
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.starts_with("hunter2\n"));
        assert!(text.contains(r"export A='typed '\''value'\'''"));
    }
}
