//! The top of a workflow file.

use std::path::Path;

use serde_json::Value;

use super::places::Places;
use super::values::{Entries, Form, is_name, keyed};
use super::{Draft, Entry, Workflow, task};
use crate::config::ConfigError;
use crate::config::yaml::{self, Node, Tree, line_of};

/// What may stand at the top.
const KEYS: [&str; 8] = ["version", "name", "description", "tags", "input", "vars", "tasks", "output"];

/// Reads `text`, the content of `file`. An error if it is no YAML at all; whatever else is wrong is in
/// [`Draft::findings`].
pub fn read(file: &Path, text: &str) -> Result<Draft, ConfigError> {
    let root: Node = yaml::read(file, text)?;
    let mut form = Form::default();
    let mut workflow = Workflow::default();
    if matches!(root.value, Tree::Null | Tree::Text(_) | Tree::Number(_) | Tree::Bool(_)) {
        return Err(ConfigError::new(file, "a workflow is a mapping with `tasks`"));
    }
    if let Some(entries) = form.mapping("", &root) {
        form.only("", entries, &KEYS);
        top(&mut form, &mut workflow, entries);
        if !entries.iter().any(|(key, _)| key.value == "tasks") {
            form.wrong("", line_of(&root), "`tasks` is missing");
        }
    }
    Ok(Draft { workflow, places: Places::of(&root), findings: form.findings })
}

fn top(form: &mut Form, workflow: &mut Workflow, entries: &Entries) {
    for (key, path, node) in keyed("", entries) {
        match key {
            "version" => version(form, node),
            "name" | "description" => described(form, &path, node),
            "tags" => tags(form, node),
            "input" => workflow.input = inputs(form, node),
            "vars" => workflow.vars = form.assignments(&path, node),
            "output" => workflow.output = form.assignments(&path, node),
            "tasks" => tasks(form, workflow, node),
            _ => {}
        }
    }
}

fn version(form: &mut Form, node: &Node) {
    let known = match &node.value {
        Tree::Number(number) => number.as_f64() == Some(1.0),
        Tree::Text(text) => text == "1.0",
        _ => false,
    };
    if !known {
        form.wrong("version", line_of(node), "the version is `1.0`, no other is known");
    }
}

fn described(form: &mut Form, path: &str, node: &Node) {
    if !matches!(node.value, Tree::Text(_)) {
        form.wrong(path, line_of(node), format!("text is expected, {} was found", node.value.noun()));
    }
}

fn tags(form: &mut Form, node: &Node) {
    let Some(items) = form.list("tags", node) else { return };
    form.each_once("tags", items);
    for (at, item) in items.iter().enumerate() {
        form.text(&format!("tags[{at}]"), item);
    }
}

/// A list of names, some of them with a default.
fn inputs(form: &mut Form, node: &Node) -> Vec<Entry> {
    let Some(items) = form.list("input", node) else { return Vec::new() };
    form.not_empty("input", node, items);
    form.each_once("input", items);
    let one = |(at, item): (usize, &Node)| match &item.value {
        Tree::Text(name) if !name.is_empty() => Some((name.clone(), Value::Null)),
        _ => form.assignment(&format!("input[{at}]"), item),
    };
    items.iter().enumerate().filter_map(one).collect()
}

fn tasks(form: &mut Form, workflow: &mut Workflow, node: &Node) {
    let Some(entries) = form.mapping("tasks", node) else { return };
    if entries.is_empty() {
        form.wrong("tasks", line_of(node), "at least one task is needed");
    }
    for ((key, _), (name, path, node)) in entries.iter().zip(keyed("tasks", entries)) {
        if !is_name(name) {
            let message = format!("`{name}` is no name of a task: letters, digits and `_` are accepted");
            form.wrong(&path, line_of(key), message);
        }
        let task = task::read(form, &path, node);
        workflow.tasks.insert(name.to_owned(), task);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::spec::{Join, RESERVED};

    fn paths(text: &str) -> Vec<String> {
        let draft = read(Path::new("w.yaml"), text).unwrap();
        draft.findings.into_iter().map(|finding| finding.path).collect()
    }

    #[test]
    fn every_wrong_form_is_told_with_its_path() {
        let text = "version: 2\nfoo: 1\ninput: {a: 1}\nvars: [a, {b: 1, c: 2}, {d: 1}]\noutput: []\ntasks:\n  \
                    a: {acton: core.x, delay: -1, join: some, with: 5, retry: {delay: 1}, next: {do: b}}\n  \
                    b: {action: '', input: 4, next: [{when: true, publish: {a: 1}, do: [c, c]}, 7]}\n  \
                    c-d:\n  e: [1]\n";
        assert_eq!(
            paths(text),
            [
                "",
                "version",
                "input",
                "vars[0]",
                "vars[1]",
                "output",
                "tasks.a",
                "tasks.a.delay",
                "tasks.a.join",
                "tasks.a.with",
                "tasks.a.retry",
                "tasks.a.next",
                "tasks.b.action",
                "tasks.b.input",
                "tasks.b.next[0].when",
                "tasks.b.next[0].publish",
                "tasks.b.next[0].do",
                "tasks.b.next[1]",
                "tasks.c-d",
                "tasks.c-d",
                "tasks.e",
            ]
        );
    }

    #[test]
    fn what_can_be_read_is_kept() {
        let text = "input: [a, {b: 2}]\ntasks:\n  t:\n    action: core.x m=1\n    join: all\n    next:\n      \
                    - publish: x=<% result() %>\n        do: u, noop\n      - {}\n";
        let workflow = read(Path::new("w.yaml"), text).unwrap().workflow;
        assert_eq!(workflow.input[1], ("b".to_owned(), serde_json::json!(2)));
        let task = &workflow.tasks["t"];
        assert_eq!((task.action.as_deref(), task.join), (Some("core.x"), Some(Join::All)));
        assert_eq!(task.input, Some(serde_json::json!({"m": 1})));
        assert_eq!(task.next[0].to, ["u", "noop"]);
        assert_eq!(task.next[1].to, [RESERVED[2]]);
    }

    #[test]
    fn every_path_has_a_place() {
        let text = "tasks:\n  a:\n    action: core.x\n    next:\n      - do: b\n";
        let places = read(Path::new("w.yaml"), text).unwrap().places;
        assert_eq!(places.find("tasks.a.next[0].do"), Some((5, 9)));
        assert_eq!(places.find("tasks.a.input.x"), Some((2, 3)), "the nearest that is written");
    }
}
