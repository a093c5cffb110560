//! The ways that lead to each task, as StackStorm's inspection follows them.
//!
//! It goes on from a task that it has seen to tasks that it has not: of a task with several ways in, those are
//! looked at that are as short as the shortest. What only a longer way lacks fails when that way is taken, and
//! is a warning here; workflows that run in StackStorm are not refused.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};

use super::context::Names;
use crate::workflow::graph::Graph;
use crate::workflow::spec::Workflow;

/// How many ways are looked at: a workflow with forks behind forks has very many.
const MOST: usize = 5_000;

/// Each task with the names that a way brings; a join has what all its parents bring, which `joined` knows.
pub(super) fn ways(
    workflow: &Workflow,
    graph: &Graph,
    root: &Names,
    joined: &BTreeMap<String, Names>,
) -> Vec<(String, Names)> {
    let mut queue: VecDeque<(&str, Names)> =
        graph.starts.iter().map(|start| (start.as_str(), root.clone())).collect();
    let mut seen = BTreeSet::new();
    let mut told: HashSet<(&str, Names)> = HashSet::new();
    let mut found = Vec::new();
    while let Some((name, names)) = queue.pop_front() {
        seen.insert(name);
        let (Some(task), true) = (workflow.tasks.get(name), found.len() < MOST) else { continue };
        if !told.insert((name, names.clone())) {
            continue;
        }
        for transition in &task.next {
            let mut branch = names.clone();
            branch.extend(transition.publish.iter().map(|(name, _)| name.clone()));
            for to in transition.to.iter().filter(|to| !seen.contains(to.as_str())) {
                let joins = graph.node(to).is_some_and(|node| node.needs.is_some());
                let names = if joins { joined.get(to) } else { None };
                queue.push_back((to, names.unwrap_or(&branch).clone()));
            }
        }
        found.push((name.to_owned(), names));
    }
    found
}
