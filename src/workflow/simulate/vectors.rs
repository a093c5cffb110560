//! Recorded outcomes of StackStorm's engines, in `tests/data/workflows/vectors.json`, compared as its `about`
//! says: what is a set there is one here, rows with `quirk` are free, rows with `bug` follow `good`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::answer_line;
use super::case::Case;
use super::run::{Given, play, play_with};
use crate::workflow::{Change, Conductor, Plan};

const FILE: &str = include_str!("../../../tests/data/workflows/vectors.json");

fn rows(kind: &str) -> Vec<Map<String, Value>> {
    let all: Value = serde_json::from_str(FILE).unwrap();
    let rows = all[kind].as_array().unwrap().iter().map(|row| row.as_object().unwrap().clone());
    rows.filter(|row| !row.contains_key("quirk")).collect()
}

fn sorted(mut values: Vec<Value>) -> Vec<Value> {
    values.sort_by_key(Value::to_string);
    values
}

/// The members of a list, each cut down to some keys, as a set.
fn set(value: &Value, keys: &[&str]) -> Value {
    let cut = |entry: &Value| -> Value {
        let found = keys.iter().filter_map(|key| Some(((*key).to_owned(), entry.get(*key)?.clone())));
        Value::Object(found.collect())
    };
    let mut cut = sorted(value.as_array().into_iter().flatten().map(cut).collect());
    cut.dedup();
    json!(cut)
}

/// A value as it is compared: order and words that do not count are gone.
fn plain(key: &str, value: &Value) -> Value {
    match key {
        "starts" => set(value, &["at", "task", "action", "input", "item"]),
        "published" => set(value, &["at", "task", "vars"]),
        "task_statuses" => json!(sorted(value.as_array().unwrap().clone())),
        "errors" => set(value, &["task_id"]),
        "inspection_errors" => set(value, &["category", "path"]),
        "refused" => set(value, &["at", "do"]),
        "load_error" | "error" => json!(true),
        _ => value.clone(),
    }
}

/// What `good` says beside the keys of the answer: `[[task, input], ...]`.
fn inputs(answer: &Value) -> Value {
    let starts = answer["starts"].as_array().cloned().unwrap_or_default();
    json!(starts.iter().map(|start| json!([start["task"], start["input"]])).collect::<Vec<_>>())
}

fn differences(row: &Map<String, Value>) -> Vec<String> {
    let answer = answer_line(&Value::Object(row.clone()).to_string());
    let expected = if row.contains_key("bug") { &row["good"] } else { &row["expect"] };
    let unscored =
        |key: &str| row.get("unscored").is_some_and(|keys| keys.as_array().unwrap().contains(&json!(key)));
    let mut found = Vec::new();
    for (key, expected) in expected.as_object().unwrap().iter().filter(|(key, _)| !unscored(key)) {
        let given =
            if key == "inputs" { inputs(&answer) } else { answer.get(key).cloned().unwrap_or_default() };
        let same = match key.as_str() {
            "inputs" => {
                expected.as_array().unwrap().iter().all(|one| given.as_array().unwrap().contains(one))
            }
            _ if given.is_null() || expected.is_null() => given == *expected,
            key => plain(key, &given) == plain(key, expected),
        };
        if !same {
            found.push(format!("{key}: {given} instead of {expected}; {}", answer["errors"]));
        }
    }
    found
}

fn check(kind: &str) {
    let mut wrong = Vec::new();
    for row in rows(kind) {
        let found = differences(&row);
        if !found.is_empty() {
            wrong.push(format!("{}\n  {}", row["id"], found.join("\n  ")));
        }
    }
    assert!(wrong.is_empty(), "{} rows differ\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_recorded_workflow_goes_as_recorded() {
    check("workflows");
}

#[test]
fn every_recorded_chain_goes_as_recorded() {
    check("chains");
}

/// Writes changes as a database does, and reads the whole back.
#[derive(Default)]
struct Kept(BTreeMap<String, String>);

impl Kept {
    fn write(&mut self, changes: Vec<Change>) {
        for change in changes {
            match change {
                Change::Put { key, value } => {
                    self.0.insert(key, value);
                }
                Change::Drop { prefix } => self.0.retain(|key, _| !key.starts_with(&prefix)),
            }
        }
    }
}

#[test]
fn a_restart_after_each_step_changes_nothing() {
    for row in rows("workflows") {
        let text = row["workflow"].as_str().unwrap();
        let Ok((plan, findings)) = Plan::inspect(Path::new("w.yaml"), text, &[]) else { continue };
        if findings.iter().any(|finding| finding.category.is_fatal()) {
            continue;
        }
        let plan = Arc::new(plan);
        let case: Case = serde_json::from_value(Value::Object(row.clone())).unwrap();
        let straight = play(plan.clone(), &case).to_json();
        let mut kept = Kept::default();
        let restarted = play_with(plan, &case, &mut |conductor| {
            kept.write(conductor.take_changes());
            let data = Arc::new(Given(case.datastore.clone()));
            *conductor = Conductor::restore(kept.0.clone(), data).unwrap();
        });
        assert_eq!(restarted.to_json(), straight, "{}", row["id"]);
    }
}
