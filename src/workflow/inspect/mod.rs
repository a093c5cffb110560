//! What is wrong with a workflow beyond its form, found before anything runs.

use super::finding::Finding;
use super::graph::Graph;
use super::spec::Workflow;

/// Everything wrong that can be known beforehand; `known` are the variables every run sees.
pub(super) fn inspect(workflow: &Workflow, graph: &Graph, known: &[&str]) -> Vec<Finding> {
    let _ = (workflow, graph, known);
    Vec::new()
}
