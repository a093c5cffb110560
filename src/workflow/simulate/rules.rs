//! Rules that the recorded rows do not show, each by a small workflow played through; and files made to confuse.

use std::path::Path;

use serde_json::{Value, json};

use super::answer_line;
use crate::workflow::{Category, Plan, inspect_file};

pub(super) fn answer(workflow: &str, more: Value) -> Value {
    let mut row = more;
    row["workflow"] = json!(workflow);
    answer_line(&row.to_string())
}

/// The tasks of the errors.
pub(super) fn errors(answer: &Value) -> Vec<&str> {
    answer["errors"].as_array().unwrap().iter().map(|error| error["task_id"].as_str().unwrap_or("")).collect()
}

#[test]
fn a_join_is_not_given_up_while_a_parent_still_runs() {
    let text = "tasks:\n  a: {action: core.x, next: [{do: j}]}\n  b: {action: core.x, next: [{do: j}]}\n  \
                e: {action: core.x}\n  j: {join: all, action: core.x}\n";
    let told = answer(text, json!({"results": {"b": [{"takes": 3}], "e": [{"status": "failed"}]}}));
    assert_eq!((errors(&told), &told["status"]), (vec!["e"], &json!("failed")));
    let told =
        answer(text, json!({"results": {"b": [{"takes": 3, "status": "failed"}], "e": [{"takes": 9}]}}));
    assert_eq!(told["status"], "succeeded", "a failed parent leads on where the transition has no condition");
}

#[test]
fn a_failure_is_not_mended_by_a_join_that_cannot_be_reached() {
    let text = "tasks:\n  a: {action: core.x, next: [{when: <% failed() %>, do: j}]}\n  \
                b: {action: core.x, next: [{when: <% failed() %>, do: j}]}\n  j: {join: all, action: core.x}\n  \
                c: {action: core.x, next: [{do: d}]}\n  d: {action: core.x}\n";
    let results = json!({"a": [{"status": "failed", "takes": 2}], "c": [{"takes": 3}]});
    let told = answer(text, json!({"results": results}));
    assert_eq!((told["steps"].as_array().unwrap().len(), errors(&told)), (1, vec!["a", "j"]), "{told}");
}

