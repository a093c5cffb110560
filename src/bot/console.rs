//! The other end of `chatops chat` when it attaches to a running bot: each command is a short
//! conversation of its own, whose answers go to the one who waits for them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::stream::{self, Stream};
use tokio::sync::mpsc;

use crate::adapter::{Abilities, Ears, Limit, Link, Unit};
use crate::model::{AdapterName, Message, MessageKey, Person, Place, Receipt, SendError};
use crate::net::World;
use crate::text::Post;

/// What an attached terminal can show.
pub const ABILITIES: Abilities = Abilities {
    longest: Limit { most: 1 << 20, unit: Unit::Bytes },
    edits: false,
    threads: false,
    buttons: false,
    files: false,
    reactions: false,
    in_flight: 64,
};

/// Conversations open at once; past this number new ones are turned away.
const MOST_OPEN: usize = 256;

/// Answers that wait for a slow reader of one conversation; past this number they are refused.
const MOST_ANSWERS: usize = 64;

/// One answer.
#[derive(Debug, Clone)]
pub struct Said {
    /// What it says.
    pub post: Arc<Post>,
    /// Whether it is the last one to the command.
    pub last: bool,
    /// Whether what was asked went well; meaningful with `last`.
    pub good: bool,
}

/// The conversations of attached terminals.
pub struct Console {
    name: AdapterName,
    world: World,
    ears: Arc<dyn Ears>,
    next: AtomicU64,
    open: Mutex<HashMap<Arc<str>, mpsc::Sender<Said>>>,
}

impl Console {
    /// No conversation yet; `ears` hear what is typed.
    pub fn new(name: AdapterName, world: World, ears: Arc<dyn Ears>) -> Arc<Self> {
        Arc::new(Self { name, world, ears, next: AtomicU64::new(1), open: Mutex::default() })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, mpsc::Sender<Said>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says `text` as the Unix user `user`; the answers end with the last one.
    pub fn say(
        self: &Arc<Self>,
        user: &str,
        text: &str,
    ) -> Result<impl Stream<Item = Said> + Send + use<>, String> {
        let life = self.world.now().as_micros();
        let room: Arc<str> = format!("{life}-{}", self.next.fetch_add(1, Ordering::Relaxed)).into();
        let (sender, receiver) = mpsc::channel(MOST_ANSWERS);
        {
            let mut open = self.lock();
            open.retain(|_, sender| !sender.is_closed());
            if open.len() >= MOST_OPEN {
                return Err(format!("{MOST_OPEN} terminals wait for answers already"));
            }
            open.insert(room.clone(), sender);
        }
        let key = MessageKey { adapter: self.name.clone(), room: room.clone(), id: room.clone() };
        self.ears.heard(Message {
            key,
            person: Person::proven(self.name.clone(), user),
            name: user.to_owned(),
            place: Place::direct(self.name.clone(), &room),
            room_name: None,
            text: text.to_owned(),
            raw: text.to_owned(),
            mentioned: false,
            at: self.world.now(),
            position: None,
        });
        Ok(stream::unfold(Some(receiver), |receiver| async move {
            let mut receiver = receiver?;
            let said = receiver.recv().await?;
            let rest = (!said.last).then_some(receiver);
            Some((said, rest))
        }))
    }

    /// Hands out what the bot says until `link.stop`.
    pub async fn serve(self: Arc<Self>, link: Link) {
        loop {
            let ticket = tokio::select! {
                ticket = link.next() => ticket,
                () = link.stop.cancelled() => return,
            };
            let parcel = ticket.parcel();
            let answer = parcel.answer.as_ref();
            let said = Said {
                post: parcel.post.clone(),
                last: answer.is_some_and(|answer| answer.last),
                good: answer.is_some_and(|answer| answer.good),
            };
            let outcome = self.hand_over(&parcel.place.room, said);
            ticket.settle(outcome);
        }
    }

    fn hand_over(&self, room: &Arc<str>, said: Said) -> Result<Receipt, SendError> {
        let mut open = self.lock();
        let last = said.last;
        let sent = open.get(room).is_some_and(|sender| sender.try_send(said).is_ok());
        if last || !sent {
            open.remove(room);
        }
        if sent {
            return Ok(Receipt::default());
        }
        Err(SendError::Refused { why: "the terminal that asked is gone".to_owned() })
    }
}
