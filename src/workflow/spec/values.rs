//! The kinds of values a workflow file holds, and what to say when one is of another kind.

use serde_json::Value;

use super::Entry;
use super::places::dotted;
use crate::config::nearest::hint;
use crate::config::yaml::{Node, Spanned, Tree, line_of, to_object};
use crate::workflow::finding::{Category, Finding};

/// The entries of a mapping.
pub(in crate::workflow) type Entries = [(Spanned<String>, Node)];

/// Collects mistakes of form.
#[derive(Debug, Default)]
pub(in crate::workflow) struct Form {
    pub(in crate::workflow) findings: Vec<Finding>,
}

impl Form {
    pub(in crate::workflow) fn wrong(&mut self, path: &str, at: (u64, u64), message: impl Into<String>) {
        let mut finding = Finding::new(Category::Syntax, path, message);
        finding.at = Some(at);
        self.findings.push(finding);
    }

    fn expected(&mut self, path: &str, node: &Node, what: &str) {
        self.wrong(path, line_of(node), format!("{what} is expected, {} was found", node.value.noun()));
    }

    /// A mapping; anything else is noted.
    pub(in crate::workflow) fn mapping<'n>(&mut self, path: &str, node: &'n Node) -> Option<&'n Entries> {
        if let Tree::Map(entries) = &node.value {
            return Some(entries);
        }
        self.expected(path, node, "a mapping");
        None
    }

    /// A list; anything else is noted.
    pub(in crate::workflow) fn list<'n>(&mut self, path: &str, node: &'n Node) -> Option<&'n [Node]> {
        if let Tree::List(items) = &node.value {
            return Some(items);
        }
        self.expected(path, node, "a list");
        None
    }

    /// Notes keys that are not among the `known`.
    pub(in crate::workflow) fn only(&mut self, path: &str, entries: &Entries, known: &[&str]) {
        for (key, _) in entries.iter().filter(|(key, _)| !known.contains(&key.value.as_str())) {
            let help = hint(&key.value, known.iter().copied()).unwrap_or_default();
            self.wrong(path, line_of(key), format!("unknown key `{}`: {help}", key.value));
        }
    }

    /// Text with something in it.
    pub(in crate::workflow) fn text(&mut self, path: &str, node: &Node) -> Option<String> {
        match &node.value {
            Tree::Text(text) if !text.is_empty() => return Some(text.clone()),
            Tree::Text(_) => self.wrong(path, line_of(node), "text is expected, but it is empty"),
            _ => self.expected(path, node, "text"),
        }
        None
    }

    /// A whole number from 0, or text that is to be an expression.
    pub(super) fn whole(&mut self, path: &str, node: &Node) -> Option<Value> {
        match &node.value {
            Tree::Number(number) if number.as_u64().is_some() => return Some(node.value.to_json()),
            Tree::Text(text) if !text.is_empty() => return Some(node.value.to_json()),
            Tree::Number(number) => {
                self.wrong(path, line_of(node), format!("a whole number from 0 is expected, not `{number}`"));
            }
            _ => self.expected(path, node, "a whole number from 0 or an expression"),
        }
        None
    }

    /// A list of one-key mappings; what is one is kept.
    pub(super) fn assignments(&mut self, path: &str, node: &Node) -> Vec<Entry> {
        let Some(items) = self.list(path, node) else { return Vec::new() };
        self.not_empty(path, node, items);
        self.each_once(path, items);
        items
            .iter()
            .enumerate()
            .filter_map(|(at, item)| self.assignment(&format!("{path}[{at}]"), item))
            .collect()
    }

    /// A mapping with one key.
    pub(super) fn assignment(&mut self, path: &str, node: &Node) -> Option<Entry> {
        let entries = self.mapping(path, node)?;
        match entries {
            [(key, value)] if is_name(&key.value) => Some((key.value.clone(), value.value.to_json())),
            [(key, _)] => {
                let message = format!("`{}` is no name: letters, digits and `_` are accepted", key.value);
                self.wrong(path, line_of(key), message);
                None
            }
            _ => {
                self.wrong(
                    path,
                    line_of(node),
                    "a mapping with one key is expected: one `- name: value` for each",
                );
                None
            }
        }
    }

    pub(in crate::workflow) fn not_empty(&mut self, path: &str, node: &Node, items: &[Node]) {
        if items.is_empty() {
            self.wrong(path, line_of(node), "the list is empty");
        }
    }

    /// Notes an item that is there twice.
    pub(super) fn each_once(&mut self, path: &str, items: &[Node]) {
        let twice =
            items.iter().enumerate().find(|(at, item)| items[..*at].iter().any(|other| same(other, item)));
        if let Some((_, item)) = twice {
            self.wrong(path, line_of(item), "an item is there twice");
        }
    }
}

fn same(a: &Node, b: &Node) -> bool {
    a.value.to_json() == b.value.to_json()
}

/// Letters, digits and `_`.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// A mapping as JSON.
pub(super) fn json_of(entries: &Entries) -> Value {
    Value::Object(to_object(entries))
}

/// The entries of a mapping with their paths.
pub(in crate::workflow) fn keyed<'n>(
    path: &'n str,
    entries: &'n Entries,
) -> impl Iterator<Item = (&'n str, String, &'n Node)> {
    entries.iter().map(move |(key, node)| (key.value.as_str(), dotted(path, &key.value), node))
}
