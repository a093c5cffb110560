//! Where in the file each path of keys stands.

use std::collections::HashMap;

use crate::config::yaml::{Node, Tree, line_of};

/// Line and column, from 1, by path: `tasks.a.next[0].do`.
#[derive(Debug, Clone, Default)]
pub struct Places(HashMap<String, (u64, u64)>);

impl Places {
    /// The places of everything in a document.
    pub(in crate::workflow) fn of(root: &Node) -> Self {
        let mut places = Self::default();
        places.walk(root, "");
        places
    }

    fn walk(&mut self, node: &Node, path: &str) {
        match &node.value {
            Tree::Map(entries) => {
                for (key, value) in entries {
                    let below = dotted(path, &key.value);
                    self.0.insert(below.clone(), line_of(key));
                    self.walk(value, &below);
                }
            }
            Tree::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    let below = format!("{path}[{index}]");
                    self.0.insert(below.clone(), line_of(item));
                    self.walk(item, &below);
                }
            }
            _ => {}
        }
    }

    /// The place of a path, or of the nearest one around it that is in the file.
    pub fn find(&self, path: &str) -> Option<(u64, u64)> {
        let mut path = path;
        loop {
            if let Some(place) = self.0.get(path) {
                return Some(*place);
            }
            path = &path[..path.rfind(['.', '['])?];
        }
    }
}

/// The path of `key` inside `path`.
pub(super) fn dotted(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
