//! The configuration of a pack: `config.schema.yaml` beside its actions says what there is, `configs/PACK.yaml` in the home
//! gives the values. StackStorm's formats, read as they are.

mod check;
mod render;
mod schema;

use std::path::Path;

use serde_json::{Map, Value};
use serde_saphyr::Location;

use super::HIDDEN;
use super::node::{Node, Reader, Tree};
use crate::config::yaml::Spanned;
use crate::config::{ConfigError, Problem};
pub use schema::{Item, Items, Schema};

/// The values of a pack, defaults filled in, templates as they are written.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PackConfig {
    schema: Schema,
    values: Map<String, Value>,
}

impl PackConfig {
    /// Checks `text`, the content of `file`, and fills in defaults at every depth. Without a file (`None`) there are the
    /// defaults alone; what the schema requires and nothing gives is then a warning, since the pack may not be in use.
    /// A pack without a schema may be given anything.
    ///
    /// # Errors
    /// All that is wrong with the file, each with its line.
    pub fn read(
        schema: Option<Schema>,
        file: &Path,
        text: Option<&str>,
    ) -> Result<(Self, Vec<Problem>), Vec<ConfigError>> {
        let mut reader = Reader::new(file, text.unwrap_or_default());
        let node = match text {
            Some(text) if !text.trim().is_empty() => reader.read()?,
            _ => empty(),
        };
        let others = if schema.is_some() { Items::Closed } else { Items::Open };
        let schema = schema.unwrap_or_default();
        let entries = reader.map(&node, "");
        let values = check::object(&mut reader, &schema.items, &others, entries, &node, "");
        let Reader { errors, .. } = reader;
        match (errors.is_empty(), text) {
            (true, _) => Ok((Self { schema, values }, Vec::new())),
            (false, None) => {
                Ok((Self { schema, values }, errors.into_iter().map(Problem::Warning).collect()))
            }
            (false, Some(_)) => Err(errors),
        }
    }

    /// The values as they are written, secrets as `********`.
    pub fn masked(&self) -> Map<String, Value> {
        self.values
            .iter()
            .map(|(name, value)| (name.clone(), masked(self.schema.item(name), value)))
            .collect()
    }

    /// What the schema says.
    pub const fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Whether there are no values at all.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

fn empty() -> Node {
    Spanned::new(Tree::Map(Vec::new()), Location::UNKNOWN, Location::UNKNOWN)
}

/// A value as it may be shown.
fn masked(item: Option<&Item>, value: &Value) -> Value {
    let Some(item) = item else { return value.clone() };
    match value {
        Value::Null => Value::Null,
        _ if item.secret => Value::String(HIDDEN.to_owned()),
        Value::Object(map) => {
            map.iter().map(|(name, value)| (name.clone(), masked(item.property(name), value))).collect()
        }
        Value::Array(items) => {
            let each = items.iter().enumerate();
            each.map(|(at, value)| masked(item.element(at), value)).collect()
        }
        plain => plain.clone(),
    }
}

#[cfg(test)]
mod tests;
