//! What is on the way, what arrived and what was given up; sending it again.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::fields::{Asked, Fields};
use super::pages::Frame;
use super::trouble::Trouble;
use super::viewer::Viewer;
use super::{Console, shown, to};
use crate::http::deliveries::{STATES, slot_name};
use crate::store::{Attempt, Change, DeliveryFilter, Done, Fate, Pick, Reader, StoredEvent};

/// Deliveries on a page.
const PAGE: usize = 50;
/// How long a delivery that is sent again may take before it is given up again.
const AGAIN: Duration = Duration::from_secs(24 * 3600);
/// As many as one change sorts at most; the store's own limit.
const AT_ONCE: u64 = 10_000;

/// The list.
pub(super) async fn list(
    State(console): State<Arc<Console>>,
    Extension(viewer): Extension<Viewer>,
    uri: Uri,
    Asked(asked): Asked,
) -> Result<Response, Trouble> {
    let state = asked.text("state");
    if let Some(state) = state.as_deref().filter(|state| !STATES.contains(state)) {
        return Err(Trouble::wrong(format!("state: there is no state `{state}`")));
    }
    show_list(&console, &viewer, &uri, &asked, state, "/deliveries").await
}

/// Those that were given up.
pub(super) async fn dead(
    State(console): State<Arc<Console>>,
    Extension(viewer): Extension<Viewer>,
    uri: Uri,
    Asked(asked): Asked,
) -> Result<Response, Trouble> {
    show_list(&console, &viewer, &uri, &asked, Some("dead".to_owned()), "/dead").await
}

async fn show_list(
    console: &Console,
    viewer: &Viewer,
    uri: &Uri,
    asked: &Fields,
    state: Option<String>,
    path: &str,
) -> Result<Response, Trouble> {
    let now = console.site.world.now();
    let filter = DeliveryFilter {
        state,
        notifier: asked.text("notifier").map(|name| slot_name(&name)),
        target: asked.text("target"),
        event: asked.number("event")?,
        purpose: asked.text("purpose"),
        since: asked.time("since", now)?,
        before: asked.number("before")?,
        limit: PAGE + 1,
        ..DeliveryFilter::default()
    };
    let mut found = console.site.bot.store().read(move |reader| reader.deliveries(&filter)).await?;
    let more = found.len() > PAGE;
    found.truncate(PAGE);
    let next = found.last().filter(|_| more).map(|last| last.id.to_string());
    let notifiers: Vec<String> =
        console.site.bot.notify().health().into_iter().map(|health| health.name).collect();
    let values = json!({
        "deliveries": found.iter().map(|it| shown::delivery(it, now)).collect::<Vec<_>>(), "asked": asked.all(),
        "states": STATES, "notifiers": notifiers, "dead": path == "/dead", "path": path,
        "next": next.map(|id| asked.with(path, "before", Some(&id))),
        "first": asked.text("before").map(|_| asked.with(path, "before", None)),
    });
    let title = if path == "/dead" { "Dead letters" } else { "Deliveries" };
    let here = uri.to_string();
    let frame = Frame { entry: path, here: &here, title, done: asked.raw("done") };
    console.page(viewer, &frame, "deliveries.html", values)
}

/// One of them, with its tries and the events that it tells of.
pub(super) async fn show(
    State(console): State<Arc<Console>>,
    Extension(viewer): Extension<Viewer>,
    Path(id): Path<i64>,
    Asked(asked): Asked,
) -> Result<Response, Trouble> {
    let now = console.site.world.now();
    let read = move |reader: &Reader| {
        let Some(delivery) = reader.delivery(id)? else { return Ok(None) };
        Ok(Some((delivery, reader.attempts(id)?, reader.members(id)?)))
    };
    let found = console.site.bot.store().read(read).await?;
    let (delivery, attempts, events) =
        found.ok_or_else(|| Trouble::missing(format!("there is no delivery {id}")))?;
    let attempt = |one: &Attempt| {
        let mood = if one.outcome == "sent" { "good" } else { "bad" };
        json!({
            "number": one.number, "at": shown::when(one.at, now), "ms": one.millis, "outcome": one.outcome, "mood": mood,
            "answer": one.answer,
        })
    };
    let values = json!({
        "it": shown::delivery(&delivery, now), "attempts": attempts.iter().map(attempt).collect::<Vec<_>>(),
        "events": events.iter().map(|it: &StoredEvent| shown::event(it, now)).collect::<Vec<_>>(),
    });
    let (here, title) = (format!("/deliveries/{id}"), format!("Delivery {id}"));
    let frame = Frame { entry: "/deliveries", here: &here, title: &title, done: asked.raw("done") };
    console.page(&viewer, &frame, "delivery.html", values)
}

/// Sends again, removes or lets go: one delivery by its `id`, or all that were given up of a `notifier`.
pub(super) async fn sort(
    State(console): State<Arc<Console>>,
    Extension(viewer): Extension<Viewer>,
    Extension(fields): Extension<Fields>,
) -> Result<Response, Trouble> {
    let now = console.site.world.now();
    let (id, notifier) = (fields.number("id")?, fields.text("notifier"));
    let pick = Pick {
        ids: id.into_iter().collect(),
        notifier: notifier.map(|name| slot_name(&name)),
        // All that there are: what is picked by nothing is refused by the store.
        before: fields.text("all").map(|_| now.plus(Duration::from_secs(1))),
        ..Pick::default()
    };
    if pick == Pick::default() {
        return Err(Trouble::wrong("say which: `id`, `notifier` or `all`"));
    }
    let (fate, word) = match fields.raw("do") {
        "replay" => (Fate::Replay { expires: now.plus(AGAIN) }, "replay"),
        "purge" => (Fate::Purge, "purge"),
        "cancel" if id.is_some() => (Fate::Cancel, "cancel"),
        other => return Err(Trouble::wrong(format!("do: `{other}` is nothing that can be done"))),
    };
    let changed = change(&console, &viewer, pick, fate, word).await?;
    let done = if changed == 0 { "nothing" } else { word };
    let back = match (id, word) {
        (Some(id), "replay" | "cancel") => format!("/deliveries/{id}?done={done}"),
        _ => format!("/dead?done={done}"),
    };
    to(&back)
}

async fn change(
    console: &Console,
    viewer: &Viewer,
    pick: Pick,
    fate: Fate,
    word: &str,
) -> Result<u64, Trouble> {
    let mut changed = 0;
    loop {
        let now = console.site.world.now();
        let body: Map<String, Value> = Map::from_iter([
            ("change".to_owned(), json!(word)),
            ("ids".to_owned(), json!(pick.ids)),
            ("notifier".to_owned(), json!(pick.notifier)),
        ]);
        let audit = viewer.changed(now, "deliveries".to_owned(), body);
        let change = Change::Sort { pick: pick.clone(), fate, at: now, audit };
        let sorted = match console.site.bot.store().write(change).await? {
            Done::Sorted(count) => count,
            _ => 0,
        };
        changed += sorted;
        if sorted < AT_ONCE {
            return Ok(changed);
        }
    }
}
