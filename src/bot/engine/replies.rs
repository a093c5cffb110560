//! The answers that one message gets: several where it asks for several things at once.

use std::sync::{Mutex, PoisonError};

use crate::adapter::Answer;
use crate::model::MessageKey;

/// Counts the answers to one message: the last of them all ends it, and it went well if all did.
#[derive(Debug)]
pub struct Replies {
    key: MessageKey,
    open: Mutex<Open>,
}

#[derive(Debug)]
struct Open {
    parts: usize,
    good: bool,
}

impl Replies {
    /// Nothing of `parts` is answered yet.
    pub fn new(key: MessageKey, parts: usize) -> Self {
        Self { key, open: Mutex::new(Open { parts, good: true }) }
    }

    /// How a step on the way is marked.
    pub fn step(&self) -> Answer {
        Answer { key: self.key.clone(), last: false, good: false }
    }

    /// How the last word on one part is marked; each part says it once.
    pub fn end(&self, good: bool) -> Answer {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.parts = open.parts.saturating_sub(1);
        open.good &= good;
        Answer { key: self.key.clone(), last: open.parts == 0, good: open.good }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::AdapterName;

    #[test]
    fn the_last_part_ends_the_answer_and_one_failure_marks_it() {
        let adapter = AdapterName::new("irc").unwrap();
        let key = MessageKey { adapter, room: "#ops".into(), id: "1".into() };
        let replies = Replies::new(key, 2);
        assert!(!replies.step().last);
        assert!(!replies.end(false).last);
        let last = replies.end(true);
        assert_eq!((last.last, last.good), (true, false));
    }
}
