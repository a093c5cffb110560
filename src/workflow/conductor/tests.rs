//! What the recorded rows do not show: late arrivals, reruns of joins, questions, stored items.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{Begin, Change, Conductor, Offer, Refusal, Rerun};
use crate::model::{Status, Timestamp};
use crate::workflow::{NoData, Plan};

const NOW: Timestamp = Timestamp::from_micros(0);

fn conductor(text: &str) -> Conductor {
    let (plan, findings) = Plan::inspect(Path::new("w.yaml"), text, &[]).unwrap();
    assert_eq!(findings, [], "the workflow of a test is right");
    Conductor::new(Arc::new(plan), Begin::default(), Arc::new(NoData))
}

/// The names of what is ready now.
fn ready(conductor: &mut Conductor) -> Vec<String> {
    conductor.ready(NOW).into_iter().map(|offer| offer.task).collect()
}

fn end(conductor: &mut Conductor, task: &str, status: Status) {
    let runs = conductor.state().runs.iter();
    let run = runs.enumerate().rfind(|(_, run)| run.task == task && !run.status.is_final());
    let run = run.expect("the task runs").0;
    conductor.ended(run, None, status, json!(task), NOW).unwrap();
}

const JOIN: &str = "tasks:\n  a: {action: core.x, next: [{publish: [{from: a}, {a: 1}], do: j}]}\n  \
    b: {action: core.x, next: [{publish: [{from: b}, {b: 2}], do: j}]}\n  \
    c: {action: core.x, next: [{do: j}]}\n  j: {join: NEEDS, action: core.x, input: {f: <% ctx() %>}}\n";

#[test]
fn a_join_of_some_runs_once_whoever_comes_later() {
    let mut conductor = conductor(&JOIN.replace("NEEDS", "2"));
    assert_eq!(ready(&mut conductor), ["a", "b", "c"]);
    end(&mut conductor, "b", Status::Succeeded);
    end(&mut conductor, "a", Status::Succeeded);
    let offers = conductor.ready(NOW);
    assert_eq!(offers[0].input, json!({"f": {"from": "a", "b": 2, "a": 1}}), "the last to arrive wins");
    end(&mut conductor, "c", Status::Succeeded);
    assert_eq!(ready(&mut conductor), [""; 0]);
    end(&mut conductor, "j", Status::Succeeded);
    assert_eq!((conductor.status(), conductor.busy()), (Status::Succeeded, false));
}

#[test]
fn a_rerun_of_one_parent_lets_the_join_run_again_with_what_the_others_brought() {
    let mut conductor = conductor(&JOIN.replace("NEEDS", "all"));
    ready(&mut conductor);
    for task in ["a", "b", "c"] {
        end(&mut conductor, task, Status::Succeeded);
    }
    ready(&mut conductor);
    end(&mut conductor, "j", Status::Failed);
    let again = |task: &str| Rerun { task: task.to_owned(), reset_items: false };
    assert_eq!(conductor.rerun(&[again("z")]), Err(Refusal::Task("z".to_owned())));
    conductor.rerun(&[again("a"), again("j")]).unwrap();
    assert_eq!(ready(&mut conductor), ["a"], "the join is behind it");
    end(&mut conductor, "a", Status::Succeeded);
    let offers = conductor.ready(NOW);
    assert_eq!(offers[0].input["f"]["b"], json!(2));
    end(&mut conductor, "j", Status::Succeeded);
    assert_eq!(conductor.status(), Status::Succeeded);
    assert_eq!(conductor.result(), json!({"output": null}));
}

#[test]
fn a_join_in_a_loop_counts_anew_in_each_pass() {
    let text = "vars: [{n: 0}]\ntasks:\n  start: {action: core.x, next: [{do: [a, b]}]}\n  \
        a: {action: core.x, next: [{do: j}]}\n  b: {action: core.x, next: [{do: j}]}\n  \
        j: {join: 1, action: core.x, next: [{when: <% ctx().n < 1 %>, publish: [{n: <% ctx().n + 1 %>}], do: [a, b]}]}\n";
    let mut conductor = conductor(text);
    ready(&mut conductor);
    end(&mut conductor, "start", Status::Succeeded);
    for _ in 0..2 {
        assert_eq!(ready(&mut conductor), ["a", "b"]);
        end(&mut conductor, "a", Status::Succeeded);
        assert_eq!(ready(&mut conductor), ["j"]);
        end(&mut conductor, "b", Status::Succeeded);
        assert_eq!(ready(&mut conductor), [""; 0], "too late in this pass");
        end(&mut conductor, "j", Status::Succeeded);
    }
    assert_eq!(conductor.status(), Status::Succeeded);
}

