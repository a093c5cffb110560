//! What may be chosen by pressing a button: made, remembered over restarts, and taken once.
//!
//! A button carries a nonce and nothing else. What it stands for (the command, who may, until when) stays here: the
//! newest offers in memory, so that a press never waits for a commit, and all of them in the store.

mod desk;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::warn;

pub use desk::Declined;
use desk::Desk;

use super::outbox::{Keep, Letter, Outbox, slot};
use super::reply;
use crate::adapter::Press;
use crate::model::{Chosen, Ends, Handle, Noun, Offer, Person, Place, Slot, Way, hex};
use crate::net::World;
use crate::store::{Change, Store};
use crate::text::{Choice, Post};

/// A message larger than this, in bytes of JSON, is not kept to be changed when somebody chose.
const LARGEST_POST: usize = 16_384;

/// For whom, for how long and what.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Who may choose; `None` for anyone who may run what is chosen.
    pub may: Option<Person>,
    /// For how long.
    pub lasts: Duration,
    /// What there is to choose.
    pub ways: Vec<Way>,
    /// Whether the message is changed when somebody chose.
    pub after: After,
}

/// What becomes of the message when somebody chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// It says who chose what and when, and loses the buttons that are over.
    Tells,
    /// It stays: something newer takes its place anyway.
    Stays,
}

/// Every offer of this bot.
pub struct Choices {
    store: Store,
    outbox: Arc<Outbox>,
    world: World,
    desk: Mutex<Desk>,
}

impl Choices {
    /// Nothing is offered yet in this life.
    pub fn new(store: Store, outbox: Arc<Outbox>, world: World) -> Arc<Self> {
        Arc::new(Self { store, outbox, world, desk: Mutex::default() })
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether messages at a place carry buttons.
    pub fn have_buttons(&self, place: &Place) -> bool {
        self.outbox.abilities(place).is_some_and(|abilities| abilities.buttons)
    }

    /// Gives `post`, which fills `slot`, buttons for `terms`, where the service has any. The store is told without
    /// waiting for it.
    pub fn offer(&self, post: &mut Post, slot: &Slot, place: &Place, terms: Terms) {
        if self.have_buttons(place)
            && let Some(offer) = self.attach(post, slot, place, terms)
        {
            self.store.record(Change::Offer(offer));
        }
    }

    /// The same, for somebody who writes the offer down together with the message. Whether the service has buttons is
    /// for the caller to know.
    pub fn attach(&self, post: &mut Post, slot: &Slot, place: &Place, terms: Terms) -> Option<Box<Offer>> {
        if terms.ways.is_empty() {
            return None;
        }
        let mut offer = Offer {
            id: self.store.id(Noun::Offer),
            key: hex::encode(&self.world.random::<16>()),
            slot: slot.clone(),
            place: place.clone(),
            may: terms.may,
            until: self.world.now().plus(terms.lasts),
            ways: terms.ways,
            post: None,
        };
        if terms.after == After::Tells {
            offer.post = kept(post);
        }
        post.choices = buttons(&offer);
        self.desk().keep(offer.clone());
        Some(Box::new(offer))
    }

    /// The buttons of a slot's message stand for nothing any more.
    pub fn withdraw(&self, slot: &Slot) {
        self.desk().withdraw(slot);
        self.store.record(Change::Withdraw { slot: slot.clone() });
    }

    /// Whether what a nonce stands for is known without asking the store; what cannot be a nonce is.
    pub fn knows(&self, nonce: &str) -> bool {
        Offer::read(nonce).is_none_or(|(key, _)| self.desk().knows(key))
    }

    /// Asks the store what a nonce stands for.
    pub async fn recall(&self, nonce: &str) {
        let Some((key, _)) = Offer::read(nonce) else { return };
        let key = key.to_owned();
        match self.store.read(move |reader| reader.offer(&key)).await {
            Ok(Some(offer)) => self.desk().recall(offer),
            Ok(None) => {}
            Err(error) => warn!(%error, "what a button stands for cannot be read"),
        }
    }

    /// Takes what the pressed button stands for. Nobody else gets it until the returned value is dropped, and nobody
    /// at all after [`Taken::done`], unless it may be chosen again.
    ///
    /// # Errors
    /// Why that person does not get it now.
    pub fn take(self: &Arc<Self>, press: &Press) -> Result<Taken, Declined> {
        let (key, number) = Offer::read(&press.nonce).ok_or(Declined::Unknown)?;
        let way = self.desk().take(key, number, &press.person, self.world.now())?;
        let (place, on) = (press.place.clone(), press.on.clone());
        Ok(Taken { choices: self.clone(), key: key.to_owned(), number, way, place, on })
    }

    /// Somebody's choice stands: written down, and told by the message that offered it.
    fn choose(&self, taken: &Taken, person: &Person, name: &str) {
        let chosen = Chosen { person: person.clone(), name: name.to_owned(), at: self.world.now() };
        let Some(offer) = self.desk().choose(&taken.key, taken.number, &chosen) else { return };
        self.store.record(Change::Choose {
            key: taken.key.clone(),
            way: taken.number,
            chosen: chosen.clone(),
        });
        let Some(post) = offer.post.as_ref().and_then(|post| serde_json::from_value(post.clone()).ok())
        else {
            return;
        };
        let mut post: Post = reply::chosen(post, &offer);
        post.choices = buttons(&offer);
        // A message that its room did not take stands with its person.
        let moved = taken.place.is_direct() && !offer.place.is_direct();
        let (place, slot) = match moved {
            true => (taken.place.clone(), slot(&taken.place, offer.slot.lane)),
            false => (offer.place, offer.slot),
        };
        let letter = Letter { slot, place, post: Arc::new(post), answer: None, keep: Keep::Amend };
        self.outbox.amend(letter, taken.on.clone());
    }
}

/// Something that somebody chose, not yet used up.
pub struct Taken {
    choices: Arc<Choices>,
    key: String,
    number: usize,
    way: Way,
    /// Where the button was pressed.
    place: Place,
    /// The message that carries it.
    on: Option<Handle>,
}

impl Taken {
    /// What was chosen.
    pub fn way(&self) -> &Way {
        &self.way
    }

    /// What was chosen is carried out for `person`, shown as `name`: it is used up. Once; more calls do nothing.
    pub fn done(&self, person: &Person, name: &str) {
        if self.way.ends != Ends::Nothing {
            self.choices.choose(self, person, name);
        }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.choices.desk().release(&self.key, self.number);
    }
}

/// The buttons for what is left of an offer.
fn buttons(offer: &Offer) -> Vec<Choice> {
    let button = |number: usize| Choice {
        nonce: offer.nonce(number),
        label: offer.ways[number].label.clone(),
        typed: offer.ways[number].typed.clone(),
    };
    offer.open().into_iter().map(button).collect()
}

/// The message as it is kept, unless it is too large.
fn kept(post: &Post) -> Option<serde_json::Value> {
    let bare = Post { choices: Vec::new(), ..post.clone() };
    let value = serde_json::to_value(bare).ok()?;
    (value.to_string().len() <= LARGEST_POST).then_some(value)
}
