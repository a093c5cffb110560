//! The side of the memory adapter that a test holds.

use std::time::Duration;

use super::{MemoryRoom, Mood, Posted, Said};
use crate::adapter::{Ended, Sign};

impl MemoryRoom {
    /// Somebody says something; a room that begins with `@` is a direct conversation. Gives the id of
    /// the message. Heard in order, once a session is up.
    pub fn say(&self, person: &str, room: &str, text: &str) -> String {
        let id = self.id();
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

    /// The same, said some time before the bot hears it.
    pub fn say_before(&self, ago: Duration, id: &str, person: &str, room: &str, text: &str) {
        let (id, person, room) = (id.to_owned(), person.to_owned(), room.to_owned());
        self.tell(Said::Text { id, person, room, thread: None, text: text.to_owned(), ago });
    }

    fn speak(&self, id: &str, person: &str, room: &str, thread: Option<String>, text: &str) {
        let (id, person, room) = (id.to_owned(), person.to_owned(), room.to_owned());
        self.tell(Said::Text { id, person, room, thread, text: text.to_owned(), ago: Duration::ZERO });
    }

    fn tell(&self, said: Said) {
        self.shared.state().said.push_back(said);
        self.shared.inbound.notify_one();
    }

    /// Somebody presses a button in `#ops` whose message the service does not tell.
    pub fn press(&self, person: &str, nonce: &str) {
        let id = self.id();
        self.tell(Said::Press { id, person: person.to_owned(), nonce: nonce.to_owned(), on: None });
    }

    /// Somebody presses a button of a message. Gives the id of the press.
    pub fn press_on(&self, posted: &Posted, person: &str, nonce: &str) -> String {
        let id = self.id();
        self.press_as(&id, posted, person, nonce);
        id
    }

    /// The same with an id of one's own; the same id again is a replay.
    pub fn press_as(&self, id: &str, posted: &Posted, person: &str, nonce: &str) {
        let on = Some((posted.place.clone(), posted.handle.clone()));
        self.tell(Said::Press { id: id.to_owned(), person: person.to_owned(), nonce: nonce.to_owned(), on });
    }

    /// An id that no other message or press of this room has.
    fn id(&self) -> String {
        let mut state = self.shared.state();
        state.messages += 1;
        format!("m{}", state.messages)
    }

    /// The reactions to messages so far: the message's id and the sign.
    pub fn signs(&self) -> Vec<(String, Sign)> {
        self.shared.state().signs.clone()
    }

    /// A room is closed to the bot from now on.
    pub fn close(&self, room: &str) {
        self.shared.state().closed.insert(room.to_owned());
    }

    /// A closed room is open to the bot again.
    pub fn open(&self, room: &str) {
        self.shared.state().closed.remove(room);
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
