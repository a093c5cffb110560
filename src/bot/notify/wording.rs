//! From the events of a delivery to the notice that a notifier sends.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::cache::Known;
use super::expand::Order;
use crate::bot::home::Home;
use crate::model::{Event, EventStatus, Level, Moment};
use crate::notifier::Notice;
use crate::route::Bundle;
use crate::store::Stored;

/// Single events that a summary names; the others are counted.
const NAMED: usize = 20;

/// Whether a delivery of this purpose tells of several events.
pub(super) fn is_bundle(purpose: &str) -> bool {
    [Bundle::Group, Bundle::Digest].iter().any(|bundle| bundle.word() == purpose)
}

/// The notice of one event.
pub(super) fn single(delivery: &Stored, order: &Order, known: &Known) -> Notice {
    let event = &known.event;
    let at = event.at.unwrap_or(known.at);
    let finished = event.status.is_outcome().then_some(at);
    let begun = || {
        let span = i64::try_from(event.duration?.as_micros()).ok()?;
        Some(crate::model::Timestamp::from_micros(at.as_micros().saturating_sub(span)))
    };
    Notice {
        target: delivery.slot.target.clone(),
        delivery: delivery.id.to_string(),
        source: event.source.clone(),
        kind: event.kind.clone(),
        title: event.title.clone(),
        message: String::new(),
        body: event.text.clone(),
        html: String::new(),
        status: event.status,
        moment: order.moment,
        level: event.level,
        fingerprint: event.subject(),
        link: event.url.clone(),
        labels: event.labels.clone(),
        facts: facts(event, order),
        previous: order.previous.clone().unwrap_or_default(),
        at,
        started: event.started.or_else(begun),
        finished,
        payload: event.payload.clone(),
        test: delivery.purpose == "test",
    }
}

/// A notice in the words of its source, where that is declared.
pub(super) fn dressed(home: &Home, event: &Event, mut notice: Notice) -> Notice {
    let Some(source) = home.notifying.sources().get(&event.source) else { return notice };
    let row = source.service.row();
    notice.body = row.tell(event);
    let is_label = |name: &str, value: &str| event.labels.get(name).is_some_and(|own| own == value);
    notice.facts.retain(|(name, value)| !is_label(name, value) || row.shows(event, name, value));
    let plain = [Moment::Started, Moment::Success, Moment::Warning, Moment::Error, Moment::Canceled];
    if plain.contains(&notice.moment) {
        notice.message = row.headline(event).unwrap_or_default();
    }
    notice
}

fn facts(event: &Event, order: &Order) -> Vec<(String, String)> {
    let mut facts: Vec<(String, String)> =
        event.labels.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    facts.extend(event.actor.iter().map(|actor| ("by".to_owned(), actor.clone())));
    facts.extend(order.previous.iter().map(|status| ("before".to_owned(), status.clone())));
    facts.extend(event.links.iter().map(|link| (link.title.clone(), link.url.clone())));
    facts
}

/// One notice for many events: the worst decides how it looks.
pub(super) fn summary(delivery: &Stored, order: &Order, events: &[Known]) -> Notice {
    let Some(last) = events.last() else { return Notice::default() };
    if let [only] = events {
        return single(delivery, order, only);
    }
    let worst = events.iter().map(|known| known.event.level).max().unwrap_or(Level::Info);
    let loud = events.iter().rev().find(|known| known.event.level == worst).unwrap_or(last);
    let list: Vec<String> = events.iter().take(NAMED).map(|known| line(&known.event)).collect();
    let more = events.len().saturating_sub(NAMED);
    let rest = if more == 0 { String::new() } else { format!("\nand {more} more") };
    let payload: Vec<Value> = events.iter().take(NAMED).map(|known| json!(&*known.event)).collect();
    Notice {
        target: delivery.slot.target.clone(),
        delivery: delivery.id.to_string(),
        source: loud.event.source.clone(),
        kind: "summary".to_owned(),
        title: format!("{} events", events.len()),
        message: format!("{} events: {}", events.len(), counts(events)),
        body: list.join("\n") + &rest,
        html: String::new(),
        status: loud.event.status,
        moment: moment(loud, order),
        level: worst,
        fingerprint: delivery.slot.lane.clone(),
        link: None,
        labels: shared(events),
        facts: Vec::new(),
        previous: String::new(),
        at: last.at,
        started: None,
        finished: None,
        payload: json!({"events": payload, "count": events.len()}),
        test: false,
    }
}

