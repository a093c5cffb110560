//! What became of events: deliveries, their attempts, and what people decide about them.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::caller::Caller;
use super::paging::Listed;
use super::problem::{Body, Path, Problem};
use super::shapes::{EventBrief, Tried};
use super::{Site, when};
use crate::bot::notify::notifier_name;
use crate::store::{Change, DeliveryFilter, Done, Fate, Pick, Reader, StoreError, Stored};

/// How long a delivery that is sent again may take before it is given up again.
const AGAIN: Duration = Duration::from_secs(24 * 3600);
/// The states of a delivery.
pub const STATES: [&str; 5] = ["held", "due", "sent", "dead", "dropped"];
/// As many as one change sorts at most; the store's own limit.
const AT_ONCE: u64 = 10_000;

/// Which deliveries to list.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Asked {
    /// In this state: held, due, sent, dead, dropped.
    state: Option<String>,
    /// Of this notifier; `adapter/NAME` for answers in a chat.
    notifier: Option<String>,
    /// To this target.
    target: Option<String>,
    /// That tell of this event.
    event: Option<i64>,
    /// Of this execution's answer.
    execution: Option<i64>,
    /// For this: event, group, digest, test, result.
    purpose: Option<String>,
    /// Made since: a time, a date, or a span before now such as `2h`.
    since: Option<String>,
    /// With smaller ids; with it, or with `limit`, the answer is `{"deliveries", "next"}`.
    before: Option<i64>,
    /// At most so many, up to 1,000.
    limit: Option<usize>,
}

/// The field to sort by, and its column.
const COLUMNS: [(&str, &str); 7] = [
    ("id", "id"),
    ("state", "state"),
    ("notifier", "notifier"),
    ("target", "target"),
    ("made", "made"),
    ("due", "due"),
    ("tries", "tries"),
];

/// Deliveries, the newest first, by pages; with `limit` or `before` as `{"deliveries", "next"}`.
pub(super) async fn list(
    State(site): State<Site>,
    Listed { asked, paging }: Listed<Asked>,
) -> Result<Json<Value>, Problem> {
    let by_id = asked.before.is_some() || asked.limit.is_some();
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
        text: paging.search(),
        before: asked.before,
        limit,
    };
    if !by_id {
        let slice = paging.slice(&COLUMNS)?;
        let (count, found) =
            site.bot.store().read(move |reader| reader.delivery_page(&filter, &slice)).await?;
        return Ok(Json(paging.page(count, found.iter().map(view).collect())?.also("deliveries", &paging)));
    }
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

/// A delivery without its message.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Delivery {
    /// Its id.
    id: i64,
    /// Where it stands: held, due, sent, dead, dropped.
    state: String,
    /// The notifier; `adapter/NAME` for an answer in a chat.
    notifier: String,
    /// The channel, address or number there.
    target: String,
    /// What it is about.
    subject: String,
    /// The event that it tells of; the first of several.
    event: Option<i64>,
    /// The execution whose answer it is.
    execution: Option<i64>,
    /// What it is for: event, group, digest, test, result.
    purpose: String,
    /// How often it was tried.
    tries: i64,
    /// What the other side said last, or why it was dropped.
    answer: Option<String>,
    /// When it was made.
    made: String,
    /// When it may be sent, or tried again.
    due: String,
    /// When it is given up.
    expires: String,
    /// When it was sent or given up.
    done: Option<String>,
}

/// A delivery without its message, as the API answers.
pub(super) fn view(stored: &Stored) -> Delivery {
    let (notifier, _) = named(&stored.slot.notifier);
    Delivery {
        id: stored.id,
        state: stored.state.clone(),
        notifier: notifier.to_owned(),
        target: stored.slot.target.clone(),
        subject: stored.slot.lane.clone(),
        event: stored.event,
        execution: stored.execution,
        purpose: stored.purpose.clone(),
        tries: i64::from(stored.tries),
        answer: stored.answer.clone(),
        made: stored.made.to_string(),
        due: stored.due.to_string(),
        expires: stored.expires.to_string(),
        done: stored.done.map(|time| time.to_string()),
    }
}

/// The same as JSON.
pub fn brief(stored: &Stored) -> Value {
    json!(view(stored))
}

/// A delivery with its attempts and the events that it tells of.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Whole {
    #[serde(flatten)]
    delivery: Delivery,
    /// Its tries, the first one first.
    attempts: Vec<Tried>,
    /// The events that it tells of.
    events: Vec<EventBrief>,
}

/// One delivery with its attempts and the events that it tells of.
pub(super) async fn show(State(site): State<Site>, Path(id): Path<i64>) -> Result<Json<Whole>, Problem> {
    let whole = site.bot.store().read(move |reader| look(reader, id)).await?;
    whole.map(Json).ok_or_else(|| missing(id))
}

/// A delivery with its attempts and the events that it tells of, as the API answers.
///
/// # Errors
/// The database cannot be read.
pub fn whole(reader: &Reader, id: i64) -> Result<Option<Value>, StoreError> {
    Ok(look(reader, id)?.map(|whole| json!(whole)))
}

fn look(reader: &Reader, id: i64) -> Result<Option<Whole>, StoreError> {
    let Some(delivery) = reader.delivery(id)? else { return Ok(None) };
    let attempts = reader.attempts(id)?.iter().map(Tried::from).collect();
    let events = reader.members(id)?.iter().map(EventBrief::from).collect();
    Ok(Some(Whole { delivery: view(&delivery), attempts, events }))
}

fn missing(id: i64) -> Problem {
    Problem::missing(format!("there is no delivery {id}"))
}

/// Which deliveries to change: at least one condition, all must hold.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Which {
    /// One of these.
    ids: Vec<i64>,
    /// Of this notifier.
    notifier: Option<String>,
    /// Made since: a time, a date, or a span before now such as `2h`.
    since: Option<String>,
    /// Made before.
    before: Option<String>,
}

/// What was done.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Sorted {
    /// How many deliveries changed.
    changed: u64,
}

/// Sends dead and dropped ones again, under the same ids: `{"changed"}`.
pub(super) async fn replay(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Body(which): Body<Which>,
) -> Result<Json<Sorted>, Problem> {
    let fate = Fate::Replay { expires: site.world.now().plus(AGAIN) };
    sort(&site, &caller, which, fate).await
}

/// Removes dead and dropped ones with their attempts: `{"changed"}`.
pub(super) async fn purge(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Body(which): Body<Which>,
) -> Result<Json<Sorted>, Problem> {
    sort(&site, &caller, which, Fate::Purge).await
}

async fn sort(site: &Site, caller: &Caller, which: Which, fate: Fate) -> Result<Json<Sorted>, Problem> {
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
            return Ok(Json(Sorted { changed }));
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

/// One that was let go of.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Dropped {
    /// Its id.
    id: i64,
    /// Always `dropped`.
    state: &'static str,
}

/// Lets go of one that waits: it becomes `dropped`.
pub(super) async fn cancel(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<i64>,
) -> Result<Json<Dropped>, Problem> {
    let found = site.bot.store().read(move |reader| reader.delivery(id)).await?.ok_or_else(|| missing(id))?;
    let pick = Pick { ids: vec![id], ..Pick::default() };
    if change(&site, &caller, &pick, Fate::Cancel).await? == 0 {
        let detail = format!("delivery {id} does not wait: it is {}", found.state);
        return Err(Problem::new(StatusCode::CONFLICT, detail));
    }
    Ok(Json(Dropped { id, state: "dropped" }))
}
