//! Variables that are read before they are assigned, along every path.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::texts::{Texts, own, texts_of};
use super::ways::ways;
use crate::workflow::finding::{Category, Finding};
use crate::workflow::graph::{Graph, reached};
use crate::workflow::spec::{Entry, Workflow};

/// Names of variables.
pub(super) type Names = BTreeSet<String>;

/// Reads of variables nothing assigned.
pub(super) fn context(workflow: &Workflow, graph: &Graph, known: &[&str], texts: &mut Texts) -> Vec<Finding> {
    let mut look = Look { texts, found: Vec::new(), category: Category::Context };
    let mut root: Names = known.iter().map(|name| (*name).to_owned()).collect();
    look.assignments("input", &workflow.input, &mut root);
    look.assignments("vars", &workflow.vars, &mut root);
    let arriving = arriving(workflow, graph, &root);
    for (name, names) in ways(workflow, graph, &root, &arriving) {
        look.task(workflow, &name, &names);
    }
    let mut found = std::mem::take(&mut look.found);
    look.category = Category::Warning;
    let mut all = root;
    for (name, names) in &arriving {
        all.extend(look.task(workflow, name, names));
    }
    let known: BTreeSet<(String, _)> =
        found.iter().map(|finding| (finding.path.clone(), finding.expression.clone())).collect();
    let new = std::mem::take(&mut look.found).into_iter();
    found.extend(new.filter(|finding| !known.contains(&(finding.path.clone(), finding.expression.clone()))));
    look.category = Category::Context;
    look.assignments("output", &workflow.output, &mut all);
    found.extend(look.found);
    found
}

struct Look<'a> {
    texts: &'a mut Texts,
    found: Vec<Finding>,
    /// How wrong it is.
    category: Category,
}

impl Look<'_> {
    /// Assignments in order, each seeing those before it.
    fn assignments(&mut self, path: &str, entries: &[Entry], names: &mut Names) {
        for (at, (name, value)) in entries.iter().enumerate() {
            self.value(&format!("{path}[{at}]"), value, names);
            names.insert(name.clone());
        }
    }

    fn value(&mut self, path: &str, value: &Value, names: &Names) {
        texts_of(value).iter().for_each(|text| self.text(path, text, names));
    }

    fn text(&mut self, path: &str, text: &str, names: &Names) {
        for read in self.texts.look(text).reads.clone() {
            let message = if read.name.starts_with("__") {
                format!("the variable `{}` is private: its name begins with two underscores", read.name)
            } else if names.contains(&read.name) {
                continue;
            } else if self.category == Category::Warning {
                format!("the variable `{}` is not assigned on every way that leads here", read.name)
            } else {
                format!("the variable `{}` is read before it is assigned", read.name)
            };
            let finding = Finding::new(self.category, path, message);
            self.found.push(finding.about(Some(read.language), &read.expression));
        }
    }

    /// A task that sees `names`; gives every name assigned when its transitions have fired.
    fn task(&mut self, workflow: &Workflow, name: &str, names: &Names) -> Names {
        let task = &workflow.tasks[name];
        let path = format!("tasks.{name}");
        for (path, texts) in own(&path, task) {
            texts.iter().for_each(|text| self.text(&path, text, names));
        }
        let mut all = names.clone();
        for (at, transition) in task.next.iter().enumerate() {
            let path = format!("{path}.next[{at}]");
            if let Some(when) = &transition.when {
                self.text(&format!("{path}.when"), when, names);
            }
            let mut branch = names.clone();
            self.assignments(&format!("{path}.publish"), &transition.publish, &mut branch);
            all.extend(branch);
        }
        all
    }
}

/// The names each task sees: at a join the union of its parents, elsewhere what every way in brings.
fn arriving(workflow: &Workflow, graph: &Graph, root: &Names) -> BTreeMap<String, Names> {
    let order = reached(workflow, &graph.starts);
    let mut known: BTreeMap<String, Names> = BTreeMap::new();
    // Each round carries names one task further; in a loop they come round once more.
    for _ in 0..=order.len() + 1 {
        let mut changed = false;
        for name in &order {
            let names = entering(workflow, graph, root, &known, name);
            changed |= known.insert(name.clone(), names.clone()) != Some(names);
        }
        if !changed {
            break;
        }
    }
    known
}

fn entering(
    workflow: &Workflow,
    graph: &Graph,
    root: &Names,
    known: &BTreeMap<String, Names>,
    name: &str,
) -> Names {
    let Some(node) = graph.node(name) else { return root.clone() };
    let mut ways = Vec::new();
    for parent in &node.parents {
        let Some(before) = known.get(parent) else { continue };
        let transitions = &workflow.tasks[parent].next;
        for transition in transitions.iter().filter(|transition| transition.to.iter().any(|to| to == name)) {
            let mut names = before.clone();
            names.extend(transition.publish.iter().map(|(name, _)| name.clone()));
            ways.push(names);
        }
    }
    let mut ways = ways.into_iter();
    let Some(first) = ways.next() else { return root.clone() };
    match node.needs {
        Some(_) => ways.fold(first, |all, way| all.union(&way).cloned().collect()),
        None => ways.fold(first, |all, way| all.intersection(&way).cloned().collect()),
    }
}
