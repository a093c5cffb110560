//! What became of events: deliveries, their attempts, and what people decide about them.

use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::caller::Caller;
use super::problem::{Body, Problem, Query};
use super::{Site, when};
use crate::bot::notify::notifier_name;
use crate::store::{
    Attempt, Change, DeliveryFilter, Done, Fate, Pick, Reader, StoreError, Stored, StoredEvent,
};

/// How long a delivery that is sent again may take before it is given up again.
const AGAIN: Duration = Duration::from_secs(24 * 3600);
/// The states of a delivery.
pub const STATES: [&str; 5] = ["held", "due", "sent", "dead", "dropped"];
/// As many as one change sorts at most; the store's own limit.
const AT_ONCE: u64 = 10_000;

/// Which deliveries to list.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Asked {
    state: Option<String>,
    notifier: Option<String>,
    target: Option<String>,
    event: Option<i64>,
    execution: Option<i64>,
    purpose: Option<String>,
    since: Option<String>,
    before: Option<i64>,
    limit: Option<usize>,
}

/// Deliveries, the newest first: `{"deliveries", "next"}`.
pub(super) async fn list(
    State(site): State<Site>,
    Query(asked): Query<Asked>,
) -> Result<Json<Value>, Problem> {
    if let Some(state) = asked.state.as_deref().filter(|state| !STATES.contains(state)) {
        let detail = format!("state: there is no state `{state}`, accepted: {}", STATES.join(", "));
        return Err(Problem::wrong(detail).field("state"));
    }
    let limit = when::limit(asked.limit);
    let filter = DeliveryFilter {
        since: when::optional(asked.since.as_ref(), "since", site.world.now())?,
        state: asked.state,
        notifier: asked.notifier.map(|name| slot_name(&name)),
        target: asked.target,
        event: asked.event,
        execution: asked.execution,
        purpose: asked.purpose,
        before: asked.before,
        limit,
    };
    let found = site.bot.store().read(move |reader| reader.deliveries(&filter)).await?;
    let ids: Vec<i64> = found.iter().map(|one| one.id).collect();
    let deliveries: Vec<Value> = found.iter().map(brief).collect();
    Ok(Json(json!({"deliveries": deliveries, "next": when::next(&ids, limit)})))
}

/// `ops` as it stands in slots, `notifier/ops`; `adapter/irc` stays as it is.
pub fn slot_name(name: &str) -> String {
    if name.contains('/') { name.to_owned() } else { notifier_name(name) }
}

/// The name of a notifier and whether it is one: answers to chat go by adapters.
pub(super) fn named(slot: &str) -> (&str, bool) {
    slot.strip_prefix("notifier/").map_or((slot, false), |name| (name, true))
}

/// A delivery without its message, as the API answers.
pub fn brief(stored: &Stored) -> Value {
    let (notifier, _) = named(&stored.slot.notifier);
    json!({
        "id": stored.id, "state": stored.state, "notifier": notifier, "target": stored.slot.target,
        "subject": stored.slot.lane, "event": stored.event, "execution": stored.execution, "purpose": stored.purpose,
        "tries": stored.tries, "answer": stored.answer, "made": stored.made.to_string(), "due": stored.due.to_string(),
        "expires": stored.expires.to_string(), "done": when::shown(stored.done),
    })
}

/// One delivery with its attempts and the events that it tells of.
pub(super) async fn show(State(site): State<Site>, Path(id): Path<i64>) -> Result<Json<Value>, Problem> {
    let whole = site.bot.store().read(move |reader| whole(reader, id)).await?;
    whole.map(Json).ok_or_else(|| missing(id))
}

/// A delivery with its attempts and the events that it tells of, as the API answers.
///
/// # Errors
/// The database cannot be read.
pub fn whole(reader: &Reader, id: i64) -> Result<Option<Value>, StoreError> {
    let Some(delivery) = reader.delivery(id)? else { return Ok(None) };
    let attempt = |one: &Attempt| json!({"n": one.number, "at": one.at.to_string(), "ms": one.millis, "outcome": one.outcome, "answer": one.answer});
    let event = |one: &StoredEvent| {
        let event = &one.event;
        json!({
            "id": one.id, "source": event.source, "kind": event.kind, "status": event.status, "level": event.level,
            "title": event.title,
        })
    };
    let mut value = brief(&delivery);
    value["attempts"] = reader.attempts(id)?.iter().map(attempt).collect();
    value["events"] = reader.members(id)?.iter().map(event).collect();
    Ok(Some(value))
}

fn missing(id: i64) -> Problem {
    Problem::missing(format!("there is no delivery {id}"))
}

/// Which deliveries to change: at least one condition, all must hold.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Which {
    ids: Vec<i64>,
    notifier: Option<String>,
    since: Option<String>,
    before: Option<String>,
}

/// Sends dead and dropped ones again, under the same ids: `{"changed"}`.
pub(super) async fn replay(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Body(which): Body<Which>,
) -> Result<Json<Value>, Problem> {
    let fate = Fate::Replay { expires: site.world.now().plus(AGAIN) };
    sort(&site, &caller, which, fate).await
}

/// Removes dead and dropped ones with their attempts: `{"changed"}`.
pub(super) async fn purge(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Body(which): Body<Which>,
) -> Result<Json<Value>, Problem> {
    sort(&site, &caller, which, Fate::Purge).await
}

async fn sort(site: &Site, caller: &Caller, which: Which, fate: Fate) -> Result<Json<Value>, Problem> {
    let now = site.world.now();
    let pick = Pick {
        ids: which.ids,
        notifier: which.notifier.map(|name| slot_name(&name)),
        since: when::optional(which.since.as_ref(), "since", now)?,
        before: when::optional(which.before.as_ref(), "before", now)?,
    };
    if pick == Pick::default() {
        return Err(Problem::wrong("say which: `ids`, `notifier`, `since` or `before`"));
    }
    let mut changed = 0;
    loop {
        let sorted = change(site, caller, &pick, fate).await?;
        changed += sorted;
        if sorted < AT_ONCE {
            return Ok(Json(json!({"changed": changed})));
        }
    }
}

async fn change(site: &Site, caller: &Caller, pick: &Pick, fate: Fate) -> Result<u64, Problem> {
    let now = site.world.now();
    let word = match fate {
        Fate::Replay { .. } => "replay",
        Fate::Purge => "purge",
        Fate::Cancel => "cancel",
    };
    let body = Map::from_iter([
        ("change".to_owned(), json!(word)),
        ("ids".to_owned(), json!(pick.ids)),
        ("notifier".to_owned(), json!(pick.notifier)),
        ("since".to_owned(), when::shown(pick.since)),
        ("before".to_owned(), when::shown(pick.before)),
    ]);
    let audit = caller.changed(now, "deliveries".to_owned(), body);
    match site.bot.store().write(Change::Sort { pick: pick.clone(), fate, at: now, audit }).await? {
        Done::Sorted(count) => Ok(count),
        _ => Ok(0),
    }
}

/// Lets go of one that waits: it becomes `dropped`.
pub(super) async fn cancel(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<i64>,
) -> Result<Json<Value>, Problem> {
    let found = site.bot.store().read(move |reader| reader.delivery(id)).await?.ok_or_else(|| missing(id))?;
    let pick = Pick { ids: vec![id], ..Pick::default() };
    if change(&site, &caller, &pick, Fate::Cancel).await? == 0 {
        let detail = format!("delivery {id} does not wait: it is {}", found.state);
        return Err(Problem::new(StatusCode::CONFLICT, detail));
    }
    Ok(Json(json!({"id": id, "state": "dropped"})))
}
