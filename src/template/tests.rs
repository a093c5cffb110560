//! The rows of `tests/data/alias/vectors.json` that are about templates.

use serde_json::{Value, json};

use super::{Templates, Undefined};

fn vectors(section: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("../../tests/data/alias/vectors.json")).unwrap();
    all[section].as_array().unwrap().clone()
}

fn context() -> Value {
    let all: Value = serde_json::from_str(include_str!("../../tests/data/alias/vectors.json")).unwrap();
    all["jinja_context"].clone()
}

#[test]
fn the_jinja_rows_hold() {
    let templates = Templates::default();
    let mut wrong = Vec::new();
    for row in vectors("jinja").iter().filter(|row| row.get("bug").is_none() && row.get("quirk").is_none()) {
        let source = row["template"].as_str().unwrap();
        let context = row.get("context").cloned().unwrap_or_else(context);
        let mode = match row["strict_undefined"].as_bool() {
            Some(true) => Undefined::Strict,
            _ => Undefined::Lenient,
        };
        let got = templates.render("row", source, &context, mode);
        match (&got, row["output"].as_str()) {
            (Ok(got), Some(expected)) if got == expected => {}
            (Err(_), None) => {}
            _ => wrong.push(format!("{source}\n  expected {:?}\n  got      {got:?}", row["output"])),
        }
    }
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
}

/// One row asks for the error that a quote in a nested text gives in StackStorm, which renders lists
/// and mappings as JSON text; here each text is rendered on its own (section 5.1 asks for it).
#[test]
fn the_render_values_rows_hold() {
    let templates = Templates::default();
    for row in vectors("render_values") {
        let got = templates.render_leaves("row", &row["mapping"], &row["context"], Undefined::Strict);
        match row.get("output") {
            Some(expected) => assert_eq!(got.as_ref().unwrap(), expected, "{row}"),
            None => assert_eq!(got.unwrap(), json!({"a": {"k": "x\"y"}}), "{row}"),
        }
    }
}

#[test]
fn the_immutable_rows_hold() {
    let templates = Templates::default();
    for row in vectors("immutable") {
        let given = row["immutable_parameters"].as_object().unwrap();
        if given.keys().any(|key| row["params"].get(key).is_some()) {
            continue; // refused before anything is rendered, by the alias room
        }
        let got =
            templates.render_leaves("row", &row["immutable_parameters"], &row["context"], Undefined::Strict);
        match row.get("output") {
            Some(expected) => {
                let mut all = row["params"].as_object().unwrap().clone();
                all.extend(got.unwrap().as_object().unwrap().clone());
                assert_eq!(Value::from(all), *expected, "{row}");
            }
            None => assert!(got.unwrap_err().message.contains("`nope` is undefined"), "{row}"),
        }
    }
}

#[test]
fn the_default_result_rows_hold_to_the_last_blank() {
    let templates = Templates::default();
    for row in vectors("default_result") {
        let context = json!({"execution": row["execution"]});
        let source = "{% include 'stackstorm_result.j2' %}";
        let got = templates.render("row", source, &context, Undefined::Lenient).unwrap();
        assert_eq!(got, row["message"].as_str().unwrap(), "{row}");
    }
}
