//! One parameter of an action or a runner, as StackStorm's metadata declares it.

use std::path::Path;

use serde_json::{Map, Value};

use super::cast::{Kind, cast};
use super::node::{Node, Reader, Tree};
use super::validate;
use crate::config::nearest::nearest;
use crate::config::yaml::{Spanned, line_of};
use crate::config::{ConfigError, Problem};

/// A declared parameter. What a file leaves out of an override of a runner's parameter is `None` here.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Parameter {
    /// Its name, letters, digits and underscores.
    pub name: String,
    /// Its type; without one every value is taken as it is.
    pub kind: Option<Kind>,
    /// What it is for.
    pub description: Option<String>,
    /// The value when none is given; text in it may be Jinja.
    pub default: Option<Value>,
    /// Whether a value must be given.
    pub required: Option<bool>,
    /// Whether its value is hidden from everyone but the runner.
    pub secret: Option<bool>,
    /// Whether nobody may give another value than the default.
    pub immutable: Option<bool>,
    /// The accepted values (`enum`).
    pub choices: Option<Vec<Value>>,
    /// Its place among the positional arguments of a script.
    pub position: Option<i64>,
    /// The other JSON schema keywords of draft 4, such as `pattern` and `items`.
    pub schema: Map<String, Value>,
    /// Line and column of the name in its file.
    pub at: (u64, u64),
    /// Line and column of the default.
    pub default_at: (u64, u64),
}

const OWN: &[&str] =
    &["type", "description", "default", "required", "secret", "immutable", "enum", "position"];

/// The keywords of JSON schema draft 4 that a parameter may carry beside its own keys.
const KEYWORDS: &[&str] = &[
    "title",
    "multipleOf",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "pattern",
    "additionalItems",
    "items",
    "maxItems",
    "minItems",
    "uniqueItems",
    "maxProperties",
    "minProperties",
    "properties",
    "patternProperties",
    "additionalProperties",
    "dependencies",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "format",
    "definitions",
    "id",
    "$schema",
    "$ref",
];

impl Parameter {
    /// Whether a value must be given.
    pub fn is_required(&self) -> bool {
        self.required == Some(true)
    }

    /// Whether its value is hidden.
    pub fn is_secret(&self) -> bool {
        self.secret == Some(true)
    }

    /// Whether nobody may give it.
    pub fn is_immutable(&self) -> bool {
        self.immutable == Some(true)
    }

    /// Whether its default is a template.
    pub fn is_rendered(&self) -> bool {
        self.default.as_ref().is_some_and(super::defaults::is_template)
    }

    /// What a person may give, as a phrase: `a whole number such as 5`, `one of small, large`.
    pub fn accepts(&self) -> String {
        match (&self.choices, self.kind) {
            (Some(choices), _) => format!("one of {}", listed(choices)),
            (None, Some(kind)) => kind.accepts().to_owned(),
            (None, None) => "any value".to_owned(),
        }
    }

    /// The same with its description: `text: the systemd unit`.
    pub fn hint(&self) -> String {
        match self.description.as_deref().filter(|text| !text.is_empty()) {
            Some(description) if self.kind.is_none() && self.choices.is_none() => description.to_owned(),
            Some(description) => format!("{}: {description}", self.accepts()),
            None => self.accepts(),
        }
    }

    /// This runner parameter with what an action says about it on top; the type stays.
    #[must_use]
    pub fn overlaid(&self, action: &Self) -> Self {
        let mut schema = self.schema.clone();
        schema.extend(action.schema.clone());
        Self {
            name: self.name.clone(),
            kind: self.kind.or(action.kind),
            description: action.description.clone().or_else(|| self.description.clone()),
            default: action.default.clone().or_else(|| self.default.clone()),
            required: action.required.or(self.required),
            secret: if self.is_secret() { self.secret } else { action.secret },
            immutable: if self.is_immutable() { self.immutable } else { action.immutable },
            choices: action.choices.clone().or_else(|| self.choices.clone()),
            position: action.position,
            schema,
            at: action.at,
            default_at: action.default_at,
        }
    }
}

/// Values in backticks, separated by commas.
pub(super) fn listed(values: &[Value]) -> String {
    let words: Vec<_> = values.iter().map(|value| format!("`{}`", plain(value))).collect();
    words.join(", ")
}

/// A value as a person writes it: text without quotes, the rest as JSON.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// The parameters of a runner out of its metadata: YAML as it would stand below `parameters:` in an
/// action's file. `label` stands for the file in errors.
///
/// # Errors
/// Everything that is wrong with it, each with its line.
pub fn read_parameters(label: &Path, text: &str) -> Result<Vec<Parameter>, Vec<ConfigError>> {
    let mut reader = Reader::new(label, text);
    let node = reader.read()?;
    let parameters = read(&mut reader, &node, &mut Vec::new());
    if reader.errors.is_empty() { Ok(parameters) } else { Err(reader.errors) }
}

/// The value of a `parameters:` key.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node, problems: &mut Vec<Problem>) -> Vec<Parameter> {
    let entries = reader.map(node, "parameters");
    entries.iter().map(|(name, body)| one(reader, name, body, problems)).collect()
}

