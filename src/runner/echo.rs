//! `echo`: says its message, without a shell that could read it. Not one of StackStorm's runners:
//! it carries `core.echo`, whose message there stands in shell text.

use serde::Deserialize;
use serde_json::json;

use super::{Input, Job, Outcome, Pace, Runner, Settings};
use crate::net::process::Sink;

#[derive(Debug, Deserialize)]
pub(super) struct Echo {
    #[serde(default)]
    message: String,
}

impl Runner for Echo {
    const SUMMARY: &'static str = "says a message; no shell reads it";
    const PARAMETERS: &'static str = "\
message:
  type: string
  required: true
  description: what is said
";

    const PACE: Pace = Pace::Instant;

    async fn run(self, _: Input, job: &Job, _: &Settings) -> Outcome {
        job.output.pipe().write(self.message.as_bytes());
        Outcome::good(json!({
            "stdout": self.message, "stderr": "", "return_code": 0, "succeeded": true, "failed": false,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::testing::{input, job};

    #[tokio::test]
    async fn a_message_is_said_as_it_is() {
        let message = "\"$(id)\" `id` \n'x'";
        let input = input(json!({"message": message}));
        let outcome = crate::runner::run("echo", input, &job(), &Settings::default()).await;
        assert_eq!(outcome.result["stdout"], message);
        assert_eq!(outcome.result["return_code"], 0);
    }
}
