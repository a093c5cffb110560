//! Aliases and executions in the words of StackStorm's API, which its templates and its clients know.

use serde_json::{Value, json};

use crate::alias::Alias;
use crate::bot::home::Home;
use crate::model::Execution;

/// The part of an alias that formats see, as StackStorm's API shows it.
pub fn describe(alias: &Alias) -> Value {
    json!({
        "name": alias.name, "pack": alias.pack, "ref": alias.reference(), "description": alias.description,
        "action_ref": alias.action_ref, "extra": alias.extra,
        "ack": {"format": alias.ack.format, "enabled": alias.ack.enabled},
        "result": {"format": alias.result.format, "enabled": alias.result.enabled},
    })
}

/// An execution as StackStorm's API shows it: what formats of results see, and what callers of that API get.
pub fn api_model(home: &Home, execution: &Execution, result: &Value) -> Value {
    let source = execution.place.as_ref().map(|place| place.room.to_string());
    let elapsed = execution.ended.map(|ended| ended.since(execution.asked).as_secs_f64());
    let action = home.actions.get(&execution.action);
    let (pack, name) = execution.action.split_once('.').unwrap_or_default();
    let mut model = json!({
        "id": execution.id.to_string(),
        "status": execution.status,
        "action": {"ref": execution.action, "name": name, "pack": pack, "description": action.map(|action| &action.description)},
        "runner": {"name": execution.runner},
        "parameters": null,
        "result": null,
        "why": execution.why,
        "command": execution.command,
        "context": {
            "action_alias_ref": {"ref": execution.alias},
            "api_user": execution.person_name,
            "user": execution.person.to_string(),
            "source_channel": source,
        },
        "start_timestamp": execution.asked.to_string(),
        "end_timestamp": execution.ended.map(|ended| ended.to_string()),
        "elapsed_seconds": elapsed,
        "web_url": home.web_url(execution.id),
    });
    // The two that can be large are copied, not serialised.
    model["parameters"] = Value::Object(execution.parameters.clone());
    model["result"] = result.clone();
    model
}
