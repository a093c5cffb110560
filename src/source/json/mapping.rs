//! One field of a mapping: `/pointer/into/the/body`, `{{ a template }}`, or a text as it is.

use serde_json::Value;

use crate::source::pick;
use crate::source::written::{Text, Wrong};
use crate::template::{Templates, Undefined};

/// A field and where its value may be.
pub(super) struct Field<'a> {
    pub(super) name: &'a str,
    pub(super) written: Option<&'a Text>,
    /// Pointers that are tried where nothing is written.
    pub(super) usual: &'a [&'a str],
}

/// What a request's fields are read from.
pub(super) struct Scene<'a> {
    pub(super) templates: &'a Templates,
    pub(super) context: Value,
    pub(super) item: &'a Value,
    /// What did not go well.
    pub(super) remarks: Vec<String>,
}

impl Scene<'_> {
    /// The value of a field as text; none if it is missing or blank.
    pub(super) fn text(&mut self, field: &Field<'_>) -> Option<String> {
        let Some(written) = field.written else {
            return field.usual.iter().find_map(|at| pick::shown(self.item, at));
        };
        let source = written.value.as_str();
        if source.starts_with('/') {
            return pick::shown(self.item, source);
        }
        if !is_template(source) {
            return Some(source.to_owned()).filter(|text| !text.trim().is_empty());
        }
        match self.templates.render(field.name, source, &self.context, Undefined::Lenient) {
            Ok(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            Err(error) => {
                self.remarks.push(error.headline());
                None
            }
        }
    }
}

fn is_template(source: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|mark| source.contains(mark))
}

/// What is wrong with a field as it is written.
pub(super) fn wrong(templates: &Templates, key: &str, text: &Text) -> Option<Wrong> {
    if !is_template(&text.value) {
        return None;
    }
    let names = match templates.check(key, &text.value) {
        Err(error) => return Some(Wrong::new(text, key, error.headline())),
        Ok(names) => names,
    };
    let known = ["body", "whole", "headers", "query"];
    let stray = names.into_iter().find(|name| !known.contains(&name.as_str()))?;
    let message = format!("`{stray}` is not known here: `body`, `whole`, `headers` and `query` are");
    Some(Wrong::new(text, key, message))
}
