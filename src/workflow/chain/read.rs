//! Reading a chain file.

use std::path::Path;

use super::{Chain, Names, Node};
use crate::config::ConfigError;
use crate::config::yaml::{self, Node as Yaml, Tree, line_of, to_object};
use crate::workflow::expression::is_expression;
use crate::workflow::finding::{Category, Finding, sorted};
use crate::workflow::spec::{Form, Places, keyed};

const KEYS: [&str; 3] = ["chain", "default", "vars"];
const NODE: [&str; 9] =
    ["name", "ref", "params", "parameters", "on-success", "on-failure", "publish", "notify", "description"];

/// Reads and inspects `text`, the content of `file`. An error if it is no YAML; whatever else is wrong is a
/// finding, and anything but a warning keeps it from running.
pub fn read(file: &Path, text: &str) -> Result<(Chain, Vec<Finding>), ConfigError> {
    let root: Yaml = yaml::read(file, text)?;
    let mut form = Form::default();
    let mut chain = Chain { source: text.to_owned(), ..Chain::default() };
    if let Some(entries) = form.mapping("", &root) {
        form.only("", entries, &KEYS);
        for (key, path, node) in keyed("", entries) {
            match key {
                "chain" => chain.nodes = nodes(&mut form, node),
                "default" if !matches!(node.value, Tree::Null) => chain.default = form.text(&path, node),
                "vars" => chain.vars = names(&mut form, &path, node),
                _ => {}
            }
        }
        if !entries.iter().any(|(key, _)| key.value == "chain") {
            form.wrong("", line_of(&root), "`chain` is missing");
        }
    }
    let mut findings = form.findings;
    findings.extend(unknown(&chain));
    let places = Places::of(&root);
    for finding in &mut findings {
        finding.at = finding.at.or_else(|| places.find(&finding.path));
    }
    Ok((chain, sorted(findings)))
}

fn nodes(form: &mut Form, node: &Yaml) -> Vec<Node> {
    let Some(items) = form.list("chain", node) else { return Vec::new() };
    form.not_empty("chain", node, items);
    items.iter().enumerate().map(|(at, item)| one(form, &format!("chain[{at}]"), item)).collect()
}

fn one(form: &mut Form, path: &str, node: &Yaml) -> Node {
    let mut found = Node::default();
    let Some(entries) = form.mapping(path, node) else { return found };
    let before = form.findings.len();
    form.only(path, entries, &NODE);
    if !path.ends_with("[0]") {
        // StackStorm looks at the first node alone, and packs have keys of their own in the others.
        form.findings[before..].iter_mut().for_each(|finding| finding.category = Category::Warning);
    }
    let has = |name: &str| entries.iter().any(|(key, _)| key.value == name);
    if has("params") && has("parameters") {
        form.wrong(
            path,
            line_of(node),
            "`params` and `parameters` are the same: only one of them is accepted",
        );
    }
    for missing in ["name", "ref"].into_iter().filter(|name| !has(name)) {
        form.wrong(path, line_of(node), format!("`{missing}` is missing"));
    }
    for (key, path, node) in keyed(path, entries) {
        match key {
            "name" => found.name = form.text(&path, node).unwrap_or_default(),
            "ref" => {
                found.action = form.text(&path, node).unwrap_or_default();
                found.at = Some(line_of(node));
            }
            "params" | "parameters" => found.parameters = names(form, &path, node),
            "publish" => found.publish = names(form, &path, node),
            "on-success" => found.on_success = optional(form, &path, node),
            "on-failure" => found.on_failure = optional(form, &path, node),
            "notify" => found.notify = Some(node.value.to_json()),
            _ => {}
        }
    }
    found
}

/// A mapping; nothing is an empty one.
fn names(form: &mut Form, path: &str, node: &Yaml) -> Names {
    match &node.value {
        Tree::Null => Names::new(),
        _ => form.mapping(path, node).map(to_object).unwrap_or_default(),
    }
}

/// The name of a node; nothing and an empty text are none.
fn optional(form: &mut Form, path: &str, node: &Yaml) -> Option<String> {
    match &node.value {
        Tree::Null => None,
        Tree::Text(text) if text.is_empty() => None,
        _ => form.text(path, node),
    }
}

/// Names of nodes that are not there. A template is looked at when it is rendered.
fn unknown(chain: &Chain) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut look = |path: String, name: &Option<String>| {
        let name = name.as_deref().filter(|name| !is_expression(name) && chain.node(name).is_none());
        if let Some(name) = name {
            found.push(Finding::new(Category::Semantics, path, format!("there is no node `{name}`")));
        }
    };
    look("default".to_owned(), &chain.default);
    for (at, node) in chain.nodes.iter().enumerate() {
        look(format!("chain[{at}].on-success"), &node.on_success);
        look(format!("chain[{at}].on-failure"), &node.on_failure);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let (_, findings) = read(Path::new("c.yaml"), text).unwrap();
        findings.iter().map(|finding| format!("{} {}", finding.category.name(), finding.path)).collect()
    }

    #[test]
    fn names_must_lead_to_nodes() {
        let text = "default: z\nchain:\n  - {name: a, ref: core.x, on-success: b, on-failure: '{{ x }}'}\n";
        assert_eq!(found(text), ["semantics chain[0].on-success", "semantics default"]);
    }

    #[test]
    fn forms_are_checked() {
        assert_eq!(found("chain: []\n"), ["syntax chain"]);
        assert_eq!(found("chain: [{name: a}]\nmore: 1\n"), ["syntax ", "syntax chain[0]"]);
        let text = "chain:\n  - {name: a, ref: core.x}\n  - {name: b, ref: core.x, own: 1}\n";
        assert_eq!(found(text), ["warning chain[1]"]);
    }
}
