//! The arguments of a script, as StackStorm makes them of an action's own parameters.

use serde_json::{Map, Value};

use super::parameter::Parameter;

/// Positional parameters follow the others, in the order of `position`; a missing one is the empty text.
/// The others become `<prefix>name=value`, in the order of the file; true becomes `<prefix>name`;
/// false, null and empty text are left out.
pub(super) fn arguments(own: &[Parameter], values: &Map<String, Value>, prefix: &str) -> Vec<String> {
    let (mut placed, named): (Vec<_>, Vec<_>) =
        own.iter().partition(|parameter| parameter.position.is_some());
    placed.sort_by_key(|parameter| parameter.position);
    let value = |parameter: &Parameter| values.get(&parameter.name).unwrap_or(&Value::Null).clone();
    let named = named.into_iter().filter_map(|parameter| by_name(prefix, &parameter.name, &value(parameter)));
    let placed = placed.into_iter().map(|parameter| by_place(&value(parameter)));
    named.chain(placed).collect()
}

fn by_name(prefix: &str, name: &str, value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Bool(false) => None,
        Value::Bool(true) => Some(format!("{prefix}{name}")),
        Value::String(text) if text.is_empty() => None,
        value => Some(format!("{prefix}{name}={}", by_place(value))),
    }
}

fn by_place(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(value) => if *value { "1" } else { "0" }.to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(by_place).collect::<Vec<_>>().join(","),
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(own: &[(&str, Option<i64>)], values: &Value) -> Vec<String> {
        let own: Vec<_> = own
            .iter()
            .map(|(name, position)| Parameter {
                name: (*name).to_owned(),
                position: *position,
                ..Parameter::default()
            })
            .collect();
        arguments(&own, values.as_object().unwrap(), "--")
    }

    #[test]
    fn positional_ones_keep_their_order_and_gaps() {
        let own = [("c", Some(2)), ("b", Some(1)), ("a", Some(0)), ("o", Some(3)), ("l", Some(4))];
        let values = json!({"a": true, "c": "-x y", "o": {"k": 1}, "l": [1, "b"]});
        assert_eq!(of(&own, &values), ["1", "", "-x y", "{\"k\":1}", "1,b"]);
    }

    #[test]
    fn named_ones_come_with_their_prefix() {
        let own = [("n", None), ("on", None), ("off", None), ("none", None), ("empty", None), ("p", Some(0))];
        let values = json!({"n": 5, "on": true, "off": false, "empty": "", "p": "x"});
        assert_eq!(of(&own, &values), ["--n=5", "--on", "x"]);
    }
}
