//! `remote-shell-cmd`: shell text on other machines, by SSH.

use serde::Deserialize;

use super::fleet::{Fleet, Work};
use super::{Input, Job, Outcome, Runner, Settings};

#[derive(Debug, Deserialize)]
pub(super) struct RemoteShellCmd {
    #[serde(default)]
    cmd: String,
    #[serde(flatten)]
    fleet: Fleet,
}

impl Runner for RemoteShellCmd {
    const SUMMARY: &'static str = "runs shell text on other machines by SSH";
    const PARAMETERS: &'static str = concat!(
        "\
cmd:
  type: string
  description: shell text, run by bash where there is one, else by sh
",
        include_str!("ssh/parameters.yaml")
    );

    async fn run(self, input: Input, job: &Job, settings: &Settings) -> Outcome {
        self.fleet.run(Work::Command(self.cmd), &input.values, job, settings).await
    }
}
