//! Values against the schema, with the line of each mistake; defaults where nothing is given, at every depth.

use serde_json::{Map, Value, json};

use super::schema::{Item, Items, below};
use crate::action::node::{Node, Reader, Tree};
use crate::action::parameter::listed;
use crate::action::{HIDDEN, Kind};
use crate::config::nearest::nearest;
use crate::config::yaml::{Spanned, line_of};

/// An object: `named` are its known entries, `others` what else it may have.
pub(super) fn object(
    reader: &mut Reader<'_>,
    named: &[(String, Item)],
    others: &Items,
    entries: &[(Spanned<String>, Node)],
    whole: &Node,
    path: &str,
) -> Map<String, Value> {
    let mut values = Map::new();
    for (key, node) in entries {
        let here = below(path, &key.value);
        let known = named.iter().find(|(name, _)| *name == key.value).map(|(_, item)| item);
        let value = match (known.or_else(|| others.like()), others) {
            (Some(item), _) => value(reader, item, node, &here),
            (None, Items::Closed) => {
                let error = reader.error(line_of(key), path, format!("unknown key `{}`", key.value));
                let names = || named.iter().map(|(name, _)| name.as_str());
                let help = nearest(&key.value, names()).map_or_else(
                    || format!("config.schema.yaml has: {}", names().collect::<Vec<_>>().join(", ")),
                    |near| format!("did you mean `{near}`?"),
                );
                reader.errors.push(error.help(help));
                continue;
            }
            (None, _) => node.value.to_json(),
        };
        values.insert(key.value.clone(), value);
    }
    for (name, item) in named {
        // A value that is wrong was given all the same.
        let given = entries.iter().any(|(key, node)| key.value == *name && node.value != Tree::Null);
        match (given, default(item)) {
            (true, _) => {}
            (false, Some(default)) => drop(values.insert(name.clone(), default)),
            (false, None) if item.required => missing(reader, name, item, whole, path),
            (false, None) => {}
        }
    }
    values
}

fn missing(reader: &mut Reader<'_>, name: &str, item: &Item, whole: &Node, path: &str) {
    let here = below(path, name);
    let error = reader.error(place(whole), &here, format!("`{here}` is required"));
    let what = if item.description.is_empty() { item.kind() } else { item.description.clone() };
    reader.errors.push(error.help(format!("add `{name}:`, {what}")));
}

/// Where a mapping begins; a file that is not there begins at its first line.
fn place(node: &Node) -> (u64, u64) {
    let (line, column) = line_of(node);
    (line.max(1), column.max(1))
}

/// What stands where nothing is given: the default, or an object of the defaults of its properties.
fn default(item: &Item) -> Option<Value> {
    if let Some(default) = item.default.clone().filter(|default| !default.is_null()) {
        return Some(filled(item, default));
    }
    if item.properties.is_empty() {
        return None;
    }
    let inner: Map<String, Value> =
        item.properties.iter().filter_map(|(name, item)| Some((name.clone(), default(item)?))).collect();
    let lacks = |(name, item): &(String, Item)| item.required && !inner.contains_key(name);
    // An object that would lack something is better missing.
    (!item.properties.iter().any(lacks) && (!inner.is_empty() || !item.required))
        .then_some(Value::Object(inner))
}

/// A default with the defaults inside it.
fn filled(item: &Item, value: Value) -> Value {
    let Value::Object(mut map) = value else { return value };
    for (name, item) in &item.properties {
        if !map.contains_key(name)
            && let Some(default) = default(item)
        {
            map.insert(name.clone(), default);
        }
    }
    Value::Object(map)
}

