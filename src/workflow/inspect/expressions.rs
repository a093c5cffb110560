//! Expressions that cannot be read.

use super::texts::{Texts, own, texts_of, top};
use crate::workflow::expression::Severity;
use crate::workflow::finding::{Category, Finding};
use crate::workflow::spec::{Task, Workflow};

/// The expressions of a workflow that do not parse, with the property that holds each.
pub(super) fn expressions(workflow: &Workflow, texts: &mut Texts) -> Vec<Finding> {
    let tasks = workflow.tasks.iter().flat_map(|(name, task)| properties(&format!("tasks.{name}"), task));
    let mut found = Vec::new();
    for (path, held) in top(workflow).into_iter().chain(tasks) {
        for problem in held.iter().flat_map(|text| texts.look(text).problems.clone()) {
            let category = match problem.severity {
                Severity::Error => Category::Expressions,
                Severity::Unknown => Category::Calls,
            };
            let finding = Finding::new(category, path.clone(), problem.message);
            found.push(finding.about(problem.language, &problem.expression));
        }
    }
    found
}

/// The properties of a task and of its transitions, with the texts of each.
fn properties(path: &str, task: &Task) -> Vec<(String, Vec<String>)> {
    let mut all = own(path, task);
    for (at, transition) in task.next.iter().enumerate() {
        let path = format!("{path}.next[{at}]");
        all.push((format!("{path}.when"), transition.when.iter().cloned().collect()));
        let published = transition.publish.iter().flat_map(|(_, value)| texts_of(value)).collect();
        all.push((format!("{path}.publish"), published));
        all.push((format!("{path}.do"), transition.to.clone()));
    }
    all
}
