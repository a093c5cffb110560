//! The options of each kind as JSON schema, made of the type that reads them: doc comments are descriptions, secrets are
//! `writeOnly`. What is shown of options is cut by the same schema.

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use crate::model::Secret;

impl JsonSchema for Secret {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "writeOnly": true, "format": "password"})
    }
}

/// The schema of a kind's options, whole: nothing in it refers elsewhere.
pub(super) fn of<T: JsonSchema>() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    mend(&mut schema);
    schema
}

/// Names of types say nothing to admins, the default of a secret is not shown, and a span is written as text.
fn mend(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if map.get("title").is_some_and(Value::is_string) {
                map.remove("title");
            }
            if is_secret(map) {
                map.remove("default");
            }
            if let Some(seconds) = map.get("default").and_then(|it| it.get("secs")) {
                map["default"] = json!(format!("{seconds}s"));
            }
            map.values_mut().for_each(mend);
        }
        Value::Array(items) => items.iter_mut().for_each(mend),
        _ => {}
    }
}

fn is_secret(schema: &Map<String, Value>) -> bool {
    schema.get("writeOnly") == Some(&Value::Bool(true))
}

/// The keys of a schema's options, in the order of the type.
pub fn keys(schema: &Value) -> Vec<&str> {
    let properties = schema["properties"].as_object();
    properties.map(|all| all.keys().map(String::as_str).collect()).unwrap_or_default()
}

/// Options as they may be shown: a secret is whether it is set. Beside them the paths of what was cut, such as `token`,
/// `http.proxy`, `headers.x-key`.
pub fn redact(schema: &Value, options: &Map<String, Value>) -> (Map<String, Value>, Vec<String>) {
    let mut cut = Vec::new();
    let mut shown = object(schema, options, "", &mut cut);
    for (key, own) in schema["properties"].as_object().into_iter().flatten() {
        if holds_secret(own) && !shown.contains_key(key) {
            shown.insert(key.clone(), Value::Bool(false));
            cut.push(key.clone());
        }
    }
    (shown, cut)
}

fn object(
    schema: &Value,
    options: &Map<String, Value>,
    path: &str,
    cut: &mut Vec<String>,
) -> Map<String, Value> {
    let part = |key: &str| match schema["properties"].get(key) {
        Some(own) => own.clone(),
        None => schema["additionalProperties"].clone(),
    };
    let mut one = |(key, value): (&String, &Value)| {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        (key.clone(), shown(&part(key), value, &path, cut))
    };
    options.iter().map(&mut one).collect()
}

fn shown(schema: &Value, value: &Value, path: &str, cut: &mut Vec<String>) -> Value {
    if holds_secret(schema) {
        cut.push(path.to_owned());
        return Value::Bool(is_set(value));
    }
    match value {
        Value::Object(map) => Value::Object(object(schema, map, path, cut)),
        Value::Array(items) => items.iter().map(|item| shown(&schema["items"], item, path, cut)).collect(),
        other => other.clone(),
    }
}

/// Whether it is a secret, or a list of them.
fn holds_secret(schema: &Value) -> bool {
    schema.as_object().is_some_and(is_secret) || schema["items"].as_object().is_some_and(is_secret)
}

/// What clients of Tower read and write in the place of a secret.
pub const ENCRYPTED: &str = "$encrypted$";

/// Options as [`redact`] shows them, with [`ENCRYPTED`] for a secret that is set, and without those that are not.
pub fn encrypted(options: &mut Map<String, Value>, cut: &[String]) {
    for path in cut {
        let (first, rest) = path.split_once('.').map_or((path.as_str(), None), |(a, b)| (a, Some(b)));
        match (options.get_mut(first), rest) {
            (Some(Value::Object(inner)), Some(rest)) => encrypted(inner, &[rest.to_owned()]),
            (Some(Value::Bool(true)), None) => drop(options.insert(first.to_owned(), json!(ENCRYPTED))),
            (Some(Value::Bool(false)), None) => drop(options.shift_remove(first)),
            _ => {}
        }
    }
}

