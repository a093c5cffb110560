//! `config.schema.yaml`: each item of a pack's configuration, its type, default, whether it is a secret.

use std::path::Path;

use regex::Regex;
use serde_json::{Map, Value};

use crate::action::node::{Node, Reader, Tree, to_object};
use crate::action::{Kind, cast};
use crate::config::ConfigError;
use crate::config::nearest::nearest;
use crate::config::yaml::{Spanned, line_of};

/// What a pack can be configured with, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Schema {
    pub(super) items: Vec<(String, Item)>,
}

/// One item.
#[derive(Debug, Clone, Default)]
pub struct Item {
    /// Its types; none is any.
    pub(super) kinds: Vec<Kind>,
    /// What it is for.
    pub description: String,
    /// Whether it must be given, unless it has a default.
    pub required: bool,
    /// Whether it is shown to nobody.
    pub secret: bool,
    /// Its value where none is given.
    pub default: Option<Value>,
    pub(super) choices: Option<Vec<Value>>,
    pub(super) properties: Vec<(String, Self)>,
    pub(super) patterns: Vec<(Regex, Self)>,
    /// What other properties an object may have.
    pub(super) additional: Items,
    /// What the elements of a list are.
    pub(super) elements: Vec<Self>,
    /// Further elements, or all of them where `elements` is empty.
    pub(super) more: Items,
    /// The other keywords of JSON schema.
    pub(super) keywords: Map<String, Value>,
}

impl PartialEq for Item {
    fn eq(&self, other: &Self) -> bool {
        // Patterns compare by their text; the rest of an item hangs on nothing else.
        let patterns = |item: &Self| {
            item.patterns.iter().map(|(p, i)| (p.as_str().to_owned(), i.clone())).collect::<Vec<_>>()
        };
        (&self.kinds, &self.default, self.required, self.secret, &self.properties, &self.choices)
            == (&other.kinds, &other.default, other.required, other.secret, &other.properties, &other.choices)
            && patterns(self) == patterns(other)
    }
}

/// What may stand where nothing is named.
#[derive(Debug, Clone, Default)]
pub enum Items {
    /// Anything.
    #[default]
    Open,
    /// Nothing.
    Closed,
    /// What fits this.
    Like(Box<Item>),
}

const KEYS: &[&str] = &[
    "type",
    "description",
    "required",
    "secret",
    "default",
    "enum",
    "properties",
    "patternProperties",
    "additionalProperties",
    "items",
    "additionalItems",
    "position",
    "immutable",
];

const KEYWORDS: &[&str] = &[
    "title",
    "format",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
];

impl Schema {
    /// Reads `text`, the content of `file`.
    ///
    /// # Errors
    /// All that is wrong with it, each with its line.
    pub fn load(file: &Path, text: &str) -> Result<Self, Vec<ConfigError>> {
        let mut reader = Reader::new(file, text);
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let node = reader.read()?;
        let items = named(&mut reader, &node, "");
        if reader.errors.is_empty() { Ok(Self { items }) } else { Err(reader.errors) }
    }

    /// What is called so.
    pub fn item(&self, name: &str) -> Option<&Item> {
        self.items.iter().find(|(known, _)| known == name).map(|(_, item)| item)
    }

    /// Every item, in the order of the file.
    pub fn items(&self) -> impl Iterator<Item = (&str, &Item)> {
        self.items.iter().map(|(name, item)| (name.as_str(), item))
    }
}

impl Item {
    /// The item of a property.
    pub fn property(&self, name: &str) -> Option<&Self> {
        let own = self.properties.iter().find(|(known, _)| known == name).map(|(_, item)| item);
        own.or_else(|| self.patterns.iter().find(|(pattern, _)| pattern.is_match(name)).map(|(_, item)| item))
            .or_else(|| self.additional.like())
    }

    /// The item of an element of a list.
    pub(super) fn element(&self, at: usize) -> Option<&Self> {
        self.elements.get(at).or_else(|| self.more.like())
    }

    /// Reads what was typed as its type.
    ///
    /// # Errors
    /// What is accepted.
    pub fn typed(&self, text: &str) -> Result<Value, String> {
        let Some(kind) = self.kinds.first() else { return Ok(Value::String(text.to_owned())) };
        cast(Some(*kind), &Value::String(text.to_owned())).map_err(|mismatch| mismatch.to_string())
    }