fn value(reader: &mut Reader<'_>, item: &Item, node: &Node, path: &str) -> Value {
    match &node.value {
        Tree::Null => return Value::Null,
        // What the template gives is known when it is rendered.
        Tree::Text(text) if is_template(text) => return json!(text),
        _ => {}
    }
    let kind = kind_of(&node.value);
    if !item.kinds.is_empty() && !item.kinds.iter().any(|wanted| fits(*wanted, kind)) {
        let message = format!("{} is expected, {} was found", article(&item.kind()), node.value.noun());
        reader.refuse(line_of(node), path, message);
        return Value::Null;
    }
    let value = match &node.value {
        Tree::Map(entries) => Value::Object(inner(reader, item, entries, node, path)),
        Tree::List(nodes) => Value::Array(elements(reader, item, nodes, path)),
        plain => plain.to_json(),
    };
    one_of(reader, item, node, &value, path);
    value
}

fn inner(
    reader: &mut Reader<'_>,
    item: &Item,
    entries: &[(Spanned<String>, Node)],
    node: &Node,
    path: &str,
) -> Map<String, Value> {
    let (matched, rest): (Vec<_>, Vec<_>) = entries.iter().cloned().partition(|(key, _)| {
        let own = item.properties.iter().any(|(name, _)| *name == key.value);
        !own && item.patterns.iter().any(|(pattern, _)| pattern.is_match(&key.value))
    });
    let mut values = object(reader, &item.properties, &item.additional, &rest, node, path);
    for (key, node) in &matched {
        if let Some(item) = item.property(&key.value) {
            values.insert(key.value.clone(), value(reader, item, node, &below(path, &key.value)));
        }
    }
    values
}

fn elements(reader: &mut Reader<'_>, item: &Item, nodes: &[Node], path: &str) -> Vec<Value> {
    let mut values = Vec::with_capacity(nodes.len());
    for (at, node) in nodes.iter().enumerate() {
        let here = format!("{path}[{at}]");
        match item.element(at) {
            Some(item) => values.push(value(reader, item, node, &here)),
            None if matches!(item.more, Items::Closed) => {
                reader.refuse(
                    line_of(node),
                    &here,
                    format!("at most {} items are accepted", item.elements.len()),
                );
            }
            None => values.push(node.value.to_json()),
        }
    }
    values
}

/// `enum` and the keywords of JSON schema. A secret is not shown.
fn one_of(reader: &mut Reader<'_>, item: &Item, node: &Node, value: &Value, path: &str) {
    let shown = if item.secret { HIDDEN.to_owned() } else { value.to_string() };
    if let Some(choices) = item.choices.as_deref().filter(|choices| !choices.contains(value)) {
        let message = format!("`{shown}` is not among {}", listed(choices));
        return reader.refuse(line_of(node), path, message);
    }
    if item.keywords.is_empty() {
        return;
    }
    let schema = Value::Object(item.keywords.clone());
    let fits = jsonschema::draft4::new(&schema).map(|schema| schema.is_valid(value));
    if !fits.unwrap_or(true) {
        let rules = item.keywords.iter().map(|(name, value)| format!("{name} {value}"));
        let message = format!("`{shown}` does not fit: {}", rules.collect::<Vec<_>>().join(", "));
        reader.refuse(line_of(node), path, message);
    }
}

pub(super) fn is_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%")
}

fn kind_of(tree: &Tree) -> Kind {
    match tree {
        Tree::Bool(_) => Kind::Boolean,
        Tree::Number(number) if number.is_f64() => Kind::Number,
        Tree::Number(_) => Kind::Integer,
        Tree::List(_) => Kind::Array,
        Tree::Map(_) => Kind::Object,
        Tree::Text(_) | Tree::Null => Kind::String,
    }
}

fn fits(wanted: Kind, found: Kind) -> bool {
    wanted == found || (wanted == Kind::Number && found == Kind::Integer)
}

fn article(kind: &str) -> String {
    match kind {
        "string" => "text".to_owned(),
        "boolean" => "`true` or `false`".to_owned(),
        "integer" => "a whole number".to_owned(),
        "number" => "a number".to_owned(),
        "array" => "a list".to_owned(),
        "object" => "a mapping".to_owned(),
        other => other.to_owned(),
    }
}
