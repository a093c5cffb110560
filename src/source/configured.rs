//! A source that is declared: who may send, and what is laid over what was sent.

use super::proof::Credentials;
use super::reading::Item;
use super::{Body, Denied, Reading, Row, Service, Unreadable, clean};
use crate::model::{Event, Level, Timestamp};

/// A source that may be used.
#[derive(Debug)]
pub struct Configured {
    /// What it is called in `/in/<name>`, and what its events have as their source.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// How what it sends is read.
    pub service: Service,
    /// The largest request, in bytes.
    pub largest: usize,
    pub(super) credentials: Credentials,
    pub(super) scopes: Vec<String>,
    pub(super) labels: Vec<(String, String)>,
    pub(super) highest: Option<Level>,
}

impl Configured {
    /// A kind under its own name with nothing said about it: anybody may send.
    ///
    /// # Errors
    /// There is no such kind; the sentence names the nearest.
    pub fn of_kind(kind: &str) -> Result<Self, String> {
        let row = Row::of(kind)?;
        Ok(Self {
            name: kind.to_owned(),
            description: String::new(),
            service: (row.plain)().ok_or_else(|| format!("`{kind}` has options that must be set"))?,
            largest: row.largest,
            credentials: Credentials::default(),
            scopes: Vec::new(),
            labels: Vec::new(),
            highest: None,
        })
    }

    /// Whether anybody may send.
    pub fn is_open(&self) -> bool {
        self.credentials.is_open()
    }

    /// Whether the head alone shows that the sender may not; its body need not be read.
    ///
    /// # Errors
    /// Credentials are missing or wrong.
    pub fn admit(&self, head: &Body<'_>) -> Result<(), Denied> {
        self.credentials.head(head)
    }

    /// Whether the request is signed as it must be. `raw` are the bytes as they came.
    ///
    /// # Errors
    /// The signature is missing, wrong, or too old.
    pub fn verify(&self, body: &Body<'_>, raw: &[u8], now: Timestamp) -> Result<(), Denied> {
        self.credentials.signed(body, raw, now)
    }

    /// What a verified request tells: at least one event, each within its limits, secrets masked.
    ///
    /// # Errors
    /// It is nothing that such a sender sends.
    pub fn read(&self, body: &Body<'_>) -> Result<Reading, Unreadable> {
        let Reading(mut items) = self.service.read(body)?;
        items.iter_mut().for_each(|item| self.lay_over(item, body));
        Ok(Reading(items))
    }

    /// An event of this source that stands for a request whose body was not kept.
    pub fn unread(&self, title: &str, text: &str) -> Event {
        let mut item = Item::ignored("too-large", title, text, serde_json::Value::Null);
        self.finish(&mut item.event);
        item.event
    }

    fn lay_over(&self, item: &mut Item, body: &Body<'_>) {
        let asked = body.query.iter().filter(|(name, _)| name == "scope").map(|(_, scope)| scope.as_str());
        let asked = asked.filter_map(scope).filter(|scope| scope.chars().count() <= 500);
        item.event.scopes.extend(asked);
        self.finish(&mut item.event);
    }

    fn finish(&self, event: &mut Event) {
        event.source.clone_from(&self.name);
        event.scopes.extend(self.scopes.iter().cloned());
        let mut known = std::collections::HashSet::new();
        event.scopes.retain(|scope| known.insert(scope.clone()));
        event.labels.extend(self.labels.iter().cloned());
        if let Some(highest) = self.highest {
            event.level = event.level.min(highest);
            event.parts.iter_mut().for_each(|part| part.level = part.level.min(highest));
        }
        for part in &mut event.parts {
            part.source.clone_from(&self.name);
        }
        clean::event(event);
    }
}

/// A path as events have it: `acme/web`.
pub(super) fn scope(text: &str) -> Option<String> {
    let path = text.trim().trim_matches('/');
    let good = !path.is_empty() && path.split('/').all(|part| !part.trim().is_empty());
    good.then(|| path.to_owned())
}
