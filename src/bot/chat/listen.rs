//! Ordinary talk: aliases that say `extra: { listen: ["#ops"] }` act on what fits in these rooms, without being spoken to.
//!
//! Nothing is ever said of what does not fit or may not be run, and the same again in one room waits for the cooldown.
//! Services do not tell adapters what bots say, nor what this one says.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tracing::debug;

use super::Chat;
use super::heard::{By, Heard};
use crate::alias::{Alias, Hit};
use crate::bot::engine::{Given, Replies, prepare};
use crate::bot::home::Home;
use crate::config::units;
use crate::model::{Message, Timestamp};

/// So many things of one message are acted on.
const MOST: usize = 5;

/// How long the same thing rests in a room, where the alias says nothing else.
const COOLDOWN: Duration = Duration::from_secs(60);

/// So many things are remembered to rest.
const MOST_RESTING: usize = 10_000;

/// What was acted on lately: until when it rests.
#[derive(Debug, Default)]
pub(super) struct Resting(HashMap<String, Timestamp>);

impl Resting {
    /// Whether a thing may be acted on now; if so, it rests from then on.
    fn may(&mut self, thing: String, span: Duration, now: Timestamp) -> bool {
        if self.0.get(&thing).is_some_and(|until| *until > now) {
            return false;
        }
        if self.0.len() >= MOST_RESTING {
            self.0.retain(|_, until| *until > now);
        }
        if self.0.len() < MOST_RESTING {
            self.0.insert(thing, now.plus(span));
        }
        true
    }
}

impl Chat {
    /// Hears something that is not meant for the bot.
    pub(super) fn overhear(self: &Arc<Self>, home: &Arc<Home>, message: Message, text: &str) {
        let Some(listening) = home.listening.as_ref().filter(|_| !message.place.is_direct()) else { return };
        let hits = listening.every(text);
        if !hits.iter().any(|hit| listens(&hit.alias, &message)) || !self.first_time(&message.key) {
            return;
        }
        let heard = Heard::new(home, message, text, By::Overhearing);
        if heard.stale(self.world.now()).is_some() {
            return;
        }
        let now = self.world.now();
        let hits = hits.into_iter().filter(|hit| listens(&hit.alias, &heard.message) && may(&heard, hit));
        let mut hits: Vec<Hit> = hits.filter(|hit| self.is_new(&heard, hit, now)).collect();
        hits.truncate(MOST);
        let replies = Arc::new(Replies::new(heard.message.key.clone(), hits.len()));
        for (part, hit) in hits.into_iter().enumerate() {
            let heard = Heard { replies: replies.clone(), part, ..heard.clone() };
            self.hit(&heard, hit);
        }
    }

    fn is_new(&self, heard: &Heard, hit: &Hit, now: Timestamp) -> bool {
        let span = hit.alias.extra.get("cooldown").and_then(serde_json::Value::as_str);
        let span = span.and_then(|span| units::duration(span).ok()).unwrap_or(COOLDOWN);
        let place = &heard.message.place;
        let thing = format!("{} {} {} {:?}", place.adapter, place.room, hit.alias.reference(), hit.params);
        self.resting.lock().unwrap_or_else(PoisonError::into_inner).may(thing, span, now)
    }
}

/// Whether somebody may run it; nobody is told if not.
fn may(heard: &Heard, hit: &Hit) -> bool {
    let given = Given::Typed(hit.params.clone());
    let order = prepare(&heard.home, &heard.asker, Some(&hit.alias), &hit.alias.action_ref, given);
    order.inspect_err(|refusal| debug!(%refusal, "what was overheard does not run")).is_ok()
}

/// Whether an alias acts on talk in the room of a message.
fn listens(alias: &Alias, message: &Message) -> bool {
    let place = &message.place;
    let is_here = |room: &str| {
        let (adapter, room) = match room.split_once(':') {
            Some((adapter, room)) if !adapter.starts_with('#') => (Some(adapter), room),
            _ => (None, room),
        };
        let same = *place.room == *room || message.room_name.as_deref() == Some(room);
        adapter.is_none_or(|adapter| adapter == place.adapter.as_str()) && same
    };
    rooms(alias).any(is_here)
}

fn rooms(alias: &Alias) -> impl Iterator<Item = &str> {
    let all = alias.extra.get("listen").and_then(serde_json::Value::as_array);
    all.into_iter().flatten().filter_map(serde_json::Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_thing_rests_for_a_while() {
        let mut resting = Resting::default();
        let at = |second: i64| Timestamp::from_micros(second * 1_000_000);
        let span = Duration::from_secs(60);
        assert!(resting.may("a".to_owned(), span, at(0)) && resting.may("b".to_owned(), span, at(1)));
        assert!(!resting.may("a".to_owned(), span, at(59)) && resting.may("a".to_owned(), span, at(60)));
    }
}
