//! `announcement`: tells everybody who listens on a route.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Effect, Input, Job, Outcome, Runner, Settings};

#[derive(Debug, Deserialize)]
pub(super) struct Announcement {
    #[serde(default = "general")]
    route: String,
}

fn general() -> String {
    "general".to_owned()
}

impl Runner for Announcement {
    const SUMMARY: &'static str = "tells everybody who listens on a route";
    const PARAMETERS: &'static str = "\
experimental:
  type: boolean
  default: true
  required: true
  description: kept for StackStorm's actions; changes nothing
route:
  type: string
  default: general
  description: the route; who listens on it is told
message:
  type: object
  default: {}
  description: what is told
";

    async fn run(self, input: Input, _: &Job, _: &Settings) -> Outcome {
        let ours = ["experimental", "route"];
        let mut body = input.parameters.clone();
        body.retain(|name, _| !ours.contains(&name.as_str()));
        let body = Value::Object(body);
        let mut result = input.parameters;
        result.insert("output".to_owned(), body.clone());
        let effects = vec![Effect::Announce { route: self.route, body }];
        Outcome { effects, ..Outcome::good(json!(result)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::testing::{input, job};

    #[tokio::test]
    async fn an_announcement_is_handed_to_the_bot() {
        let input = input(json!({"route": "ops", "experimental": true, "message": {"text": "hi"}}));
        let outcome = crate::runner::run("announcement", input, &job(), &Settings::default()).await;
        let body = json!({"message": {"text": "hi"}});
        assert_eq!(outcome.effects, [Effect::Announce { route: "ops".to_owned(), body: body.clone() }]);
        assert_eq!(outcome.result["output"], body);
        assert_eq!(outcome.result["route"], "ops");
    }
}
