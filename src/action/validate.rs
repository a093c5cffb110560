//! The JSON schema of one parameter: accepted values, patterns, bounds; without showing anyone a schema.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::{Map, Value, json};

use super::cast::Kind;
use super::parameter::{Parameter, listed};

/// A value that the parameter's schema refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    /// Where in the value, such as `/ports/0`; empty for the whole.
    pub(super) path: String,
    /// What is accepted, as a sentence without a subject: `at most 5 is accepted`.
    pub(super) accepted: String,
}

/// Builds the schema; `None` where there is nothing beyond type and choices to check.
pub(super) fn compile(parameter: &Parameter) -> Result<Option<jsonschema::Validator>, String> {
    if parameter.schema.is_empty() {
        return Ok(None);
    }
    let mut schema = parameter.schema.clone();
    schema.remove("$schema");
    if let Some(kind) = parameter.kind {
        schema.insert("type".to_owned(), json!(kind.as_str()));
    }
    let mut schema = Value::Object(schema);
    modernise(&mut schema);
    jsonschema::draft4::new(&schema).map(Some).map_err(|error| error.to_string())
}

/// StackStorm marks required properties of nested objects one by one, as draft 3 did, and lets them
/// carry its own keys: moves the marks to where draft 4 looks for them.
pub(super) fn modernise(schema: &mut Value) {
    let Value::Object(object) = schema else { return };
    if object.get("required").is_some_and(Value::is_boolean) {
        object.remove("required");
    }
    if let Some(Value::Object(properties)) = object.get_mut("properties") {
        let required: Vec<_> = required_names(properties);
        properties.values_mut().for_each(modernise);
        if !required.is_empty() && !object.contains_key("required") {
            object.insert("required".to_owned(), json!(required));
        }
    }
    for key in ["items", "additionalProperties", "additionalItems", "not"] {
        if let Some(nested) = object.get_mut(key) {
            modernise(nested);
        }
    }
    if let Some(Value::Object(patterns)) = object.get_mut("patternProperties") {
        patterns.values_mut().for_each(modernise);
    }
}

fn required_names(properties: &Map<String, Value>) -> Vec<String> {
    let marked = properties.iter().filter(|(_, schema)| schema["required"] == true);
    marked.map(|(name, _)| name.clone()).collect()
}

/// Checks a value that is of the right type already.
pub(super) fn check(parameter: &Parameter, value: &Value) -> Result<(), Wrong> {
    if let Some(choices) =
        parameter.choices.as_deref().filter(|choices| !choices.iter().any(|one| same(one, value)))
    {
        return Err(Wrong {
            path: String::new(),
            accepted: format!("one of {} is accepted", listed(choices)),
        });
    }
    let validator = compile(parameter).map_err(|why| Wrong {
        path: String::new(),
        accepted: format!("its JSON schema does not compile: {why}"),
    })?;
    let Some(error) = validator.as_ref().and_then(|validator| validator.iter_errors(value).next()) else {
        return Ok(());
    };
    Err(Wrong { path: error.instance_path().to_string(), accepted: accepted(error.kind()) })
}

/// JSON's numbers are equal when they are the same number.
fn same(one: &Value, other: &Value) -> bool {
    one == other || (one.is_number() && other.is_number() && one.as_f64() == other.as_f64())
}

pub(super) fn accepted(kind: &ValidationErrorKind) -> String {
    use ValidationErrorKind as Error;
    match kind {
        Error::Pattern { pattern } => format!("text that matches `{pattern}` is accepted"),
        Error::Enum { options } => {
            format!(
                "one of {} is accepted",
                options.as_array().map_or_else(String::new, |options| listed(options))
            )
        }
        Error::Maximum { limit } => format!("at most {limit} is accepted"),
        Error::Minimum { limit } => format!("at least {limit} is accepted"),
        Error::ExclusiveMaximum { limit } => format!("less than {limit} is accepted"),
        Error::ExclusiveMinimum { limit } => format!("more than {limit} is accepted"),
        Error::MaxLength { limit } => format!("at most {} accepted", count(*limit, "character")),
        Error::MinLength { limit } => format!("at least {} accepted", count(*limit, "character")),
        Error::MaxItems { limit } => format!("at most {} accepted", count(*limit, "item")),
        Error::MinItems { limit } => format!("at least {} accepted", count(*limit, "item")),
        Error::AdditionalItems { limit } => {
            format!("at most {} accepted", count(u64::try_from(*limit).unwrap_or(u64::MAX), "item"))
        }
        Error::MaxProperties { limit } => format!("at most {} accepted", count(*limit, "name")),
        Error::MinProperties { limit } => format!("at least {} accepted", count(*limit, "name")),
        Error::UniqueItems => "only different items are accepted".to_owned(),
        Error::MultipleOf { multiple_of } => format!("only multiples of {multiple_of} are accepted"),
        Error::Required { property } => format!("a value named {property} is needed in it"),
        Error::AdditionalProperties { unexpected } => {
            format!("nothing named `{}` is accepted", unexpected.join("`, `"))
        }
        Error::Format { format } => format!("text in the format `{format}` is accepted"),
        Error::Type { kind } => format!("{} is accepted", types(kind)),
        other => format!("it breaks the rule `{}` of this parameter", other.keyword()),
    }
}

fn count(limit: u64, noun: &str) -> String {
    if limit == 1 { format!("1 {noun} is") } else { format!("{limit} {noun}s are") }
}

fn types(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(kind) => kind
            .to_string()
            .parse::<Kind>()
            .map_or_else(|()| kind.to_string(), |kind| kind.accepts().to_owned()),
        TypeKind::Multiple(_) => "another type".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(kind: Kind, schema: &Value) -> Parameter {
        let schema = schema.as_object().unwrap().clone();
        Parameter { name: "p".to_owned(), kind: Some(kind), schema, ..Parameter::default() }
    }

    #[test]
    fn each_rule_says_what_is_accepted() {
        for (kind, schema, value, accepted) in [
            (
                Kind::String,
                json!({"pattern": "^[a-z]+$"}),
                json!("A1"),
                "text that matches `^[a-z]+$` is accepted",
            ),
            (Kind::Integer, json!({"maximum": 5}), json!(6), "at most 5 is accepted"),
            (Kind::String, json!({"minLength": 1}), json!(""), "at least 1 character is accepted"),
            (Kind::Array, json!({"uniqueItems": true}), json!([1, 1]), "only different items are accepted"),
            (
                Kind::Array,
                json!({"items": {"type": "integer"}}),
                json!(["x"]),
                "a whole number such as 5 is accepted",
            ),
        ] {
            let wrong = check(&parameter(kind, &schema), &value).unwrap_err();
            assert_eq!(wrong.accepted, accepted);
        }
    }

    #[test]
    fn nested_required_marks_work_as_in_stackstorm() {
        let schema = json!({"properties": {"a": {"type": "string", "required": true, "secret": true}, "b": {"required": false}}});
        let parameter = parameter(Kind::Object, &schema);
        assert!(check(&parameter, &json!({"a": "x"})).is_ok());
        let wrong = check(&parameter, &json!({"b": 1})).unwrap_err();
        assert_eq!(wrong.accepted, "a value named \"a\" is needed in it");
    }

    #[test]
    fn choices_compare_numbers_by_value() {
        let choices = Some(vec![json!(1), json!(2)]);
        let parameter = Parameter { choices, ..Parameter::default() };
        assert!(check(&parameter, &json!(1.0)).is_ok());
        assert_eq!(check(&parameter, &json!(3)).unwrap_err().accepted, "one of `1`, `2` is accepted");
    }
}