fn one(
    reader: &mut Reader<'_>,
    name: &Spanned<String>,
    body: &Node,
    problems: &mut Vec<Problem>,
) -> Parameter {
    let path = format!("parameters.{}", name.value);
    if name.value.is_empty() || !name.value.chars().all(|c| c.is_alphanumeric() || c == '_') {
        reader.refuse(
            line_of(name),
            &path,
            format!("`{}` is no parameter name: letters, digits and underscores are accepted", name.value),
        );
    }
    let mut parameter = Parameter { name: name.value.clone(), at: line_of(name), ..Parameter::default() };
    for (key, value) in reader.map(body, &path) {
        let path = format!("{path}.{}", key.value);
        set(reader, &mut parameter, key, value, &path);
    }
    check_schema(reader, &parameter, &path);
    check_default(reader, &parameter, &path, problems);
    parameter
}

fn set(reader: &mut Reader<'_>, parameter: &mut Parameter, key: &Spanned<String>, value: &Node, path: &str) {
    match key.value.as_str() {
        "type" => parameter.kind = kind(reader, value, path),
        "description" => parameter.description = reader.text(value, path),
        "default" => {
            parameter.default = Some(value.value.to_json()).filter(|value| !value.is_null());
            parameter.default_at = line_of(value);
        }
        "required" => parameter.required = reader.boolean(value, path),
        "secret" => parameter.secret = reader.boolean(value, path),
        "immutable" => parameter.immutable = reader.boolean(value, path),
        "enum" => {
            let choices: Vec<_> = reader.list(value, path).iter().map(|item| item.value.to_json()).collect();
            parameter.choices = Some(choices).filter(|choices| !choices.is_empty());
        }
        "position" => parameter.position = position(reader, value, path),
        keyword if KEYWORDS.contains(&keyword) => {
            parameter.schema.insert(keyword.to_owned(), value.value.to_json());
        }
        _ => {
            let known: Vec<_> = OWN.iter().chain(KEYWORDS).copied().collect();
            reader.unknown(key, path, &known);
        }
    }
}

fn kind(reader: &mut Reader<'_>, node: &Node, path: &str) -> Option<Kind> {
    let word = reader.text(node, path)?;
    let kind = word.parse().ok();
    if kind.is_none() {
        let known = Kind::WORDS.join(", ");
        let error =
            reader.error(line_of(node), path, format!("`{word}` is no type: one of {known} is accepted"));
        reader.errors.push(match nearest(&word, Kind::WORDS.iter().copied()) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error,
        });
    }
    kind
}

fn position(reader: &mut Reader<'_>, node: &Node, path: &str) -> Option<i64> {
    match &node.value {
        Tree::Null => None,
        Tree::Number(number) if number.as_i64().is_some_and(|number| number >= 0) => number.as_i64(),
        other => {
            let found = other.noun();
            reader.refuse(
                line_of(node),
                path,
                format!("a whole number from 0 is expected, {found} was found"),
            );
            None
        }
    }
}

fn check_schema(reader: &mut Reader<'_>, parameter: &Parameter, path: &str) {
    if let Err(why) = validate::compile(parameter) {
        reader.refuse(parameter.at, path, format!("its JSON schema does not compile: {why}"));
    }
}

/// A default that no person could give is probably a slip: worth a word, StackStorm takes it.
fn check_default(reader: &Reader<'_>, parameter: &Parameter, path: &str, problems: &mut Vec<Problem>) {
    let Some(default) = parameter.default.as_ref().filter(|default| !super::defaults::is_template(default))
    else {
        return;
    };
    let checked = cast(parameter.kind, default).map_err(|mismatch| mismatch.to_string());
    let checked =
        checked.and_then(|value| validate::check(parameter, &value).map_err(|wrong| wrong.accepted));
    if let Err(accepted) = checked {
        let message = format!("the default does not fit its own parameter: {accepted}");
        problems.push(Problem::Warning(reader.error(
            parameter.default_at,
            &format!("{path}.default"),
            message,
        )));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parameters(text: &str) -> Result<Vec<Parameter>, Vec<ConfigError>> {
        read_parameters(Path::new("x.yaml"), text)
    }

    #[test]
    fn a_parameter_reads_with_its_keywords() {
        let text = "n:\n  type: integer\n  default: 3\n  minimum: 1\n  position: 0\n";
        let read = parameters(text).unwrap();
        assert_eq!(read[0].kind, Some(Kind::Integer));
        assert_eq!(read[0].default, Some(json!(3)));
        assert_eq!(read[0].schema["minimum"], 1);
        assert_eq!((read[0].at, read[0].position), ((1, 1), Some(0)));
    }

    #[test]
    fn a_misspelt_key_or_type_names_the_nearest() {
        let errors = parameters("n:\n  type: integr\n  defualt: 3\n").unwrap_err();
        assert_eq!(errors[0].help.as_deref(), Some("did you mean `integer`?"));
        assert_eq!(errors[1].help.as_deref(), Some("did you mean `default`?"));
        assert_eq!(errors[1].at, Some((3, 3)));
    }

    #[test]
    fn a_pattern_that_does_not_compile_is_refused_at_load() {
        let errors = parameters("n: {type: string, pattern: '('}\n").unwrap_err();
        assert!(errors[0].to_string().contains("does not compile"), "{}", errors[0]);
    }

    #[test]
    fn an_action_never_unlocks_what_its_runner_locks() {
        let runner = Parameter { immutable: Some(true), secret: Some(true), ..Parameter::default() };
        let action = Parameter { immutable: Some(false), secret: Some(false), ..Parameter::default() };
        let merged = runner.overlaid(&action);
        assert!(merged.is_immutable() && merged.is_secret());
    }
}
