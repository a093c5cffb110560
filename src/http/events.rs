//! Events in, and a look at those that came.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};
use futures_util::future::join_all;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::caller::Caller;
use super::deliveries::view;
use super::paging::Listed;
use super::problem::{Path, Problem};
use super::tokens::hash;
use super::told::{Kept, Seen, Taken, Whole, answer, seen};
use super::{LARGEST_BODY, Site, when};
use crate::bot::notify::{Incoming, NotTaken, Once};
use crate::model::{Event, EventStatus, Level};
use crate::store::{DeliveryFilter, EventFilter, Stored};

/// The most events in one request.
const MOST: usize = 1_000;
/// The longest idempotency key, in bytes.
const LONGEST_KEY: usize = 255;
/// When to come again where there is no room.
pub(super) const AGAIN: Duration = Duration::from_secs(1);

/// Takes one event, `{"title": ...}`, or a list of them, all or none of which are as they should be. 202 after the
/// commit: `{"id", "deliveries"}`, for a list `{"events": [...]}`; `"repeated": true` where the event had been told
/// before. 400 names the field; 413 over 1 MiB; 503 asks to come again, and nothing of the event is kept.
pub(super) async fn take(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<Taken>), Problem> {
    let body = body.map_err(|rejection| unread(&rejection))?;
    let key = key(&headers, &caller)?;
    let value: Value = serde_json::from_slice(&body)
        .map_err(|error| Problem::wrong(format!("the body is no JSON: {error}")).field("event"))?;
    let Value::Array(items) = &value else {
        let event = read(&value, "")?;
        let once = Once::InADay;
        let incoming = Incoming { event, key, raw_size: body.len() as u64, raw_hash: hash(&body), once };
        let accepted = site.bot.notify().accept(incoming).await.map_err(|why| not_taken(&why))?;
        return Ok((StatusCode::ACCEPTED, Json(Taken::One(answer(accepted)))));
    };
    let all = site.bot.notify();
    let taken = join_all(list(items, key.as_deref())?.into_iter().map(|one| all.accept(one))).await;
    let good = taken.iter().filter(|one| one.is_ok()).count();
    let answers: Result<Vec<Kept>, NotTaken> = taken.into_iter().map(|one| one.map(answer)).collect();
    let answers = answers.map_err(|why| {
        let words = format!(
            "{why}; {good} of {} were taken: send the list again under the same Idempotency-Key",
            items.len()
        );
        if good == 0 {
            not_taken(&why)
        } else {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, words).again(AGAIN)
        }
    })?;
    Ok((StatusCode::ACCEPTED, Json(Taken::List { events: answers })))
}

/// The events of a list; the sender's key is one for each by its place.
fn list(items: &[Value], key: Option<&str>) -> Result<Vec<Incoming>, Problem> {
    if items.is_empty() || items.len() > MOST {
        let detail = format!("the list has {} events, 1 to {MOST} are accepted", items.len());
        return Err(Problem::wrong(detail).field("event"));
    }
    let one = |(index, item): (usize, &Value)| {
        let raw = item.to_string();
        let event = read(item, &format!("[{index}]"))?;
        let key = key.map(|key| format!("{key}/{index}"));
        Ok(Incoming { event, key, raw_size: raw.len() as u64, raw_hash: hash(raw), once: Once::InADay })
    };
    items.iter().enumerate().map(one).collect()
}

fn read(value: &Value, at: &str) -> Result<Event, Problem> {
    Event::from_json(value).map_err(|error| {
        let dot = if at.is_empty() { "" } else { "." };
        let field = format!("{at}{dot}{}", error.field);
        Problem::wrong(format!("{field}: {}", error.message)).field(field)
    })
}

fn unread(rejection: &BytesRejection) -> Problem {
    let status = rejection.status();
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        return Problem::new(status, format!("an event, or a list of events, may have {LARGEST_BODY} bytes"));
    }
    Problem::new(status, rejection.body_text())
}

pub(super) fn not_taken(why: &NotTaken) -> Problem {
    match why {
        NotTaken::Full | NotTaken::Disk | NotTaken::Closed | NotTaken::NoRules => {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, why.to_string()).again(AGAIN)
        }
        NotTaken::Other(_) => Problem::new(StatusCode::INTERNAL_SERVER_ERROR, why.to_string()),
    }
}

/// The sender's own key. Two senders may use the same.
fn key(headers: &HeaderMap, caller: &Caller) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().map(str::trim).unwrap_or_default();
    if key.is_empty() || key.len() > LONGEST_KEY {
        let detail = format!("Idempotency-Key: 1 to {LONGEST_KEY} visible ASCII characters are accepted");
        return Err(Problem::wrong(detail).field("Idempotency-Key"));
    }
    Ok(Some(match caller {
        Caller::Local(_) => format!("local/{key}"),
        Caller::Token { name, .. } => format!("token/{name}/{key}"),
    }))
}

