//! Aliases and executions in the words of StackStorm's API, which its templates and its clients know.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

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

/// What of an execution somebody looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Looked<'a> {
    /// At anything, perhaps.
    All,
    /// At no more than these of its keys.
    Keys(BTreeSet<&'a str>),
}

impl<'a> Looked<'a> {
    /// What a format reaches. One with statements, or that names the execution otherwise than as `execution.key`, may reach all.
    pub(super) fn by(format: &'a str) -> Self {
        const WORD: &str = "execution";
        let mut keys = BTreeSet::new();
        if format.contains("{%") {
            return Self::All;
        }
        for (at, _) in format.match_indices(WORD) {
            let of_name = |letter: char| letter.is_alphanumeric() || letter == '_';
            let Some(rest) = format[at + WORD.len()..].strip_prefix('.') else { return Self::All };
            let key = &rest[..rest.find(|letter| !of_name(letter)).unwrap_or(rest.len())];
            if key.is_empty() {
                return Self::All;
            }
            keys.insert(key);
        }
        Self::Keys(keys)
    }

    fn has(&self, key: &str) -> bool {
        match self {
            Self::All => true,
            Self::Keys(keys) => keys.contains(key),
        }
    }
}

/// An execution as StackStorm's API shows it: what formats of results see, and what callers of that API get.
pub fn api_model(home: &Home, execution: &Execution, result: &Value) -> Value {
    model_of(home, execution, result, &Looked::All)
}

/// The same with no more than what is looked at.
pub(super) fn model_of(home: &Home, execution: &Execution, result: &Value, looked: &Looked<'_>) -> Value {
    let mut model = Map::new();
    let mut put = |key: &str, value: &dyn Fn() -> Value| {
        if looked.has(key) {
            model.insert(key.to_owned(), value());
        }
    };
    put("id", &|| json!(execution.id.to_string()));
    put("status", &|| json!(execution.status));
    put("action", &|| {
        let action = home.actions.get(&execution.action);
        let (pack, name) = execution.action.split_once('.').unwrap_or_default();
        json!({"ref": execution.action, "name": name, "pack": pack, "description": action.map(|action| &action.description)})
    });
    put("runner", &|| json!({"name": execution.runner}));
    put("parameters", &|| Value::Object(execution.parameters.clone()));
    put("result", &|| result.clone());
    put("why", &|| json!(execution.why));
    put("command", &|| json!(execution.command));
    put("context", &|| {
        json!({
            "action_alias_ref": {"ref": execution.alias},
            "api_user": execution.person_name,
            "user": execution.person.to_string(),
            "source_channel": execution.place.as_ref().map(|place| place.room.to_string()),
        })
    });
    put("start_timestamp", &|| json!(execution.asked.to_string()));
    put("end_timestamp", &|| json!(execution.ended.map(|ended| ended.to_string())));
    put("elapsed_seconds", &|| {
        json!(execution.ended.map(|ended| ended.since(execution.asked).as_secs_f64()))
    });
    put("web_url", &|| json!(home.web_url(execution.id)));
    Value::Object(model)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_reaches_what_it_names_and_all_where_it_is_not_plain() {
        let keys = |keys: &[&'static str]| Looked::Keys(keys.iter().copied().collect());
        for (format, looked) in [
            ("done", keys(&[])),
            ("{{ execution.result.stdout }}", keys(&["result"])),
            (
                "{{execution.status}} after {{ execution.elapsed_seconds | round(1) }} s",
                keys(&["status", "elapsed_seconds"]),
            ),
            ("{{ execution.result['a'] ~ execution.id }}", keys(&["result", "id"])),
            ("{{ execution | tojson }}", Looked::All),
            ("{{ execution['result'] }}", Looked::All),
            ("{{ execution . result }}", Looked::All),
            ("{{ execution.\nresult }}", Looked::All),
            ("{{ [execution][0].result }}", Looked::All),
            ("{% set it = execution.result %}{{ it }}", Looked::All),
            ("{% include 'hosts.j2' %}", Looked::All),
            // A word of the text that is not followed by a key: too much is no harm.
            ("the execution ended", Looked::All),
        ] {
            assert_eq!(Looked::by(format), looked, "{format}");
        }
    }
}