/// Puts the value of `before` wherever `given` says [`ENCRYPTED`]; where there was none the option is left out.
pub fn fill(given: &mut Map<String, Value>, before: &Map<String, Value>) {
    let mut gone = Vec::new();
    for (key, value) in given.iter_mut() {
        match (value, before.get(key)) {
            (Value::Object(inner), old) => {
                fill(inner, old.and_then(Value::as_object).unwrap_or(&Map::new()));
            }
            (value, old) if *value == ENCRYPTED => match old {
                Some(old) => *value = old.clone(),
                None => gone.push(key.clone()),
            },
            _ => {}
        }
    }
    gone.iter().for_each(|key| drop(given.shift_remove(key)));
}

fn is_set(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
        _ => true,
    }
}

/// Takes out of `given` what only says that a secret is set, as [`redact`] shows it: so that what was shown can be sent
/// back.
pub fn unmask(schema: &Value, given: &mut Map<String, Value>) {
    let properties = schema["properties"].as_object();
    given.retain(|key, value| {
        let own = properties.and_then(|all| all.get(key));
        let own = own.unwrap_or(&schema["additionalProperties"]);
        let emptied = match value {
            Value::Bool(_) => holds_secret(own),
            Value::Object(map) if !map.is_empty() => {
                unmask(own, map);
                map.is_empty()
            }
            _ => false,
        };
        !emptied
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notifier::{CATALOGUE, Row};

    #[test]
    fn every_option_of_every_kind_is_described_and_unknown_ones_are_refused() {
        for row in CATALOGUE {
            let schema = (row.schema)();
            assert_eq!(schema["additionalProperties"], false, "{}", row.kind);
            for (key, option) in schema["properties"].as_object().unwrap() {
                assert!(option["description"].is_string(), "{}.{key}: {option}", row.kind);
            }
            let text = schema.to_string();
            assert!(!text.contains("$ref") && !text.contains("***") && !text.contains("nanos"), "{text}");
            jsonschema::validator_for(&schema).unwrap();
        }
    }

    #[test]
    fn the_example_of_every_page_fits_its_schema() {
        for row in CATALOGUE {
            let page: Value = serde_yaml::from_str(row.example()).unwrap();
            let schema = jsonschema::validator_for(&(row.schema)()).unwrap();
            for one in page["notifiers"].as_array().unwrap() {
                let wrong: Vec<String> = one["to"]
                    .get(row.kind)
                    .into_iter()
                    .flat_map(|options| schema.iter_errors(options))
                    .map(|it| it.to_string())
                    .collect();
                assert!(wrong.is_empty(), "{}: {wrong:?}", row.kind);
            }
        }
    }

    #[test]
    fn secrets_are_shown_as_set_or_not_wherever_they_are() {
        let webhook = (Row::of("webhook").unwrap().schema)();
        assert_eq!(webhook["properties"]["url"]["format"], "password");
        let options = json!({
            "url": "https://hunter2.example.org", "headers": {"x-key": "hunter2"}, "signing_secret": ["hunter2"],
            "http": {"timeout": "5s", "proxy": "http://a:hunter2@example.org"}, "username": "bot",
        });
        let (shown, cut) = redact(&webhook, options.as_object().unwrap());
        let expected = json!({
            "url": true, "headers": {"x-key": true}, "signing_secret": true,
            "http": {"timeout": "5s", "proxy": true}, "username": "bot", "password": false, "bearer": false,
        });
        assert_eq!(Value::Object(shown.clone()), expected);
        assert_eq!(cut, ["url", "headers.x-key", "signing_secret", "http.proxy", "password", "bearer"]);
        let mut tower = shown.clone();
        encrypted(&mut tower, &cut);
        let expected = json!({
            "url": "$encrypted$", "headers": {"x-key": "$encrypted$"}, "signing_secret": "$encrypted$",
            "http": {"timeout": "5s", "proxy": "$encrypted$"}, "username": "bot",
        });
        assert_eq!(Value::Object(tower.clone()), expected);
        tower.insert("password".to_owned(), json!(ENCRYPTED));
        tower["username"] = json!("other");
        fill(&mut tower, options.as_object().unwrap());
        let mut filled = options.clone();
        filled["username"] = json!("other");
        assert_eq!(Value::Object(tower), filled);
        let mut back = shown;
        unmask(&webhook, &mut back);
        assert_eq!(Value::Object(back), json!({"http": {"timeout": "5s"}, "username": "bot"}));
    }
}
