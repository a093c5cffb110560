//! Who may start now: limits in all and per person, and named locks. Pure bookkeeping.

use std::collections::HashMap;

use crate::model::Person;

/// How many executions may run at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// In all.
    pub total: usize,
    /// For one person.
    pub person: usize,
}

/// Why an execution cannot start yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hold {
    /// So many run already, the limit in all.
    Total(usize),
    /// The person has so many running, the limit for one.
    Person(usize),
    /// Another execution holds the lock.
    Lock {
        /// The lock.
        name: String,
        /// The execution that holds it.
        holder: i64,
    },
}

/// What something takes of the places there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// One.
    One,
    /// None: a workflow only waits for its steps, which take their own.
    Nothing,
}

#[derive(Debug)]
struct Held {
    person: Person,
    lock: Option<String>,
}

/// What runs now, as far as limits go.
#[derive(Debug)]
pub(super) struct Load {
    limits: Limits,
    running: HashMap<i64, Held>,
    people: HashMap<Person, usize>,
    locks: HashMap<String, i64>,
}

impl Load {
    /// Nothing runs.
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, running: HashMap::new(), people: HashMap::new(), locks: HashMap::new() }
    }

    /// Changes the limits; what runs goes on.
    pub(super) fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Why it cannot start, if so.
    pub(super) fn hold(&self, person: &Person, lock: Option<&str>, weight: Weight) -> Option<Hold> {
        if let Some((name, holder)) = lock.and_then(|lock| self.locks.get_key_value(lock)) {
            return Some(Hold::Lock { name: name.clone(), holder: *holder });
        }
        if weight == Weight::Nothing {
            return None;
        }
        let own = self.people.get(person).copied().unwrap_or(0);
        if own >= self.limits.person {
            return Some(Hold::Person(own));
        }
        (self.running.len() >= self.limits.total).then_some(Hold::Total(self.running.len()))
    }

    /// It starts.
    pub(super) fn begin(&mut self, id: i64, person: &Person, lock: Option<&str>, weight: Weight) {
        if let Some(lock) = lock {
            self.locks.insert(lock.to_owned(), id);
        }
        if weight == Weight::Nothing {
            return;
        }
        *self.people.entry(person.clone()).or_default() += 1;
        self.running.insert(id, Held { person: person.clone(), lock: lock.map(str::to_owned) });
    }

    /// It ended; unknown ids are ignored.
    pub(super) fn end(&mut self, id: i64) {
        let Some(held) = self.running.remove(&id) else {
            self.locks.retain(|_, holder| *holder != id);
            return;
        };
        if let Some(lock) = held.lock {
            self.locks.remove(&lock);
        }
        if let Some(count) = self.people.get_mut(&held.person) {
            *count -= 1;
            if *count == 0 {
                self.people.remove(&held.person);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(name: &str) -> Person {
        format!("irc:{name}").parse().unwrap()
    }

    #[test]
    fn one_person_cannot_take_all_places() {
        let mut load = Load::new(Limits { total: 3, person: 2 });
        load.begin(1, &person("alice"), None, Weight::One);
        load.begin(2, &person("alice"), None, Weight::One);
        assert_eq!(load.hold(&person("alice"), None, Weight::One), Some(Hold::Person(2)));
        assert_eq!(load.hold(&person("bob"), None, Weight::One), None);
        load.begin(3, &person("bob"), None, Weight::One);
        assert_eq!(load.hold(&person("carol"), None, Weight::One), Some(Hold::Total(3)));
        load.end(1);
        assert_eq!(load.hold(&person("carol"), None, Weight::One), None);
    }

    #[test]
    fn a_lock_names_its_holder_until_it_ends() {
        let mut load = Load::new(Limits { total: 9, person: 9 });
        load.begin(7, &person("alice"), Some("deploy-web"), Weight::One);
        let hold = Hold::Lock { name: "deploy-web".to_owned(), holder: 7 };
        assert_eq!(load.hold(&person("bob"), Some("deploy-web"), Weight::One), Some(hold));
        assert_eq!(load.hold(&person("bob"), Some("deploy-db"), Weight::One), None);
        load.end(7);
        load.end(7);
        assert_eq!(load.hold(&person("bob"), Some("deploy-web"), Weight::One), None);
    }
}
