//! From messages of the server to messages of people: each once, in order, direct ones told from those of groups.

use std::collections::HashMap;
use std::time::Duration;

use super::Rocketchat;
use super::known::{Me, lock};
use crate::adapter::Link;
use crate::model::{Message, MessageKey, Person, Place, Timestamp};
use crate::wire::rocketchat::{Room, Said, typed};

/// Messages that wait for others.
const HELD: usize = 10_000;
/// A message this old is a re-emitted one (a reaction, a link's preview), not a new one.
const STALE: Duration = Duration::from_secs(300);
/// More than any conversation of two: what is taken for a group.
const MANY: u64 = u64::MAX;

/// The ears of one session.
pub(super) struct Hearing<'a> {
    rocketchat: &'a Rocketchat,
    link: &'a Link,
    me: &'a Me,
    /// New messages that wait for those that were missed.
    held: Option<Vec<(Said, Room)>>,
    /// Messages of rooms that wait until it is known how many people are there.
    waiting: HashMap<String, Vec<(Said, Room)>>,
    asks: Vec<String>,
}

impl<'a> Hearing<'a> {
    pub(super) fn new(rocketchat: &'a Rocketchat, link: &'a Link, me: &'a Me) -> Self {
        Self { rocketchat, link, me, held: None, waiting: HashMap::new(), asks: Vec::new() }
    }

    /// New messages wait from now on.
    pub(super) fn hold(&mut self) {
        self.held = Some(Vec::new());
    }

    /// Whether new messages wait.
    pub(super) fn holds(&self) -> bool {
        self.held.is_some()
    }

    /// The direct rooms whose people are to be counted, each once.
    pub(super) fn asks(&mut self) -> Vec<String> {
        std::mem::take(&mut self.asks)
    }

    /// Hears a message that comes over the socket, or lets it wait.
    pub(super) fn hear(&mut self, said: Said, room: Room) {
        let waits = &self.rocketchat.waits;
        let now = waits.server_time(self.link.world.now());
        let stale = |at: Timestamp| now.since(at) > STALE && waits.ahead().is_some();
        if said.at.is_some_and(stale) || !room.is_ours() || !said.is_speech(&self.me.id) {
            return;
        }
        match &mut self.held {
            Some(held) if held.len() < HELD => held.push((said, room)),
            _ => self.admit(said, room),
        }
    }

    /// Hears what was said while the connection was down, then what has waited for that.
    pub(super) fn missed(&mut self, missed: Vec<(Said, Room)>) {
        for (said, room) in missed {
            if room.is_ours() && said.is_speech(&self.me.id) {
                self.admit(said, room);
            }
        }
        self.release();
    }

    /// Nothing waits for what was missed any more.
    pub(super) fn release(&mut self) {
        let held = self.held.take().unwrap_or_default();
        held.into_iter().for_each(|(said, room)| self.admit(said, room));
    }

    /// So many people are in a direct room; `None` where the server does not tell: then it is taken for a group.
    pub(super) fn learned(&mut self, room: &str, people: Option<u64>) {
        if let Some(people) = people {
            lock(&self.rocketchat.known).members.insert(room.to_owned(), people);
        }
        for (said, mut room) in self.waiting.remove(room).unwrap_or_default() {
            room.people = Some(people.unwrap_or(MANY));
            self.listen(&said, &room);
        }
    }

    /// Hears a message as soon as it is known whether others read its answer.
    fn admit(&mut self, said: Said, mut room: Room) {
        if !room.may_be_direct() {
            return self.listen(&said, &room);
        }
        let mut known = lock(&self.rocketchat.known);
        match room.people {
            Some(people) => drop(known.members.insert(said.room.clone(), people)),
            None => room.people = known.members.get(&said.room).copied(),
        }
        drop(known);
        if room.people.is_some() {
            return self.listen(&said, &room);
        }
        let waiting = self.waiting.entry(said.room.clone()).or_default();
        if waiting.is_empty() {
            self.asks.push(said.room.clone());
        }
        if waiting.len() < HELD {
            waiting.push((said, room));
        }
    }

    /// Hears a message, once.
    fn listen(&self, said: &Said, room: &Room) {
        let mut known = lock(&self.rocketchat.known);
        if known.heard.insert(format!("{}/{}", said.room, said.id), ()).is_some() {
            return;
        }
        known.askers.insert(said.id.clone(), said.by.id.clone());
        known.people.insert(said.by.id.clone(), said.by.username.clone());
        if room.is_direct() {
            known.directs.insert(said.by.id.clone(), said.room.clone());
        } else if let Some(name) = &room.name {
            known.rooms.insert(name.to_owned(), said.room.clone());
        }
        drop(known);
        if let Some(message) = self.message(said, room) {
            self.link.ears.heard(message);
        }
    }

    fn message(&self, said: &Said, room: &Room) -> Option<Message> {
        let adapter = self.link.name.clone();
        let mentions_me = said.mentions.iter().any(|one| one.id == self.me.id);
        let typed = typed(&said.text, mentions_me.then_some(self.me.username.as_str()));
        if typed.text.is_empty() && !typed.mentioned {
            return None;
        }
        let mut place = match room.is_direct() {
            true => Place::direct(adapter.clone(), &said.room),
            false => Place::room(adapter.clone(), &said.room),
        };
        let own = (self.rocketchat.manner.thread && !room.is_direct()).then_some(&said.id);
        place.thread = said.thread.as_ref().or(own).map(|thread| thread.as_str().into());
        let room_name = match room.is_direct() {
            true => Some(format!("@{}", said.by.username)),
            false => room.name.as_ref().map(|name| format!("#{name}")),
        };
        Some(Message {
            key: MessageKey {
                adapter: adapter.clone(),
                room: place.room.clone(),
                id: said.id.as_str().into(),
            },
            person: Person::proven(adapter, &said.by.id),
            name: said.by.username.clone(),
            place,
            room_name,
            text: typed.text,
            raw: said.text.clone(),
            mentioned: typed.mentioned,
            at: said.at.unwrap_or_else(|| self.link.world.now()),
            position: None,
        })
    }
}
