//! What an inspection finds wrong with a workflow or a chain, and where.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::expression::Language;
use crate::config::ConfigError;

/// The kind of a finding, in the order they are reported. The words are those of StackStorm's inspection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// An unknown key, a wrong type, something missing.
    Syntax,
    /// A task that is not defined, a reserved name, no start, a join that cannot be decided.
    Semantics,
    /// An expression that cannot be read.
    Expressions,
    /// A variable read before it is assigned.
    Context,
    /// An expression that calls a function that is not there, or calls it wrongly: it can be read, but has no
    /// value when it comes to it.
    Calls,
    /// An action that is not there or takes something else.
    Content,
    /// Nothing that keeps the workflow from running, but hardly what was meant.
    Warning,
}

impl Category {
    /// The word in results: `syntax`, `semantics`, `expressions`, `context`, `content`, `warning`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::Semantics => "semantics",
            Self::Expressions | Self::Calls => "expressions",
            Self::Context => "context",
            Self::Content => "content",
            Self::Warning => "warning",
        }
    }

    /// Whether a workflow with such a finding must not start; with others it does, and may fail on the way.
    pub fn is_fatal(self) -> bool {
        self <= Self::Context
    }
}

/// One thing wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What kind of thing.
    pub category: Category,
    /// The path of keys to it, such as `tasks.a.next[0].publish`; empty for the whole file.
    pub path: String,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// The expression it is about, with its language where there is one.
    pub expression: Option<(Option<Language>, String)>,
    /// Line and column, from 1, where known.
    pub at: Option<(u64, u64)>,
}

impl Finding {
    /// A finding at a path, without a place yet.
    pub(crate) fn new(category: Category, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { category, path: path.into(), message: message.into(), expression: None, at: None }
    }

    /// The same about an expression.
    pub(crate) fn about(mut self, language: Option<Language>, expression: &str) -> Self {
        self.expression = Some((language, expression.to_owned()));
        self
    }

    /// As an admin reads it: file, line, excerpt. `source` is the text of `file`.
    pub fn to_error(&self, file: &Path, source: &str) -> ConfigError {
        let mut error = ConfigError::new(file, self.message.clone()).key(self.path.clone());
        if let Some((line, column)) = self.at {
            error = error.at(line, column).excerpt_of(source);
        }
        match &self.expression {
            Some((_, expression)) if !self.message.contains(expression.as_str()) => {
                error.help(format!("the expression is `{expression}`"))
            }
            _ => error,
        }
    }

    /// As the failed execution of the workflow shows it:
    /// `{"type": "context", "message", "spec_path", "schema_path", "language"?, "expression"?}`.
    pub fn to_result(&self) -> Value {
        let mut out = Map::new();
        out.insert("type".to_owned(), json!(self.category.name()));
        out.insert("message".to_owned(), json!(self.message));
        out.insert("spec_path".to_owned(), path_or_null(&self.path));
        out.insert("schema_path".to_owned(), path_or_null(&schema_path(&self.path)));
        if let Some((language, expression)) = &self.expression {
            if let Some(language) = language {
                out.insert("language".to_owned(), json!(language.name()));
            }
            out.insert("expression".to_owned(), json!(expression));
        }
        Value::Object(out)
    }
}

/// The path as results hold it: null for the whole file.
pub(super) fn path_or_null(path: &str) -> Value {
    if path.is_empty() { Value::Null } else { json!(path) }
}

/// Where in StackStorm's schema of workflows the path of a finding is described.
fn schema_path(path: &str) -> String {
    let mut out: Vec<&str> = Vec::new();
    for (depth, part) in path.split('.').filter(|part| !part.is_empty()).enumerate() {
        let name = part.split('[').next().unwrap_or(part);
        match (depth, out.get(1)) {
            (1, Some(&"tasks")) => out.extend(["patternProperties", r"^\w+$"]),
            _ => out.extend(["properties", name]),
        }
        out.extend(part.matches('[').map(|_| "items"));
    }
    out.join(".")
}

/// Findings in the order they are reported, equal ones once.
pub(super) fn sorted(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by(|a, b| (a.category, &a.path, &a.message).cmp(&(b.category, &b.path, &b.message)));
    findings.dedup();
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_a_file_has_its_path_in_the_schema() {
        assert_eq!(schema_path("version"), "properties.version");
        assert_eq!(
            schema_path("tasks.a.next[0].do"),
            r"properties.tasks.patternProperties.^\w+$.properties.next.items.properties.do"
        );
    }
}