fn moment(loud: &Known, order: &Order) -> Moment {
    if order.moment == Moment::Any { Moment::Any } else { loud.event.status.moment() }
}

fn line(event: &Event) -> String {
    let link = event.url.as_deref().map(|url| format!(" {url}")).unwrap_or_default();
    format!("{}: {}{link}", event.status, crate::text::clean::one_line(&event.title))
}

/// `3 failed, 1 ok`, the worst first.
fn counts(events: &[Known]) -> String {
    let order = |status: EventStatus| std::cmp::Reverse(status.usual_level());
    let mut found: BTreeMap<(std::cmp::Reverse<Level>, EventStatus), usize> = BTreeMap::new();
    for known in events {
        *found.entry((order(known.event.status), known.event.status)).or_default() += 1;
    }
    found.iter().map(|((_, status), count)| format!("{count} {status}")).collect::<Vec<_>>().join(", ")
}

/// The labels that all have, with the same value.
fn shared(events: &[Known]) -> BTreeMap<String, String> {
    let Some((first, rest)) = events.split_first() else { return BTreeMap::new() };
    let same = |(name, value): &(&String, &String)| {
        rest.iter().all(|known| known.event.labels.get(*name) == Some(*value))
    };
    first.event.labels.iter().filter(same).map(|(name, value)| (name.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{Slot, Timestamp};

    fn known(body: &Value) -> Known {
        let event = Arc::new(Event::from_json(body).unwrap());
        Known { id: 1, event, at: Timestamp::from_micros(10_000_000) }
    }

    fn stored() -> Stored {
        let slot = Slot { notifier: "notifier/ops".into(), target: "#ops".into(), lane: "group/web".into() };
        let at = Timestamp::default();
        Stored::fresh(&crate::store::NewDelivery {
            id: 7,
            slot,
            execution: None,
            purpose: "event".to_owned(),
            body: Value::Null,
            offer: None,
            due: at,
            expires: at,
        })
    }

    #[test]
    fn an_end_with_a_duration_knows_its_beginning() {
        let body =
            json!({"title": "backup", "status": "failed", "duration": 4.0, "ts": "1970-01-01T00:00:09Z"});
        let notice = single(&stored(), &Order { moment: Moment::Error, ..Order::default() }, &known(&body));
        assert_eq!(notice.duration(), Some(4.0));
        assert_eq!((notice.delivery.as_str(), notice.fingerprint.as_str()), ("7", "api:backup"));
    }

    #[test]
    fn a_summary_counts_names_and_looks_like_its_worst() {
        let one = |title: &str, status: &str| {
            known(&json!({"title": title, "status": status, "labels": {"env": "prod", "host": title}}))
        };
        let events = [one("a", "ok"), one("b", "failed"), one("c", "ok")];
        let notice = summary(&stored(), &Order { moment: Moment::Success, ..Order::default() }, &events);
        assert_eq!(notice.message, "3 events: 1 failed, 2 ok");
        assert_eq!(notice.body, "ok: a\nfailed: b\nok: c");
        assert_eq!((notice.level, notice.moment), (Level::Error, Moment::Error));
        assert_eq!(notice.labels, BTreeMap::from([("env".to_owned(), "prod".to_owned())]));
    }

    #[test]
    fn a_summary_of_one_is_that_one() {
        let events = [known(&json!({"title": "a"}))];
        assert_eq!(summary(&stored(), &Order::default(), &events).title, "a");
    }

    #[test]
    fn a_long_summary_says_how_many_it_leaves_out() {
        let events = vec![known(&json!({"title": "a"})); NAMED + 5];
        assert!(summary(&stored(), &Order::default(), &events).body.ends_with("\nand 5 more"));
    }
}
