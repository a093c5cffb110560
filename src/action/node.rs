//! Reading a YAML document value by value, and noting what is wrong with it.

use std::path::Path;

use crate::config::yaml::{self, Spanned};
use crate::config::{ConfigError, nearest::nearest};

pub(super) use crate::config::yaml::{Node, Tree, to_object};

/// Collects what is wrong with one file.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    file: &'a Path,
    source: &'a str,
    /// Everything wrong so far.
    pub(super) errors: Vec<ConfigError>,
}

impl<'a> Reader<'a> {
    /// For `source`, the content of `file`.
    pub(super) fn new(file: &'a Path, source: &'a str) -> Self {
        Self { file, source, errors: Vec::new() }
    }

    /// The whole document.
    pub(super) fn read(&self) -> Result<Node, Vec<ConfigError>> {
        yaml::read(self.file, self.source).map_err(|error| vec![error])
    }

    /// An error at a place, with the excerpt.
    pub(super) fn error(&self, at: (u64, u64), key: &str, message: impl Into<String>) -> ConfigError {
        ConfigError::new(self.file, message).at(at.0, at.1).key(key).excerpt_of(self.source)
    }

    /// Notes an error and goes on.
    pub(super) fn refuse(&mut self, at: (u64, u64), key: &str, message: impl Into<String>) {
        let error = self.error(at, key, message);
        self.errors.push(error);
    }

    /// Notes that a key is not one of the `known`.
    pub(super) fn unknown(&mut self, key: &Spanned<String>, path: &str, known: &[&str]) {
        let mut error = self.error(yaml::line_of(key), path, format!("unknown key `{}`", key.value));
        error = match nearest(&key.value, known.iter().copied()) {
            Some(word) => error.help(format!("did you mean `{word}`?")),
            None => error.help(format!("known keys: {}", known.join(", "))),
        };
        self.errors.push(error);
    }

    fn expected(&mut self, node: &Node, key: &str, what: &str) {
        let message = format!("{what} is expected, {} was found", node.value.noun());
        self.refuse(yaml::line_of(node), key, message);
    }

    /// Text; `None` for null and, after noting it, for anything else. A number counts as its digits.
    pub(super) fn text(&mut self, node: &Node, key: &str) -> Option<String> {
        match &node.value {
            Tree::Text(text) => Some(text.clone()),
            Tree::Number(number) => Some(number.to_string()),
            Tree::Null => None,
            _ => {
                self.expected(node, key, "text");
                None
            }
        }
    }

    /// A boolean; `None` for null and, after noting it, for anything else.
    pub(super) fn boolean(&mut self, node: &Node, key: &str) -> Option<bool> {
        match &node.value {
            Tree::Bool(value) => Some(*value),
            Tree::Null => None,
            _ => {
                self.expected(node, key, "`true` or `false`");
                None
            }
        }
    }

    /// The entries of a mapping; none for null and, after noting it, for anything else.
    pub(super) fn map<'n>(&mut self, node: &'n Node, key: &str) -> &'n [(Spanned<String>, Node)] {
        match &node.value {
            Tree::Map(entries) => entries,
            Tree::Null => &[],
            _ => {
                self.expected(node, key, "a mapping");
                &[]
            }
        }
    }

    /// The items of a list; none for null and, after noting it, for anything else.
    pub(super) fn list<'n>(&mut self, node: &'n Node, key: &str) -> &'n [Node] {
        match &node.value {
            Tree::List(items) => items,
            Tree::Null => &[],
            _ => {
                self.expected(node, key, "a list");
                &[]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_knows_its_line() {
        let text = "a: 1\nb:\n  - yes\n  - 'yes'\n  - null\n  - 1.5\nc: |\n  x\n";
        let node = Reader::new(Path::new("x.yaml"), text).read().unwrap();
        let Tree::Map(entries) = &node.value else { panic!("{node:?}") };
        assert_eq!(
            node.value.to_json(),
            serde_json::json!({"a": 1, "b": [true, "yes", null, 1.5], "c": "x\n"})
        );
        assert_eq!(yaml::line_of(&entries[1].0), (2, 1));
        assert_eq!(yaml::line_of(&entries[2].1).0, 8, "a block is where its text begins");
    }
}
