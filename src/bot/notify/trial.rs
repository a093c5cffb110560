//! A test of a notifier: the real way with a marked event, or a rehearsal of which nothing leaves.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::cache::Known;
use super::courier::Handover;
use super::expand::Order;
use super::{Incoming, Notify, notifier_name, wording};
use crate::bot::home::{Home, Way};
use crate::config::nearest::hint;
use crate::model::{Event, SendError, Slot};
use crate::notifier::Mode;
use crate::store::{DeliveryFilter, NewDelivery, Sending, Stored};

/// How long a test waits for its ends.
const LONGEST: Duration = Duration::from_secs(160);

/// What one target said.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Tested {
    /// The target.
    pub target: String,
    /// What it said, or why not: short, free of secrets.
    pub outcome: Result<String, String>,
    /// How long it took, in milliseconds.
    pub millis: u64,
    /// Its delivery in the history; none for a rehearsal.
    pub delivery: Option<i64>,
}

/// The event of a test, where none is given.
pub(super) fn sample() -> Event {
    let body = json!({
        "source": "chatops", "kind": "test", "status": "info", "title": "test notification",
        "text": "This is a test. Nothing happened, nobody needs to act.", "labels": {"test": "true"},
        "fingerprint": "test", "url": "https://example.org/",
    });
    Event::from_json(&body).expect("the sample is an event")
}

/// How a test is sent.
pub(super) fn order(event: &Event, variant: Option<String>) -> Order {
    Order { moment: event.status.moment(), fresh: true, variant, ..Order::default() }
}

impl Notify {
    /// Sends `event`, or one that says it is a test, to every target of a notifier, and waits for what they say. Kept in
    /// the history under the purpose `test`; tried once. With `rehearse` nothing leaves and nothing is kept: the
    /// outcome is what would be sent, secrets masked.
    ///
    /// # Errors
    /// There is no such notifier, it is off, or the test cannot be recorded; one sentence.
    pub async fn test(
        &self,
        notifier: &str,
        event: Option<Event>,
        rehearse: bool,
    ) -> Result<Vec<Tested>, String> {
        let home = self.homes.current();
        let notifiers = home.notifying.notifiers();
        let Some(way) = home.notifying.way(notifier, None) else {
            let near = hint(notifier, notifiers.keys().map(String::as_str));
            let near = near.map(|near| format!(": {near}")).unwrap_or_default();
            return Err(format!("there is no notifier `{notifier}`{near}"));
        };
        let event = event.unwrap_or_else(sample);
        let order = order(&event, None);
        if rehearse {
            return Ok(self.rehearse(&home, &way, event, &order).await);
        }
        if !way.notifier.enabled {
            return Err(format!("the notifier `{notifier}` is not enabled; a dry run works"));
        }
        self.tell_all(&way, event, &order).await
    }

    /// Sends a test to every target of a notifier, and waits for what they say.
    pub(super) async fn tell_all(
        &self,
        way: &Way,
        event: Event,
        order: &Order,
    ) -> Result<Vec<Tested>, String> {
        let body = serde_json::to_value(order).unwrap_or(Value::Null);
        let targets = way.targets().to_vec();
        let name = notifier_name(&way.notifier.name);
        let sends = move |id: i64, now: crate::model::Timestamp| {
            let sending = |target: &String| Sending {
                slot: Slot { notifier: name.clone(), target: target.clone(), lane: format!("test/{id}") },
                purpose: "test".to_owned(),
                body: body.clone(),
                due: now,
                expires: now.plus(LONGEST),
                gather: false,
                dropped: None,
            };
            targets.iter().map(sending).collect()
        };
        let accepted =
            self.accept_to(Incoming::own(event), sends).await.map_err(|error| error.to_string())?;
        self.ends(accepted.id).await
    }

    async fn rehearse(&self, home: &Home, way: &Way, event: Event, order: &Order) -> Vec<Tested> {
        self.hand_over((home, way), event, order, Mode::Rehearse).await
    }

    /// What would be sent of a sample, to every target.
    pub(super) async fn rehearse_sample(&self, home: &Home, way: &Way) -> Vec<Tested> {
        let event = sample();
        let order = order(&event, None);
        self.rehearse(home, way, event, &order).await
    }

    /// Gives a test into a notifier's hands, past the history.
    pub(super) async fn hand_over(
        &self,
        (home, way): (&Home, &Way),
        event: Event,
        order: &Order,
        mode: Mode,
    ) -> Vec<Tested> {
        let at = self.world.now();
        let known = Known { id: 0, event: Arc::new(event), at };
        let mut tested = Vec::new();
        for target in way.targets().iter().cloned() {
            let slot = Slot { notifier: notifier_name(&way.notifier.name), target, lane: "test".to_owned() };
            let new = NewDelivery {
                id: 0,
                slot: slot.clone(),
                execution: None,
                purpose: "test".to_owned(),
                body: Value::Null,
                offer: None,
                due: at,
                expires: at,
            };
            let plain = wording::single(&Stored::fresh(&new), order, &known);
            let notice = wording::dressed(home, &known.event, plain);
            let handover = Handover { notify: self, home, way, lane: &slot.lane, mode };
            let began = self.world.now();
            let given = self.world.timeout(LONGEST, handover.give(notice, None)).await;
            let late = || {
                Err(SendError::Retry { why: format!("no end within {} s", LONGEST.as_secs()), after: None })
            };
            let outcome = given.unwrap_or_else(|_| late());
            let millis = u64::try_from(self.world.now().since(began).as_millis()).unwrap_or_default();
            let outcome = outcome.map(|receipt| receipt.answer).map_err(|error| error.to_string());
            tested.push(Tested { target: slot.target, outcome, millis, delivery: None });
        }
        tested
    }

    /// Waits until every delivery of a test has its end.
    async fn ends(&self, event: i64) -> Result<Vec<Tested>, String> {
        let started = self.world.now();
        loop {
            let filter = DeliveryFilter { event: Some(event), limit: 1_000, ..DeliveryFilter::default() };
            let read = self.store.read(move |reader| {
                let deliveries = reader.deliveries(&filter)?;
                let with = |it: Stored| reader.attempts(it.id).map(|attempts| (it, attempts));
                deliveries.into_iter().map(with).collect::<Result<Vec<_>, _>>()
            });
            let found = read.await.map_err(|error| error.to_string())?;
            let late = self.world.now().since(started) >= LONGEST;
            if late || found.iter().all(|(delivery, _)| !matches!(delivery.state.as_str(), "due" | "held")) {
                return Ok(found.into_iter().rev().map(tested).collect());
            }
            self.world.sleep(Duration::from_millis(50)).await;
        }
    }
}

fn tested((delivery, attempts): (Stored, Vec<crate::store::Attempt>)) -> Tested {
    let millis = attempts.last().and_then(|last| u64::try_from(last.millis).ok()).unwrap_or_default();
    let answer = delivery.answer.unwrap_or_default();
    let outcome = match delivery.state.as_str() {
        "sent" => Ok(answer),
        "due" | "held" => Err(format!("no end within {} s", LONGEST.as_secs())),
        _ => Err(answer),
    };
    Tested { target: delivery.slot.target, outcome, millis, delivery: Some(delivery.id) }
}
