//! What the buttons of one message stand for.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Person, Place, Slot, Timestamp};

/// The longest nonce that is looked at, in characters: what the strictest service carries is longer.
const LONGEST_NONCE: usize = 64;

/// The ways to answer one message. Each button carries a nonce, `<key>-<number>`; what it stands for is kept here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    /// Its id: later offers have larger ones.
    pub id: i64,
    /// The first part of its nonces: random, URL-safe.
    pub key: String,
    /// The message that carries the buttons. A slot has one offer at a time.
    pub slot: Slot,
    /// Where that message stands.
    pub place: Place,
    /// Who may choose; `None` for anyone who may run what is chosen.
    pub may: Option<Person>,
    /// Until when.
    pub until: Timestamp,
    /// What there is to choose, in the order of the buttons.
    pub ways: Vec<Way>,
    /// The message without its buttons, opaque here; `None` where it is not to be changed when somebody chose.
    pub post: Option<Value>,
}

/// One of the ways to answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// What the button says.
    pub label: String,
    /// What runs, as if whoever presses had typed it to the bot there.
    pub typed: String,
    /// What a press puts an end to.
    pub ends: Ends,
    /// Who chose it.
    pub chosen: Option<Chosen>,
}

/// What a press puts an end to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ends {
    /// Nothing: it may be pressed again.
    Nothing,
    /// This way; the others stay.
    Itself,
    /// All ways of the message.
    All,
}

/// Who chose, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chosen {
    /// Who.
    pub person: Person,
    /// How the service showed that person.
    pub name: String,
    /// When.
    pub at: Timestamp,
}

impl Way {
    /// A way that nobody chose yet.
    pub fn new(label: impl Into<String>, typed: impl Into<String>, ends: Ends) -> Self {
        Self { label: label.into(), typed: typed.into(), ends, chosen: None }
    }
}

impl Offer {
    /// The nonce of the way with this number.
    pub fn nonce(&self, way: usize) -> String {
        format!("{}-{way}", self.key)
    }

    /// Who chose first so that `way` is over, with the label of what was chosen.
    pub fn chosen(&self, way: usize) -> Option<(&Chosen, &str)> {
        let ended = |(number, other): &(usize, &Way)| other.ends == Ends::All || *number == way;
        let others = self.ways.iter().enumerate().filter(ended);
        others.filter_map(|(_, way)| Some((way.chosen.as_ref()?, way.label.as_str()))).next()
    }

    /// The numbers of the ways that are left.
    pub fn open(&self) -> Vec<usize> {
        (0..self.ways.len()).filter(|way| self.chosen(*way).is_none()).collect()
    }

    /// The key and the number in a nonce, which anyone may have made up.
    pub fn read(nonce: &str) -> Option<(&str, usize)> {
        let good = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if nonce.len() > LONGEST_NONCE || !nonce.chars().all(good) {
            return None;
        }
        let (key, way) = nonce.rsplit_once('-')?;
        Some((key, way.parse().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::AdapterName;

    fn offer(ends: [Ends; 2]) -> Offer {
        let place = Place::room(AdapterName::new("irc").unwrap(), "#ops");
        Offer {
            id: 1,
            key: "k".into(),
            slot: Slot { notifier: "adapter/irc".into(), target: "irc:#ops".into(), lane: "a".into() },
            place,
            may: None,
            until: Timestamp::from_micros(9),
            ways: ends.map(|ends| Way::new("run it", "run", ends)).into(),
            post: None,
        }
    }

    fn chosen() -> Option<Chosen> {
        let person = "irc:alice".parse().unwrap();
        Some(Chosen { person, name: "alice".into(), at: Timestamp::from_micros(1) })
    }

    #[test]
    fn a_way_ends_itself_or_all() {
        let mut itself = offer([Ends::Itself, Ends::Itself]);
        itself.ways[0].chosen = chosen();
        assert_eq!(itself.open(), [1]);
        let mut all = offer([Ends::All, Ends::Itself]);
        all.ways[0].chosen = chosen();
        assert_eq!(all.open(), [0usize; 0]);
    }

    #[test]
    fn a_nonce_is_read_and_a_forged_one_is_not() {
        let offer = offer([Ends::All, Ends::All]);
        assert_eq!(Offer::read(&offer.nonce(1)), Some(("k", 1)));
        for forged in ["", "k", "k-", "k-x", "k'-1", "é-1", &format!("{}-1", "k".repeat(70))] {
            assert_eq!(Offer::read(forged), None, "{forged}");
        }
    }
}
