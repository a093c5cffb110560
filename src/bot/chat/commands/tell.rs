//! What is told to whom: notifiers, their tests, and the deliveries that were given up.

use std::sync::Arc;

use serde_json::{Map, json};

use super::{Call, Need, Reply, Row, Run, code, post, table, text};
use crate::bot::notify::notifier_name;
use crate::bot::reply;
use crate::model::Timestamp;
use crate::store::{Change, DeliveryFilter, Done, Entry, Fate, Pick, Stored, What};
use crate::text::human::duration;
use crate::text::{Block, Post, Tone};

/// Deliveries shown at once.
const SHOWN: usize = 20;

/// How long a delivery that was brought back is tried.
pub(super) const AGAIN: std::time::Duration = std::time::Duration::from_secs(24 * 3600);

/// How every notifier stands.
pub(super) static NOTIFIERS: Row = Row {
    name: "notifiers",
    display: "notifiers",
    formats: &["notifiers"],
    summary: "who is told of events, and how that goes",
    need: Need::Grant,
    permit: "chatops.notify",
    run: Run::Now(notifiers),
};

/// Tests a notifier.
pub(super) static TEST: Row = Row {
    name: "notifier_test",
    display: "notifier test {{name}}",
    formats: &["notifier test {{name}}", "test notifier {{name}}"],
    summary: "send a test to a notifier and show what the other side said",
    need: Need::Grant,
    permit: "chatops.notify",
    run: Run::Later(|call| Box::pin(test(call))),
};

/// What was sent, or not.
pub(super) static DELIVERIES: Row = Row {
    name: "deliveries",
    display: "deliveries [{{filter}}]",
    formats: &["deliveries {{filter=}}"],
    summary: "what was sent to whom: the last ones, `dead` ones, or those of a notifier",
    need: Need::Grant,
    permit: "chatops.notify",
    run: Run::Later(|call| Box::pin(deliveries(call))),
};

/// One delivery.
pub(super) static DELIVERY: Row = Row {
    name: "delivery",
    display: "delivery {{id}}",
    formats: &["delivery {{id}}"],
    summary: "one delivery: what was told, each try, what the other side said",
    need: Need::Grant,
    permit: "chatops.notify",
    run: Run::Later(|call| Box::pin(delivery(call))),
};

/// Brings back what was given up.
pub(super) static REPLAY: Row = Row {
    name: "replay",
    display: "replay {{which}}",
    formats: &["replay {{which}}"],
    summary: "send again what was given up: a delivery's id, or all of a notifier",
    need: Need::Grant,
    permit: "chatops.notify",
    run: Run::Later(|call| Box::pin(replay(call))),
};

fn notifiers(call: &Call) -> Reply {
    let health = call.chat.notify.health();
    if health.is_empty() {
        return Reply::Said(Post::plain("no notifiers are configured in notifiers.yaml"));
    }
    let well = health.iter().all(|one| matches!(one.state, "up" | "off"));
    let row = |one: crate::bot::notify::NotifierHealth| {
        let how = one.last_error.filter(|_| one.state != "up").map(|why| reply::shorten(&why));
        vec![
            one.name,
            one.kind.to_owned(),
            one.targets.join(", "),
            one.state.to_owned(),
            how.unwrap_or_default(),
        ]
    };
    let rows = health.into_iter().map(row).collect();
    let said = post(vec![table(&["name", "kind", "to", "state", "last error"], rows)]);
    Reply::Said(said.tone(if well { Tone::Good } else { Tone::Warning }))
}

async fn test(call: Arc<Call>) -> Reply {
    let name = call.param("name").unwrap_or_default();
    let tested = match call.chat.notify.test(name, None, false).await {
        Ok(tested) => tested,
        Err(why) => return Reply::Problem(reply::problem(&why)),
    };
    let good = tested.iter().all(|one| one.outcome.is_ok());
    let line = |one: &crate::bot::notify::Tested| {
        let said = match &one.outcome {
            Ok(answer) => format!(" sent in {} ms: {answer}", one.millis),
            Err(why) => format!(" not sent: {why}"),
        };
        vec![code(one.target.clone()), text(said)]
    };
    let said = post(vec![Block::List(tested.iter().map(line).collect())]);
    if good { Reply::Said(said.tone(Tone::Good)) } else { Reply::Problem(said.tone(Tone::Bad)) }
}

fn unreadable(error: &impl std::fmt::Display) -> Reply {
    Reply::Problem(reply::problem(&format!("the deliveries cannot be read: {error}")))
}

