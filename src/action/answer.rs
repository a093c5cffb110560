//! The answer to a question that an execution asks (`core.ask`): which values a JSON schema names, and what was given
//! cast, filled up and checked.

use serde_json::{Map, Value};

use super::cast::{Kind, cast};
use super::validate::{accepted, modernise};
use crate::config::nearest::hint;

/// One value that a question asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: Kind,
    /// What it is, or empty.
    pub about: String,
    /// What is accepted, where that is a short list; `true` and `false` of a boolean.
    pub choices: Vec<Value>,
    /// Whether it may not be left out.
    pub required: bool,
}

/// A part of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// Typed in a chat.
    Typed(String),
    /// From a program.
    Value(Value),
}

/// What a schema asks for, in its order.
pub fn fields(schema: &Value) -> Vec<Field> {
    let mut schema = schema.clone();
    modernise(&mut schema);
    let required: Vec<String> = schema["required"]
        .as_array()
        .map(|names| names.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        .unwrap_or_default();
    let Some(properties) = schema["properties"].as_object() else { return Vec::new() };
    let field = |(name, property): (&String, &Value)| {
        let kind = kind(property);
        let choices = property["enum"].as_array().cloned().unwrap_or_default();
        let both = || vec![Value::Bool(true), Value::Bool(false)];
        Field {
            name: name.clone(),
            kind,
            about: property["description"].as_str().unwrap_or_default().to_owned(),
            choices: if choices.is_empty() && kind == Kind::Boolean { both() } else { choices },
            required: required.contains(name),
        }
    };
    properties.iter().map(field).collect()
}

fn kind(property: &Value) -> Kind {
    let one = match &property["type"] {
        Value::Array(several) => several.iter().find(|kind| **kind != "null").cloned().unwrap_or_default(),
        single => single.clone(),
    };
    one.as_str().and_then(|word| word.parse().ok()).unwrap_or(Kind::String)
}

/// Whether a schema can be asked: it compiles, and describes an object.
///
/// # Errors
/// What is wrong with it.
pub fn check_schema(schema: &Value) -> Result<(), String> {
    if !schema.is_object() || schema.get("type").is_some_and(|kind| kind != "object") {
        return Err("schema: an answer is an object, so `type: object` is expected".to_owned());
    }
    compiled(schema).map(drop)
}

fn compiled(schema: &Value) -> Result<jsonschema::Validator, String> {
    let mut schema = schema.clone();
    modernise(&mut schema);
    if let Some(object) = schema.as_object_mut() {
        object.remove("$schema");
    }
    jsonschema::draft4::new(&schema).map_err(|error| format!("schema: it does not compile: {error}"))
}

/// What was given as the schema wants it: typed text cast, defaults filled in.
///
/// # Errors
/// The first thing that does not fit, with its name and what is accepted.
pub fn answer(schema: &Value, given: Vec<(String, Part)>) -> Result<Map<String, Value>, String> {
    let properties = schema["properties"].as_object().cloned().unwrap_or_default();
    let mut answer = Map::new();
    for (name, part) in given {
        let Some(property) = properties.get(&name) else {
            let near = hint(&name, properties.keys().map(String::as_str).collect::<Vec<_>>().iter().copied());
            let near = near.map(|near| format!("; {near}")).unwrap_or_default();
            return Err(format!("nothing called `{name}` is asked for{near}"));
        };
        let value = match part {
            Part::Value(value) => value,
            Part::Typed(text) => {
                let kind = kind(property);
                let wrong = |_| format!("{name}: {} is accepted, `{text}` was given", kind.accepts());
                cast(Some(kind), &Value::String(text.clone())).map_err(wrong)?
            }
        };
        answer.insert(name, value);
    }
    for (name, property) in &properties {
        if let Some(default) = property.get("default").filter(|default| !default.is_null())
            && !answer.contains_key(name)
        {
            answer.insert(name.clone(), default.clone());
        }
    }
    let whole = Value::Object(answer);
    if let Some(error) = compiled(schema)?.iter_errors(&whole).next() {
        let path = error.instance_path().to_string();
        let at = if path.is_empty() { String::new() } else { format!("{}: ", path.trim_start_matches('/')) };
        return Err(format!("{at}{}", accepted(error.kind())));
    }
    Ok(match whole {
        Value::Object(answer) => answer,
        _ => Map::new(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema() -> Value {
        json!({"type": "object", "properties": {
            "continue": {"type": "boolean", "description": "whether to go on", "required": true},
            "size": {"type": "integer", "minimum": 1, "default": 3},
            "zone": {"type": "string", "enum": ["a", "b"]},
        }})
    }

    fn typed(given: &[(&str, &str)]) -> Result<Value, String> {
        let given = given.iter().map(|(name, text)| ((*name).to_owned(), Part::Typed((*text).to_owned())));
        answer(&schema(), given.collect()).map(Value::Object)
    }

    #[test]
    fn an_answer_is_cast_and_filled_up() {
        assert_eq!(typed(&[("continue", "yes")]), Ok(json!({"continue": true, "size": 3})));
        let whole = typed(&[("continue", "false"), ("size", "7"), ("zone", "b")]);
        assert_eq!(whole, Ok(json!({"continue": false, "size": 7, "zone": "b"})));
        let value = answer(&schema(), vec![("continue".into(), Part::Value(json!(true)))]).unwrap();
        assert_eq!(value["continue"], true);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        for (given, why) in [
            (&[("continue", "perhaps")][..], "continue: yes or no is accepted, `perhaps` was given"),
            (&[("size", "1")], "a value named \"continue\" is needed in it"),
            (&[("continue", "yes"), ("size", "0")], "size: at least 1 is accepted"),
            (&[("continue", "yes"), ("zone", "c")], "zone: one of"),
            (&[("contniue", "yes")], "nothing called `contniue` is asked for; did you mean `continue`?"),
        ] {
            let error = typed(given).unwrap_err();
            assert!(error.starts_with(why), "{error}");
        }
    }

    #[test]
    fn a_schema_tells_its_fields() {
        let fields = fields(&schema());
        assert_eq!(fields.len(), 3);
        assert!(fields[0].required && !fields[1].required);
        assert_eq!((fields[0].choices.len(), fields[2].choices.len()), (2, 2));
        assert!(check_schema(&json!({"type": "string"})).is_err() && check_schema(&schema()).is_ok());
    }
}
