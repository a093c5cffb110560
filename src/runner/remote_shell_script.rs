//! `remote-shell-script`: a script, carried to other machines by SSH and run there.

use serde::Deserialize;

use super::fleet::{Fleet, Work};
use super::local::unreadable;
use super::{Input, Job, Outcome, Runner, Script, Settings};

/// The largest script that is carried to other machines, in bytes.
const LARGEST: usize = 4 << 20;

#[derive(Debug, Deserialize)]
pub(super) struct RemoteShellScript {
    #[serde(flatten)]
    fleet: Fleet,
}

impl Runner for RemoteShellScript {
    const SUMMARY: &'static str = "carries a script to other machines by SSH and runs it there";
    const SCRIPT: Script = Script::Needed;
    const PARAMETERS: &'static str = include_str!("ssh/parameters.yaml");

    async fn run(self, input: Input, job: &Job, settings: &Settings) -> Outcome {
        let path = input.entry_point.unwrap_or_default();
        let content = match tokio::fs::read(&path).await {
            Ok(content) if content.len() > LARGEST => {
                return Outcome::refused(format!(
                    "the script has {} bytes, at most {LARGEST} are carried",
                    content.len()
                ));
            }
            Ok(content) => content,
            Err(error) => return Outcome::refused(unreadable(&path.display().to_string(), &error)),
        };
        let work = Work::Script { path, content, arguments: input.arguments };
        self.fleet.run(work, &input.values, job, settings).await
    }
}