/// Which events to list.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Asked {
    /// From this source.
    source: Option<String>,
    /// Of this kind.
    kind: Option<String>,
    /// With this status.
    #[schemars(with = "Option<String>")]
    status: Option<EventStatus>,
    /// At least as bad as this.
    #[schemars(with = "Option<String>")]
    level: Option<Level>,
    /// About this subject, by its key.
    subject: Option<String>,
    /// That came since: a time, a date, or a span before now such as `2h`.
    since: Option<String>,
    /// With smaller ids; with it, or with `limit`, the answer is `{"events", "next"}`.
    before: Option<i64>,
    /// At most so many, up to 1,000.
    limit: Option<usize>,
}

/// The field to sort by, and its column.
const COLUMNS: [(&str, &str); 6] = [
    ("id", "id"),
    ("received", "at"),
    ("source", "source"),
    ("kind", "kind"),
    ("status", "status"),
    ("level", "level"),
];

/// Events, the newest first, by pages; with `limit` or `before` as `{"events", "next"}`.
pub(super) async fn list_all(
    State(site): State<Site>,
    Listed { asked, paging }: Listed<Asked>,
) -> Result<Json<Value>, Problem> {
    let by_id = asked.before.is_some() || asked.limit.is_some();
    let limit = when::limit(asked.limit);
    let filter = EventFilter {
        since: when::optional(asked.since.as_ref(), "since", site.world.now())?,
        source: asked.source,
        kind: asked.kind,
        status: asked.status,
        level: asked.level,
        subject: asked.subject,
        text: paging.search(),
        before: asked.before,
        limit,
    };
    if !by_id {
        let slice = paging.slice(&COLUMNS)?;
        let (count, found) = site.bot.store().read(move |reader| reader.event_page(&filter, &slice)).await?;
        return Ok(Json(paging.page(count, found.iter().map(seen).collect())?.also("events", &paging)));
    }
    let found = site.bot.store().read(move |reader| reader.events(&filter)).await?;
    let ids: Vec<i64> = found.iter().map(|one| one.id).collect();
    let events: Vec<Seen> = found.iter().map(seen).collect();
    Ok(Json(json!({"events": events, "next": when::next(&ids, limit)})))
}

/// One event with its deliveries, and how it stands at each notifier.
pub(super) async fn show(State(site): State<Site>, Path(id): Path<i64>) -> Result<Json<Whole>, Problem> {
    let filter = DeliveryFilter { event: Some(id), limit: 10_000, ..DeliveryFilter::default() };
    let read = site.bot.store().read(move |reader| Ok((reader.event(id)?, reader.deliveries(&filter)?)));
    let (event, mut deliveries) = read.await?;
    let event = event.ok_or_else(|| Problem::missing(format!("there is no event {id}")))?;
    deliveries.reverse();
    let notifiers = standings(&deliveries);
    Ok(Json(Whole { seen: seen(&event), notifiers, deliveries: deliveries.iter().map(view).collect() }))
}

/// How the event stands at each notifier: pending, successful, partial, failed.
pub(super) fn standings(deliveries: &[Stored]) -> Map<String, Value> {
    let mut all: Map<String, Value> = Map::new();
    for delivery in deliveries {
        let (name, _) = super::deliveries::named(&delivery.slot.notifier);
        let of = |state: &str| {
            deliveries
                .iter()
                .filter(|one| one.slot.notifier == delivery.slot.notifier && one.state == state)
                .count()
        };
        let (waiting, sent, dead) = (of("due") + of("held"), of("sent"), of("dead"));
        let word = match (waiting, sent, dead) {
            (1.., ..) => "pending",
            (0, 1.., 0) => "successful",
            (0, 1.., _) => "partial",
            (0, 0, 0) => "dropped",
            (0, 0, _) => "failed",
        };
        all.insert(name.to_owned(), json!(word));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bad_event_of_a_list_refuses_all_and_is_named() {
        let items = [json!({"title": "a"}), json!({"titel": "b"})];
        let problem = format!("{:?}", list(&items, None).unwrap_err());
        assert!(problem.contains("[1].titel: unknown field"), "{problem}");
        assert!(list(&[], None).is_err());
        assert!(list(&vec![json!({"title": "a"}); MOST + 1], None).is_err());
    }

    #[test]
    fn where_there_is_no_room_senders_are_asked_to_come_again() {
        use axum::response::IntoResponse;
        for why in [NotTaken::Full, NotTaken::Disk, NotTaken::Closed, NotTaken::NoRules] {
            let response = not_taken(&why).into_response();
            assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(response.headers()["retry-after"], "1");
        }
        let response = not_taken(&NotTaken::Other("x".to_owned())).into_response();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }

    #[test]
    fn events_of_a_list_have_a_key_each() {
        let items = [json!({"title": "a"}), json!({"title": "b"})];
        let keys: Vec<_> = list(&items, Some("k")).unwrap().into_iter().map(|one| one.key.unwrap()).collect();
        assert_eq!(keys, ["k/0", "k/1"]);
    }
}
