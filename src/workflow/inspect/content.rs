//! Actions that are not there, or take something else.

use serde_json::Value;

use crate::config::nearest::hint;
use crate::workflow::expression::is_expression;
use crate::workflow::finding::{Category, Finding};
use crate::workflow::spec::{Task, Workflow};

/// The actions a workflow may call.
pub trait Actions {
    /// The parameters of `pack.action`; none if there is no such action.
    fn parameters(&self, reference: &str) -> Option<Vec<Parameter>>;
}

/// A parameter of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Whether it must be given: it is required and has no default.
    pub needed: bool,
}

/// What is wrong with the calls of a workflow. An action that is an expression is not looked at.
pub(in crate::workflow) fn content(workflow: &Workflow, actions: &dyn Actions) -> Vec<Finding> {
    let calls = workflow.tasks.iter().filter_map(|(name, task)| Some((name, task, task.action.as_deref()?)));
    let written = calls.filter(|(_, _, action)| !is_expression(action));
    written.flat_map(|(name, task, action)| call(&format!("tasks.{name}"), task, action, actions)).collect()
}

fn call(path: &str, task: &Task, action: &str, actions: &dyn Actions) -> Vec<Finding> {
    let wrong = |path: String, message: String| Finding::new(Category::Content, path, message);
    let whole = action.split('.').filter(|part| !part.is_empty()).count() >= 2;
    if !whole || action.chars().any(char::is_whitespace) {
        let message = format!(
            "`{action}` is no reference of an action: `pack.action` is, with parameters as `name=\"value\"`"
        );
        return vec![wrong(format!("{path}.action"), message)];
    }
    let Some(known) = actions.parameters(action) else {
        return vec![wrong(format!("{path}.action"), format!("there is no action `{action}`"))];
    };
    let given: Vec<&str> = match &task.input {
        Some(Value::Object(input)) => input.keys().map(String::as_str).collect(),
        None => Vec::new(),
        Some(_) => return Vec::new(),
    };
    let mut found = Vec::new();
    for parameter in known.iter().filter(|known| known.needed && !given.contains(&known.name.as_str())) {
        let open = given.iter().any(|name| is_expression(name));
        if !open {
            found.push(wrong(
                format!("{path}.input"),
                format!("`{action}` needs the parameter `{}`", parameter.name),
            ));
        }
    }
    let names = || known.iter().map(|known| known.name.as_str());
    for name in given.iter().filter(|name| !is_expression(name) && !names().any(|known| known == **name)) {
        let help = hint(name, names()).unwrap_or_else(|| "it takes none".to_owned());
        found.push(wrong(
            format!("{path}.input.{name}"),
            format!("`{action}` has no parameter `{name}`: {help}"),
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::workflow::Plan;

    struct Two;

    impl Actions for Two {
        fn parameters(&self, reference: &str) -> Option<Vec<Parameter>> {
            let one = |name: &str, needed| Parameter { name: name.to_owned(), needed };
            (reference == "core.local").then(|| vec![one("cmd", true), one("timeout", false)])
        }
    }

    #[test]
    fn calls_are_checked_against_the_actions() {
        let text = "tasks:\n  a: {action: core.local cmd=date}\n  b: {action: core.gone}\n  \
                    c: {action: core.local, input: {tiemout: 5}}\n  d: {action: <% ctx().x %>}\n  \
                    e: {action: core.local cmd=\"date\" timeout=5}\n";
        let (plan, _) = Plan::inspect(Path::new("w.yaml"), text, &["x"]).unwrap();
        let found: Vec<String> = plan.content(&Two).into_iter().map(|finding| finding.path).collect();
        assert_eq!(found, ["tasks.a.action", "tasks.b.action", "tasks.c.input", "tasks.c.input.tiemout"]);
    }
}
