//! One notification template on its way: which of its options were read, what they became.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::read::Template;
use crate::cli::import::notifiers::{Draft, literal};
use crate::model::is_secret_word;

/// What AWX writes instead of a secret.
const ENCRYPTED: &str = "$encrypted$";

/// One template, and the options of the notifier so far.
pub(super) struct Convert<'a> {
    pub(super) draft: &'a mut Draft,
    pub(super) name: &'a str,
    pub(super) template: &'a Template<'a>,
    /// The notifier's options.
    pub(super) options: Map<String, Value>,
    /// What has no equivalent.
    pub(super) remarks: Vec<String>,
    used: BTreeSet<&'a str>,
}

impl<'a> Convert<'a> {
    pub(super) fn new(draft: &'a mut Draft, name: &'a str, template: &'a Template<'a>) -> Self {
        let (options, remarks, used) = (Map::new(), Vec::new(), BTreeSet::new());
        Self { draft, name, template, options, remarks, used }
    }

    /// What stands under one of AWX's keys, unless it is empty; reading it settles that it has an equivalent.
    pub(super) fn value(&mut self, theirs: &str) -> Option<&'a Value> {
        let (key, value) = self.template.configuration.get_key_value(theirs)?;
        self.used.insert(key.as_str());
        let is_empty = match value {
            Value::Null => true,
            Value::String(text) => text.trim().is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(map) => map.is_empty(),
            _ => false,
        };
        (!is_empty).then_some(value)
    }

    /// A text, also one that is written as a number.
    pub(super) fn text(&mut self, theirs: &str) -> Option<String> {
        match self.value(theirs)? {
            Value::String(text) => Some(text.trim().to_owned()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// A whole number, also one that is written as a text.
    pub(super) fn number(&mut self, theirs: &str) -> Option<u64> {
        self.text(theirs)?.parse().ok()
    }

    /// Whether it is on.
    pub(super) fn flag(&mut self, theirs: &str) -> bool {
        self.value(theirs).is_some_and(|value| *value == json!(true))
    }

    /// The texts of a list; a single text is a list of one.
    pub(super) fn list(&mut self, theirs: &str) -> Vec<String> {
        match self.value(theirs) {
            Some(Value::Array(items)) => {
                items.iter().filter_map(Value::as_str).map(|text| text.trim().to_owned()).collect()
            }
            Some(Value::String(text)) => vec![text.trim().to_owned()],
            _ => Vec::new(),
        }
    }

    /// Sets one of our options.
    pub(super) fn put(&mut self, ours: &str, value: impl Into<Value>) {
        self.options.insert(ours.to_owned(), literal(&value.into()));
    }

    /// Takes a text over as it is.
    pub(super) fn take(&mut self, theirs: &str, ours: &str) {
        if let Some(text) = self.text(theirs) {
            self.put(ours, text);
        }
    }

    /// Takes a secret over, by way of `chatops.env`. An empty one is left out.
    pub(super) fn secret(&mut self, theirs: &str, ours: &str) {
        if let Some(text) = self.text(theirs) {
            let reference = self.hidden(ours, &text);
            self.options.insert(ours.to_owned(), Value::from(reference));
        }
    }

    /// The reference to a secret.
    pub(super) fn hidden(&mut self, option: &str, value: &str) -> String {
        let known = (value != ENCRYPTED).then_some(value);
        self.draft.secret(self.name, option, known)
    }

    /// Headers: those that look like credentials go by way of `chatops.env`.
    pub(super) fn headers(&mut self, theirs: &str) {
        let Some(Value::Object(theirs)) = self.value(theirs) else { return };
        let mut headers = Map::new();
        for (name, value) in theirs {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let value = if is_credential(name) || value == ENCRYPTED {
                Value::from(self.hidden(&format!("header_{name}"), &value))
            } else {
                literal(&Value::from(value))
            };
            headers.insert(name.clone(), value);
        }
        self.options.insert("headers".to_owned(), Value::Object(headers));
    }

    /// `*_no_verify_ssl` and its like.
    pub(super) fn careless(&mut self, theirs: &str) {
        if self.flag(theirs) {
            self.put("http", json!({"insecure_skip_verify": true}));
            self.remark(format!(
                "`{theirs}` was on: any certificate is accepted, `http.ca_file` would be safer"
            ));
        }
    }

    /// What has no equivalent, or changes.
    pub(super) fn remark(&mut self, text: impl Into<String>) {
        self.remarks.push(text.into());
    }

    /// Reads an option that means nothing here, and says so if it was set.
    pub(super) fn drop(&mut self, theirs: &str, why: &str) {
        if self.value(theirs).is_some() {
            self.remark(format!("`{theirs}` is left out: {why}"));
        }
    }

    /// Says what nobody read.
    pub(super) fn unused(&mut self) {
        let keys: Vec<&'a String> = self.template.configuration.keys().collect();
        for key in keys {
            if !self.used.contains(key.as_str()) && self.value(key).is_some() {
                self.remark(format!("`{key}` is left out: there is no such option here"));
            }
        }
    }
}

/// Whether a header of this name holds what is nobody's business.
pub(in crate::cli::import) fn is_credential(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    is_secret_word(&name) || name.contains("key") || name.contains("cookie") || name.contains("signature")
}
