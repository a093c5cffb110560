//! A chat service inside the process, for tests: what is said and what is posted pass through a
//! [`MemoryRoom`] that the test holds.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::{Abilities, Adapter, Answer, Ended, Limit, Link, Lookup, OptionRow, Press, Ticket, Unit, plain};
use crate::model::{Handle, Message, MessageKey, Person, Place, Receipt, SendError, Slot};
use crate::text::marks::PLAIN;
use crate::text::{Post, Tone};

/// The service's side.
#[derive(Debug, Default)]
pub struct MemoryAdapter {
    shared: Arc<Shared>,
}

/// The test's side; clones share one service.
#[derive(Debug, Clone)]
pub struct MemoryRoom {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Rings when something is said, dropped or allowed.
    inbound: Notify,
    /// Rings when something was posted.
    posted: Notify,
}

#[derive(Debug, Default)]
struct State {
    said: VecDeque<Said>,
    posts: VecDeque<Posted>,
    mood: Mood,
    delay: Duration,
    dropped: Option<Ended>,
    messages: u64,
    handles: u64,
    sessions: u64,
}

#[derive(Debug)]
enum Said {
    Text { id: String, person: String, room: String, thread: Option<String>, text: String },
    Press { person: String, nonce: String },
}

/// What the service does with what is posted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Mood {
    /// Takes it.
    #[default]
    Takes,
    /// Answers with an error.
    Fails(SendError),
}

/// Something that was posted.
#[derive(Debug, Clone)]
pub struct Posted {
    /// The slot it fills.
    pub slot: Slot,
    /// Where.
    pub place: Place,
    /// How people find it.
    pub handle: Handle,
    /// Its text without markup.
    pub text: String,
    /// Whether an earlier message was changed to this.
    pub edited: bool,
    /// How it is meant.
    pub tone: Tone,
    /// What it answers.
    pub answer: Option<Answer>,
    /// All of it.
    pub post: Arc<Post>,
}

impl MemoryAdapter {
    /// A service and the room to speak to it.
    pub fn new() -> (Self, MemoryRoom) {
        let shared = Arc::new(Shared::default());
        (Self { shared: shared.clone() }, MemoryRoom { shared })
    }
}

impl MemoryRoom {
    /// Somebody says something; a room that begins with `@` is a direct conversation. Gives the id of
    /// the message. Heard in order, once a session is up.
    pub fn say(&self, person: &str, room: &str, text: &str) -> String {
        let mut state = self.shared.state();
        state.messages += 1;
        let id = format!("m{}", state.messages);
        drop(state);
        self.say_as(&id, person, room, text);
        id
    }

    /// The same with an id of one's own; the same id again is a replay.
    pub fn say_as(&self, id: &str, person: &str, room: &str, text: &str) {
        self.speak(id, person, room, None, text);
    }

    /// The same in a thread.
    pub fn say_in(&self, id: &str, person: &str, room: &str, thread: &str, text: &str) {
        self.speak(id, person, room, Some(thread.to_owned()), text);
    }

    fn speak(&self, id: &str, person: &str, room: &str, thread: Option<String>, text: &str) {
        let (id, person, room) = (id.to_owned(), person.to_owned(), room.to_owned());
        self.shared.state().said.push_back(Said::Text { id, person, room, thread, text: text.to_owned() });
        self.shared.inbound.notify_one();
    }

    /// Somebody presses a button.
    pub fn press(&self, person: &str, nonce: &str) {
        let said = Said::Press { person: person.to_owned(), nonce: nonce.to_owned() };
        self.shared.state().said.push_back(said);
        self.shared.inbound.notify_one();
    }

    /// The next post; waits until there is one. Wrap it in a limit.
    pub async fn next(&self) -> Posted {
        loop {
            let rung = self.shared.posted.notified();
            if let Some(posted) = self.try_next() {
                return posted;
            }
            rung.await;
        }
    }

    /// The next post, if there is one.
    pub fn try_next(&self) -> Option<Posted> {
        self.shared.state().posts.pop_front()
    }

    /// What the service does with posts from now on.
    pub fn mood(&self, mood: Mood) {
        self.shared.state().mood = mood;
    }

    /// How long the service takes for each post from now on.
    pub fn delay(&self, delay: Duration) {
        self.shared.state().delay = delay;
    }

    /// Ends the session, or the next one if there is none.
    pub fn drop_link(&self, ended: Ended) {
        self.shared.state().dropped = Some(ended);
        self.shared.inbound.notify_one();
    }

