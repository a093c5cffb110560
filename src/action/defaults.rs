//! Defaults that are Jinja: found, ordered by what they need of each other, rendered.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::problem::ParameterError;
use super::render::Render;

/// Whether any text in the value is Jinja.
pub(super) fn is_template(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("{{") || text.contains("{%"),
        Value::Array(items) => items.iter().any(is_template),
        Value::Object(entries) => entries.values().any(is_template),
        _ => false,
    }
}

/// The free names of every template in the value.
fn names(value: &Value) -> Result<HashSet<String>, String> {
    match value {
        Value::String(text) => {
            let environment = minijinja::Environment::new();
            let template = environment.template_from_str(text).map_err(|error| error.to_string())?;
            Ok(template.undeclared_variables(false))
        }
        Value::Array(items) => union(items.iter()),
        Value::Object(entries) => union(entries.values()),
        _ => Ok(HashSet::new()),
    }
}

fn union<'a>(values: impl Iterator<Item = &'a Value>) -> Result<HashSet<String>, String> {
    let mut all = HashSet::new();
    for value in values {
        all.extend(names(value)?);
    }
    Ok(all)
}

/// The names of `templates` in an order in which each comes after those it needs.
pub(super) fn order(templates: &Map<String, Value>) -> Result<Vec<String>, ParameterError> {
    let mut walk = Walk { templates, done: Vec::new(), open: Vec::new() };
    for name in templates.keys() {
        walk.visit(name)?;
    }
    Ok(walk.done)
}

struct Walk<'a> {
    templates: &'a Map<String, Value>,
    done: Vec<String>,
    open: Vec<String>,
}

impl Walk<'_> {
    fn visit(&mut self, name: &str) -> Result<(), ParameterError> {
        let Some(value) = self.templates.get(name) else { return Ok(()) };
        if self.done.iter().any(|done| done == name) {
            return Ok(());
        }
        if let Some(start) = self.open.iter().position(|open| open == name) {
            return Err(ParameterError::Cycle { names: self.open[start..].to_vec() });
        }
        self.open.push(name.to_owned());
        let needed = names(value).map_err(|why| ParameterError::Template { name: name.to_owned(), why })?;
        let mut needed: Vec<_> = needed.into_iter().collect();
        needed.sort_unstable();
        for needed in &needed {
            self.visit(needed)?;
        }
        self.open.pop();
        self.done.push(name.to_owned());
        Ok(())
    }
}

/// Renders the text leaves of a value, each by itself, so that a quote in one cannot break another.
/// A leaf that is nothing but `{{ name }}` takes that value with its type.
pub(super) fn render(
    render_by: &dyn Render,
    name: &str,
    value: &Value,
    context: &Value,
) -> Result<Value, String> {
    match value {
        Value::String(text) if is_template(value) => match lone(text).and_then(|name| context.get(name)) {
            Some(value) => Ok(value.clone()),
            None => render_by.render(name, text, context).map(Value::String),
        },
        Value::Array(items) => items.iter().map(|item| render(render_by, name, item, context)).collect(),
        Value::Object(entries) => {
            let each =
                entries.iter().map(|(key, item)| Ok((key.clone(), render(render_by, name, item, context)?)));
            each.collect::<Result<Map<_, _>, String>>().map(Value::Object)
        }
        value => Ok(value.clone()),
    }
}

fn lone(text: &str) -> Option<&str> {
    let name = text.trim().strip_prefix("{{")?.strip_suffix("}}")?.trim();
    let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    plain.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ordered(templates: &Value) -> Result<Vec<String>, ParameterError> {
        order(templates.as_object().unwrap())
    }

    #[test]
    fn each_default_comes_after_what_it_needs() {
        let templates = json!({"a": "{{ b }} {{ c.d }}", "b": "{{ c | default('b') }}", "c": ["{{ x }}"]});
        assert_eq!(ordered(&templates).unwrap(), ["c", "b", "a"]);
    }

    #[test]
    fn a_circle_names_its_members() {
        let templates = json!({"z": "{{ a }}", "a": "{{ b }}", "b": "{{ a }}"});
        assert_eq!(ordered(&templates), Err(ParameterError::Cycle { names: vec!["a".into(), "b".into()] }));
        let own = json!({"a": "{{ a }}"});
        assert_eq!(ordered(&own), Err(ParameterError::Cycle { names: vec!["a".into()] }));
    }
}
