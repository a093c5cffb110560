//! `chatops workflow`: mistakes with file and line, and workflows played through with given results.

use serde_json::{Value, json};

use crate::support::bot::Home;
use crate::support::homes;

fn place(home: &Home, name: &str) -> String {
    home.path().join(name).display().to_string()
}

const SHIP: &str = "version: 1.0\ninput: [what]\ntasks:\n  build:\n    action: core.local cmd=\"make <% ctx().what %>\"\n    \
    next:\n      - when: <% succeeded() %>\n        publish: [{size: <% result().size %>}]\n        do: tell\n  \
    tell: {action: core.echo, input: {message: \"{{ ctx().size }}\"}}\noutput: [{size: <% ctx().size %>}]\n";

#[test]
fn each_line_is_answered_and_a_bad_one_ends_nothing() {
    let row =
        json!({"workflow": SHIP, "inputs": {"what": "web"}, "results": {"build": [{"result": {"size": 3}}]}});
    let lines = [
        "nonsense".to_owned(),
        "[1]".to_owned(),
        "{\"workflow\": 5}".to_owned(),
        "{\"workflow\": \"tasks: {a: {}}\", \"results\": 7}".to_owned(),
        row.to_string(),
        json!({"workflow": "tasks: ["}).to_string(),
        json!({"chain": "chain: [{name: a, ref: core.noop, on-success: gone}]"}).to_string(),
        json!({"template": "<% ctx().x + 1 %>", "data": {"x": 2}}).to_string(),
        json!({"template": "<% ctx().x + 1 %>"}).to_string(),
    ];
    let ran = homes::small().feed(&["workflow", "try", "-"], &(lines.join("\n") + "\n"));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let found: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let keys = ["error", "error", "error", "error", "steps", "load_error", "load_error", "value", "error"];
    assert_eq!(found.len(), keys.len(), "{ran:?}");
    for (answer, key) in found.iter().zip(keys) {
        assert!(!answer[key].is_null(), "{key}: {answer}");
    }
    assert_eq!(found[4]["starts"][0]["input"], json!({"cmd": "make web"}));
    assert_eq!((&found[4]["output"], &found[4]["status"]), (&json!({"size": 3}), &json!("succeeded")));
    assert_eq!(found[7]["value"], 3);
}

#[test]
fn check_tells_file_line_and_excerpt() {
    let wrong = SHIP.replace("ctx().size }}", "ctx().sise }}").replace("cmd=", "cnd=");
    let home = homes::small().file("workflows/ship.yaml", SHIP).file("workflows/wrong.yaml", &wrong);
    let (right, wrong) = (place(&home, "workflows/ship.yaml"), place(&home, "workflows/wrong.yaml"));
    let ran = home.run(&["workflow", "check", &right]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "1 file, 0 findings"), "{ran:?}");
    let ran = home.run(&["workflow", "check", &right, &wrong]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    for part in [
        "wrong.yaml:10:29: tasks.tell.input: the variable `sise` is read before it is assigned",
        "10 |   tell: {action: core.echo,",
        "tasks.build.input: `core.local` needs the parameter `cmd`",
        "`core.local` has no parameter `cnd`: did you mean `cmd`?",
    ] {
        assert!(ran.stderr.contains(part), "`{part}` is not in {ran:?}");
    }
}

#[test]
fn one_workflow_is_told_and_its_failure_is_the_exit_code() {
    let results = "build: [{status: failed, takes: 2, result: {stderr: no compiler}}]\n";
    let home = homes::small()
        .file("ship.yaml", SHIP)
        .file("inputs.yaml", "what: web\n")
        .file("results.yaml", results);
    let (file, inputs) = (place(&home, "ship.yaml"), place(&home, "inputs.yaml"));
    let results = place(&home, "results.yaml");
    let ran = home.run(&["workflow", "try", &file, "--inputs", &inputs, "--results", &results]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stdout.starts_with("   0s  build starts: core.local {\"cmd\":\"make web\"}\n"), "{ran:?}");
    assert!(ran.stdout.contains("   2s  the workflow is failed\n"), "{ran:?}");
    let ran = home.run(&["--json", "workflow", "try", &file, "--inputs", &inputs]);
    let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        (ran.code, &answer["task_statuses"]),
        (Some(1), &json!([{"task": "build", "status": "succeeded"}]))
    );
}

#[test]
fn what_is_hardly_meant_is_said_and_played_all_the_same() {
    let file = "tasks:\n  build: {action: core.noop, next: [{when: <% suceeded() %>, do: build2}]}\n  build2: {action: core.noop}\n";
    let home = homes::small().file("ship.yaml", file).file("results.yaml", "biuld: [{takes: 2}]\n");
    let (file, results) = (place(&home, "ship.yaml"), place(&home, "results.yaml"));
    let ran = home.run(&["workflow", "try", &file, "--results", &results]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    for said in
        ["unknown function `suceeded`: did you mean `succeeded`?", "there are results for `biuld`", "`build`"]
    {
        assert!(ran.stderr.contains(said), "{said}: {ran:?}");
    }
    assert!(ran.stdout.contains("build starts: core.noop"), "{ran:?}");
}
