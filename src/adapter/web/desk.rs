//! Where browsers and bot meet: people say and press here, the session posts here.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::broadcast;

use super::line::{Line, Said};
use super::room::Room;
use super::{SHARED, person};
use crate::adapter::{Link, Parcel, Press};
use crate::model::{Handle, Message, MessageKey, Newest, Place, Receipt, SendError};
use crate::text::marks::PLAIN;
use crate::text::{Block, File, Limit, Post, Unit, pages_up_to};

/// Rooms that are remembered, one for each person.
const MOST_ROOMS: usize = 1_000;

/// The longest answer that stands in a room, as plain text.
const LONGEST: Limit = Limit { most: 8 << 10, unit: Unit::Bytes };

/// The longest identity of a message, in characters.
const LONGEST_KEY: usize = 64;

/// Somebody in a browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Speaker {
    /// The stable id: the token's name.
    pub id: Arc<str>,
    /// How others see that person.
    pub name: Arc<str>,
}

/// Why nothing was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsaid {
    /// The bot starts or stops.
    #[error("the bot does not listen now, try again in a moment")]
    Away,
    /// The same was sent before.
    #[error("that was said already")]
    Again,
    /// There is no such room, or it is somebody else's.
    #[error("there is no such room")]
    NoRoom,
    /// A browser sends another identity.
    #[error("the form is not as it should be, load the page again")]
    Malformed,
}

/// The rooms.
#[derive(Debug)]
pub struct Desk(Mutex<State>);

/// The lines that are there, and those to come.
pub(super) type Watched = (Vec<Arc<Line>>, broadcast::Receiver<Arc<Line>>);

struct State {
    link: Option<Link>,
    rooms: Newest<Arc<str>, Room>,
    last: i64,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("last", &self.last).finish_non_exhaustive()
    }
}

impl Default for Desk {
    fn default() -> Self {
        Self(Mutex::new(State { link: None, rooms: Newest::new(MOST_ROOMS), last: 0 }))
    }
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn open(&self, link: &Link) {
        self.lock().link = Some(link.clone());
    }

    pub(super) fn close(&self) {
        self.lock().link = None;
    }

    /// The lines that `by` may see, the oldest first, and all that follow, other people's whispers among them.
    ///
    /// # Errors
    /// There is no such room for that person.
    pub fn watch(&self, by: &Speaker, room: &str) -> Result<Watched, Unsaid> {
        allowed(by, room)?;
        let (mut lines, news) = self.lock().room(room).watch();
        lines.retain(|line| line.is_for(&by.id));
        Ok((lines, news))
    }

    /// Somebody says something. `key` is its identity: the same again is not heard.
    ///
    /// # Errors
    /// Why it was not said.
    pub fn say(&self, by: &Speaker, room: &str, key: &str, text: &str) -> Result<(), Unsaid> {
        allowed(by, room)?;
        let key = good(key)?;
        let (link, message) = {
            let mut state = self.lock();
            let link = state.link.clone().ok_or(Unsaid::Away)?;
            if state.room(room).find(|line| line.key == key).is_some() {
                return Err(Unsaid::Again);
            }
            let at = link.world.now();
            let id = state.id(&link);
            let line = Line::new(id, at, Said::Typed(text.into()))
                .again(|line| (line.who, line.key) = (Some(by.clone()), key.clone()));
            state.room(room).put(line);
            let place = place(&link, room);
            let message = Message {
                key: MessageKey { adapter: link.name.clone(), room: place.room.clone(), id: key },
                person: person(&by.id),
                name: by.name.to_string(),
                place,
                room_name: None,
                text: text.to_owned(),
                raw: text.to_owned(),
                mentioned: false,
                at,
                position: None,
            };
            (link, message)
        };
        link.ears.heard(message);
        Ok(())
    }

    /// Somebody presses a button of the line `on`.
    ///
    /// # Errors
    /// Why nothing was pressed.
    pub fn press(&self, by: &Speaker, room: &str, key: &str, on: i64, nonce: &str) -> Result<(), Unsaid> {
        allowed(by, room)?;
        let key = good(key)?;
        let link = self.lock().link.clone().ok_or(Unsaid::Away)?;
        let place = place(&link, room);
        link.ears.pressed(Press {
            key: MessageKey { adapter: link.name.clone(), room: place.room.clone(), id: key },
            person: person(&by.id),
            name: by.name.to_string(),
            place,
            room_name: None,
            nonce: nonce.to_owned(),
            on: Some(Handle(on.to_string())),
        });
        Ok(())
    }

