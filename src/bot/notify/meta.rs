//! The bot's own word when a destination keeps failing, and when it is well again.

use std::time::Duration;

use serde_json::json;
use tracing::{error, warn};

use super::{Incoming, Notify};
use crate::model::{Event, EventStatus, Level, SendError, Timestamp};
use crate::store::Stored;

/// A destination that fails is told of after so many failures in a row, or after [`LONG`].
const OFTEN: u32 = 5;

/// A destination that fails for this long is told of.
const LONG: Duration = Duration::from_secs(60);

/// The source of what the bot tells of itself.
pub(super) const SOURCE: &str = "chatops";

/// The kind of event that tells of a notifier.
pub(super) const KIND: &str = "notifier";

/// What a notifier is called as a subject.
fn fingerprint(name: &str) -> String {
    format!("notifier/{name}")
}

impl Notify {
    /// Remembers what an earlier life of the bot told of, so that it is not told again, and its end is.
    pub(super) async fn recall(&self) {
        let names: Vec<String> = self.homes.current().notifying.notifiers().keys().cloned().collect();
        for name in names {
            let key = format!("{SOURCE}:{}", fingerprint(&name));
            let known = self.store.read(move |reader| reader.subject(&key)).await.ok().flatten();
            let failing = known.and_then(|subject| subject.status).is_some_and(EventStatus::is_failure);
            if failing {
                self.complaints().insert(name);
            }
        }
    }

    /// A delivery was not taken.
    pub(super) fn failing(
        &self,
        name: &str,
        delivery: &Stored,
        error: &SendError,
        failures: u32,
        since: Option<Timestamp>,
    ) {
        if delivery.purpose == "test" {
            return;
        }
        let long = since.is_some_and(|since| self.world.now().since(since) >= LONG);
        if !(long || failures >= OFTEN) {
            return;
        }
        if !self.complaints().insert(name.to_owned()) {
            return;
        }
        error!(notifier = name, %error, "the notifier keeps failing");
        let text = format!("{error}; see `chatops delivery list --notifier {name}`");
        self.tell(name, EventStatus::Failed, "keeps failing", &text);
    }

    /// A notifier took a delivery: if it was told that it keeps failing, its end is told.
    pub(super) fn well(&self, name: &str) {
        if self.complaints().remove(name) {
            self.tell(name, EventStatus::Ok, "works again", "");
        }
    }

    fn tell(&self, name: &str, status: EventStatus, what: &str, text: &str) {
        let body = json!({
            "source": SOURCE, "kind": KIND, "status": status.word(),
            "level": if status == EventStatus::Ok { Level::Ok } else { Level::Error },
            "title": format!("notifier {name} {what}"), "text": text,
            "labels": {"notifier": name}, "fingerprint": fingerprint(name),
        });
        let event = match Event::from_json(&body) {
            Ok(event) => event,
            Err(error) => return error!(notifier = name, %error, "the bot's own event is wrong"),
        };
        let home = self.homes.current();
        let fallback = home.notifying.rules.fallback.clone();
        let others: Vec<String> = fallback.into_iter().filter(|other| other != name).collect();
        let (Some(this), name) = (self.this.upgrade(), name.to_owned()) else { return };
        self.tasks.spawn(async move {
            if let Err(error) = this.accept_for(Incoming::own(event), others).await {
                warn!(notifier = name, %error, "that a notifier keeps failing was not recorded");
            }
        });
    }
}
