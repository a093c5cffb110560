//! Evaluates every expression in a value.

use serde_json::{Map, Value};

use super::parts::{Part, cut, has_block};
use super::yaql::Expression;
use super::{ExpressionError, Language, Scope, jinja, print};

/// How deep a value may nest.
const DEEPEST: usize = 100;

/// How large a text with its values written in may become, in bytes.
const LARGEST: usize = 4 * 1024 * 1024;

/// The value with every expression evaluated.
pub(super) fn walk(value: &Value, scope: &dyn Scope, depth: usize) -> Result<Value, ExpressionError> {
    if depth > DEEPEST {
        return Err(failed(Language::Yaql, "", "a value is nested too deep"));
    }
    match value {
        Value::String(source) => text(source, scope),
        Value::Array(items) => {
            let items = items.iter().map(|item| walk(item, scope, depth + 1));
            items.collect::<Result<_, _>>().map(Value::Array)
        }
        Value::Object(map) => {
            let mut made = Map::new();
            for (key, value) in map {
                made.insert(name(key, scope)?, walk(value, scope, depth + 1)?);
            }
            Ok(Value::Object(made))
        }
        scalar => Ok(scalar.clone()),
    }
}

/// A key: text, whatever the expression gives.
fn name(key: &str, scope: &dyn Scope) -> Result<String, ExpressionError> {
    if !super::is_expression(key) {
        return Ok(key.to_owned());
    }
    match text(key, scope)? {
        Value::String(name) => Ok(name),
        other => print(&other).map_err(|cause| failed(Language::Yaql, key, cause)),
    }
}

/// One text: a value of any type if it is one expression and nothing else.
fn text(source: &str, scope: &dyn Scope) -> Result<Value, ExpressionError> {
    let parts = cut(source);
    let yaql = |part: &Part<'_>| matches!(part, Part::Expression { language: Language::Yaql, .. });
    let jinja = |part: &Part<'_>| matches!(part, Part::Expression { language: Language::Jinja, .. });
    if parts.iter().any(yaql) && (parts.iter().any(jinja) || has_block(source)) {
        return Err(failed(Language::Jinja, source, super::TWO_LANGUAGES));
    }
    if has_block(source) {
        let rendered = jinja::render(source, scope);
        return rendered.map(Value::String).map_err(|cause| failed(Language::Jinja, source, cause));
    }
    if let [Part::Expression { language, written, inner }] = parts[..] {
        return one(language, written, inner, scope);
    }
    let mut out = String::new();
    for part in parts {
        match part {
            Part::Plain(plain) => out.push_str(plain),
            Part::Expression { language, written, inner } => {
                let value = one(language, written, inner, scope)?;
                out.push_str(&print(&value).map_err(|cause| failed(language, written, cause))?);
            }
        }
        if out.len() > LARGEST {
            return Err(failed(
                Language::Yaql,
                source.get(..80).unwrap_or(source),
                "the text becomes too large",
            ));
        }
    }
    Ok(Value::String(out))
}

fn one(language: Language, written: &str, inner: &str, scope: &dyn Scope) -> Result<Value, ExpressionError> {
    let value = match language {
        Language::Jinja => jinja::evaluate(inner.trim(), scope),
        Language::Yaql => match Expression::parse(inner.trim()) {
            Ok(expression) => expression.evaluate(scope),
            Err(wrong) => Err(wrong.message),
        },
    };
    value.map_err(|cause| failed(language, written, cause))
}

fn failed(language: Language, expression: &str, cause: impl Into<String>) -> ExpressionError {
    ExpressionError { language, expression: expression.to_owned(), cause: cause.into() }
}
