//! The newest offers in memory, and which of their ways somebody is just taking.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::model::{Chosen, Ends, Offer, Person, Slot, Timestamp, Way};

/// Offers in memory; the oldest leaves it past this number, the store has them all.
const MOST: usize = 500;

/// Why somebody does not get what a button stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Declined {
    /// Nothing is known of it: forged, forgotten, or replaced by a later message.
    Unknown,
    /// It is for somebody else.
    NotYours,
    /// Its time is over.
    Expired,
    /// Somebody chose already.
    Chosen(Chosen, String),
    /// Somebody is just choosing.
    Busy,
}

#[derive(Debug, Default)]
pub(super) struct Desk {
    offers: HashMap<String, Offer>,
    order: VecDeque<String>,
    slots: HashMap<Slot, String>,
    /// Slots whose offers were withdrawn lately: the store may not know yet.
    gone: VecDeque<Slot>,
    /// Keys and ways that somebody is taking.
    taken: HashSet<(String, usize)>,
}

impl Desk {
    /// A new offer, in place of the earlier one of its slot.
    pub(super) fn keep(&mut self, offer: Offer) {
        self.gone.retain(|slot| *slot != offer.slot);
        if let Some(earlier) = self.slots.insert(offer.slot.clone(), offer.key.clone()) {
            self.offers.remove(&earlier);
            self.order.retain(|key| *key != earlier);
        }
        self.order.push_back(offer.key.clone());
        self.offers.insert(offer.key.clone(), offer);
        while self.order.len() > MOST {
            let oldest = self.order.pop_front().and_then(|key| self.offers.remove(&key));
            if let Some(oldest) = oldest {
                self.slots.remove(&oldest.slot);
            }
        }
    }

    /// An offer out of the store, unless it is known here, or a later one of its slot is.
    pub(super) fn recall(&mut self, offer: Offer) {
        let void = self.slots.contains_key(&offer.slot) || self.gone.contains(&offer.slot);
        if !void && !self.offers.contains_key(&offer.key) {
            self.keep(offer);
        }
    }

    pub(super) fn withdraw(&mut self, slot: &Slot) {
        if let Some(key) = self.slots.remove(slot) {
            self.offers.remove(&key);
            self.order.retain(|known| *known != key);
        }
        self.gone.push_back(slot.clone());
        if self.gone.len() > MOST {
            self.gone.pop_front();
        }
    }

    pub(super) fn knows(&self, key: &str) -> bool {
        self.offers.contains_key(key)
    }

    /// Takes a way for a person.
    pub(super) fn take(
        &mut self,
        key: &str,
        number: usize,
        person: &Person,
        now: Timestamp,
    ) -> Result<Way, Declined> {
        let offer = self.offers.get(key).ok_or(Declined::Unknown)?;
        let way = offer.ways.get(number).ok_or(Declined::Unknown)?;
        if offer.place.adapter != *person.adapter() {
            return Err(Declined::Unknown);
        }
        if offer.may.as_ref().is_some_and(|may| may != person) {
            return Err(Declined::NotYours);
        }
        if let Some((chosen, label)) = offer.chosen(number) {
            return Err(Declined::Chosen(chosen.clone(), label.to_owned()));
        }
        if now >= offer.until {
            return Err(Declined::Expired);
        }
        let ended = |other: &usize| *other == number || offer.ways[*other].ends == Ends::All;
        let others = (0..offer.ways.len()).filter(ended);
        if way.ends != Ends::Nothing
            && others.into_iter().any(|other| self.taken.contains(&(key.to_owned(), other)))
        {
            return Err(Declined::Busy);
        }
        self.taken.insert((key.to_owned(), number));
        Ok(way.clone())
    }

