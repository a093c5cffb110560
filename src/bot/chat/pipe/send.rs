//! Where the end of a pipe goes: here, or to another place, which may not take it.

use std::sync::Arc;
use std::time::Duration;

use super::kept::Kept;
use crate::adapter::Answer;
use crate::bot::chat::Chat;
use crate::bot::chat::heard::Heard;
use crate::bot::outbox::{Body, Keep, Letter, Reply, slot};
use crate::bot::reply;
use crate::model::{Noun, Place, SendError, Slot};
use crate::text::{Post, Tone};

/// How long another place has to take it until whoever asked hears that it waits.
const PATIENCE: Duration = Duration::from_secs(10);

impl Chat {
    /// The end of a pipe is told where it goes; in another room it says who sends it.
    pub(super) async fn ends(
        &self,
        heard: &Heard,
        kept: &Kept,
        post: Post,
        text: &str,
        target: Option<Place>,
    ) {
        let post = if text.trim().is_empty() { Post::plain("nothing is left") } else { post };
        let Some(place) = target.filter(|place| *place != heard.message.place) else {
            if !kept.is_written() {
                return self.say(heard, post, true, None);
            }
            let post = Post { to: heard.asker.addressee(), ..post };
            let answer = heard.awaited().map(|replies| replies.end(true));
            return self.deliver(heard, kept, &heard.message.place, post, answer);
        };
        let person = &heard.asker.person;
        let is_own = place.is_direct() && place.adapter == *person.adapter() && *place.room == *person.id();
        if is_own && !person.is_proven() {
            // Nobody vouches that a direct message reaches the same person later; this answer does.
            kept.ends(self, Vec::new());
            return self.say(heard, Post { private: true, ..post }, true, None);
        }
        let room = (!is_own).then_some(&*place.room);
        let named = room.unwrap_or("you in a direct message");
        let sent = match place.is_direct() {
            true => Post { to: None, ..post.clone() },
            false => reply::sent_by(&heard.asker.name, &post),
        };
        match self.taken(heard, &place, sent.clone()).await {
            Ok(()) => {
                kept.ends(self, Vec::new());
                self.say(heard, Post::plain(format!("sent to {named}")).tone(Tone::Good), true, None);
            }
            Err(SendError::Retry { .. }) => {
                self.deliver(heard, kept, &place, sent, None);
                let said = format!("it goes to {named} as soon as `{}` takes it", place.adapter);
                self.say(heard, Post::plain(said).tone(Tone::Warning), true, None);
            }
            Err(why) => {
                self.say(heard, reply::not_sent(room, &why.to_string(), &post), false, None);
                kept.ends(self, Vec::new());
            }
        }
    }

    fn slot_of(heard: &Heard, place: &Place) -> Slot {
        slot(place, format!("message/{}", heard.part_id()))
    }

    /// Tries to say something in another place; an error that may pass leaves nothing behind.
    async fn taken(&self, heard: &Heard, place: &Place, post: Post) -> Result<(), SendError> {
        let slot = Self::slot_of(heard, place);
        let (reply, mut told) = Reply::new();
        let keep = Keep::Awaited(reply);
        self.outbox.put(Letter {
            slot: slot.clone(),
            place: place.clone(),
            post: Arc::new(post),
            answer: None,
            keep,
        });
        let late = || SendError::Retry { why: "it was not taken in time".to_owned(), after: None };
        let outcome = match self.world.timeout(PATIENCE, &mut told).await {
            Ok(outcome) => outcome,
            Err(_) if self.outbox.withdraw(place, &slot) => return Err(late()),
            // It is on the way: said twice would be worse than said late.
            Err(_) => told.await,
        };
        outcome.unwrap_or_else(|_| Err(late())).map(drop)
    }

    /// Says the end of a pipe so that a crash does not lose it.
    fn deliver(&self, heard: &Heard, kept: &Kept, place: &Place, post: Post, answer: Option<Answer>) {
        let now = self.world.now();
        let slot = Self::slot_of(heard, place);
        let body = Body { place: place.clone(), post: post.clone() };
        let delivery = body.delivery(self.store.id(Noun::Delivery), slot.clone(), "result", now);
        let keep = Keep::Stored(self.outbox.adopt(&delivery));
        kept.ends(self, vec![delivery]);
        self.outbox.put(Letter { slot, place: place.clone(), post: Arc::new(post), answer, keep });
    }
}
