//! What handlers gather is told when its time has come: one event for all, in the same commit that forgets them.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tracing::warn;

use super::{Incoming, Notify};
use crate::bot::home::Home;
use crate::store::{Decide, Gathered, StoreError};
use crate::template::Undefined;
use crate::topic::{Aggregate, Does, Member, merged};

/// Between two looks while somebody gathers: as exact as the times are kept.
const LOOK: Duration = Duration::from_millis(500);

/// Between two looks when nobody does.
const IDLE: Duration = Duration::from_secs(3600);

impl Notify {
    /// Tells what was gathered, as long as the bot runs.
    pub(super) async fn gather(self: Arc<Self>) {
        let mut changes = self.homes.subscribe();
        loop {
            let home = changes.borrow_and_update().clone();
            let gathers = aggregates(&home).next().is_some();
            let wait = match gathers {
                true => self.tell_gathered(&home).await,
                false => Some(IDLE),
            };
            let Some(wait) = wait else { return };
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { return },
                () = self.world.sleep(wait) => {}
            }
        }
    }

    /// Tells what is due; how long to wait then, `None` when the store is closed.
    async fn tell_gathered(&self, home: &Home) -> Option<Duration> {
        let now = self.world.now();
        let due = match self.store.read(move |reader| reader.gathered(now)).await {
            Ok((due, _)) => due,
            Err(StoreError::Closed) => return None,
            Err(error) => {
                warn!(%error, "what was gathered cannot be read");
                return Some(LOOK);
            }
        };
        // What waits for a handler that cannot be used stays.
        let known = |one: &&Gathered| aggregates(home).any(|(id, _)| id == (&*one.topic, &*one.handler));
        let due: Vec<&Gathered> = due.iter().filter(known).collect();
        for one in &due {
            if let Err(why) = self.tell_one(home, one).await {
                warn!(topic = one.topic, handler = one.handler, why, "what was gathered was not told");
                return Some(LOOK);
            }
        }
        Some(if due.is_empty() { LOOK } else { Duration::ZERO })
    }

    async fn tell_one(&self, home: &Home, one: &Gathered) -> Result<(), String> {
        let of = one.clone();
        let found = self.store.read(move |reader| reader.gathered_events(&of)).await;
        let found = found.map_err(|error| error.to_string())?;
        let members: Vec<Member> = found.into_iter().map(|stored| stored.event).collect();
        let handler = (one.topic.as_str(), one.handler.as_str());
        let aggregate = aggregates(home).find(|(id, _)| *id == handler).map(|(_, aggregate)| aggregate);
        let event = aggregate.and_then(|it| merged(handler, it, &title(home, it, members.len()), &members));
        let told = Some((one.topic.clone(), one.handler.clone(), one.due));
        let (event, decide) = match event {
            Some(event) => (event, self.by_rules(None, Vec::new())),
            None => return Err("its handler is not in force".to_owned()),
        };
        let decide = Decide::new(move |accept, scene| {
            let mut routed = decide.call(accept, scene);
            routed.topical.told.clone_from(&told);
            routed
        });
        let accept = self.prepare(Incoming::own(event), Vec::new(), None, decide);
        self.write(accept).await.map(drop).map_err(|error| error.to_string())
    }
}

/// Every handler that gathers, by topic and name.
fn aggregates(home: &Home) -> impl Iterator<Item = ((&str, &str), &Aggregate)> {
    home.notifying.topics.handlers.values().flatten().filter_map(|handler| match &handler.does {
        Does::Aggregate(aggregate) => Some(((&*handler.topic, &*handler.id), aggregate)),
        _ => None,
    })
}

/// By the admin's template; by the usual words where there is none, or it fails.
fn title(home: &Home, aggregate: &Aggregate, count: usize) -> String {
    let usual = || aggregate.usual_title(count);
    let Some(source) = &aggregate.message else { return usual() };
    let context = json!({"count": count, "interval": aggregate.interval(), "id": aggregate.id});
    let rendered = home.templates.render("options.message", source, &context, Undefined::Lenient);
    rendered.ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).unwrap_or_else(usual)
}
