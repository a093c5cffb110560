//! A workflow file that was read and looked at: what a [`Conductor`](super::Conductor) goes by.

use std::path::Path;

use super::finding::{Finding, sorted};
use super::graph::Graph;
use super::inspect::{self, Actions};
use super::spec::{self, Draft, Places, Workflow};
use crate::config::ConfigError;

/// A workflow, its graph and its text.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The workflow.
    pub workflow: Workflow,
    /// How its tasks lead to each other.
    pub graph: Graph,
    /// The text of the file: it is stored with a running workflow, which goes on as it began.
    pub source: String,
    places: Places,
}

impl Plan {
    /// Reads `text`, the content of `file`, without looking further than its form: for a workflow that was
    /// inspected before. An error if it is no YAML.
    pub fn read(file: &Path, text: &str) -> Result<Self, ConfigError> {
        let Draft { workflow, places, .. } = spec::read(file, text)?;
        Ok(Self::of(workflow, places, text))
    }

    /// Reads and inspects; `known` are the variables every run of it sees, such as `st2`. The findings are
    /// sorted; anything but a warning keeps it from running.
    pub fn inspect(file: &Path, text: &str, known: &[&str]) -> Result<(Self, Vec<Finding>), ConfigError> {
        let Draft { workflow, places, mut findings } = spec::read(file, text)?;
        let plan = Self::of(workflow, places, text);
        findings.extend(inspect::inspect(&plan.workflow, &plan.graph, known));
        let findings = plan.placed(findings);
        Ok((plan, findings))
    }

    /// What is wrong with the actions it calls: missing ones, missing and unknown parameters.
    pub fn content(&self, actions: &dyn Actions) -> Vec<Finding> {
        self.placed(inspect::content(&self.workflow, actions))
    }

    /// Findings with their places, sorted.
    fn placed(&self, mut findings: Vec<Finding>) -> Vec<Finding> {
        for finding in &mut findings {
            finding.at = finding.at.or_else(|| self.places.find(&finding.path));
        }
        sorted(findings)
    }

    fn of(workflow: Workflow, places: Places, text: &str) -> Self {
        let graph = Graph::of(&workflow);
        Self { workflow, graph, source: text.to_owned(), places }
    }
}
