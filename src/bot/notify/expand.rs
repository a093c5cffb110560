//! From decisions to deliveries: one for each target of a notifier.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::notifier_name;
use crate::bot::home::{Home, mark};
use crate::model::{Event, EventStatus, Level, Moment, Slot, Subject};
use crate::route::{Decision, Outcome, When};
use crate::store::{Accept, Sending};

/// How a delivery is to be sent: what the store keeps of it beside its events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Order {
    /// The line of the route that sends it; zero for none.
    pub(super) line: u64,
    /// What is told.
    pub(super) moment: Moment,
    /// The mark of the options that the route replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) variant: Option<String>,
    /// It begins a story: an earlier message about the subject is left as it is.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) fresh: bool,
    /// The outcome before, where there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) previous: Option<String>,
    /// The topic and handler that sends it, `cpu/page`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) handler: Option<String>,
}

/// How long sending is tried: what nobody acts on is old news soon.
pub(super) const fn age(level: Level) -> Duration {
    let hours = match level {
        Level::Ok | Level::Info => 1,
        Level::Warning => 6,
        Level::Error => 24,
        Level::Critical => 72,
    };
    Duration::from_secs(hours * 3600)
}

/// What is sent where because of an event; `also` names notifiers that hear of it whatever the rules say.
pub(super) fn expand(
    home: &Home,
    accept: &Accept,
    before: Option<&Subject>,
    outcome: &Outcome,
    also: &[String],
) -> Vec<Sending> {
    let story = Story::of(accept, before);
    let others = outcome.sends.iter().filter(|decision| !is_about(&accept.event, &decision.notifier));
    let mut sends: Vec<Sending> =
        others.flat_map(|decision| story.sendings(home, accept, decision, None)).collect();
    for name in also.iter().filter(|name| !outcome.sends.iter().any(|it| it.notifier == **name)) {
        let decision = Decision {
            line: 0,
            notifier: name.clone(),
            options: None,
            moment: accept.event.status.moment(),
            when: When::Now,
        };
        sends.extend(story.sendings(home, accept, &decision, None));
    }
    sends
}

/// Whether an event tells of a notifier's own trouble, which that notifier would not deliver.
pub(super) fn is_about(event: &Event, notifier: &str) -> bool {
    let own = event.source == super::meta::SOURCE && event.kind == super::meta::KIND;
    own && event.labels.get("notifier").is_some_and(|name| name == notifier)
}

/// What an event continues.
pub(super) struct Story {
    fresh: bool,
    previous: Option<String>,
    /// How much it weighs: an end as much as what it ends.
    pub(super) level: Level,
}

impl Story {
    pub(super) fn of(accept: &Accept, before: Option<&Subject>) -> Self {
        let event = &accept.event;
        let bad = |subject: &&Subject| subject.is_failing();
        let ends = before.filter(bad).filter(|_| event.status.is_success());
        let goes_on = before.is_some_and(|subject| subject.opened.is_some() || bad(&subject));
        Self {
            fresh: event.status == EventStatus::Started || !goes_on,
            previous: before.and_then(|subject| subject.status).map(|status| status.word().to_owned()),
            level: ends.map_or(event.level, |subject| subject.level.max(event.level)),
        }
    }

    pub(super) fn sendings(
        &self,
        home: &Home,
        accept: &Accept,
        decision: &Decision,
        handler: Option<&str>,
    ) -> Vec<Sending> {
        let variant = decision.options.as_ref().map(mark);
        let way = home.notifying.way(&decision.notifier, variant.as_deref());
        let targets = match &way {
            Some(way) => way.targets().to_vec(),
            None => vec!["-".to_owned()],
        };
        let (purpose, lane, due, gather, dropped) = match &decision.when {
            When::Now => ("event", accept.event.subject(), accept.at, false, None),
            When::Held(until) => ("event", accept.event.subject(), *until, false, None),
            When::Gather { until, key, bundle } => (bundle.word(), key.clone(), *until, true, None),
            When::Dropped(why) => ("event", accept.event.subject(), accept.at, false, Some(why.clone())),
        };
        let gone = || "the notifier cannot be used, see `chatops check`".to_owned();
        let dropped = dropped.or_else(|| way.is_none().then(gone));
        let order = Order {
            line: decision.line,
            moment: decision.moment,
            variant,
            fresh: self.fresh,
            previous: self.previous.clone(),
            handler: handler.map(str::to_owned),
        };
        let body = serde_json::to_value(order).unwrap_or(Value::Null);
        let sending = |target: String| Sending {
            slot: Slot { notifier: notifier_name(&decision.notifier), target, lane: lane.clone() },
            purpose: purpose.to_owned(),
            body: body.clone(),
            due,
            expires: due.max(accept.at).plus(age(self.level)),
            gather,
            dropped: dropped.clone(),
        };
        targets.into_iter().map(sending).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_must_act_on_is_tried_for_longer() {
        let ages: Vec<_> = Level::ALL.iter().map(|(_, level)| age(*level)).collect();
        assert!(ages.is_sorted() && ages[0] < ages[4]);
    }

    #[test]
    fn an_order_reads_back_and_is_short_where_nothing_is_special() {
        let order = Order { line: 3, moment: Moment::Error, ..Order::default() };
        let json = serde_json::to_value(&order).unwrap();
        assert_eq!(json, serde_json::json!({"line": 3, "moment": "error"}));
        assert_eq!(serde_json::from_value::<Order>(json).unwrap(), order);
    }
}