    /// `string`, `integer or null`.
    pub fn kind(&self) -> String {
        let words: Vec<&str> = self.kinds.iter().map(|kind| kind.as_str()).collect();
        if words.is_empty() { "any".to_owned() } else { words.join(" or ") }
    }
}

impl Items {
    pub(super) fn like(&self) -> Option<&Item> {
        match self {
            Self::Like(item) => Some(item),
            Self::Open | Self::Closed => None,
        }
    }
}

fn named(reader: &mut Reader<'_>, node: &Node, path: &str) -> Vec<(String, Item)> {
    let entries = reader.map(node, path);
    entries
        .iter()
        .map(|(key, node)| (key.value.clone(), item(reader, node, &below(path, &key.value))))
        .collect()
}

pub(super) fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn item(reader: &mut Reader<'_>, node: &Node, path: &str) -> Item {
    let mut item = Item::default();
    let mut listed = false;
    for (key, value) in reader.map(node, path) {
        let here = below(path, &key.value);
        match key.value.as_str() {
            "type" => item.kinds = kinds(reader, value, &here),
            "description" => item.description = reader.text(value, &here).unwrap_or_default(),
            "required" => item.required = reader.boolean(value, &here).unwrap_or(false),
            "secret" => item.secret = reader.boolean(value, &here).unwrap_or(false),
            "default" => item.default = Some(value.value.to_json()),
            "enum" => {
                item.choices =
                    Some(reader.list(value, &here).iter().map(|node| node.value.to_json()).collect());
            }
            "properties" => item.properties = named(reader, value, &here),
            "patternProperties" => item.patterns = patterns(reader, value, &here),
            "additionalProperties" => item.additional = items(reader, value, &here),
            "items" => match &value.value {
                Tree::List(nodes) => {
                    listed = true;
                    item.elements = nodes.iter().map(|node| self::item(reader, node, &here)).collect();
                }
                _ => item.more = items(reader, value, &here),
            },
            "additionalItems" if listed => item.more = items(reader, value, &here),
            "additionalItems" | "position" | "immutable" => {}
            word if KEYWORDS.contains(&word) => {
                item.keywords.insert(word.to_owned(), value.value.to_json());
            }
            _ => unknown(reader, key, path),
        }
    }
    // Named properties close an object only where the schema says so, as in JSON schema.
    item
}

fn unknown(reader: &mut Reader<'_>, key: &Spanned<String>, path: &str) {
    let error = reader.error(line_of(key), path, format!("unknown key `{}`", key.value));
    let near = nearest(&key.value, KEYS.iter().chain(KEYWORDS).copied());
    let help = near
        .map_or_else(|| format!("known keys: {}", KEYS.join(", ")), |near| format!("did you mean `{near}`?"));
    reader.errors.push(error.help(help));
}

fn kinds(reader: &mut Reader<'_>, node: &Node, path: &str) -> Vec<Kind> {
    let words: Vec<&Node> = match &node.value {
        Tree::List(nodes) => nodes.iter().collect(),
        _ => vec![node],
    };
    let mut kinds = Vec::new();
    for word in words {
        match reader.text(word, path) {
            Some(text) if text == "null" => {}
            Some(text) => match text.parse() {
                Ok(kind) => kinds.push(kind),
                Err(()) => {
                    let error = reader.error(line_of(word), path, format!("there is no type `{text}`"));
                    let near = nearest(&text, Kind::WORDS.iter().copied());
                    let help =
                        near.map_or_else(|| Kind::WORDS.join(", "), |near| format!("did you mean `{near}`?"));
                    reader.errors.push(error.help(help));
                }
            },
            None => {}
        }
    }
    kinds
}

fn patterns(reader: &mut Reader<'_>, node: &Node, path: &str) -> Vec<(Regex, Item)> {
    let mut found = Vec::new();
    for (key, node) in reader.map(node, path) {
        match Regex::new(&key.value) {
            Ok(pattern) => found.push((pattern, item(reader, node, &below(path, &key.value)))),
            Err(_) => reader.refuse(line_of(key), path, format!("`{}` is no regular expression", key.value)),
        }
    }
    found
}

fn items(reader: &mut Reader<'_>, node: &Node, path: &str) -> Items {
    match &node.value {
        Tree::Bool(true) | Tree::Null => Items::Open,
        Tree::Bool(false) => Items::Closed,
        Tree::Map(entries) if to_object(entries).is_empty() => Items::Open,
        _ => Items::Like(Box::new(item(reader, node, path))),
    }
}
