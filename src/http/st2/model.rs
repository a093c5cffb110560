//! Aliases, actions, runners and executions as StackStorm's API shows them.

use serde_json::{Map, Value, json};

use crate::action::{Action, Parameter};
use crate::alias::{Alias, Format};
use crate::bot::engine::{api_model, describe};
use crate::bot::home::{Home, runner_parameters};
use crate::model::Execution;
use crate::runner::Row;

/// An execution; its result is `null` until it has one.
pub(super) fn execution(home: &Home, execution: &Execution, result: &Value) -> Value {
    let mut model = api_model(home, execution, result);
    let known = home.actions.get(&execution.action);
    model["liveaction"] = json!({
        "id": execution.id.to_string(), "action": execution.action, "runner_info": {},
        "parameters": execution.parameters, "callback": {},
    });
    if let Some(action) = known {
        model["action"]["parameters"] = parameters(&action.parameters);
        model["action"]["runner_type"] = json!(action.runner);
    }
    if let Some(step) = &execution.step {
        model["parent"] = json!(step.workflow.to_string());
        model["context"]["orquesta"] = json!({"task_name": step.task});
    }
    if let Some(first) = execution.rerun_of {
        model["context"]["re-run"] = json!({"ref": first.to_string()});
    }
    model
}

/// An alias.
pub(super) fn alias(alias: &Alias) -> Value {
    let mut model = describe(alias);
    let reference = alias.reference();
    let more = json!({
        "id": reference, "uid": format!("action_alias:{}:{}", alias.pack, alias.name), "enabled": alias.enabled,
        "formats": alias.formats.iter().map(format).collect::<Vec<_>>(),
        "immutable_parameters": alias.immutable_parameters, "metadata_file": "",
        "ack": {
            "format": alias.ack.format, "enabled": alias.ack.enabled, "append_url": alias.ack.append_url,
            "extra": alias.ack.extra,
        },
        "result": {
            "format": alias.result.format, "enabled": alias.result.enabled, "extra": alias.result.extra,
        },
    });
    if let (Value::Object(model), Value::Object(more)) = (&mut model, more) {
        model.extend(more);
    }
    model
}

/// A format as it is written in files: as text where that says it all. A Hubot stumbles over one without `display`.
fn format(format: &Format) -> Value {
    let representation: Vec<&str> = format.representation.iter().map(crate::alias::Pattern::text).collect();
    let display = format.display.as_deref().or(representation.first().copied()).unwrap_or_default();
    match representation.as_slice() {
        [only] if *only == display && !format.match_multiple => json!(display),
        _ if format.match_multiple => {
            json!({"display": display, "representation": representation, "match_multiple": true})
        }
        _ => json!({"display": display, "representation": representation}),
    }
}

/// An action.
pub(super) fn action(action: &Action) -> Value {
    let reference = action.reference();
    let entry_point = action.entry_point.as_ref().and_then(|file| file.file_name());
    let tags = action.tags.iter().map(|tag| {
        let (name, value) = tag.split_once(':').unwrap_or((tag, ""));
        json!({"name": name, "value": value})
    });
    json!({
        "id": reference, "uid": format!("action:{}:{}", action.pack, action.name), "ref": reference,
        "name": action.name, "pack": action.pack, "description": action.description,
        "runner_type": action.runner, "enabled": action.enabled,
        "entry_point": entry_point.map(|name| name.to_string_lossy()).unwrap_or_default(),
        "parameters": parameters(&action.parameters), "output_schema": action.output_schema,
        "tags": tags.collect::<Vec<_>>(), "notify": {}, "metadata_file": "",
    })
}

/// Everything that may be given to an action, its runner's parameters among it.
pub(super) fn all_parameters(action: &Action) -> Value {
    parameters(action.parameters_with(runner_parameters(action)).iter().map(AsRef::as_ref))
}

/// A runner.
pub(super) fn runner(row: &Row, of_runner: &[Parameter]) -> Value {
    json!({
        "id": row.name, "uid": format!("runner_type:{}", row.name), "name": row.name,
        "description": row.summary, "enabled": true, "runner_module": row.name, "runner_package": "chatops",
        "runner_parameters": parameters(of_runner),
    })
}

fn parameters<'a>(all: impl IntoIterator<Item = &'a Parameter>) -> Value {
    Value::Object(all.into_iter().map(|one| (one.name.clone(), parameter(one))).collect())
}

/// A parameter as in an action's file. What is not said there is not said here.
fn parameter(parameter: &Parameter) -> Value {
    let mut all: Map<String, Value> = parameter.schema.clone();
    let mut put =
        |name: &str, value: Option<Value>| value.and_then(|value| all.insert(name.to_owned(), value));
    put("type", parameter.kind.map(|kind| json!(kind.as_str())));
    put("description", parameter.description.as_ref().map(|text| json!(text)));
    put("default", parameter.default.clone().filter(|_| !parameter.is_secret()));
    put("required", parameter.required.map(Value::from));
    put("secret", parameter.secret.map(Value::from));
    put("immutable", parameter.immutable.map(Value::from));
    put("enum", parameter.choices.clone().map(Value::from));
    put("position", parameter.position.map(Value::from));
    Value::Object(all)
}
