//! A YAML document with the place of each value, for the checks that need a line to point at.

use std::fmt;
use std::path::Path;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::config::yaml::{self, Spanned};
use crate::config::{ConfigError, nearest::nearest};

/// A value and where it was written.
pub(super) type Node = Spanned<Tree>;

/// One level of a document; the keys of a mapping stay in the order of the file.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Tree {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Spanned<String>, Node)>),
}

impl Tree {
    /// What it is, for messages.
    pub(super) fn noun(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }

    /// The same without places.
    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Number(value) => Value::Number(value.clone()),
            Self::Text(value) => Value::String(value.clone()),
            Self::List(items) => items.iter().map(|item| item.value.to_json()).collect(),
            Self::Map(entries) => Value::Object(to_object(entries)),
        }
    }
}

/// The entries as a JSON object.
pub(super) fn to_object(entries: &[(Spanned<String>, Node)]) -> Map<String, Value> {
    entries.iter().map(|(key, node)| (key.value.clone(), node.value.to_json())).collect()
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        Tree::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        // JSON has no infinity; the words keep the text of it.
        Ok(Number::from_f64(value).map_or_else(|| Tree::Text(value.to_string()), Tree::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Tree::Map(map))
    }
}

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
    pub(super) fn read(&self) -> Result<Node, ConfigError> {
        yaml::read(self.file, self.source)
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
