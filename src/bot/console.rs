//! The other end of `chatops chat` when it attaches to a running bot: each command is a short conversation of its own,
//! whose answers go to the one who waits for them. What comes later (a reminder, a schedule, what was approved
//! meanwhile) goes to the terminals of that person that listen, or waits for the next one.

use std::collections::{HashMap, VecDeque};
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

/// Messages that are kept for one person without a terminal; the oldest give way.
const MOST_KEPT: usize = 32;

/// People for whom messages are kept.
const MOST_PEOPLE: usize = 256;

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
    desks: Mutex<Desks>,
}

/// Who can be told something.
#[derive(Default)]
struct Desks {
    /// Conversations, by their room.
    open: HashMap<Arc<str>, mpsc::Sender<Said>>,
    /// Terminals that listen, by their person.
    listening: HashMap<String, Vec<mpsc::Sender<Said>>>,
    /// What nobody was there for, by person.
    kept: HashMap<String, VecDeque<Said>>,
}

impl Desks {
    /// Tells a person something, now or when there is a terminal.
    fn tell(&mut self, person: &str, said: Said) -> bool {
        if let Some(listening) = self.listening.get_mut(person) {
            listening.retain(|sender| !sender.is_closed());
            let told = listening.iter().filter(|sender| sender.try_send(said.clone()).is_ok()).count();
            if told > 0 {
                return true;
            }
        }
        if self.kept.len() >= MOST_PEOPLE && !self.kept.contains_key(person) {
            return false;
        }
        let kept = self.kept.entry(person.to_owned()).or_default();
        kept.push_back(said);
        while kept.len() > MOST_KEPT {
            kept.pop_front();
        }
        true
    }

    /// Hands over what was kept for a person.
    fn catch_up(&mut self, person: &str, sender: &mpsc::Sender<Said>) {
        for said in self.kept.remove(person).into_iter().flatten() {
            // There is room for all of it.
            let _ = sender.try_send(said);
        }
    }
}

impl Console {
    /// No conversation yet; `ears` hear what is typed.
    pub fn new(name: AdapterName, world: World, ears: Arc<dyn Ears>) -> Arc<Self> {
        Arc::new(Self { name, world, ears, next: AtomicU64::new(1), desks: Mutex::default() })
    }

    fn lock(&self) -> MutexGuard<'_, Desks> {
        self.desks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says `text` as the Unix user `user`; the answers end with the last one.
    pub fn say(
        self: &Arc<Self>,
        user: &str,
        text: &str,
    ) -> Result<impl Stream<Item = Said> + Send + use<>, String> {
        let life = self.world.now().as_micros();
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let room: Arc<str> = format!("{user}/{life}-{number}").into();
        let (sender, receiver) = mpsc::channel(MOST_ANSWERS);
        {
            let mut desks = self.lock();
            desks.open.retain(|_, sender| !sender.is_closed());
            if desks.open.len() >= MOST_OPEN {
                return Err(format!("{MOST_OPEN} terminals wait for answers already"));
            }
            desks.catch_up(user, &sender);
            desks.open.insert(room.clone(), sender);
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

    /// What `user` is told beside answers, until whoever reads goes away.
    ///
    /// # Errors
    /// Too many listen.
    pub fn listen(self: &Arc<Self>, user: &str) -> Result<impl Stream<Item = Said> + Send + use<>, String> {
        let (sender, receiver) = mpsc::channel(MOST_ANSWERS);
        let mut desks = self.lock();
        desks.listening.values_mut().for_each(|all| all.retain(|sender| !sender.is_closed()));
        desks.listening.retain(|_, all| !all.is_empty());
        if desks.listening.values().map(Vec::len).sum::<usize>() >= MOST_OPEN {
            return Err(format!("{MOST_OPEN} terminals listen already"));
        }
        desks.catch_up(user, &sender);
        desks.listening.entry(user.to_owned()).or_default().push(sender);
        Ok(stream::unfold(receiver, |mut receiver| async move { Some((receiver.recv().await?, receiver)) }))
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
        let mut desks = self.lock();
        let last = said.last;
        let sent = desks.open.get(room).is_some_and(|sender| sender.try_send(said.clone()).is_ok());
        if last || !sent {
            desks.open.remove(room);
        }
        if sent {
            return Ok(Receipt::default());
        }
        let person = room.split('/').next().unwrap_or_default();
        if person.is_empty() || person.starts_with(['#', '@']) {
            return Err(SendError::NoRoom { why: "terminals have no rooms".to_owned() });
        }
        match desks.tell(person, Said { last: false, ..said }) {
            true => Ok(Receipt::default()),
            false => Err(SendError::Refused { why: "the terminal that asked is gone".to_owned() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Said {
        Said { post: Arc::new(Post::plain(text)), last: true, good: true }
    }

    fn texts(receiver: &mut mpsc::Receiver<Said>) -> Vec<String> {
        let next = || receiver.try_recv().ok().map(|said| format!("{:?}", said.post.body));
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn what_comes_when_no_terminal_is_there_waits_for_the_next_one_the_newest_of_it() {
        let mut desks = Desks::default();
        for number in 0..MOST_KEPT + 2 {
            assert!(desks.tell("ann", said(&number.to_string())));
        }
        let (sender, mut receiver) = mpsc::channel(MOST_ANSWERS);
        desks.catch_up("ann", &sender);
        let all = texts(&mut receiver);
        assert!(all.len() == MOST_KEPT && all[0].contains("\"2\""), "{all:?}");
        desks.catch_up("ann", &sender);
        assert!(texts(&mut receiver).is_empty(), "once");
        desks.listening.entry("ann".to_owned()).or_default().push(sender);
        assert!(desks.tell("ann", said("now")));
        assert_eq!(texts(&mut receiver).len(), 1);
        drop(receiver);
        assert!(desks.tell("ann", said("gone")));
        assert_eq!(desks.kept["ann"].len(), 1, "nobody listens any more");
    }
}
