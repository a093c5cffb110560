//! What is wrong with a workflow beyond its form, found before anything runs.

mod content;
mod context;
mod expressions;
mod semantics;
mod texts;
mod ways;

use super::finding::Finding;
use super::graph::Graph;
use super::spec::Workflow;
use texts::Texts;

pub(super) use content::content;
pub use content::{Actions, Parameter};

/// Everything wrong that can be known beforehand; `known` are the variables every run sees.
pub(super) fn inspect(workflow: &Workflow, graph: &Graph, known: &[&str]) -> Vec<Finding> {
    let mut texts = Texts::default();
    let mut findings = semantics::semantics(workflow, graph);
    findings.extend(expressions::expressions(workflow, &mut texts));
    findings.extend(context::context(workflow, graph, known, &mut texts));
    findings
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::workflow::{Category, Plan};

    /// `category path` of every finding.
    fn found(text: &str) -> Vec<String> {
        let (_, findings) = Plan::inspect(Path::new("w.yaml"), text, &["st2"]).unwrap();
        findings.iter().map(|finding| format!("{} {}", finding.category.name(), finding.path)).collect()
    }

    #[test]
    fn a_join_behind_a_split_that_another_parent_is_not_behind_is_undecided() {
        let text = "tasks:\n  a: {next: [{do: [b, c]}]}\n  b: {next: [{do: d}]}\n  c: {next: [{do: d}]}\n  \
                    d: {next: [{do: j}]}\n  e: {next: [{do: j}]}\n  j: {join: all}\n";
        assert_eq!(found(text), ["semantics tasks.j"]);
    }

    #[test]
    fn tasks_that_cannot_start_are_told() {
        assert_eq!(found("tasks:\n  a: {next: [{do: a}]}\n"), ["semantics tasks", "warning tasks.a"]);
        let text =
            "tasks:\n  a: {action: core.x}\n  x: {next: [{do: y}]}\n  y: {next: [{do: x}, {do: lost}]}\n";
        assert_eq!(found(text), ["warning tasks.x", "warning tasks.y"]);
    }

    #[test]
    fn items_need_an_action_and_names_must_not_be_commands() {
        let text =
            "tasks:\n  fail: {action: core.x}\n  w: {with: '<% [1] %>'}\n  u: {next: [{do: [gone, noop]}]}\n";
        assert_eq!(
            found(text),
            ["semantics tasks.fail", "semantics tasks.u.next[0].do", "semantics tasks.w"]
        );
    }

    #[test]
    fn a_finding_knows_its_line() {
        let text = "tasks:\n  a:\n    action: core.x\n    next:\n      - do: gone\n";
        let (_, findings) = Plan::inspect(Path::new("w.yaml"), text, &[]).unwrap();
        assert_eq!((findings[0].category, findings[0].at), (Category::Semantics, Some((5, 9))));
        let error = findings[0].to_error(Path::new("w.yaml"), text).to_string();
        assert!(
            error.starts_with("w.yaml:5:9: tasks.a.next[0].do: the task `gone` is not defined\n"),
            "{error}"
        );
    }
}
