//! The context in layers, and what a task sees of it.
//!
//! What is published is a layer over what its task saw. A view is the way from a layer down to the root; the
//! next one only adds to it, so a long loop costs no more for each round than a short one.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One step of a view: a layer, and what is under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The view under it; none for the root.
    pub under: Option<usize>,
    /// The layer.
    pub layer: usize,
}

/// The layers of a view from the root up.
pub(super) fn layers_of(steps: &[Step], view: usize) -> Vec<usize> {
    let mut layers: Vec<usize> = way_down(steps, view).map(|(_, step)| step.layer).collect();
    layers.reverse();
    layers
}

/// The steps of a view with their numbers, from the top down.
fn way_down(steps: &[Step], view: usize) -> impl Iterator<Item = (usize, Step)> {
    let at = |view: usize| steps.get(view).map(|step| (view, *step));
    std::iter::successors(at(view), move |(_, step)| at(step.under?))
}

/// A view that has the layers of all of these, each once, in this order. New steps are added where needed.
pub(super) fn join(steps: &mut Vec<Step>, views: impl IntoIterator<Item = usize>) -> usize {
    let mut views = views.into_iter();
    let Some(mut joined) = views.next() else { return 0 };
    let mut seen: Option<BTreeSet<usize>> = None;
    for view in views.filter(|view| *view != joined).collect::<Vec<_>>() {
        let seen = seen.get_or_insert_with(|| layers_of(steps, joined).into_iter().collect());
        for layer in layers_of(steps, view) {
            if seen.insert(layer) {
                steps.push(Step { under: Some(joined), layer });
                joined = steps.len() - 1;
            }
        }
    }
    joined
}

/// How many views are remembered: enough for the branches that run side by side.
const REMEMBERED: usize = 8;

/// Puts views together, and remembers some: the next one often only adds to the last.
#[derive(Debug, Default)]
pub(super) struct Contexts {
    known: VecDeque<(usize, Arc<Map<String, Value>>)>,
}

impl Contexts {
    /// The layers of a view, one over the other.
    pub(super) fn merged(
        &mut self,
        layers: &[Map<String, Value>],
        steps: &[Step],
        view: usize,
    ) -> Arc<Map<String, Value>> {
        let mut above = Vec::new();
        let mut merged = Arc::default();
        for (number, step) in way_down(steps, view) {
            if let Some((_, known)) = self.known.iter().find(|(known, _)| *known == number) {
                merged = known.clone();
                break;
            }
            above.push(step.layer);
        }
        if above.is_empty() {
            return merged;
        }
        let target = Arc::make_mut(&mut merged);
        for layer in above.into_iter().rev().filter_map(|layer| layers.get(layer)) {
            overlay(target, layer);
        }
        self.known.push_front((view, merged.clone()));
        self.known.truncate(REMEMBERED);
        merged
    }
}

/// Lays `upper` over `lower`: mappings are merged at every depth, everything else is replaced.
pub(super) fn overlay(lower: &mut Map<String, Value>, upper: &Map<String, Value>) {
    for (name, value) in upper {
        match (lower.get_mut(name), value) {
            (Some(Value::Object(old)), Value::Object(new)) => overlay(old, new),
            _ => {
                lower.insert(name.clone(), value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn mappings_merge_and_all_else_is_replaced() {
        let layers: Vec<Map<String, Value>> = [
            json!({"m": {"a": 1, "deep": {"x": 1}}, "l": [1]}),
            json!({"m": {"b": 2, "deep": {"y": 2}}, "l": [2]}),
        ]
        .into_iter()
        .map(|layer| layer.as_object().unwrap().clone())
        .collect();
        let steps = [Step { under: None, layer: 0 }, Step { under: Some(0), layer: 1 }];
        let mut contexts = Contexts::default();
        assert_eq!(contexts.merged(&layers, &steps, 0)["l"], json!([1]));
        let merged = contexts.merged(&layers, &steps, 1);
        assert_eq!(
            Value::Object((*merged).clone()),
            json!({"m": {"a": 1, "b": 2, "deep": {"x": 1, "y": 2}}, "l": [2]})
        );
        assert_eq!(contexts.merged(&layers, &steps, 0)["m"], json!({"a": 1, "deep": {"x": 1}}));
    }

    #[test]
    fn each_layer_is_applied_once() {
        let step = |under, layer| Step { under, layer };
        let mut steps = vec![step(None, 0), step(Some(0), 1), step(Some(1), 2), step(Some(1), 3)];
        let joined = join(&mut steps, [3, 2]);
        assert_eq!(layers_of(&steps, joined), [0, 1, 3, 2]);
        assert_eq!(join(&mut steps, [3, 1]), 3, "nothing new");
    }
}
