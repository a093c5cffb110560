//! `action-chain`: StackStorm's older workflows, one action after the other. The bot carries it out, step by step; see
//! `docs/workflows.md`.

use serde::Deserialize;

use super::{Input, Job, Outcome, Pace, Runner, Script, Settings};

#[derive(Debug, Deserialize)]
pub(super) struct ActionChain {}

impl Runner for ActionChain {
    const SUMMARY: &'static str = "runs an action chain: one action after the other";
    const PARAMETERS: &'static str = "\
display_published:
  type: boolean
  default: true
  description: whether what was published is part of the result
skip_notify:
  type: array
  default: []
  description: kept for StackStorm's actions; changes nothing
";
    const SCRIPT: Script = Script::Needed;
    const PACE: Pace = Pace::Steps;

    async fn run(self, _: Input, _: &Job, _: &Settings) -> Outcome {
        Outcome::refused("a chain is carried out by a running bot, not by itself")
    }
}
