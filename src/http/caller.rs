//! Who calls the API, and what they may do.

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value};

use crate::bot::engine::Asker;
use crate::model::{AdapterName, Person, Timestamp};
use crate::store::{Entry, What};

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Telling events.
    Events,
    /// Looking at events, deliveries, notifiers, silences, executions.
    Read,
    /// Deciding about deliveries: replay, purge, cancel, silences, acknowledgements, test-sends.
    Deliver,
    /// Running actions and ending executions.
    Run,
    /// The audit log: who asked what.
    Audit,
    /// Saying who asks: a Hubot whose chat service proves its people. Their commands count as theirs.
    Vouch,
    /// Everything, tokens and reload among it.
    Admin,
}

impl Scope {
    /// All of them, with their words.
    pub const ALL: [(&'static str, Self); 7] = [
        ("events", Self::Events),
        ("read", Self::Read),
        ("deliver", Self::Deliver),
        ("run", Self::Run),
        ("audit", Self::Audit),
        ("vouch", Self::Vouch),
        ("admin", Self::Admin),
    ];

    /// The word.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, scope)| *scope == self).map_or("", |(word, _)| word)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(known, _)| *known == word);
        found.map(|(_, scope)| *scope).ok_or_else(|| {
            let words = Self::ALL.map(|(word, _)| format!("`{word}`")).join(", ");
            format!("there is no scope `{word}`, accepted: {words}")
        })
    }
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Caller {
    /// Whoever can read `var/token`: the bot's own user, who may do everything. The Unix user, where known.
    Local(Option<String>),
    /// The holder of a token.
    Token {
        /// Its name.
        name: String,
        /// What it may do.
        scopes: Vec<String>,
    },
}

impl Caller {
    /// Whether it may do what needs `scope`.
    pub(super) fn may(&self, scope: Scope) -> bool {
        match self {
            Self::Local(_) => true,
            Self::Token { scopes, .. } => {
                scopes.iter().any(|word| word == scope.word() || word == Scope::Admin.word())
            }
        }
    }

    /// Who that is, for the history: `terminal:alice`, `api:ci`.
    pub(super) fn person(&self) -> Person {
        let (adapter, id) = match self {
            Self::Local(user) => ("terminal", user.as_deref().unwrap_or("unknown")),
            Self::Token { name, .. } => ("api", name.as_str()),
        };
        Person::proven(AdapterName::new(adapter).expect("a good name"), id)
    }

    /// The same as one who asks the bot, in no chat.
    pub(super) fn asker(&self) -> Asker {
        Asker::alone(self.person())
    }

    /// The audit record of a change by this caller.
    pub(super) fn changed(&self, at: Timestamp, subject: String, body: Map<String, Value>) -> Box<Entry> {
        changed(&self.person(), at, subject, body)
    }
}

/// The audit record of a change.
pub fn changed(person: &Person, at: Timestamp, subject: String, body: Map<String, Value>) -> Box<Entry> {
    let (person, subject) = (Some(person.clone()), Some(subject));
    Box::new(Entry { at, what: What::Changed, person, place: None, subject, body })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_may_do_what_its_scopes_say_and_admin_everything() {
        let token = |scope: &str| Caller::Token { name: "ci".into(), scopes: vec![scope.to_owned()] };
        assert!(token("events").may(Scope::Events) && !token("events").may(Scope::Read));
        assert!(Scope::ALL.iter().all(|(_, scope)| token("admin").may(*scope)));
        assert!(Caller::Local(None).may(Scope::Admin));
        assert_eq!(token("read").person().to_string(), "api:ci");
    }

    #[test]
    fn a_misspelt_scope_names_the_known_ones() {
        assert!("event".parse::<Scope>().unwrap_err().contains("`events`, `read`"));
    }
}
