//! Which of the two formats a file has, and what is wrong with it.

use std::path::Path;

use super::chain;
use super::finding::{Category, Finding};
use super::inspect::Actions;
use super::plan::Plan;
use crate::config::ConfigError;
use crate::config::yaml::{self, Node, Tree};

/// The variables every workflow sees when it really runs.
pub const GIVEN: [&str; 2] = ["st2", "parent"];

/// Whether a file holds an action chain: `chain` stands at its top, and no `tasks`.
pub fn is_chain(text: &str) -> bool {
    let root: Result<Node, ConfigError> = yaml::read(Path::new("file"), text);
    let Ok(Tree::Map(entries)) = root.map(|root| root.value) else { return false };
    let has = |name: &str| entries.iter().any(|(key, _)| key.value == name);
    has("chain") && !has("tasks")
}

/// What is wrong with a workflow or chain file, sorted. With `actions` the calls are checked too. An error if it
/// is no YAML.
pub fn inspect_file(
    file: &Path,
    text: &str,
    actions: Option<&dyn Actions>,
) -> Result<Vec<Finding>, ConfigError> {
    if !is_chain(text) {
        let (plan, mut findings) = Plan::inspect(file, text, &GIVEN)?;
        findings.extend(actions.map(|actions| plan.content(actions)).unwrap_or_default());
        return Ok(findings);
    }
    let (chain, mut findings) = chain::read(file, text)?;
    for (at, node) in chain.nodes.iter().enumerate() {
        if actions.is_some_and(|actions| actions.parameters(&node.action).is_none()) {
            let message = format!("there is no action `{}`", node.action);
            let mut finding = Finding::new(Category::Content, format!("chain[{at}].ref"), message);
            finding.at = node.at;
            findings.push(finding);
        }
    }
    Ok(findings)
}
