//! `local-shell-script`: a script on this machine.

use serde::Deserialize;

use super::local;
use super::local_shell_cmd::Common;
use super::record::Record;
use super::{Input, Job, Outcome, Runner, Script, Settings};

#[derive(Debug, Deserialize)]
pub(super) struct LocalShellScript {
    #[serde(flatten)]
    common: Common,
}

impl Runner for LocalShellScript {
    const SUMMARY: &'static str = "runs a script on the machine of the bot";
    const SCRIPT: Script = Script::Needed;
    const PARAMETERS: &'static str = "\
cwd:
  type: string
  description: the directory to start in; without it the directory of the script
env:
  type: object
  description: environment variables
kwarg_op:
  type: string
  default: '--'
  description: what stands before the names of arguments
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
        let path = input.entry_point.unwrap_or_default();
        let argv = match local::script(&path, &input.arguments).await {
            Ok(argv) => argv,
            Err(why) => return Record::not_started(why).outcome(),
        };
        let beside = path.parent().map(|folder| folder.to_string_lossy().into_owned());
        let cwd = self.common.cwd.clone().filter(|cwd| !cwd.is_empty()).or(beside);
        Common { cwd, ..self.common }.run(argv, &input.values, job, settings).await
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use serde_json::json;

    use super::*;
    use crate::runner::testing::{input, job};

    async fn run(path: &Path, arguments: &[&str]) -> Outcome {
        let arguments = arguments.iter().map(|word| (*word).to_owned()).collect();
        let input = Input { entry_point: Some(path.to_owned()), arguments, ..input(json!({})) };
        crate::runner::run("local-shell-script", input, &job(), &Settings::default()).await
    }

    #[tokio::test]
    async fn a_script_gets_its_arguments_and_starts_beside_itself() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("count.sh");
        std::fs::write(&path, "printf '[%s]' \"$@\"; ls").unwrap();
        let outcome = run(&path, &["--a=$(id)", "", "it's"]).await;
        assert_eq!(outcome.result["stdout"], "[--a=$(id)][][it's]count.sh");
    }

    #[tokio::test]
    async fn the_first_line_decides_who_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sum.awk");
        std::fs::write(&path, "#!/usr/bin/env -S awk -f\nBEGIN { print 2 + 3 }\n").unwrap();
        assert_eq!(run(&path, &[]).await.result["stdout"], 5);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(run(&path, &[]).await.result["stdout"], 5);
    }

    #[tokio::test]
    async fn a_script_that_is_not_there_is_named() {
        let outcome = run(Path::new("/no/such.sh"), &[]).await;
        assert_eq!(outcome.why.unwrap(), "the script `/no/such.sh` is not there");
    }
}
