//! What survives a session: which messages were heard, up to where, how rooms and people are called, and how far a
//! long answer got. Everything has a bound.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::model::Timestamp;

/// Messages remembered against doubles: at 200 a second more than the minute that two sockets can differ.
const MOST_SEEN: usize = 20_000;
/// Rooms, people and threads remembered.
const MOST_KNOWN: usize = 10_000;
/// Threads that are read again after a loss.
const MOST_THREADS: usize = 20;

/// The memory of one adapter.
#[derive(Debug, Default)]
pub(super) struct Memory {
    seen: HashSet<(String, String)>,
    order: VecDeque<(String, String)>,
    /// The time of the latest message of each channel where something was heard.
    marks: HashMap<String, i64>,
    /// Threads where something was said lately, the latest last.
    threads: VecDeque<(String, String)>,
    /// Names of channels and people by id; `None` where Slack does not tell. With the time of asking.
    names: HashMap<String, (Option<String>, Timestamp)>,
    /// Ids of channels by `#name`.
    pub(super) ids: HashMap<String, String>,
    /// Direct conversations by the person's id.
    pub(super) directs: HashMap<String, String>,
    /// Who said what was heard lately, by its id: a private answer is for that person.
    askers: HashMap<String, String>,
    /// What of an answer in several messages is posted, by its slot.
    pub(super) posted: HashMap<String, Posted>,
    /// When the first session was up, or where an earlier process left off: what was said before is nobody's business.
    pub(super) began: Option<Timestamp>,
    /// The time of the latest message that was heard.
    pub(super) heard: i64,
    /// Rooms where commands were given before this process began, the latest first.
    pub(super) earlier: Vec<String>,
    /// Until when names are not asked for, because Slack was asked too often.
    pub(super) names_rest: Option<Timestamp>,
}

/// The messages of an unfinished answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Posted {
    /// What it says, as a digest: another text begins anew.
    pub(super) digest: u64,
    /// The times of the messages that are there.
    pub(super) messages: Vec<String>,
    /// How many of its files are there.
    pub(super) files: usize,
}

/// The time of a message as microseconds since 1970; `None` for what is no time.
pub(super) fn micros(ts: &str) -> Option<i64> {
    let (seconds, fraction) = ts.split_once('.')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(seconds) || !digits(fraction) || fraction.len() > 6 {
        return None;
    }
    let fraction: i64 = format!("{fraction:0<6}").parse().ok()?;
    seconds.parse::<i64>().ok()?.checked_mul(1_000_000)?.checked_add(fraction)
}

/// The same the other way round.
pub(super) fn ts(micros: i64) -> String {
    format!("{}.{:06}", micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000))
}

impl Memory {
    /// Notes a message; whether it is new.
    pub(super) fn first_time(&mut self, channel: &str, id: &str) -> bool {
        let key = (channel.to_owned(), id.to_owned());
        if !self.seen.insert(key.clone()) {
            return false;
        }
        self.order.push_back(key);
        while self.order.len() > MOST_SEEN {
            if let Some(oldest) = self.order.pop_front() {
                self.seen.remove(&oldest);
            }
        }
        true
    }

    /// Notes that something was said in a channel.
    pub(super) fn mark(&mut self, channel: &str, ts: &str) {
        let Some(at) = micros(ts) else { return };
        if let Some(mark) = self.marks.get_mut(channel) {
            *mark = at.max(*mark);
        } else if self.marks.len() < MOST_KNOWN {
            self.marks.insert(channel.to_owned(), at);
        }
    }

    /// Notes that something was said in a thread.
    pub(super) fn in_thread(&mut self, channel: &str, thread: &str) {
        let place = (channel.to_owned(), thread.to_owned());
        self.threads.retain(|known| *known != place);
        self.threads.push_back(place);
        if self.threads.len() > MOST_THREADS {
            self.threads.pop_front();
        }
    }

    /// The channels where something was heard, the latest first, each with the time of the latest message.
    pub(super) fn marks(&self) -> Vec<(String, i64)> {
        let mut marks: Vec<_> = self.marks.iter().map(|(channel, at)| (channel.clone(), *at)).collect();
        marks.sort_by_key(|(_, at)| std::cmp::Reverse(*at));
        marks
    }

    /// The threads of a channel where something was said lately.
    pub(super) fn threads(&self, channel: &str) -> Vec<String> {
        let here = self.threads.iter().filter(|(room, _)| room == channel);
        here.map(|(_, thread)| thread.clone()).collect()
    }

    /// The name of a channel or person, and when it was asked for.
    pub(super) fn name(&self, id: &str) -> Option<&(Option<String>, Timestamp)> {
        self.names.get(id)
    }

    /// Keeps a name.
    pub(super) fn keep_name(&mut self, id: &str, name: Option<String>, now: Timestamp) {
        if self.names.len() >= MOST_KNOWN {
            self.names.clear();
        }
        self.names.insert(id.to_owned(), (name, now));
    }

    /// Notes who said something.
    pub(super) fn asked(&mut self, id: String, user: String) {
        if self.askers.len() >= MOST_KNOWN {
            self.askers.clear();
        }
        self.askers.insert(id, user);
    }

    /// Who said something.
    pub(super) fn asker(&self, id: &str) -> Option<String> {
        self.askers.get(id).cloned()
    }

    /// Keeps the id of a `#name` or the conversation of a person.
    pub(super) fn keep(map: &mut HashMap<String, String>, key: &str, value: &str) {
        if map.len() >= MOST_KNOWN {
            map.clear();
        }
        map.insert(key.to_owned(), value.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_reads_back_as_written() {
        assert_eq!(micros("1700000000.000100"), Some(1_700_000_000_000_100));
        assert_eq!(ts(1_700_000_000_000_100), "1700000000.000100");
        for text in [
            "",
            "1700000000",
            "1.",
            ".1",
            "a.b",
            "1.1234567",
            "12.3.4",
            "13345224609.738474920.8088930838d88f008e0",
        ] {
            assert_eq!(micros(text), None, "{text}");
        }
    }

    #[test]
    fn a_message_is_new_once_and_the_oldest_are_forgotten() {
        let mut memory = Memory::default();
        assert!(memory.first_time("C1", "1.0") && !memory.first_time("C1", "1.0"));
        assert!(memory.first_time("C2", "1.0"), "the same time in another channel is another message");
        for number in 0..MOST_SEEN {
            memory.first_time("C3", &number.to_string());
        }
        assert_eq!((memory.seen.len(), memory.order.len()), (MOST_SEEN, MOST_SEEN));
    }

    #[test]
    fn the_latest_time_of_a_channel_counts_whatever_comes_in_between() {
        let mut memory = Memory::default();
        for time in ["5.000000", "3.000000", "not a time"] {
            memory.mark("C1", time);
        }
        memory.mark("C2", "7.000000");
        assert_eq!(memory.marks(), [("C2".into(), 7_000_000), ("C1".into(), 5_000_000)]);
    }

    #[test]
    fn the_latest_threads_are_kept() {
        let mut memory = Memory::default();
        for number in 0..30 {
            memory.in_thread("C1", &number.to_string());
        }
        memory.in_thread("C1", "15");
        assert_eq!(memory.threads("C1").len(), MOST_THREADS);
        assert_eq!(memory.threads("C1").last().map(String::as_str), Some("15"));
    }
}
