//! Layers of the context, and what a task sees of them.

use std::sync::Arc;

use serde_json::{Map, Value};

/// Puts layers together, and remembers the last result: the next one often only adds to it.
#[derive(Debug, Default)]
pub(super) struct Contexts {
    last: Option<(Vec<usize>, Arc<Map<String, Value>>)>,
}

impl Contexts {
    /// The layers named by `indices` of `layers`, one over the other.
    pub(super) fn merged(
        &mut self,
        layers: &[Map<String, Value>],
        indices: &[usize],
    ) -> Arc<Map<String, Value>> {
        let (mut merged, from) = match self.last.take() {
            Some((known, merged)) if known == indices => (merged, indices.len()),
            Some((known, merged)) if indices.starts_with(&known) => (merged, known.len()),
            _ => (Arc::default(), 0),
        };
        if from < indices.len() {
            let target = Arc::make_mut(&mut merged);
            for layer in indices[from..].iter().filter_map(|index| layers.get(*index)) {
                overlay(target, layer);
            }
        }
        self.last = Some((indices.to_vec(), merged.clone()));
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

/// The indices of several lists in order, each once.
pub(super) fn union<'a>(lists: impl IntoIterator<Item = &'a [usize]>) -> Vec<usize> {
    let mut seen = std::collections::HashSet::new();
    lists.into_iter().flatten().copied().filter(|index| seen.insert(*index)).collect()
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
        let mut contexts = Contexts::default();
        assert_eq!(contexts.merged(&layers, &[0])["l"], json!([1]));
        let merged = contexts.merged(&layers, &[0, 1]);
        assert_eq!(
            Value::Object((*merged).clone()),
            json!({"m": {"a": 1, "b": 2, "deep": {"x": 1, "y": 2}}, "l": [2]})
        );
        assert_eq!(contexts.merged(&layers, &[1])["m"], json!({"b": 2, "deep": {"y": 2}}));
    }

    #[test]
    fn each_layer_is_applied_once() {
        assert_eq!(union([&[0, 2, 3][..], &[0, 1, 2][..]]), [0, 2, 3, 1]);
    }
}
