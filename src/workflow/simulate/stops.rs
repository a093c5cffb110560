//! Rules of pausing, cancelling and failing that the recorded rows do not show. Found by comparing random small
//! workflows with StackStorm's engine; `docs/workflows.md` says where this one means to differ.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use super::Case;
use super::rules::{answer, errors};
use super::run::play_with;
use crate::workflow::Plan;

/// `0 running, 1 pausing, ...`.
fn statuses(told: &Value) -> String {
    let one = |it: &Value| format!("{} {}", it["at"], it["status"].as_str().unwrap());
    told["workflow_statuses"].as_array().unwrap().iter().map(one).collect::<Vec<_>>().join(", ")
}

/// What started when: `0 a, 1 b c`.
fn steps(told: &Value) -> String {
    let one = |it: &Value| {
        let tasks: Vec<_> =
            it["tasks"].as_array().unwrap().iter().map(|task| task.as_str().unwrap()).collect();
        format!("{} {}", it["at"], tasks.join(" "))
    };
    told["steps"].as_array().unwrap().iter().map(one).collect::<Vec<_>>().join(", ")
}

#[test]
fn a_failure_elsewhere_leaves_no_task_running_whose_items_never_start() {
    let text = "tasks:\n  a: {action: core.x}\n  b:\n    action: core.x\n    \
                with: {items: '<% range(4).toList() %>', concurrency: 1}\n";
    let row = json!({"results": {"a": [{"status": "failed"}], "b": [{"takes": 4}]}});
    let told = answer(text, row.clone());
    assert_eq!((steps(&told).as_str(), statuses(&told).as_str()), ("0 a b#0", "0 running, 1 failed"));
    assert_eq!(told["task_statuses"][1], json!({"task": "b", "status": "paused"}));

    // The bot ends the execution when the workflow is not busy: it must not wait for items for ever.
    let case: Case = serde_json::from_value(row).unwrap();
    let plan = Arc::new(Plan::inspect(Path::new("w.yaml"), text, &[]).unwrap().0);
    let story = play_with(plan, &case, &mut |_| ());
    assert!(!story.conductor.busy(), "{:?}", story.conductor.state().runs);
}

#[test]
fn items_that_were_left_by_a_failure_go_on_in_a_rerun() {
    let text = "tasks:\n  a: {action: core.x}\n  b:\n    action: core.x\n    \
                with: {items: '<% range(3).toList() %>', concurrency: 1}\n";
    let results = json!({"a": [{"status": "failed"}], "b": [{"takes": 4}]});
    let told = answer(text, json!({"results": results, "requests": [{"at": 10, "do": "rerun"}]}));
    assert_eq!(steps(&told), "0 a b#0, 10 a b#1, 11 b#2");
    assert_eq!(told["status"], "succeeded");
}

#[test]
fn a_pause_is_reached_although_items_were_put_off_when_it_came() {
    let text = "tasks:\n  b:\n    action: core.x\n    delay: 2\n    \
                with: {items: '<% range(3).toList() %>', concurrency: 1}\n";
    let told = answer(text, json!({"requests": [{"at": 1, "do": "pause"}, {"at": 9, "do": "resume"}]}));
    let expected = "0 running, 1 pausing, 3 paused, 9 resuming, 9 running, 11 succeeded";
    assert_eq!((statuses(&told).as_str(), steps(&told).as_str()), (expected, "2 b#0, 9 b#1, 10 b#2"));
}

#[test]
fn a_fail_in_a_pause_is_one_failure_and_no_pause() {
    let text = "tasks:\n  a: {action: core.x, next: [{do: [cleanup, fail]}]}\n  cleanup: {action: core.x}\n";
    let told = answer(text, json!({"requests": [{"at": 0.5, "do": "pause"}, {"at": 5, "do": "resume"}]}));
    assert_eq!(statuses(&told), "0 running, 0.5 pausing, 1 failed");
    assert_eq!((steps(&told).as_str(), errors(&told)), ("0 a, 1 cleanup", vec!["fail"]));
    assert_eq!(told["refused"][0]["do"], "resume");

    let text = text.replace("[cleanup, fail]", "noop").replace("  cleanup: {action: core.x}\n", "");
    let told = answer(&text, json!({"requests": [{"at": 0.5, "do": "pause"}, {"at": 5, "do": "resume"}]}));
    assert_eq!(statuses(&told), "0 running, 0.5 pausing, 1 paused, 5 succeeded");
}

#[test]
fn a_canceled_workflow_stays_canceled_with_a_join_that_was_half_reached() {
    let text = "tasks:\n  a: {action: core.x, next: [{do: j}]}\n  \
                b: {action: core.x, next: [{when: <% failed() %>, do: j}]}\n  j: {join: all, action: core.x}\n";
    let told = answer(text, json!({"requests": [{"at": 0.5, "do": "cancel"}]}));
    assert_eq!((statuses(&told).as_str(), errors(&told)), ("0 running, 0.5 canceling, 1 canceled", vec![]));
}

#[test]
fn what_a_branch_published_counts_at_the_end_although_it_ended_without_a_transition() {
    let text = "tasks:\n  a: {action: core.x, next: [{publish: [{v: 1}], do: b}]}\n  \
                b: {action: core.x, next: [{when: <% failed() %>, do: c}]}\n  c: {action: core.x}\n  \
                d: {action: core.x}\noutput: [{v: <% ctx().v %>}]\n";
    let told = answer(text, json!({"results": {"d": [{"takes": 9}]}}));
    assert_eq!((&told["output"], &told["status"]), (&json!({"v": 1}), &json!("succeeded")));
    // The same after a pause in which everything ended.
    let told = answer(text, json!({"requests": [{"at": 1.5, "do": "pause"}, {"at": 4, "do": "resume"}]}));
    assert_eq!((&told["output"], &told["status"]), (&json!({"v": 1}), &json!("succeeded")));
}

#[test]
fn an_answer_that_is_the_last_thing_to_come_ends_the_workflow_at_once() {
    let text = "tasks:\n  a: {action: core.ask}\n";
    let row = json!({
        "results": {"a": [{"status": "pending"}]},
        "requests": [{"at": 5, "do": "respond", "task": "a", "result": {"response": {}}}],
    });
    assert_eq!(statuses(&answer(text, row)), "0 running, 1 paused, 5 succeeded");
}

#[test]
fn an_answer_does_not_end_a_pause_that_somebody_asked_for() {
    let text = "tasks:\n  a: {action: core.ask, next: [{do: b}]}\n  b: {action: core.x}\n";
    let row = json!({
        "results": {"a": [{"status": "pending"}]},
        "requests": [
            {"at": 2, "do": "pause"},
            {"at": 5, "do": "respond", "task": "a", "result": {"response": {}}},
            {"at": 8, "do": "resume"},
        ],
    });
    let told = answer(text, row);
    assert_eq!(statuses(&told), "0 running, 1 paused, 8 resuming, 8 running, 9 succeeded");
}
