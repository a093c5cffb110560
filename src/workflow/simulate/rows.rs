//! One JSON line in, one out: workflows, chains and templates tried by another program.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::answer::inspection;
use super::case::Case;
use super::chain::chained;
use super::run::play;
use crate::workflow::Plan;
use crate::workflow::expression::{Alone, Scope, evaluate};

/// Answers one line: `{"workflow": TEXT, "inputs", "results", "requests"}`, `{"chain": TEXT, "inputs",
/// "results", "datastore", "config"}` or `{"template": TEXT, "data"}`. Whatever is wrong is in the answer, as
/// `load_error`, `inspection_errors` or `error`.
pub fn answer_line(line: &str) -> Value {
    match serde_json::from_str::<Map<String, Value>>(line) {
        Ok(row) => answer(row),
        Err(error) => json!({"error": format!("a line must be a JSON object: {error}")}),
    }
}

fn answer(mut row: Map<String, Value>) -> Value {
    row.retain(|key, value| !value.is_null() || key == "template");
    let text = |key: &str| row.get(key).and_then(Value::as_str).map(str::to_owned);
    if let Some(template) = row.get("template") {
        return rendered(template, row.get("data"));
    }
    let (workflow, chain) = (text("workflow"), text("chain"));
    let case: Case = match serde_json::from_value(Value::Object(row)) {
        Ok(case) => case,
        Err(error) => return json!({"error": format!("the line cannot be used: {error}")}),
    };
    match (workflow, chain) {
        (Some(text), _) => played(&text, &case),
        (None, Some(text)) => chained(&text, &case),
        (None, None) => json!({"error": "the line has no text `workflow`, `chain` or `template`"}),
    }
}

fn played(text: &str, case: &Case) -> Value {
    let known: Vec<&str> = case.parent.keys().map(String::as_str).collect();
    match Plan::inspect(Path::new("workflow"), text, &known) {
        Err(error) => json!({"load_error": error.headline()}),
        Ok((plan, findings)) => inspection(&findings).unwrap_or_else(|| play(Arc::new(plan), case).to_json()),
    }
}

/// `{"value": ...}`, or `{"error": ...}`.
fn rendered(template: &Value, data: Option<&Value>) -> Value {
    let context = data.and_then(Value::as_object).cloned().unwrap_or_default();
    match evaluate(template, &Alone(context) as &dyn Scope) {
        Ok(value) => json!({"value": value}),
        Err(error) => json!({"error": error.to_string()}),
    }
}
