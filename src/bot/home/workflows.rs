//! The workflows that actions name: read and inspected when the home is loaded, so that a mistake is told with its
//! file and line before anybody runs into it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::Home;
use super::files::kept;
use super::load::parameters_of;
use crate::action::Action;
use crate::config::{ConfigError, Problem, read_file};
use crate::runner;
use crate::workflow::{Actions, Category, Finding, Parameter, Plan};

/// The variables that every workflow sees beside its own.
pub const KNOWN: [&str; 2] = ["st2", "parent"];

/// The actions of a home, as a workflow may call them.
struct Known<'h>(&'h BTreeMap<String, Arc<Action>>);

impl Actions for Known<'_> {
    fn parameters(&self, reference: &str) -> Option<Vec<Parameter>> {
        let action = self.0.get(reference)?;
        let all = action.parameters_with(&parameters_of(&action.runner));
        let known = all.into_iter().map(|parameter| Parameter {
            needed: parameter.required == Some(true) && parameter.default.is_none(),
            name: parameter.name,
        });
        Some(known.collect())
    }
}

/// Reads and inspects the workflow of every action that is one. One with a mistake is left out, or stays as it was
/// when it was last good.
pub(super) fn load(
    actions: &BTreeMap<String, Arc<Action>>,
    problems: &mut Vec<Problem>,
    before: Option<&Home>,
) -> BTreeMap<String, Arc<Plan>> {
    let mut found = BTreeMap::new();
    for (reference, action) in actions.iter().filter(|(_, action)| is_workflow(action)) {
        // Without a file, or one that is not there, the action's own check has said so.
        let Some(file) = action.entry_point.as_ref().filter(|file| file.exists()) else { continue };
        match inspected(file, actions) {
            Ok((plan, warnings)) => {
                problems.extend(warnings);
                found.insert(reference.clone(), Arc::new(plan));
            }
            Err(errors) => {
                let earlier = before.and_then(|before| before.workflows.get(reference)).cloned();
                problems.extend(kept(errors, earlier.as_deref()).into_iter().map(Problem::Error));
                found.extend(earlier.map(|plan| (reference.clone(), plan)));
            }
        }
    }
    found
}

fn is_workflow(action: &Action) -> bool {
    runner::find(&action.runner).is_some_and(|row| row.name == "orquesta")
}

fn inspected(
    file: &Path,
    actions: &BTreeMap<String, Arc<Action>>,
) -> Result<(Plan, Vec<Problem>), Vec<ConfigError>> {
    let text = read_file(file).map_err(|error| vec![error])?;
    let (plan, mut findings) = Plan::inspect(file, &text, &KNOWN).map_err(|error| vec![error])?;
    findings.extend(plan.content(&Known(actions)));
    let error = |finding: &Finding| finding.to_error(file, &text);
    let (warnings, wrong): (Vec<_>, Vec<_>) =
        findings.iter().partition(|finding| finding.category == Category::Warning);
    match wrong.is_empty() {
        true => Ok((plan, warnings.into_iter().map(|finding| Problem::Warning(error(finding))).collect())),
        false => Err(wrong.into_iter().map(error).collect()),
    }
}
