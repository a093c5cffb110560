//! A chain played through.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::case::{Case, Outcome};
use super::clock::at;
use crate::model::Status;
use crate::workflow::chain::{Around, Chain, ChainRun, read};
use crate::workflow::{Flow, Offer};

/// A chain without an end is cut after this many nodes.
const MOST_STEPS: usize = 20_000;

/// Plays a chain: `{"order", "parameters", "published", "status"}`, with `error` where something beside an
/// action failed; `load_error` if it cannot be used at all.
pub(super) fn chained(text: &str, case: &Case) -> Value {
    let (chain, findings) = match read(Path::new("chain"), text) {
        Ok(read) => read,
        Err(error) => return json!({"load_error": error.headline()}),
    };
    match findings.iter().find(|finding| finding.category.is_fatal()) {
        Some(finding) => json!({"load_error": finding.message}),
        None => play(chain, case),
    }
}

fn play(chain: Chain, case: &Case) -> Value {
    let mut run = ChainRun::new(Arc::new(chain), case.inputs.clone(), around(case));
    let mut counts = HashMap::new();
    let mut started: Vec<Offer> = Vec::new();
    let mut seconds = 0.0;
    while started.len() < MOST_STEPS {
        let Some(offer) = run.ready(at(seconds)).pop() else { break };
        let outcome = outcome(case, &mut counts, &offer.task);
        seconds += outcome.takes;
        started.push(offer.clone());
        if run.ended(offer.run, None, outcome.status, outcome.result, at(seconds)).is_err() {
            break;
        }
    }
    let order: Vec<&str> = started.iter().map(|offer| offer.task.as_str()).collect();
    let one = |offer: &Offer| json!({"task": offer.task, "ref": offer.action, "parameters": offer.input});
    let parameters: Vec<Value> = started.iter().map(one).collect();
    let mut out = json!({"order": order, "parameters": parameters, "published": run.published(), "status": run.status()});
    if let Some(error) = run.error() {
        out["error"] = json!(error);
    } else if started.len() == MOST_STEPS {
        out["error"] = json!("the chain does not end: it was cut after 20000 nodes");
    }
    out
}

/// The n-th start of a node takes the n-th row, the last one for all that follow; without rows it succeeds
/// with an empty mapping.
fn outcome(case: &Case, counts: &mut HashMap<String, usize>, node: &str) -> Outcome {
    let count = counts.entry(node.to_owned()).or_default();
    *count += 1;
    match case.results.get(node) {
        Some(rows) if !rows.is_empty() => rows[(*count).min(rows.len()) - 1].clone(),
        _ => Outcome { result: json!({}), status: Status::Succeeded, ..Outcome::default() },
    }
}

/// What a simulated chain finds around it: the person who asks is `ann`.
fn around(case: &Case) -> Around {
    let mapping = |value: Value| value.as_object().cloned().unwrap_or_default();
    let user = json!({"parent": {"user": "ann"}});
    let stored: Map<String, Value> =
        mapping(json!({"st2kv": {"system": case.datastore}, "system": case.datastore}));
    Around { action_context: mapping(user), config_context: case.config.clone(), stored, ..Around::default() }
}
