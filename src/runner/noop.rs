//! `noop`: does nothing, well.

use serde::Deserialize;
use serde_json::json;

use super::{Input, Job, Outcome, Pace, Runner, Settings};

#[derive(Debug, Deserialize)]
pub(super) struct Noop {}

impl Runner for Noop {
    const SUMMARY: &'static str = "does nothing and succeeds";
    const PARAMETERS: &'static str = "{}\n";

    const PACE: Pace = Pace::Instant;

    async fn run(self, _: Input, _: &Job, _: &Settings) -> Outcome {
        Outcome::good(json!({"failed": false, "succeeded": true, "return_code": 0}))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Status;
    use crate::runner::testing::job;

    #[tokio::test]
    async fn nothing_succeeds() {
        let outcome = crate::runner::run("noop", Input::default(), &job(), &Settings::default()).await;
        assert_eq!(outcome.status, Status::Succeeded);
        assert_eq!(outcome.result, json!({"failed": false, "succeeded": true, "return_code": 0}));
    }
}
