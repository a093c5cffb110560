//! What automation told, and what became of it.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::fields::{Asked, Fields};
use super::pages::Frame;
use super::trouble::Trouble;
use super::viewer::Viewer;
use super::{Console, shown};
use crate::http::events::standings;
use crate::model::{Subject, Timestamp};
use crate::route::{self, Escalated, Muted, Scene, explain};
use crate::store::{DeliveryFilter, ESCALATION, EventFilter, Reader, Stored, StoredEvent};

/// Events on a page.
const PAGE: usize = 50;
/// Deliveries of one event shown.
const DELIVERIES: usize = 200;
/// Statuses of events that people choose from.
const STATUSES: [&str; 10] =
    ["started", "ok", "warning", "failed", "error", "canceled", "pending", "resolved", "info", "unknown"];
/// Levels that people choose from.
const LEVELS: [&str; 5] = ["ok", "info", "warning", "error", "critical"];

/// The list.
pub(super) async fn list(
    State(console): State<Arc<Console>>,
    Extension(viewer): Extension<Viewer>,
    uri: Uri,
    Asked(asked): Asked,
) -> Result<Response, Trouble> {
    let now = console.site.world.now();
    let filter = EventFilter {
        source: asked.text("source"),
        kind: asked.text("kind"),
        status: word(&asked, "status")?,
        level: word(&asked, "level")?,
        subject: asked.text("subject"),
        text: asked.text("text"),
        since: asked.time("since", now)?,
        before: asked.number("before")?,
        limit: PAGE + 1,
    };
    let mut found = console.site.bot.store().read(move |reader| reader.events(&filter)).await?;
    let more = found.len() > PAGE;
    found.truncate(PAGE);
    let next = found.last().filter(|_| more).map(|last| last.id.to_string());
    let values = json!({
        "events": found.iter().map(|it| shown::event(it, now)).collect::<Vec<_>>(), "asked": asked.all(),
        "statuses": STATUSES, "levels": LEVELS,
        "next": next.map(|id| asked.with("/events", "before", Some(&id))),
        "first": asked.text("before").map(|_| asked.with("/events", "before", None)),
    });
    let here = uri.to_string();
    let frame = Frame { entry: "/events", here: &here, title: "Events", done: "" };
    console.page(&viewer, &frame, "events.html", values)
}

/// One of a closed set of words.
fn word<T: DeserializeOwned>(asked: &Fields, name: &str) -> Result<Option<T>, Trouble> {
    let read = |text: String| {
        serde_json::from_value(json!(text))
            .map_err(|_| Trouble::wrong(format!("{name}: there is no `{text}`")))
    };
    asked.text(name).map(read).transpose()
}

/// One event: what was told, what each notifier made of it, and what the rules in force would make of it now.
pub(super) async fn show(
    State(console): State<Arc<Console>>,
    Extension(viewer): Extension<Viewer>,
    Path(id): Path<i64>,
) -> Result<Response, Trouble> {
    let now = console.site.world.now();
    let filter = DeliveryFilter { event: Some(id), limit: DELIVERIES, ..DeliveryFilter::default() };
    let read = move |reader: &Reader| {
        let Some(event) = reader.event(id)? else { return Ok(None) };
        let subject = reader.subject(&event.event.subject())?;
        Ok(Some((event, reader.deliveries(&filter)?, subject)))
    };
    let found = console.site.bot.store().read(read).await?;
    let (event, deliveries, subject) =
        found.ok_or_else(|| Trouble::missing(format!("there is no event {id}")))?;
    let standings = standings(&deliveries);
    let (mut escalations, deliveries): (Vec<_>, Vec<_>) =
        deliveries.iter().partition(|it| it.purpose == ESCALATION);
    escalations.sort_by_key(|it| it.due);
    let (verdicts, later) = verdicts(&console, &event, subject.as_ref()).await?;
    let values = json!({
        "it": shown::event(&event, now), "standings": standings,
        "deliveries": deliveries.into_iter().map(|it| shown::delivery(it, now)).collect::<Vec<_>>(),
        "escalations": escalations.into_iter().map(|it| escalation(it, now)).collect::<Vec<_>>(),
        "cared": subject.as_ref().and_then(|it| it.acknowledged.as_ref())
            .map(|it| json!({"who": it.who, "at": shown::when(it.at, now)})),
        "later": later,
        "payload_json": shown::pretty(&event.event.payload), "has_payload": !event.event.payload.is_null(),
        "size": event.raw_size, "sha256": event.raw_hash, "verdicts": verdicts,
        "links": event.event.links,
    });
    let (here, title) = (format!("/events/{id}"), format!("Event {id}"));
    let frame = Frame { entry: "/events", here: &here, title: &title, done: "" };
    console.page(&viewer, &frame, "event.html", values)
}

/// A message that waits, or waited, in case nobody takes care: whom it tells, how it stands, when.
fn escalation(it: &Stored, now: Timestamp) -> Value {
    let mut shown = shown::delivery(it, now);
    let (word, at) = match it.state.as_str() {
        "held" => ("told unless somebody takes care", Some(it.due)),
        "due" => ("is being told", None),
        "sent" => ("told", it.done),
        "dropped" => ("not told", it.done),
        _ => ("could not be told", it.done),
    };
    shown["word"] = json!(word);
    shown["moment"] = shown::when_any(at, now);
    shown
}

/// What every route would do now with such an event, and whom they would tell later.
async fn verdicts(
    console: &Console,
    event: &StoredEvent,
    subject: Option<&Subject>,
) -> Result<(Vec<Value>, Vec<Escalated>), Trouble> {
    let now = console.site.world.now();
    let silences = console.site.bot.store().read(move |reader| reader.silences(Some(now))).await?;
    let muted: Vec<Muted> = silences.iter().filter_map(|silence| Muted::parse(silence).ok()).collect();
    let rules = console.site.bot.homes().current().notifying.rules.clone();
    let asked = route::Asked { event: &event.event, id: event.id, now, derived: None };
    let scene = Scene { subject, failing: &Vec::new };
    let one = |verdict: &route::Verdict| {
        let sends = verdict.sends.as_ref().filter(|sends| sends.is_sent());
        json!({
            "line": verdict.line, "notifier": verdict.notifier, "why": verdict.why,
            "moment": sends.map(|sends| sends.moment.to_string()),
        })
    };
    let explained = explain(&rules, &muted, &asked, scene);
    Ok((explained.verdicts.iter().map(one).collect(), explained.escalations))
}
