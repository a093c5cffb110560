//! The notifiers: how they stand, and test-sends.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::paging::{Listed, Nothing};
use super::problem::{Path, Problem, Query, Raw};
use super::{Site, when};
use crate::bot::notify::{NotifierHealth, Tested, notifier_name};
use crate::model::Event;
use crate::store::{Backlog, Reader};

/// How every notifier stands.
pub(super) async fn list(
    State(site): State<Site>,
    Listed { paging, asked: Nothing {} }: Listed<Nothing>,
) -> Result<Json<Value>, Problem> {
    let backlog = site.bot.store().read(Reader::backlog).await?;
    let one = |health: &NotifierHealth| {
        let name = notifier_name(&health.name);
        whole(health, backlog.iter().find(|one| one.notifier == name))
    };
    let health = site.bot.notify().health();
    let mut all: Vec<Value> = health.iter().map(one).collect();
    // What waits for a notifier that is configured no longer.
    let known = |name: &str| health.iter().any(|one| one.name == name);
    for left in backlog.iter().filter(|left| left.waiting + left.held > 0) {
        if let Some(name) = left.notifier.strip_prefix("notifier/").filter(|name| !known(name)) {
            all.push(whole(&NotifierHealth::stranded(name), Some(left)));
        }
    }
    Ok(Json(paging.cut(all)?.also("notifiers", &paging)))
}

fn whole(health: &NotifierHealth, backlog: Option<&Backlog>) -> Value {
    let count = |of: fn(&Backlog) -> u64| backlog.map_or(0, of);
    json!({
        "name": health.name, "kind": health.kind, "description": health.description, "enabled": health.enabled,
        "targets": health.targets, "state": health.state, "waiting": count(|one| one.waiting),
        "held": count(|one| one.held), "dead": count(|one| one.dead), "oldest": when::shown(backlog.and_then(|one| one.oldest)),
        "failing_since": when::shown(health.failing_since), "last_error": health.last_error,
    })
}

/// Whether it is meant.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Asked {
    dry_run: bool,
}

/// Sends a test, of the event in the body if there is one, to every target and waits for what they say:
/// `{"good", "results": [{"target", "good", "answer", "ms", "delivery"}]}`. With `?dry_run=true` nothing leaves.
pub(super) async fn test(
    State(site): State<Site>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
    Raw(body): Raw,
) -> Result<Json<Value>, Problem> {
    if !site.bot.notify().health().iter().any(|one| one.name == name) {
        return Err(Problem::missing(format!("there is no notifier `{name}`: `chatops notifier list`")));
    }
    let event = if body.is_empty() { None } else { Some(read(&body)?) };
    let tested = site.bot.notify().test(&name, event, asked.dry_run).await.map_err(Problem::wrong)?;
    let (good, results) = outcomes(&tested);
    Ok(Json(json!({"good": good, "results": results})))
}

/// Whether every target took a test, and what each said.
pub(super) fn outcomes(tested: &[Tested]) -> (bool, Vec<Value>) {
    let good = !tested.is_empty() && tested.iter().all(|one| one.outcome.is_ok());
    let results = tested
        .iter()
        .map(|one| {
            let (good, answer) = match &one.outcome {
                Ok(answer) => (true, answer),
                Err(why) => (false, why),
            };
            json!({"target": one.target, "good": good, "answer": answer, "ms": one.millis, "delivery": one.delivery})
        })
        .collect();
    (good, results)
}

fn read(body: &Bytes) -> Result<Event, Problem> {
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| Problem::wrong(format!("the body is no JSON: {error}")).field("event"))?;
    Event::from_json(&value).map_err(|error| Problem::wrong(error.to_string()).field(error.field))
}