async fn deliveries(call: Arc<Call>) -> Reply {
    let mut filter = DeliveryFilter { limit: SHOWN, ..DeliveryFilter::default() };
    match call.param("filter") {
        None => {}
        Some(state @ ("held" | "due" | "sent" | "dead" | "dropped")) => filter.state = Some(state.to_owned()),
        Some(name) => filter.notifier = Some(notifier_name(name)),
    }
    let found = match call.chat.store.read(move |reader| reader.deliveries(&filter)).await {
        Ok(found) if found.is_empty() => return Reply::Said(Post::plain("no delivery fits")),
        Ok(found) => found,
        Err(error) => return unreadable(&error),
    };
    let now = call.chat.world.now();
    let row = |it: Stored| {
        let ago = format!("{} ago", duration(now.since(it.due)));
        let answer = reply::shorten(&it.answer.unwrap_or_default());
        let to = it.slot.notifier.trim_start_matches("notifier/").to_owned();
        vec![it.id.to_string(), it.state, to, it.slot.target, ago, answer]
    };
    let rows = found.into_iter().map(row).collect();
    Reply::Said(post(vec![table(&["id", "state", "notifier", "target", "when", "answer"], rows)]))
}

async fn delivery(call: Arc<Call>) -> Reply {
    let typed = call.param("id").unwrap_or_default();
    let none = || {
        Reply::Problem(reply::problem(&format!("no delivery `{typed}`; `deliveries` lists the last ones")))
    };
    let Ok(id) = typed.trim_start_matches('#').parse::<i64>() else { return none() };
    let read = call
        .chat
        .store
        .read(move |reader| Ok((reader.delivery(id)?, reader.members(id)?, reader.attempts(id)?)));
    let (delivery, events, attempts) = match read.await {
        Ok((Some(delivery), events, attempts)) => (delivery, events, attempts),
        Ok((None, ..)) => return none(),
        Err(error) => return unreadable(&error),
    };
    let mut items = vec![
        vec![text("state "), code(delivery.state.clone())],
        vec![
            text("to "),
            code(delivery.slot.target.clone()),
            text(format!(" by {}", delivery.slot.notifier)),
        ],
    ];
    for stored in events.iter().take(SHOWN) {
        items.push(vec![text(format!("tells {}: {}", stored.event.status, stored.event.title))]);
    }
    for attempt in &attempts {
        let said = attempt.answer.as_deref().unwrap_or_default();
        let tried = format!(
            "try {} at {}, {} ms: {} {said}",
            attempt.number, attempt.at, attempt.millis, attempt.outcome
        );
        items.push(vec![text(tried)]);
    }
    if let (true, Some(why)) = (attempts.is_empty(), &delivery.answer) {
        items.push(vec![text(why.clone())]);
    }
    Reply::Said(post(vec![Block::List(items)]))
}

async fn replay(call: Arc<Call>) -> Reply {
    let which = call.param("which").unwrap_or_default().trim_start_matches('#');
    let pick = match which.parse::<i64>() {
        Ok(id) => Pick { ids: vec![id], ..Pick::default() },
        Err(_) if call.home.notifying.notifiers().contains_key(which) => {
            Pick { notifier: Some(notifier_name(which)), ..Pick::default() }
        }
        Err(_) => {
            return Reply::Problem(reply::problem(&format!("`{which}` is no delivery's id and no notifier")));
        }
    };
    let now = call.chat.world.now();
    let audit = entry(&call, now, format!("delivery/{which}"), "replay");
    let change = Change::Sort {
        pick,
        fate: Fate::Replay { expires: now.plus(AGAIN) },
        at: now,
        audit: Box::new(audit),
    };
    match call.chat.store.write(change).await {
        Ok(Done::Sorted(0)) => Reply::Problem(reply::problem("nothing of that was given up")),
        Ok(Done::Sorted(1)) => Reply::Said(Post::plain("1 delivery is sent again").tone(Tone::Good)),
        Ok(Done::Sorted(count)) => {
            Reply::Said(Post::plain(format!("{count} deliveries are sent again")).tone(Tone::Good))
        }
        Ok(_) => Reply::Problem(reply::problem("nothing was done")),
        Err(error) => unreadable(&error),
    }
}

/// The audit record of a change that somebody made in chat.
pub(super) fn entry(call: &Call, at: Timestamp, subject: String, what: &str) -> Entry {
    let mut body = Map::new();
    body.insert("change".to_owned(), json!(what));
    let place = call.asker.place.clone();
    Entry {
        at,
        what: What::Changed,
        person: Some(call.asker.person.clone()),
        place,
        subject: Some(subject),
        body,
    }
}
