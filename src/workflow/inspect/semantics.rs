//! Tasks that do not fit together.

use std::collections::{BTreeMap, BTreeSet};

use crate::workflow::finding::{Category, Finding};
use crate::workflow::graph::Graph;
use crate::workflow::spec::{RESERVED, Workflow};

/// What is wrong with the tasks as a whole.
pub(super) fn semantics(workflow: &Workflow, graph: &Graph) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut say =
        |path: String, message: String| found.push(Finding::new(Category::Semantics, path, message));
    for (name, task) in &workflow.tasks {
        if RESERVED.contains(&name.as_str()) {
            say(format!("tasks.{name}"), format!("the name `{name}` is a command, a task needs another one"));
        }
        if task.with.is_some() && task.action.is_none() {
            say(format!("tasks.{name}"), "a task with items needs an action".to_owned());
        }
    }
    if graph.starts.is_empty() && !workflow.tasks.is_empty() {
        say(
            "tasks".to_owned(),
            "no task can start: every one is led to by another, add one that leads in".to_owned(),
        );
    }
    for (name, item, to) in undefined(workflow, graph) {
        say(format!("tasks.{name}.next[{item}].do"), format!("the task `{to}` is not defined"));
    }
    for name in undecided(graph) {
        let message =
            "the join cannot be decided: a task that leads to it runs on several branches, another does not";
        say(format!("tasks.{name}"), message.to_owned());
    }
    found.extend(unreachable(workflow, graph));
    found
}

/// Names in `do` that are no task, of the tasks a start leads to.
fn undefined(workflow: &Workflow, graph: &Graph) -> Vec<(String, usize, String)> {
    let mut found = Vec::new();
    for (name, _) in graph.nodes() {
        for (item, transition) in workflow.tasks[name].next.iter().enumerate() {
            let unknown = transition.to.iter().filter(|to| !workflow.knows(to));
            found.extend(unknown.map(|to| (name.to_owned(), item, to.clone())));
        }
    }
    found
}

/// Joins whose parents are not behind the same splits.
fn undecided(graph: &Graph) -> Vec<String> {
    let splits = splits(graph);
    let differ = |parents: &BTreeSet<String>| {
        let mut sets = parents.iter().map(|parent| &splits[parent.as_str()]);
        let first = sets.next();
        sets.any(|other| Some(other) != first)
    };
    let joins = graph.nodes().filter(|(_, node)| node.needs.is_some() && differ(&node.parents));
    joins.map(|(name, _)| name.to_owned()).collect()
}

/// The splits each task is behind, itself included.
fn splits(graph: &Graph) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut known: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    loop {
        let before: usize = known.values().map(BTreeSet::len).sum();
        let entries = known.len();
        for (name, node) in graph.nodes() {
            let mut own: BTreeSet<&str> = node.splits.then_some(name).into_iter().collect();
            for parent in &node.parents {
                own.extend(known.get(parent.as_str()).into_iter().flatten());
            }
            known.insert(name, own);
        }
        if entries == known.len() && before == known.values().map(BTreeSet::len).sum::<usize>() {
            return known;
        }
    }
}

/// Tasks that no start leads to: they never run.
fn unreachable(workflow: &Workflow, graph: &Graph) -> Vec<Finding> {
    let never = workflow.tasks.keys().filter(|name| graph.node(name).is_none());
    let say = |name: &String| {
        let message = "this task never runs: nothing that starts leads to it";
        Finding::new(Category::Warning, format!("tasks.{name}"), message)
    };
    never.map(say).collect()
}
