//! The workflows and action chains that actions name: read and inspected when the home is loaded, so that a mistake is
//! told with its file and line before anybody runs into it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::Home;
use super::files::kept;
use super::load::parameters_of;
use crate::action::Action;
use crate::config::{ConfigError, Problem, read_file};
use crate::runner;
use crate::workflow::chain::{self, Chain};
use crate::workflow::{Actions, Category, Finding, GIVEN, Parameter, Plan, inspect_file, is_chain};

/// What the steps of an action come from.
#[derive(Debug, Clone)]
pub enum Script {
    /// A workflow.
    Workflow(Arc<Plan>),
    /// An action chain.
    Chain(Arc<Chain>),
}

/// The actions of a home, as a workflow may call them.
struct Known<'h>(&'h BTreeMap<String, Arc<Action>>);

impl Actions for Known<'_> {
    fn parameters(&self, reference: &str) -> Option<Vec<Parameter>> {
        let action = self.0.get(reference)?;
        let all = action.parameters_with(parameters_of(&action.runner));
        let known = all.into_iter().map(|parameter| Parameter {
            needed: parameter.required == Some(true) && parameter.default.is_none(),
            name: parameter.name.clone(),
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
) -> BTreeMap<String, Script> {
    let mut found = BTreeMap::new();
    for (reference, action) in actions.iter().filter(|(_, action)| runner::is_workflow(&action.runner)) {
        // Without a file, or one that is not there, the action's own check has said so.
        let Some(file) = action.entry_point.as_ref().filter(|file| file.exists()) else { continue };
        match inspected(file, actions) {
            Ok((script, warnings)) => {
                problems.extend(warnings);
                found.insert(reference.clone(), script);
            }
            Err(errors) => {
                let earlier = before.and_then(|before| before.workflows.get(reference)).cloned();
                problems.extend(kept(errors, earlier.as_ref()).into_iter().map(Problem::Error));
                found.extend(earlier.map(|script| (reference.clone(), script)));
            }
        }
    }
    found
}

fn inspected(
    file: &Path,
    actions: &BTreeMap<String, Arc<Action>>,
) -> Result<(Script, Vec<Problem>), Vec<ConfigError>> {
    let alone = |error| vec![error];
    let text = read_file(file).map_err(alone)?;
    let findings = inspect_file(file, &text, Some(&Known(actions))).map_err(alone)?;
    let error = |finding: &Finding| finding.to_error(file, &text);
    let (warnings, wrong): (Vec<_>, Vec<_>) = findings.iter().partition(|finding| !is_wrong(finding));
    if !wrong.is_empty() {
        return Err(wrong.into_iter().map(error).collect());
    }
    let script = match is_chain(&text) {
        true => Script::Chain(Arc::new(chain::read(file, &text).map_err(alone)?.0)),
        false => Script::Workflow(Arc::new(Plan::inspect(file, &text, &GIVEN).map_err(alone)?.0)),
    };
    Ok((script, warnings.into_iter().map(|finding| Problem::Warning(error(finding))).collect()))
}

fn is_wrong(finding: &Finding) -> bool {
    finding.category != Category::Warning
}

impl Home {
    /// The text of a workflow's file, and what keeps it from running.
    ///
    /// # Errors
    /// It cannot be read, or is no YAML.
    pub fn inspect_workflow(&self, file: &Path) -> Result<(String, Vec<Finding>), ConfigError> {
        let text = read_file(file)?;
        let mut findings = inspect_file(file, &text, Some(&Known(&self.actions)))?;
        findings.retain(is_wrong);
        Ok((text, findings))
    }
}
