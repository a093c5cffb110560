//! What waits at a door, in order, and what is on the way from it. No time passes in here.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tracing::warn;

use super::{Keep, Letter, slot};
use crate::adapter::{Abilities, Answer, Parcel, Sign};
use crate::bot::reply;
use crate::model::{Handle, MessageKey, Newest, Place, Slot, Timestamp};
use crate::text::Post;

/// Letters that only memory holds, for one adapter: past this number new ones are dropped and counted.
pub(super) const MOST_VOLATILE: usize = 10_000;

/// Handles of posted messages kept for editing.
const MOST_HANDLES: usize = 10_000;

/// Messages that carry a sign of being worked on.
const MOST_SIGNED: usize = 1_000;

/// Rooms whose names are known.
const MOST_NAMES: usize = 1_000;

/// The letters of one adapter.
pub(super) struct Queue {
    pub(super) abilities: Abilities,
    /// Slots with a letter that may go, by the numbers of their letters. A slot is here at most once, and not while it
    /// is out.
    queue: VecDeque<Slot>,
    waiting: HashMap<Slot, Waiting>,
    out: HashMap<Slot, Waiting>,
    busy: HashMap<Place, usize>,
    pub(super) handles: Newest<Slot, Handle>,
    /// Messages that show that they are worked on.
    signed: Newest<MessageKey, ()>,
    /// How people call the rooms.
    pub(super) names: Newest<Arc<str>, String>,
    volatile: usize,
    dropped: u64,
    next: u64,
    /// Letters that are no longer out and not written down yet.
    pub(super) settling: usize,
}

/// A letter at the door.
#[derive(Clone)]
pub(super) struct Waiting {
    pub(super) letter: Letter,
    pub(super) put: Timestamp,
    pub(super) not_before: Timestamp,
    pub(super) tries: u32,
    pub(super) taken: Timestamp,
    /// Its place in the order; a letter that replaces another takes over its number.
    number: u64,
}

impl Waiting {
    fn is_sign(&self) -> bool {
        matches!(self.letter.keep, Keep::Sign(_))
    }

    fn is_volatile(&self) -> bool {
        !matches!(self.letter.keep, Keep::Stored(_))
    }
}

impl Queue {
    pub(super) fn new(abilities: Abilities) -> Self {
        Self {
            abilities,
            queue: VecDeque::new(),
            waiting: HashMap::new(),
            out: HashMap::new(),
            busy: HashMap::new(),
            handles: Newest::new(MOST_HANDLES),
            signed: Newest::new(MOST_SIGNED),
            names: Newest::new(MOST_NAMES),
            volatile: 0,
            dropped: 0,
            next: 0,
            settling: 0,
        }
    }

    /// How many letters wait or are on the way.
    pub(super) fn depth(&self) -> usize {
        self.waiting.len() + self.out.len() + self.settling
    }

    /// Queues a letter, if it is taken; the end of an answer also ends the sign on the message it answers.
    pub(super) fn put(&mut self, letter: Letter, now: Timestamp) {
        let end = self.end_of_sign(&letter);
        for letter in std::iter::once(letter).chain(end) {
            if self.takes(&letter) {
                let number = self.next;
                self.next += 1;
                self.wait(Waiting { letter, put: now, not_before: now, tries: 0, taken: now, number });
            }
        }
    }

    /// The sign of how it went, on a message that shows that it is worked on.
    fn end_of_sign(&mut self, letter: &Letter) -> Option<Letter> {
        let answer = letter.answer.as_ref().filter(|answer| answer.last)?;
        if matches!(letter.keep, Keep::Sign(_)) || !self.signed.remove(&answer.key) {
            return None;
        }
        let sign = if answer.good { Sign::Good } else { Sign::Bad };
        Some(signing(&letter.place, answer.clone(), sign))
    }

    /// A sign on the message that was heard under `key`.
    pub(super) fn sign(&mut self, place: &Place, key: &MessageKey, now: Timestamp) {
        if self.abilities.reactions {
            self.signed.insert(key.clone(), ());
            let answer = Answer { key: key.clone(), last: false, good: false };
            self.put(signing(place, answer, Sign::Working), now);
        }
    }

    fn takes(&mut self, letter: &Letter) -> bool {
        let Letter { slot, keep, .. } = letter;
        let can = match keep {
            Keep::Progress => self.abilities.edits && !self.is_final(slot),
            Keep::Sign(_) => self.abilities.reactions,
            Keep::Amend => self.abilities.edits && self.is_idle(slot) && self.handles.get(slot).is_some(),
            Keep::Volatile | Keep::Stored(_) | Keep::Awaited(_) => true,
        };
        let volatile = !matches!(keep, Keep::Stored(_));
        let full = volatile && self.volatile >= MOST_VOLATILE && !self.waiting.contains_key(slot);
        if can && full {
            self.dropped += 1;
            if self.dropped.is_power_of_two() {
                warn!(%slot, dropped = self.dropped, "too many answers wait, one was dropped");
            }
        }
        can && !full
    }

    /// Whether the last word of a slot waits or is on the way.
    fn is_final(&self, slot: &Slot) -> bool {
        let last = |it: &Waiting| it.letter.answer.as_ref().is_some_and(|answer| answer.last);
        let stored = |it: &Waiting| matches!(it.letter.keep, Keep::Stored(_));
        [self.waiting.get(slot), self.out.get(slot)].into_iter().flatten().any(|it| last(it) || stored(it))
    }

    fn is_idle(&self, slot: &Slot) -> bool {
        !self.waiting.contains_key(slot) && !self.out.contains_key(slot)
    }

    /// The letter for the slot that is waiting, if one is.
    pub(super) fn later(&self, slot: &Slot) -> Option<&Letter> {
        self.waiting.get(slot).map(|waiting| &waiting.letter)
    }

