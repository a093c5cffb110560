//! `inquirer`: asks people something and waits for the answer.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Effect, Input, Job, Outcome, Runner, Settings};
use crate::action::check_schema;
use crate::model::Status;

/// The longest that an answer is waited for, in minutes: a month.
const LONGEST: u64 = 30 * 24 * 60;

#[derive(Debug, Deserialize)]
pub(super) struct Inquirer {
    schema: Value,
    #[serde(default)]
    route: String,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    users: Vec<String>,
    #[serde(default = "ttl")]
    ttl: u64,
}

fn ttl() -> u64 {
    1440
}

impl Runner for Inquirer {
    const SUMMARY: &'static str = "asks people something and waits for the answer";
    const PARAMETERS: &'static str = "\
schema:
  type: object
  description: what an answer looks like, as a JSON schema
  default:
    type: object
    properties:
      continue:
        type: boolean
        description: whether to go on
        required: true
route:
  type: string
  default: \"\"
  description: who is told of the question
roles:
  type: array
  default: []
  description: the roles or groups that may answer
users:
  type: array
  default: []
  description: the people who may answer
ttl:
  type: integer
  default: 1440
  description: how many minutes an answer is waited for
";

    async fn run(self, _: Input, _: &Job, _: &Settings) -> Outcome {
        if let Err(why) = check_schema(&self.schema) {
            return Outcome::refused(why);
        }
        if self.ttl == 0 || self.ttl > LONGEST {
            return Outcome::refused(format!(
                "ttl: from 1 to {LONGEST} minutes are accepted, `{}` was given",
                self.ttl
            ));
        }
        let Self { schema, route, roles, users, ttl } = self;
        let result = json!({"schema": schema, "route": route, "roles": roles, "users": users, "ttl": ttl});
        let ttl = Duration::from_secs(ttl * 60);
        let effects = vec![Effect::Ask { schema, ttl, route, roles, users }];
        Outcome { status: Status::Pending, why: None, result, effects }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::testing::{input, job};

    async fn run(parameters: Value) -> Outcome {
        crate::runner::run("inquirer", input(parameters), &job(), &Settings::default()).await
    }

    #[tokio::test]
    async fn a_question_is_handed_to_the_bot() {
        let schema = json!({"type": "object", "properties": {"size": {"type": "integer"}}});
        let outcome = run(json!({"schema": schema, "roles": ["sre"], "ttl": 5})).await;
        assert_eq!(outcome.status, Status::Pending);
        let Effect::Ask { ttl, roles, .. } = &outcome.effects[0] else { panic!("{outcome:?}") };
        assert_eq!((ttl.as_secs(), roles.as_slice()), (300, &["sre".to_owned()][..]));
        assert_eq!(outcome.result["schema"], schema);
    }

    #[tokio::test]
    async fn what_cannot_be_asked_fails() {
        assert_eq!(run(json!({"schema": {"type": "string"}})).await.status, Status::Failed);
        assert_eq!(run(json!({"schema": {"type": "object"}, "ttl": 0})).await.status, Status::Failed);
    }
}
