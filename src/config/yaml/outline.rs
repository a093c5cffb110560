//! The bare structure of a file with its places: finds the path of keys to a mistake. Read only after a first
//! reading failed, or to look closer at a scalar.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

use super::Tags;

/// Any YAML value, its scalars forgotten but for their type.
#[derive(Debug)]
pub(super) enum Node {
    Map(Vec<(Spanned<Self>, Spanned<Self>)>),
    Seq(Vec<Spanned<Self>>),
    Bool,
    Text(String),
    Other,
}

/// The outline of a text; none if it cannot be read at all.
pub(super) fn outline(text: &str) -> Option<Spanned<Node>> {
    serde_saphyr::from_str_with_options(text, super::options(Tags::Ignored)).ok()
}

/// What of a place is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aim {
    /// The key or value that stands there.
    Innermost,
    /// The mapping that begins there, not its first key: something is missing in it, or it should be no mapping.
    Mapping,
}

/// The keys that lead to line and column `target`, such as `roles.operator[0].run`; empty for the whole file.
pub(super) fn path_to(root: &Spanned<Node>, target: (u64, u64), aim: Aim) -> String {
    let mut path = String::new();
    let mut node = root;
    loop {
        let next = match &node.value {
            Node::Map(_) if aim == Aim::Mapping && place(node) == target => return path,
            Node::Map(entries) => entries
                .iter()
                .filter(|(key, _)| place(key) <= target)
                .max_by_key(|(key, _)| place(key))
                .map(|(key, value)| (dotted(&path, &key.value), value)),
            Node::Seq(items) => items
                .iter()
                .enumerate()
                .filter(|(_, item)| place(item) <= target)
                .max_by_key(|(_, item)| place(item))
                .map(|(index, item)| (format!("{path}[{index}]"), item)),
            Node::Bool | Node::Text(_) | Node::Other => None,
        };
        let Some((longer, below)) = next else { return path };
        path = longer;
        if place(below) > target {
            return path;
        }
        node = below;
    }
}

fn dotted(path: &str, key: &Node) -> String {
    let key = match key {
        Node::Text(text) => text.as_str(),
        _ => "?",
    };
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn place(node: &Spanned<Node>) -> (u64, u64) {
    super::line_of(node)
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Bool)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_bytes<E>(self, _: &[u8]) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Node::Seq(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Node::Map(entries))
    }
}
