//! What a chain file says.

use serde_json::Value;

use super::Names;

/// A chain.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Chain {
    /// The nodes in the order of the file.
    pub nodes: Vec<Node>,
    /// Where it starts, if the file says so.
    pub default: Option<String>,
    /// Variables rendered once at the start.
    pub vars: Names,
    /// The text of the file: it is stored with a running chain.
    pub source: String,
}

/// One node.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Node {
    /// Its name; results are found by it.
    pub name: String,
    /// The action.
    pub action: String,
    /// Its parameters, templates and all.
    pub parameters: Names,
    /// The node after a success; it may be a template.
    pub on_success: Option<String>,
    /// The node after a failure; it may be a template.
    pub on_failure: Option<String>,
    /// What is published when it ends.
    pub publish: Names,
    /// Whom to tell of its end, as StackStorm writes it.
    pub notify: Option<Value>,
    /// Line and column, from 1, where the file has it.
    pub at: Option<(u64, u64)>,
}

impl Chain {
    /// The node it starts with: the one the file names, else the first that no other names, else the first.
    pub fn start(&self) -> Option<&Node> {
        if let Some(name) = &self.default {
            return self.node(name);
        }
        let named = |node: &Node| {
            let next = self.nodes.iter().flat_map(|other| [&other.on_success, &other.on_failure]);
            next.flatten().any(|name| *name == node.name)
        };
        self.nodes.iter().find(|node| !named(node)).or_else(|| self.nodes.first())
    }

    /// The node called so.
    pub fn node(&self, name: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.name == name)
    }
}