    /// A choice stands: the offer with it; `None` if it stood before or the offer is gone.
    pub(super) fn choose(&mut self, key: &str, number: usize, chosen: &Chosen) -> Option<Offer> {
        let offer = self.offers.get_mut(key)?;
        if offer.chosen(number).is_some() {
            return None;
        }
        offer.ways.get_mut(number)?.chosen = Some(chosen.clone());
        Some(offer.clone())
    }

    /// Whoever took a way is through with it.
    pub(super) fn release(&mut self, key: &str, number: usize) {
        self.taken.remove(&(key.to_owned(), number));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AdapterName, Place};

    fn offer(key: &str, lane: &str, may: Option<&str>) -> Offer {
        let place = Place::room(AdapterName::new("irc").unwrap(), "#ops");
        Offer {
            id: 1,
            key: key.into(),
            slot: Slot { notifier: "adapter/irc".into(), target: "irc:#ops".into(), lane: lane.into() },
            place,
            may: may.map(person),
            until: Timestamp::from_micros(100),
            ways: vec![Way::new("a", "run a", Ends::All), Way::new("b", "run b", Ends::Itself)],
            post: None,
        }
    }

    fn person(name: &str) -> Person {
        format!("irc:{name}").parse().unwrap()
    }

    fn chosen(name: &str) -> Chosen {
        Chosen { person: person(name), name: name.into(), at: now() }
    }

    fn now() -> Timestamp {
        Timestamp::from_micros(50)
    }

    #[test]
    fn one_at_a_time_takes_and_what_is_not_done_may_be_taken_again() {
        let mut desk = Desk::default();
        desk.keep(offer("k", "a", None));
        assert!(desk.take("k", 0, &person("alice"), now()).is_ok());
        assert_eq!(desk.take("k", 0, &person("bob"), now()), Err(Declined::Busy));
        assert_eq!(desk.take("k", 1, &person("bob"), now()), Err(Declined::Busy), "the first may end all");
        desk.release("k", 0);
        assert!(desk.take("k", 0, &person("bob"), now()).is_ok());
        assert!(desk.choose("k", 0, &chosen("bob")).is_some());
        desk.release("k", 0);
        let over = Declined::Chosen(chosen("bob"), "a".into());
        assert_eq!(desk.take("k", 1, &person("alice"), now()), Err(over));
    }

    #[test]
    fn who_may_not_when_it_is_late_and_what_is_forged_get_nothing() {
        let mut desk = Desk::default();
        desk.keep(offer("k", "a", Some("alice")));
        let mut take = |key, way, name: &str, at| desk.take(key, way, &person(name), at).unwrap_err();
        assert_eq!(take("k", 0, "bob", now()), Declined::NotYours);
        assert_eq!(take("k", 0, "alice", Timestamp::from_micros(100)), Declined::Expired);
        assert_eq!(take("k", 7, "alice", now()), Declined::Unknown);
        assert_eq!(take("x", 0, "alice", now()), Declined::Unknown);
        let elsewhere: Person = "slack:alice".parse().unwrap();
        assert_eq!(desk.take("k", 0, &elsewhere, now()), Err(Declined::Unknown));
    }

    #[test]
    fn a_later_offer_of_a_slot_replaces_the_earlier_one_also_when_that_is_read_again() {
        let mut desk = Desk::default();
        desk.keep(offer("k1", "a", None));
        desk.keep(offer("k2", "a", None));
        desk.recall(offer("k1", "a", None));
        assert!(!desk.knows("k1") && desk.knows("k2"));
        desk.withdraw(&offer("", "a", None).slot);
        desk.recall(offer("k2", "a", None));
        assert!(!desk.knows("k2"), "the store may not know yet");
    }

    #[test]
    fn memory_holds_the_newest_only() {
        let mut desk = Desk::default();
        for number in 0..=MOST {
            desk.keep(offer(&format!("k{number}"), &number.to_string(), None));
        }
        assert!(!desk.knows("k0") && desk.knows("k1"));
        assert_eq!((desk.order.len(), desk.slots.len()), (MOST, MOST));
    }
}
