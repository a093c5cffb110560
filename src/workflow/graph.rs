//! How the tasks of a workflow lead to each other.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::json;

use super::spec::{Join, Retry, Workflow};

/// The tasks a start leads to, and what is known of each beforehand.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    /// The tasks nobody points to, sorted.
    pub starts: Vec<String>,
    nodes: BTreeMap<String, Node>,
}

/// One task in the graph.
#[derive(Debug, Clone, Default)]
pub struct Node {
    /// What may follow, sorted by name, then by place in `next`.
    pub out: Vec<Edge>,
    /// The distinct tasks that point here.
    pub parents: BTreeSet<String>,
    /// How many parents must arrive; none for a task without a join.
    pub needs: Option<usize>,
    /// Whether several transitions lead here without a join, and not in a loop: each arrival is a branch
    /// of its own.
    pub splits: bool,
    /// Whether the task can lead back to itself.
    pub loops: bool,
    /// When it is tried again: its own rule, or the command `retry`.
    pub retry: Option<Retry>,
}

/// One way from a task to another task or a command.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// Where it leads.
    pub to: String,
    /// Which item of `next` it stands in.
    pub item: usize,
}

impl Graph {
    /// The graph of a workflow.
    pub fn of(workflow: &Workflow) -> Self {
        let arrivals = arrivals(workflow);
        let starts: Vec<String> =
            workflow.tasks.keys().filter(|name| !arrivals.contains_key(name.as_str())).cloned().collect();
        let mut graph = Self { starts, nodes: BTreeMap::new() };
        for name in reached(workflow, &graph.starts) {
            let node = node(workflow, &name, arrivals.get(name.as_str()).copied().unwrap_or(0));
            graph.nodes.insert(name, node);
        }
        graph.join(workflow);
        graph
    }

    /// What is known of a task; none for one that no start leads to.
    pub fn node(&self, task: &str) -> Option<&Node> {
        self.nodes.get(task)
    }

    /// The tasks a start leads to, by name.
    pub fn nodes(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.nodes.iter().map(|(name, node)| (name.as_str(), node))
    }

    /// Fills in parents, and from them what a join needs.
    fn join(&mut self, workflow: &Workflow) {
        let edges: Vec<(String, String)> = (self.nodes.iter())
            .flat_map(|(from, node)| node.out.iter().map(|edge| (edge.to.clone(), from.clone())))
            .collect();
        for (to, from) in edges {
            if let Some(node) = self.nodes.get_mut(&to) {
                node.parents.insert(from);
            }
        }
        for (name, node) in &mut self.nodes {
            let join = workflow.tasks.get(name).and_then(|task| task.join);
            node.needs = join.map(|join| match join {
                Join::All => node.parents.len(),
                Join::Count(count) => usize::try_from(count).unwrap_or(usize::MAX).max(1),
            });
        }
    }
}

/// How many transitions lead to each task, from anywhere.
fn arrivals(workflow: &Workflow) -> BTreeMap<&str, usize> {
    let mut count = BTreeMap::new();
    for to in workflow.tasks.values().flat_map(|task| &task.next).flat_map(|item| &item.to) {
        *count.entry(to.as_str()).or_insert(0) += 1;
    }
    count
}

/// The tasks that can be reached from some, those included, in the order they are found.
pub(super) fn reached(workflow: &Workflow, from: &[String]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut queue: VecDeque<&str> = from.iter().map(String::as_str).collect();
    while let Some(name) = queue.pop_front() {
        let Some(task) = workflow.tasks.get(name) else { continue };
        if seen.insert(name) {
            found.push(name.to_owned());
            queue.extend(task.next.iter().flat_map(|item| &item.to).map(String::as_str));
        }
    }
    found
}

fn node(workflow: &Workflow, name: &str, arrivals: usize) -> Node {
    let task = &workflow.tasks[name];
    let loops = leads_back(workflow, name);
    let mut node = Node { loops, retry: task.retry.clone(), ..Node::default() };
    node.splits = task.join.is_none() && arrivals > 1 && !loops;
    for (item, transition) in task.next.iter().enumerate() {
        for to in &transition.to {
            if to == "retry" {
                let when = transition.when.clone().unwrap_or_else(|| "<% completed() %>".to_owned());
                node.retry = Some(Retry { count: json!(3), delay: None, when: Some(when) });
            } else {
                node.out.push(Edge { to: to.clone(), item });
            }
        }
    }
    node.out.sort();
    node.out.dedup();
    node
}

fn leads_back(workflow: &Workflow, name: &str) -> bool {
    let next: Vec<String> = workflow.tasks[name].next.iter().flat_map(|item| &item.to).cloned().collect();
    reached(workflow, &next).iter().any(|found| found == name)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::workflow::spec;

    fn graph(text: &str) -> Graph {
        Graph::of(&spec::read(Path::new("w.yaml"), text).unwrap().workflow)
    }

    #[test]
    fn a_task_with_two_ways_in_and_no_join_splits() {
        let graph = graph(
            "tasks:\n  a: {next: [{do: [c, b]}]}\n  b: {next: [{do: d}]}\n  c: {next: [{do: d}]}\n  \
             d: {next: [{do: j}]}\n  e: {next: [{do: j}]}\n  j: {join: all}\n",
        );
        assert_eq!(graph.starts, ["a", "e"]);
        assert!(graph.node("d").unwrap().splits);
        assert_eq!(graph.node("j").unwrap().needs, Some(2));
        assert_eq!(graph.node("a").unwrap().out.iter().map(|edge| &edge.to).collect::<Vec<_>>(), ["b", "c"]);
    }

    #[test]
    fn a_loop_does_not_split_and_a_loop_nobody_enters_is_left_out() {
        let graph = graph(
            "tasks:\n  a: {next: [{do: b}]}\n  b: {next: [{do: b}, {do: retry}]}\n  \
             x: {next: [{do: y}]}\n  y: {next: [{do: x}]}\n",
        );
        let node = graph.node("b").unwrap();
        assert!(node.loops && !node.splits);
        assert_eq!(node.retry.as_ref().unwrap().count, json!(3));
        assert!(graph.node("x").is_none());
    }
}