    /// A file of a line that `by` may see.
    pub fn file(&self, by: &Speaker, room: &str, line: i64, number: usize) -> Option<File> {
        allowed(by, room).ok()?;
        let mut state = self.lock();
        let line = state.room(room).find(|known| known.id == line && known.is_for(&by.id))?;
        match &line.said {
            Said::Post(post) => post.files.get(number).cloned(),
            Said::Typed(_) => None,
        }
    }

    /// Shows what the bot says.
    pub(super) fn post(&self, parcel: &Parcel) -> Result<Receipt, SendError> {
        let room = &*parcel.place.room;
        if room != SHARED && !room.starts_with('@') {
            return Err(SendError::NoRoom { why: format!("the console has no room `{room}`") });
        }
        let mut state = self.lock();
        let Some(link) = state.link.clone() else {
            return Err(SendError::Retry { why: "the console is not there".to_owned(), after: None });
        };
        if let Some(sign) = parcel.sign {
            state.sign(room, parcel, sign);
            return Ok(Receipt::default());
        }
        if parcel.post.is_empty() {
            return Ok(Receipt::default());
        }
        let said = Said::Post(handy(&parcel.post));
        let only = parcel.post.to.as_ref().filter(|_| parcel.post.private).map(|to| Arc::from(&*to.id));
        let line = match parcel.earlier.as_ref().map(|handle| handle.0.parse::<i64>()) {
            None => {
                let id = state.id(&link);
                Line::new(id, link.world.now(), said).again(|line| line.only = only)
            }
            Some(id) => {
                let gone = || SendError::Gone { why: "the line is not remembered any more".to_owned() };
                let id = id.map_err(|_| gone())?;
                let known = state.room(room).find(|line| line.id == id).ok_or_else(gone)?;
                known.again(|line| (line.said, line.edits) = (said, line.edits + 1))
            }
        };
        let handle = Handle(line.id.to_string());
        state.room(room).put(line);
        Ok(Receipt { handle: Some(handle), answer: "shown".to_owned() })
    }
}

impl State {
    fn room(&mut self, name: &str) -> &mut Room {
        if self.rooms.get(name).is_none() {
            self.rooms.insert(name.into(), Room::default());
        }
        self.rooms.get_mut(name).expect("it was just inserted")
    }

    /// An id that no line had, in an earlier life neither: handles outlive the process.
    fn id(&mut self, link: &Link) -> i64 {
        self.last = link.world.now().as_micros().max(self.last + 1);
        self.last
    }

    fn sign(&mut self, room: &str, parcel: &Parcel, sign: crate::adapter::Sign) {
        let Some(answer) = &parcel.answer else { return };
        let room = self.room(room);
        let signed =
            room.find(|line| line.key == answer.key.id).map(|line| line.again(|line| line.sign = Some(sign)));
        if let Some(line) = signed {
            room.put(line);
        }
    }
}

/// What is too long for a room stands there with its beginning, and whole in a file beside it.
fn handy(post: &Arc<Post>) -> Arc<Post> {
    let bare = Post { choices: Vec::new(), files: Vec::new(), ..Post::clone(post) };
    let pages = pages_up_to(&bare, &PLAIN, LONGEST, 1);
    let (Some(file), Some(start)) = (pages.file, pages.parts.into_iter().next()) else { return post.clone() };
    let start = Block::Code { lang: String::new(), text: format!("{start}\n…") };
    let mut short = Post {
        pretext: Vec::new(),
        title: Vec::new(),
        body: vec![start],
        facts: Vec::new(),
        ..Post::clone(post)
    };
    short.files.push(file);
    Arc::new(short)
}

/// The shared room is everyone's, a direct one its person's.
fn allowed(by: &Speaker, room: &str) -> Result<(), Unsaid> {
    let own = room.strip_prefix('@').is_some_and(|id| id == &*by.id);
    if room == SHARED || own { Ok(()) } else { Err(Unsaid::NoRoom) }
}

fn good(key: &str) -> Result<Arc<str>, Unsaid> {
    let is_good = (16..=LONGEST_KEY).contains(&key.len()) && key.chars().all(|c| c.is_ascii_alphanumeric());
    if is_good { Ok(key.into()) } else { Err(Unsaid::Malformed) }
}

fn place(link: &Link, room: &str) -> Place {
    match room.starts_with('@') {
        true => Place::direct(link.name.clone(), room),
        false => Place::room(link.name.clone(), room),
    }
}
