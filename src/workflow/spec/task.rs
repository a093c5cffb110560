//! One task of a workflow file.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::values::{Entries, Form, json_of, keyed};
use super::{Entry, Join, Retry, Task, Transition, With, inline};
use crate::config::yaml::{Node, Tree, line_of};

const KEYS: [&str; 7] = ["action", "input", "delay", "join", "with", "retry", "next"];

/// `x, y in <expression>` or the expression alone.
static ITEMS: LazyLock<Regex> = LazyLock::new(|| {
    let text = r"(?s)^\s*(?:((?:\w+\s*,\s*)*\w+)\s+in\s+)?(<%.*%>|\{\{.*\}\}|\{%.*%\})\s*$";
    Regex::new(text).expect("the expression is ours")
});

/// A task, with what is wrong in it noted.
pub(super) fn read(form: &mut Form, path: &str, node: &Node) -> Task {
    let mut task = Task::default();
    let Some(entries) = form.mapping(path, node) else { return task };
    form.only(path, entries, &KEYS);
    for (key, path, node) in keyed(path, entries) {
        match key {
            "action" => task.action = form.text(&path, node),
            "input" => task.input = input(form, &path, node),
            "delay" => task.delay = form.whole(&path, node),
            "join" => task.join = join(form, &path, node),
            "with" => task.with = with(form, &path, node),
            "retry" => task.retry = retry(form, &path, node),
            "next" => task.next = next(form, &path, node),
            _ => {}
        }
    }
    if let Some((name, given)) = task.action.as_deref().and_then(inline::action) {
        task.action = Some(name);
        task.input = Some(Value::Object(given.into_iter().collect()));
    }
    task
}

fn input(form: &mut Form, path: &str, node: &Node) -> Option<Value> {
    match &node.value {
        Tree::Map(entries) if entries.is_empty() => {
            form.wrong(path, line_of(node), "the mapping is empty");
            None
        }
        Tree::Map(entries) => Some(json_of(entries)),
        Tree::Text(text) if !text.is_empty() => Some(node.value.to_json()),
        _ => {
            let message = format!("a mapping of parameters is expected, {} was found", node.value.noun());
            form.wrong(path, line_of(node), message);
            None
        }
    }
}

fn join(form: &mut Form, path: &str, node: &Node) -> Option<Join> {
    let known = match &node.value {
        Tree::Text(text) if text == "all" => Some(Join::All),
        Tree::Number(number) => number.as_u64().map(Join::Count),
        _ => None,
    };
    if known.is_none() {
        form.wrong(path, line_of(node), "`all` or a whole number is expected");
    }
    known
}

fn with(form: &mut Form, path: &str, node: &Node) -> Option<With> {
    let mut with = With::default();
    if let Tree::Text(_) = &node.value {
        let text = form.text(path, node)?;
        items(form, &format!("{path}.items"), node, &text, &mut with)?;
        return Some(with);
    }
    let entries = form.mapping(path, node)?;
    form.only(path, entries, &["items", "concurrency"]);
    let mut found = false;
    for (key, path, node) in keyed(path, entries) {
        match key {
            "items" => {
                found = true;
                let text = form.text(&path, node)?;
                items(form, &path, node, &text, &mut with)?;
            }
            "concurrency" => with.concurrency = form.whole(&path, node),
            _ => {}
        }
    }
    if !found {
        form.wrong(path, line_of(node), "`items` is missing");
    }
    found.then_some(with)
}

fn items(form: &mut Form, path: &str, node: &Node, text: &str, with: &mut With) -> Option<()> {
    let Some(parts) = ITEMS.captures(text) else {
        let message = "an expression is expected, or names and an expression: `host in <% ctx().hosts %>`";
        form.wrong(path, line_of(node), message);
        return None;
    };
    let names = parts.get(1).map_or("", |names| names.as_str());
    with.names = names.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
    with.items = parts[2].to_owned();
    with.written = text.to_owned();
    Some(())
}

fn retry(form: &mut Form, path: &str, node: &Node) -> Option<Retry> {
    let entries = form.mapping(path, node)?;
    form.only(path, entries, &["count", "when", "delay"]);
    let (mut count, mut delay, mut when) = (None, None, None);
    for (key, path, node) in keyed(path, entries) {
        match key {
            "count" => count = Some(form.whole(&path, node)?),
            "delay" => delay = form.whole(&path, node),
            "when" => when = form.text(&path, node),
            _ => {}
        }
    }
    if count.is_none() {
        form.wrong(path, line_of(node), "`count` is missing");
    }
    Some(Retry { count: count?, delay, when })
}

fn next(form: &mut Form, path: &str, node: &Node) -> Vec<Transition> {
    let Some(items) = form.list(path, node) else { return Vec::new() };
    items.iter().enumerate().map(|(at, item)| transition(form, &format!("{path}[{at}]"), item)).collect()
}

fn transition(form: &mut Form, path: &str, node: &Node) -> Transition {
    let mut transition = Transition::default();
    if let Some(entries) = form.mapping(path, node) {
        form.only(path, entries, &["when", "publish", "do"]);
        parts(form, path, entries, &mut transition);
    }
    if transition.to.is_empty() {
        transition.to.push("continue".to_owned());
    }
    transition
}

fn parts(form: &mut Form, path: &str, entries: &Entries, transition: &mut Transition) {
    for (key, path, node) in keyed(path, entries) {
        match key {
            "when" => transition.when = form.text(&path, node),
            "publish" => transition.publish = publish(form, &path, node),
            "do" => transition.to = targets(form, &path, node),
            _ => {}
        }
    }
}

/// `a=1 b=<% x %>`, or a list of one-key mappings; a wrong item spoils the whole.
fn publish(form: &mut Form, path: &str, node: &Node) -> Vec<Entry> {
    match &node.value {
        Tree::Text(text) if !text.is_empty() => return inline::parameters(text),
        Tree::List(_) => {}
        _ => {
            let message = format!("a list of `- name: value` is expected, {} was found", node.value.noun());
            form.wrong(path, line_of(node), message);
            return Vec::new();
        }
    }
    let before = form.findings.len();
    let found = form.assignments(path, node);
    for finding in &mut form.findings[before..] {
        path.clone_into(&mut finding.path);
    }
    found
}

/// One name, several with commas between, or a list.
fn targets(form: &mut Form, path: &str, node: &Node) -> Vec<String> {
    match &node.value {
        Tree::Text(text) if !text.is_empty() => {
            return text.split(',').map(|name| name.trim().to_owned()).collect();
        }
        Tree::List(items) if !items.is_empty() => {
            form.each_once(path, items);
            return items.iter().filter_map(|item| form.text(path, item)).collect();
        }
        _ => {}
    }
    form.wrong(path, line_of(node), "the name of a task is expected, or a list of names");
    Vec::new()
}
