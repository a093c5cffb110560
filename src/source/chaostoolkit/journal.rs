//! The journal of a run: what really happened.

use serde_json::Value;

use super::Standing;
use crate::model::EventStatus::{Canceled, Error, Failed, Ok, Warning};
use crate::model::Level;

/// How a run ended. Its rules in their order: somebody ended it; it deviated or its gate was not met; it failed;
/// something in it failed; all is well.
pub(super) fn standing(name: &str, journal: &Value, has_error: bool) -> Standing {
    let status = journal.get("status").and_then(Value::as_str).unwrap_or_default();
    let is_broken = status == "failed" || has_error || (status.is_empty() && name == "run-failed");
    if matches!(status, "interrupted" | "aborted") {
        (Canceled, Level::Warning)
    } else if deviated(name, journal) || (gate_unmet(journal) && !is_broken) {
        (Failed, Level::Error)
    } else if is_broken {
        (Error, Level::Critical)
    } else if steps(journal, &["run", "rollbacks"]).any(is_failed) {
        (Warning, Level::Warning)
    } else {
        (Ok, Level::Ok)
    }
}

fn deviated(name: &str, journal: &Value) -> bool {
    let after_unmet = met(journal, "after") == Some(false);
    name == "run-deviated" || journal.get("deviated") == Some(&Value::Bool(true)) || after_unmet
}

/// The hypothesis did not hold before the method, which therefore never ran; no probe of it raised.
pub(super) fn gate_unmet(journal: &Value) -> bool {
    met(journal, "before") == Some(false) && !probes(journal, "before").any(is_failed)
}

/// Whether the hypothesis held `before` or `after`.
pub(super) fn met(journal: &Value, when: &str) -> Option<bool> {
    journal.pointer(&format!("/steady_states/{when}/steady_state_met"))?.as_bool()
}

/// The probes of the hypothesis `before` or `after`.
pub(super) fn probes<'a>(journal: &'a Value, when: &str) -> impl Iterator<Item = &'a Value> {
    let found = journal.pointer(&format!("/steady_states/{when}/probes")).and_then(Value::as_array);
    found.into_iter().flatten()
}

/// The items of some lists of the journal: `run`, `rollbacks`.
pub(super) fn steps<'a>(journal: &'a Value, lists: &[&'static str]) -> impl Iterator<Item = &'a Value> {
    lists.iter().filter_map(|list| journal.get(*list)?.as_array()).flatten().collect::<Vec<_>>().into_iter()
}

/// Whether an activity failed.
pub(super) fn is_failed(step: &Value) -> bool {
    step.get("status").and_then(Value::as_str) == Some("failed")
        || step.get("exception").is_some_and(Value::is_array)
}

/// The activities that failed, in the order in which they ran.
pub(super) fn failures(journal: &Value) -> Vec<&Value> {
    let during = journal.pointer("/steady_states/during").and_then(Value::as_array).into_iter().flatten();
    let during = during.filter_map(|one| one.get("probes")?.as_array()).flatten();
    let all = probes(journal, "before").chain(steps(journal, &["run"])).chain(during);
    all.chain(probes(journal, "after"))
        .chain(steps(journal, &["rollbacks"]))
        .filter(|step| is_failed(step))
        .collect()
}

/// The last line of what an activity raised.
pub(super) fn last_line(step: &Value) -> Option<String> {
    let lines = step.get("exception")?.as_array()?;
    let whole: String = lines.iter().filter_map(Value::as_str).collect();
    whole.lines().rev().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn journal(status: &str, before: Option<bool>, after: Option<bool>) -> Value {
        let state =
            |met: Option<bool>| met.map_or(Value::Null, |met| json!({"steady_state_met": met, "probes": []}));
        json!({"status": status, "deviated": false, "run": [], "rollbacks": [],
            "steady_states": {"before": state(before), "after": state(after), "during": []}})
    }

    #[test]
    fn the_rules_are_tried_in_their_order() {
        let well = journal("completed", Some(true), Some(true));
        let mut raised = well.clone();
        raised["run"] = json!([{"status": "failed", "exception": ["Traceback\n", "ValueError: no\n"]}]);
        let mut rolled = well.clone();
        rolled["rollbacks"] = json!([{"status": "failed"}]);
        let mut deviated = raised.clone();
        deviated["deviated"] = json!(true);
        let mut interrupted = deviated.clone();
        interrupted["status"] = json!("aborted");
        let mut gate_raised = journal("failed", Some(false), None);
        gate_raised["steady_states"]["before"]["probes"] = json!([{"status": "failed"}]);
        let cases = [
            ("run-completed", &well, (Ok, Level::Ok)),
            ("run-completed", &raised, (Warning, Level::Warning)),
            ("run-completed", &rolled, (Warning, Level::Warning)),
            ("run-completed", &deviated, (Failed, Level::Error)),
            ("run-failed", &interrupted, (Canceled, Level::Warning)),
            ("run-completed", &journal("completed", Some(false), None), (Failed, Level::Error)),
            ("run-failed", &gate_raised, (Error, Level::Critical)),
            ("run-failed", &journal("failed", Some(true), None), (Error, Level::Critical)),
            ("run-completed", &journal("completed", None, None), (Ok, Level::Ok)),
            ("run-deviated", &Value::Null, (Failed, Level::Error)),
            ("run-failed", &Value::Null, (Error, Level::Critical)),
            ("run-completed", &json!("odd"), (Ok, Level::Ok)),
        ];
        for (name, journal, expected) in cases {
            assert_eq!(standing(name, journal, false), expected, "{name} {journal}");
        }
        assert_eq!(standing("run-completed", &well, true), (Error, Level::Critical));
        assert_eq!(standing("run-deviated", &well, true), (Failed, Level::Error));
    }

    #[test]
    fn a_step_that_was_cut_off_is_no_failure() {
        let mut cut = journal("completed", Some(true), Some(true));
        cut["run"] = json!([{"output": null}, 3, null]);
        assert_eq!(standing("run-completed", &cut, false), (Ok, Level::Ok));
        assert!(failures(&cut).is_empty());
    }

    #[test]
    fn the_last_line_of_a_traceback_says_it() {
        let step = json!({"exception": ["Traceback\n", "  File x\n", "ValueError: no\n", "\n"]});
        assert_eq!(last_line(&step).as_deref(), Some("ValueError: no"));
    }
}
