//! What the rules in force make of an event that nobody told.

use super::Notify;
use crate::model::{Event, EventStatus, Outcome, Subject, Timestamp};
use crate::route::{self, Asked, Verdict};
use crate::store::StoreError;
use crate::topic;

/// What every route and handler means for an event.
#[derive(Debug, Clone)]
pub struct Explained {
    /// The key of what it is about.
    pub subject: String,
    /// The routes in their order.
    pub routes: Vec<Verdict>,
    /// Who is told later if nobody takes care of it.
    pub escalations: Vec<route::Escalated>,
    /// The handlers of its topics.
    pub topics: Vec<topic::Verdict>,
}

impl Notify {
    /// Says who would hear of an event, and why the others would not; at `at`, or now. Its subject stands as it is
    /// remembered, or with `status` as if that were its last outcome. Nothing is kept or sent.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn explain(
        &self,
        event: Event,
        status: Option<EventStatus>,
        at: Option<Timestamp>,
    ) -> Result<Explained, StoreError> {
        let (home, muted) = (self.homes.current(), self.muted());
        let now = at.unwrap_or_else(|| self.world.now());
        self.store
            .read(move |reader| {
                let key = event.subject();
                let before = match status {
                    Some(status) => Some(subject(&event, status, now)),
                    None => reader.subject(&key)?,
                };
                let failing = || reader.failing_subjects().unwrap_or_default();
                let asked = Asked { event: &event, id: 0, now, derived: None };
                let scene = route::Scene { subject: before.as_ref(), failing: &failing };
                let explained = route::explain(&home.notifying.rules, &muted, &asked, scene);
                let (routes, escalations) = (explained.verdicts, explained.escalations);
                let memory = |topic: &str, id: &str| reader.topic_event(topic, id).ok().flatten();
                let asked = topic::Asked { event: &event, id: 0, now };
                let topics = topic::decide(&home.notifying.topics, asked, memory).verdicts;
                Ok(Explained { subject: key, routes, escalations, topics })
            })
            .await
    }
}

/// The subject of an event, with this outcome since a minute.
pub fn subject(event: &Event, status: EventStatus, now: Timestamp) -> Subject {
    let since = Timestamp::from_micros(now.as_micros().saturating_sub(60_000_000));
    Subject {
        key: event.subject(),
        source: event.source.clone(),
        kind: event.kind.clone(),
        title: event.title.clone(),
        labels: event.labels.clone(),
        status: Some(status).filter(|status| status.is_outcome()),
        level: status.usual_level(),
        since,
        opened: (status == EventStatus::Started).then_some(since),
        overdue: None,
        recent: Vec::from_iter(status.is_outcome().then_some(Outcome { at: since, status })),
        flapping: false,
        acknowledged: None,
        event: 0,
    }
}