#[test]
fn a_pause_that_was_asked_for_outlasts_the_answer_to_a_question() {
    let text = "tasks:\n  ask: {action: core.ask, next: [{do: go}]}\n  go: {action: core.x}\n";
    let mut conductor = conductor(text);
    ready(&mut conductor);
    end(&mut conductor, "ask", Status::Pending);
    assert_eq!((conductor.status(), conductor.questions()), (Status::Paused, vec![(0, None)]));
    conductor.pause().unwrap();
    end(&mut conductor, "ask", Status::Succeeded);
    assert_eq!((conductor.status(), ready(&mut conductor)), (Status::Paused, vec![]));
    conductor.resume().unwrap();
    assert_eq!(ready(&mut conductor), ["go"]);
}

#[test]
fn an_end_nobody_waits_for_is_refused() {
    let mut conductor =
        conductor("tasks:\n  a: {action: core.x, delay: 5}\n  w: {with: '<% [1] %>', action: core.x}\n");
    ready(&mut conductor);
    let mut told = |run, item| conductor.ended(run, item, Status::Succeeded, Value::Null, NOW);
    assert_eq!(told(0, None), Err(Refusal::Run { run: 0 }), "it is delayed");
    assert_eq!(told(1, None), Err(Refusal::Run { run: 1 }), "its items end, not the task");
    assert_eq!(told(9, None), Err(Refusal::Run { run: 9 }));
    assert_eq!(told(1, Some(0)), Ok(()));
    assert_eq!(told(1, Some(0)), Err(Refusal::Run { run: 1 }));
}

#[test]
fn a_rerun_leaves_the_items_that_ended_well_alone() {
    let text = "tasks:\n  w:\n    with: <% [1, 2, 3] %>\n    action: core.x i=<% item() %>\n    \
        next: [{publish: [{r: <% result() %>}]}]\noutput: [{r: <% ctx().r %>}]\n";
    let mut conductor = conductor(text);
    conductor.ready(NOW);
    for (item, status) in [Status::Succeeded, Status::Failed, Status::Succeeded].into_iter().enumerate() {
        conductor.ended(0, Some(item), status, json!(item), NOW).unwrap();
    }
    assert_eq!(conductor.status(), Status::Failed);
    conductor.rerun(&[]).unwrap();
    let offers: Vec<Offer> = conductor.ready(NOW);
    assert_eq!(offers.iter().map(|offer| offer.item).collect::<Vec<_>>(), [Some(1)]);
    conductor.ended(offers[0].run, Some(1), Status::Succeeded, json!("new"), NOW).unwrap();
    assert_eq!(conductor.result(), json!({"output": {"r": [0, "new", 2]}}));
}

#[test]
fn a_step_writes_what_it_changed_and_no_more() {
    let items = (0..1000).map(|item| json!(item)).collect();
    let text = "input: [l]\ntasks:\n  w: {with: {items: <% ctx().l %>, concurrency: 50}, action: core.x i=<% item() %>}\n";
    let (plan, _) = Plan::inspect(Path::new("w.yaml"), text, &[]).unwrap();
    let inputs = Map::from_iter([("l".to_owned(), Value::Array(items))]);
    let begin = Begin { inputs, parent: Map::new() };
    let mut conductor = Conductor::new(Arc::new(plan), begin, Arc::new(NoData));
    assert_eq!(conductor.ready(NOW).len(), 50);
    conductor.take_changes();
    conductor.ended(0, Some(7), Status::Succeeded, json!("x".repeat(100)), NOW).unwrap();
    assert_eq!(conductor.ready(NOW).len(), 1);
    let changes = conductor.take_changes();
    let key = |change: &Change| match change {
        Change::Put { key, .. } => key.clone(),
        Change::Drop { prefix } => prefix.clone(),
    };
    assert_eq!(changes.iter().map(key).collect::<Vec<_>>(), ["run/0", "item/0/7", "item/0/50"]);
    let size: usize = changes.iter().map(|change| format!("{change:?}").len()).sum();
    assert!(size < 1500, "{size} bytes");
}
