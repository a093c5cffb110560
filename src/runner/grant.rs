//! `grant`: lets somebody do something for a time. Not for actions of one's own: whoever may run one could grant anything.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use super::{Effect, Input, Job, Outcome, Runner, Settings};
use crate::config::units;

/// The longest grant: what is meant to last belongs in access.yaml.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);

#[derive(Debug, Deserialize)]
pub(super) struct Grant {
    what: String,
    to: String,
    lasts: String,
    #[serde(default)]
    reason: String,
}

impl Runner for Grant {
    const SUMMARY: &'static str = "lets somebody do something for a time";
    const PARAMETERS: &'static str = "\
what:
  type: string
  required: true
  description: a pattern of actions or commands, or a role
to:
  type: string
  required: true
  description: a person or group of access.yaml, or an id
lasts:
  type: string
  required: true
  description: for how long, such as 1h
reason:
  type: string
  default: \"\"
  description: why
";

    async fn run(self, _: Input, _: &Job, _: &Settings) -> Outcome {
        let lasts = match units::duration(&self.lasts) {
            Ok(lasts) if lasts >= Duration::from_secs(1) && lasts <= LONGEST => lasts,
            Ok(_) => return Outcome::refused("lasts: from 1s to 30d are accepted"),
            Err(why) => return Outcome::refused(format!("lasts: {why}")),
        };
        let Self { what, to, reason, .. } = self;
        let result = json!({"what": what, "to": to});
        let effects = vec![Effect::Grant { what, to, lasts, reason }];
        Outcome { effects, ..Outcome::good(result) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Status;
    use crate::runner::testing::{input, job};

    #[tokio::test]
    async fn a_grant_is_handed_to_the_bot() {
        let run = |lasts: &'static str| async move {
            let input = input(json!({"what": "deploy.*", "to": "alice", "lasts": lasts}));
            crate::runner::run("grant", input, &job(), &Settings::default()).await
        };
        let Effect::Grant { lasts, .. } = run("1h30m").await.effects.remove(0) else { panic!("no grant") };
        assert_eq!(lasts.as_secs(), 5400);
        for bad in ["soon", "0s", "31d"] {
            assert_eq!(run(bad).await.status, Status::Failed, "{bad}");
        }
    }
}