#[test]
fn a_pause_is_reached_although_a_task_is_to_be_tried_again() {
    let text = "tasks:\n  a: {action: core.x, retry: {count: 2}}\n";
    let results = json!({"a": [{"status": "failed"}, {"status": "failed"}]});
    let requests = json!([{"at": 0.5, "do": "pause"}, {"at": 5, "do": "resume"}]);
    let told = answer(text, json!({"results": results, "requests": requests}));
    let statuses: Vec<String> = told["workflow_statuses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| format!("{} {}", it["at"], it["status"].as_str().unwrap()))
        .collect();
    assert_eq!(statuses, ["0 running", "0.5 pausing", "1 paused", "5 resuming", "5 running", "7 succeeded"]);
}

#[test]
fn a_lost_join_makes_one_status_of_the_end() {
    let text = "tasks:\n  a: {action: core.x, next: [{do: j}]}\n  \
                b: {action: core.x, next: [{when: <% failed() %>, do: j}]}\n  j: {join: all, action: core.x}\n";
    let told = answer(text, json!({}));
    let statuses: Vec<&str> = told["workflow_statuses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["status"].as_str().unwrap())
        .collect();
    assert_eq!((statuses, errors(&told)), (vec!["running", "failed"], vec!["j"]));
}

#[test]
fn the_status_of_a_task_on_other_branches_is_not_seen() {
    let text = "tasks:\n  a: {action: core.x, next: [{do: c}, {do: c}]}\n  c: {action: core.x}\n  \
                b: {action: core.x, next: [{publish: [{seen: <% task_status(c) %>}], do: d}]}\n  \
                d: {action: core.x}\noutput: [{seen: <% ctx().seen %>}, {a: <% task_status(a) %>}]\n";
    let told = answer(text, json!({"results": {"b": [{"takes": 2}], "c": [{"takes": 9}, {"takes": 9}]}}));
    assert_eq!(told["output"], json!({"seen": "null", "a": "succeeded"}));
}

#[test]
fn result_and_status_belong_to_tasks() {
    for (place, text) in [
        ("vars", "vars: [{v: <% result() %>}]\ntasks: {a: {action: core.x}}\n"),
        ("output", "tasks: {a: {action: core.x}}\noutput: [{v: <% succeeded() %>}]\n"),
        ("Jinja", "tasks: {a: {action: core.x}}\noutput: [{v: '{{ failed() }}'}]\n"),
    ] {
        let told = answer(text, json!({}));
        assert_eq!(told["status"], "failed", "{place}");
        assert!(told["errors"][0]["message"].as_str().unwrap().contains("no task here"), "{place}: {told}");
    }
    let text = "tasks:\n  a:\n    action: core.x\n    input: {r: <% result() %>, s: <% succeeded() %>, i: <% item() %>}\n";
    let told = answer(text, json!({}));
    assert_eq!(told["starts"][0]["input"], json!({"r": null, "s": false, "i": null}));
}

#[test]
fn a_task_with_items_is_described_with_its_items_in_its_own_transitions_too() {
    let text = "tasks:\n  a:\n    with: <% [1, 2] %>\n    action: core.x\n    next:\n      - publish:\n          \
                - all: <% task(a).result.items.select($.result) %>\n          - same: <% result() %>\n\
                output: [{all: <% ctx().all %>}, {same: <% ctx().same %>}]\n";
    let told = answer(text, json!({"results": {"a": [{"result": "x"}, {"result": "y"}]}}));
    assert_eq!(told["output"], json!({"all": ["x", "y"], "same": ["x", "y"]}));
}

#[test]
fn in_a_loop_a_task_knows_how_it_ended_before() {
    let text = "vars: [{n: 0}]\ntasks:\n  s: {next: [{do: a}]}\n  a:\n    action: core.x\n    \
                input: {before: <% succeeded() %>}\n    next:\n      - when: <% ctx().n < 1 %>\n        \
                publish: [{n: <% ctx().n + 1 %>}]\n        do: a\n";
    let told = answer(text, json!({}));
    let seen: Vec<&Value> = told["starts"].as_array().unwrap()[1..].iter().map(|it| &it["input"]).collect();
    assert_eq!(seen, [&json!({"before": false}), &json!({"before": true})]);
}

#[test]
fn a_variable_that_only_one_way_assigns_is_a_warning_where_a_shorter_way_does() {
    let text = "tasks:\n  a:\n    action: core.x\n    next:\n      - {publish: [{x: 1}], do: t}\n      - {do: b}\n  \
                b: {action: core.x, next: [{do: t}]}\n  t: {action: core.x, input: {m: <% ctx().x %>}}\n";
    let (_, findings) = Plan::inspect(Path::new("w.yaml"), text, &[]).unwrap();
    let found: Vec<_> = findings.iter().map(|it| (it.category, it.path.as_str(), it.at)).collect();
    assert_eq!(found, [(Category::Warning, "tasks.t.input", Some((8, 23)))]);
    let told = answer(text, json!({}));
    assert_eq!((&told["status"], errors(&told)), (&json!("failed"), vec!["t"]));
}

#[test]
fn every_bad_place_of_a_file_is_told_with_its_line() {
    let task = |body: &str| format!("version: 1.0\ntasks:\n  a:\n    action: core.x\n    {body}\n");
    let cases: Vec<(String, &str, u64)> = vec![
        ("version: 1.0\ntasks: 5\n".to_owned(), "tasks", 2),
        ("version: 1.0\ntasks: {}\n".to_owned(), "tasks", 2),
        ("version: [1]\ntasks: {a: {action: core.x}}\n".to_owned(), "version", 1),
        ("input: {x: 1}\ntasks: {a: {action: core.x}}\n".to_owned(), "input", 1),
        ("vars: [x]\ntasks: {a: {action: core.x}}\n".to_owned(), "vars[0]", 1),
        ("output: 1\ntasks: {a: {action: core.x}}\n".to_owned(), "output", 1),
        ("tasks: {a: {action: core.x}}\nmore: 1\n".to_owned(), "", 2),
        ("tasks:\n  a: [1]\n".to_owned(), "tasks.a", 2),
        ("tasks:\n  a:\n".to_owned(), "tasks.a", 2),
        ("tasks:\n  a-b: {action: core.x}\n".to_owned(), "tasks.a-b", 2),
        (task("input: [1]"), "tasks.a.input", 5),
        (task("delay: -1"), "tasks.a.delay", 5),
        (task("delay: 1.5"), "tasks.a.delay", 5),
        (task("join: maybe"), "tasks.a.join", 5),
        (task("with: plain text"), "tasks.a.with.items", 5),
        (task("with: {concurrency: 2}"), "tasks.a.with", 5),
        (task("retry: {delay: 1}"), "tasks.a.retry", 5),
        (task("retry: {count: x, often: 1}"), "tasks.a.retry", 5),
        (task("next: {do: b}"), "tasks.a.next", 5),
        (task("next: [{when: true}]"), "tasks.a.next[0].when", 5),
        (task("next: [{publish: {x: 1}}]"), "tasks.a.next[0].publish", 5),
        (task("next: [{do: []}]"), "tasks.a.next[0].do", 5),
        (task("next: [{do: gone}]"), "tasks.a.next[0].do", 5),
        (task("input: {m: <% 1 + %>}"), "tasks.a.input", 5),
        (task("input: {m: '<% 1 %>{{ 1 }}'}"), "tasks.a.input", 5),
        (task("input: {m: <% ctx().gone %>}"), "tasks.a.input", 5),
        (task("input: {m: <% ctx().__x %>}"), "tasks.a.input", 5),
        (task("input: {m: '{{ 1 | }}'}"), "tasks.a.input", 5),
    ];
    for (text, path, line) in cases {
        let findings = inspect_file(Path::new("w.yaml"), &text, None).unwrap();
        let found = findings.iter().find(|it| it.path == path && it.category.is_fatal());
        let found = found.unwrap_or_else(|| panic!("nothing at `{path}`: {findings:?}\n{text}"));
        assert_eq!(found.at.map(|at| at.0), Some(line), "{text}");
        let shown = found.to_error(Path::new("w.yaml"), &text).to_string();
        assert!(shown.starts_with(&format!("w.yaml:{line}:")), "{shown}");
    }
}

#[test]
fn what_is_no_yaml_is_refused_with_its_line() {
    for text in [
        "tasks: [",
        "tasks:\n  a: {action: core.x\n",
        "a: b: c\n",
        "tasks: {a: 1}\ntasks: {b: 1}\n",
        "\t- x",
        "- 1",
        "",
        "null",
        "text",
    ] {
        let told = answer(text, json!({}));
        let refused = told.get("load_error").or_else(|| told.get("inspection_errors"));
        assert!(refused.is_some(), "{text:?}: {told}");
    }
    let error = inspect_file(Path::new("w.yaml"), "tasks:\n  a: {action: [}\n", None).unwrap_err();
    assert!(error.to_string().starts_with("w.yaml:2:"), "{error}");
}

#[test]
fn deep_long_and_tangled_files_end_soon() {
    let deep = format!(
        "tasks: {{a: {{action: core.x, input: {{m: {}1{}}}}}}}\n",
        "[".repeat(3_000),
        "]".repeat(3_000)
    );
    assert!(answer(&deep, json!({})).get("load_error").is_some());
    let long = format!("tasks: {{a: {{action: core.x, input: {{m: '{}'}}}}}}\n", "x".repeat(1_000_000));
    assert_eq!(answer(&long, json!({}))["status"], "succeeded");
    // Forks behind forks: each layer doubles the ways.
    let layer = |at: usize| {
        format!(
            "  t{at}: {{action: core.x, next: [{{publish: [{{v{at}: 1}}], do: [l{at}, r{at}]}}]}}\n  \
                 l{at}: {{next: [{{publish: [{{w{at}: 1}}], do: t{next}}}]}}\n  r{at}: {{next: [{{do: t{next}}}]}}\n",
            next = at + 1
        )
    };
    let layers: String = (0..40).map(layer).collect();
    let began = std::time::Instant::now();
    let text = format!("tasks:\n{layers}  t40: {{action: core.x, input: {{m: <% ctx().w39 %>}}}}\n");
    let (_, findings) = Plan::inspect(Path::new("w.yaml"), &text, &[]).unwrap();
    assert!(findings.iter().all(|it| it.path.starts_with("tasks.t40")), "{findings:?}");
    assert!(began.elapsed() < std::time::Duration::from_secs(20), "it took {:?}", began.elapsed());
    // Aliases that blow up, and a task that leads to itself for ever.
    let bomb = "x: &a [1,1,1,1,1,1,1,1,1]\ny: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\ntasks: {a: {action: core.x, input: {m: *b}}}\n";
    assert!(answer(bomb, json!({})).get("status").is_none());
    let round = answer("tasks:\n  s: {next: [{do: a}]}\n  a: {next: [{do: a}]}\n", json!({}));
    assert!(round["error"].as_str().unwrap().contains("does not end"), "{}", round["error"]);
}

#[test]
fn a_catastrophic_pattern_costs_no_more_than_another() {
    let text =
        "input: [s]\nvars:\n  - m: \"<% regex_match(ctx().s, '(a+)+$') %>\"\ntasks: {a: {action: core.x}}\n";
    let began = std::time::Instant::now();
    let told = answer(text, json!({"inputs": {"s": "a".repeat(50_000) + "b"}}));
    assert!(told["status"] == "succeeded" || told["status"] == "failed", "{told}");
    assert!(began.elapsed() < std::time::Duration::from_secs(10), "it took {:?}", began.elapsed());
}

#[test]
fn what_is_unknown_is_named_with_the_nearest_name() {
    let text = "tasks:\n  a:\n    action: core.x\n    input: {a: <% suceeded() %>, b: '{{ ctx(1) | uper }}', c: <% ctx(x).firt() %>}\ninput: [x]\n";
    let findings = inspect_file(Path::new("w.yaml"), text, None).unwrap();
    let said: Vec<&str> = findings.iter().map(|it| it.message.as_str()).collect();
    for near in ["did you mean `succeeded`", "did you mean `upper`", "did you mean `first`"] {
        assert!(said.iter().any(|message| message.contains(near)), "{near}: {said:?}");
    }
}
