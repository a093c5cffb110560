//! `orquesta`: a workflow of StackStorm's. The bot carries it out, step by step; see `docs/workflows.md`.

use serde::Deserialize;

use super::{Input, Job, Outcome, Pace, Runner, Script, Settings};

#[derive(Debug, Deserialize)]
pub(super) struct Orquesta {}

impl Runner for Orquesta {
    const SUMMARY: &'static str = "runs a workflow: tasks one after another and side by side";
    const PARAMETERS: &'static str = "\
context:
  type: object
  default: {}
  description: kept for StackStorm's actions; changes nothing
notify:
  type: array
  default: []
  description: kept for StackStorm's actions; changes nothing
";
    const SCRIPT: Script = Script::Needed;
    const PACE: Pace = Pace::Steps;

    async fn run(self, _: Input, _: &Job, _: &Settings) -> Outcome {
        Outcome::refused("a workflow is carried out by a running bot, not by itself")
    }
}
