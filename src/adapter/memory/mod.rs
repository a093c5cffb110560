//! A chat service inside the process, for tests: what is said and what is posted pass through a
//! [`MemoryRoom`] that the test holds.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::options::secret;
use super::{
    Abilities, Adapter, Answer, Call, Ended, Limit, Link, Lookup, OptionRow, Parcel, Press, Returned, Sign,
    Ticket, Unit, plain,
};
use crate::model::{
    AdapterName, Handle, Message, MessageKey, Person, Place, Receipt, Secret, SendError, Slot, Timestamp,
};
use crate::text::marks::{ChoiceStyle, Marks, PLAIN};
use crate::text::{Post, Tone};

/// Text without markup, and buttons.
const MARKS: Marks = Marks { choices: ChoiceStyle::Buttons, ..PLAIN };

/// The service's side.
#[derive(Debug, Default)]
pub struct MemoryAdapter {
    shared: Arc<Shared>,
    /// What calls from outside must carry; without one they are refused.
    token: Option<Secret>,
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
    signs: Vec<(String, Sign)>,
    /// Rooms that the bot may no longer post in.
    closed: HashSet<String>,
    mood: Mood,
    delay: Duration,
    dropped: Option<Ended>,
    messages: u64,
    handles: u64,
    sessions: u64,
}

#[derive(Debug)]
enum Said {
    Text { id: String, person: String, room: String, thread: Option<String>, text: String, ago: Duration },
    Press { id: String, person: String, nonce: String, on: Option<(Place, Handle)> },
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
        (Self { shared: shared.clone(), token: None }, MemoryRoom { shared })
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
                Said::Text { id, person, room, thread, text, ago } => {
                    let message = message(link, &id, &person, &room, thread, text);
                    let at = Timestamp::from_micros(message.at.as_micros() - micros(ago));
                    link.ears.heard(Message { at, ..message });
                }
                Said::Press { id, person, nonce, on } => {
                    link.ears.pressed(press(link, &id, &person, nonce, on));
                }
            }
        }
    }

    async fn post(&self, link: &Link, ticket: Ticket) {
        let (delay, mood) = {
            let state = self.state();
            let closed = state.closed.contains(&*ticket.parcel().place.room);
            let no_room = || Mood::Fails(SendError::NoRoom { why: "the room is archived".to_owned() });
            (state.delay, if closed { no_room() } else { state.mood.clone() })
        };
        if !delay.is_zero() {
            link.world.sleep(delay).await;
        }
        match mood {
            Mood::Fails(error) => ticket.settle(Err(error)),
            Mood::Takes if ticket.parcel().sign.is_some() => {
                self.state().sign(ticket.parcel());
                ticket.settle(Ok(Receipt::default()));
            }
            Mood::Takes if plain::text(&ticket.parcel().post, &MARKS).is_empty() => {
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
    fn sign(&mut self, parcel: &Parcel) {
        let message = parcel.answer.as_ref().map(|answer| answer.key.id.to_string());
        self.signs.extend(message.zip(parcel.sign));
    }

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
            text: plain::text(&parcel.post, &MARKS),
            edited: parcel.earlier.is_some(),
            tone: parcel.post.tone,
            answer: parcel.answer.clone(),
            post: parcel.post.clone(),
        }
    }
}

fn press(link: &Link, id: &str, person: &str, nonce: String, on: Option<(Place, Handle)>) -> Press {
    let (place, on) = on.map_or((None, None), |(place, handle)| (Some(place), Some(handle)));
    let place = place.unwrap_or_else(|| Place::room(link.name.clone(), "#ops"));
    Press {
        key: MessageKey { adapter: link.name.clone(), room: place.room.clone(), id: id.into() },
        person: who(&link.name, person),
        name: person.to_owned(),
        place,
        room_name: None,
        nonce,
        on,
    }
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

/// A name that begins with `~` is one that anyone may take.
fn who(adapter: &AdapterName, person: &str) -> Person {
    match person.strip_prefix('~') {
        Some(name) => Person::unproven(adapter.clone(), name),
        None => Person::proven(adapter.clone(), person),
    }
}

fn message(link: &Link, id: &str, person: &str, room: &str, thread: Option<String>, text: String) -> Message {
    let adapter = link.name.clone();
    let mut place = match room.starts_with('@') {
        true => Place::direct(adapter.clone(), room),
        false => Place::room(adapter.clone(), room),
    };
    place.thread = thread.map(Into::into);
    Message {
        key: MessageKey { adapter, room: place.room.clone(), id: id.into() },
        person: who(&link.name, person),
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
        reactions: true,
        in_flight: 1,
    };
    const SUMMARY: &'static str = "a chat inside the process, for tests";
    const PAGE: &'static str = include_str!("../../../docs/adapters/memory.md");
    const OPTIONS: &'static [OptionRow] = &[secret("TOKEN", "what calls from outside carry in `x-token`")];

    fn from_options(lookup: Lookup<'_>) -> Result<Self, Vec<String>> {
        Ok(Self { token: lookup("TOKEN").map(Secret::new), ..Self::default() })
    }

    fn check(&self) -> Result<(), String> {
        Ok(())
    }

    /// `say/<person>`: the body is what that person says to the bot directly.
    fn call(&self, link: &Link, call: &Call<'_>) -> Returned {
        let Some(person) = call.path.strip_prefix("say/") else { return Returned::nowhere() };
        let good = self.token.as_ref().is_some_and(|token| (call.header)("x-token") == Some(token.expose()));
        if !good {
            return Returned { status: 401, body: String::new() };
        }
        let id = format!("call-{:016x}", u64::from_le_bytes(link.world.random()));
        let text = String::from_utf8_lossy(call.body).into_owned();
        link.ears.heard(message(link, &id, person, &format!("@{person}"), None, text));
        Returned { status: 200, body: format!("{{\"heard\": \"{id}\"}}") }
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

mod room;
#[cfg(test)]
mod tests;