    /// Queues a letter by its number, in place of the one that waits in its slot.
    pub(super) fn wait(&mut self, mut waiting: Waiting) {
        let slot = waiting.letter.slot.clone();
        self.volatile += usize::from(waiting.is_volatile());
        if let Some(earlier) = self.waiting.get(&slot) {
            waiting.number = earlier.number;
            self.volatile -= usize::from(earlier.is_volatile());
            self.waiting.insert(slot, waiting);
        } else {
            let number = waiting.number;
            self.waiting.insert(slot.clone(), waiting);
            if !self.out.contains_key(&slot) {
                self.line_up(slot, number);
            }
        }
    }

    fn line_up(&mut self, slot: Slot, number: u64) {
        let earlier = |slot: &Slot| self.waiting.get(slot).is_some_and(|it| it.number < number);
        if self.queue.back().is_none_or(earlier) {
            return self.queue.push_back(slot);
        }
        let place = self.queue.partition_point(earlier);
        self.queue.insert(place, slot);
    }

    /// Takes back the letter that waits in a slot. Whether there was one.
    pub(super) fn withdraw(&mut self, slot: &Slot) -> bool {
        let Some(waiting) = self.waiting.remove(slot) else { return false };
        self.queue.retain(|queued| queued != slot);
        self.volatile -= usize::from(waiting.is_volatile());
        true
    }

    /// The next letter that may go, or when to look again.
    pub(super) fn take(&mut self, now: Timestamp) -> Result<Parcel, Option<Duration>> {
        let mut held: HashSet<Place> = HashSet::new();
        let mut soonest: Option<Timestamp> = None;
        let mut found = None;
        for (index, slot) in self.queue.iter().enumerate() {
            let Some(waiting) = self.waiting.get(slot) else { continue };
            let place = &waiting.letter.place;
            if waiting.is_sign() {
                found = Some(index);
                break;
            }
            if !held.is_empty() && held.contains(place) {
                continue;
            }
            if waiting.not_before > now {
                soonest = Some(soonest.map_or(waiting.not_before, |time| time.min(waiting.not_before)));
                held.insert(place.clone());
            } else if self.busy.get(place).is_some_and(|busy| *busy >= self.abilities.in_flight) {
                held.insert(place.clone());
            } else {
                found = Some(index);
                break;
            }
        }
        let slot = found.and_then(|index| self.queue.remove(index));
        let waiting = slot.and_then(|slot| self.waiting.remove(&slot));
        let Some(mut waiting) = waiting else {
            return Err(soonest.map(|time| time.since(now)));
        };
        waiting.taken = now;
        Ok(self.send(waiting))
    }

    fn send(&mut self, waiting: Waiting) -> Parcel {
        let letter = waiting.letter.clone();
        self.volatile -= usize::from(waiting.is_volatile());
        if !waiting.is_sign() {
            *self.busy.entry(letter.place.clone()).or_default() += 1;
        }
        let (delivery, sign) = match &letter.keep {
            Keep::Stored(claimed) => (Some(claimed.delivery.id), None),
            Keep::Sign(sign) => (None, Some(*sign)),
            Keep::Progress | Keep::Volatile | Keep::Awaited(_) | Keep::Amend => (None, None),
        };
        let earlier = self.abilities.edits.then(|| self.handles.get(&letter.slot).cloned()).flatten();
        self.out.insert(letter.slot.clone(), waiting);
        Parcel {
            slot: letter.slot,
            place: letter.place,
            post: self.shown(letter.post),
            sign,
            earlier,
            answer: letter.answer,
            delivery,
        }
    }

    /// The post without buttons where the service has none: what can be typed instead is in its text.
    fn shown(&self, post: Arc<Post>) -> Arc<Post> {
        if self.abilities.buttons || post.choices.iter().all(|choice| choice.nonce.is_empty()) {
            return post;
        }
        let mut post = Post::clone(&post);
        post.choices.retain(|choice| choice.nonce.is_empty());
        Arc::new(post)
    }

    /// A letter is no longer on the way.
    pub(super) fn finish(&mut self, slot: &Slot) -> Option<Waiting> {
        let waiting = self.out.remove(slot)?;
        if !waiting.is_sign() {
            self.release(&waiting.letter.place);
        }
        if let Some(number) = self.waiting.get(slot).map(|later| later.number) {
            self.line_up(slot.clone(), number);
        }
        Some(waiting)
    }

    fn release(&mut self, place: &Place) {
        if let Some(busy) = self.busy.get_mut(place) {
            *busy -= 1;
            if *busy == 0 {
                self.busy.remove(place);
            }
        }
    }

    /// The letter to the person for whom it is, whose room is closed: it says where it was asked. Once: a conversation
    /// with one person has no such way out.
    pub(super) fn moved(&self, letter: &Letter) -> Option<Letter> {
        let answers = matches!(letter.keep, Keep::Volatile | Keep::Stored(_));
        if !answers || letter.place.is_direct() || letter.post.is_empty() {
            return None;
        }
        let to = letter.post.to.as_ref()?;
        let place = Place::direct(letter.place.adapter.clone(), &format!("@{}", to.id));
        let room = self.names.get(&letter.place.room).map_or(&*letter.place.room, String::as_str);
        let post = Arc::new(reply::moved(room, &letter.post));
        Some(Letter { slot: slot(&place, letter.slot.lane.clone()), place, post, ..letter.clone() })
    }
}

fn signing(place: &Place, answer: Answer, sign: Sign) -> Letter {
    Letter {
        slot: slot(place, format!("sign/{}", answer.key.id)),
        place: place.clone(),
        post: Arc::default(),
        answer: Some(answer),
        keep: Keep::Sign(sign),
    }
}