    /// How many sessions there were.
    pub fn sessions(&self) -> u64 {
        self.shared.state().sessions
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hears everything said so far; the end, if the link is dropped.
    fn hear(&self, link: &Link) -> Option<Ended> {
        loop {
            let mut state = self.state();
            if let Some(ended) = state.dropped.take() {
                return Some(ended);
            }
            let said = state.said.pop_front()?;
            drop(state);
            match said {
                Said::Text { id, person, room, thread, text } => {
                    link.ears.heard(message(link, &id, &person, &room, thread, text));
                }
                Said::Press { person, nonce } => {
                    link.ears.pressed(press(link, &person, nonce));
                }
            }
        }
    }

    async fn post(&self, link: &Link, ticket: Ticket) {
        let (delay, mood) = {
            let state = self.state();
            (state.delay, state.mood.clone())
        };
        if !delay.is_zero() {
            link.world.sleep(delay).await;
        }
        match mood {
            Mood::Fails(error) => ticket.settle(Err(error)),
            Mood::Takes if plain::text(&ticket.parcel().post, &PLAIN).is_empty() => {
                // The end of an answer that shows nothing.
                ticket.settle(Ok(Receipt::default()));
            }
            Mood::Takes => {
                let posted = self.state().record(&ticket);
                let receipt = Receipt { handle: Some(posted.handle.clone()), answer: "ok".to_owned() };
                self.state().posts.push_back(posted);
                ticket.settle(Ok(receipt));
                self.posted.notify_one();
            }
        }
    }
}

impl State {
    fn record(&mut self, ticket: &Ticket) -> Posted {
        let parcel = ticket.parcel();
        let handle = parcel.earlier.clone().unwrap_or_else(|| {
            self.handles += 1;
            Handle(format!("p{}", self.handles))
        });
        Posted {
            slot: parcel.slot.clone(),
            place: parcel.place.clone(),
            handle,
            text: plain::text(&parcel.post, &PLAIN),
            edited: parcel.earlier.is_some(),
            tone: parcel.post.tone,
            answer: parcel.answer.clone(),
            post: parcel.post.clone(),
        }
    }
}

fn press(link: &Link, person: &str, nonce: String) -> Press {
    let id = format!("press-{:016x}", u64::from_le_bytes(link.world.random()));
    let place = Place::room(link.name.clone(), "#ops");
    Press {
        key: MessageKey { adapter: link.name.clone(), room: place.room.clone(), id: id.into() },
        person: Person::proven(link.name.clone(), person),
        name: person.to_owned(),
        place,
        room_name: None,
        nonce,
        on: None,
    }
}

fn message(link: &Link, id: &str, person: &str, room: &str, thread: Option<String>, text: String) -> Message {
    let adapter = link.name.clone();
    let mut place = match room.starts_with('@') {
        true => Place::direct(adapter.clone(), room),
        false => Place::room(adapter.clone(), room),
    };
    place.thread = thread.map(Into::into);
    let person_id = match person.strip_prefix('~') {
        Some(name) => Person::unproven(adapter.clone(), name),
        None => Person::proven(adapter.clone(), person),
    };
    Message {
        key: MessageKey { adapter, room: place.room.clone(), id: id.into() },
        person: person_id,
        name: person.trim_start_matches('~').to_owned(),
        place,
        room_name: None,
        raw: text.clone(),
        text,
        mentioned: false,
        at: link.world.now(),
        position: None,
    }
}

impl Adapter for MemoryAdapter {
    const ABILITIES: Abilities = Abilities {
        longest: Limit { most: 4000, unit: Unit::Chars },
        edits: true,
        threads: true,
        buttons: true,
        files: false,
        reactions: false,
        in_flight: 1,
    };
    const SUMMARY: &'static str = "a chat inside the process, for tests";
    const PAGE: &'static str = include_str!("../../../docs/adapters/memory.md");
    const OPTIONS: &'static [OptionRow] = &[];

    fn from_options(_lookup: Lookup<'_>) -> Result<Self, Vec<String>> {
        Ok(Self::default())
    }

    fn check(&self) -> Result<(), String> {
        Ok(())
    }

    async fn session(&self, link: &Link) -> Ended {
        self.shared.state().sessions += 1;
        link.ears.up(Self::ABILITIES, Vec::new());
        loop {
            let rung = self.shared.inbound.notified();
            if let Some(ended) = self.shared.hear(link) {
                return ended;
            }
            tokio::select! {
                biased;
                () = link.stop.cancelled() => return Ended::Stopped,
                () = rung => {}
                ticket = link.next() => tokio::select! {
                    biased;
                    () = link.stop.cancelled() => return Ended::Stopped,
                    () = self.shared.post(link, ticket) => {}
                },
            }
        }
    }
}

#[cfg(test)]
mod tests;
