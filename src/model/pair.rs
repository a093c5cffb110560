//! A pair of the key-value datastore: a name, a text, whose it is, until when.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// Whose keys: everybody's, or one person's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KvScope {
    /// Everybody's.
    System,
    /// One person's: the name in `access.yaml`, or `irc:alice` for somebody who has none there.
    User(String),
}

impl KvScope {
    /// `system` or `user`, also as StackStorm writes it: `st2kv.system`. `user` is whom `user` means.
    ///
    /// # Errors
    /// The word is another one.
    pub fn read(word: &str, user: &str) -> Result<Self, String> {
        match word.strip_prefix("st2kv.").unwrap_or(word) {
            "system" => Ok(Self::System),
            "user" => Ok(Self::User(user.to_owned())),
            _ => Err(format!("`{word}` is no scope: `system` and `user` are accepted")),
        }
    }

    /// `system` or `user`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User(_) => "user",
        }
    }

    /// Whose, nothing for everybody's.
    pub fn owner(&self) -> &str {
        match self {
            Self::System => "",
            Self::User(user) => user,
        }
    }
}

/// The name of a pair within its scope. Displayed as `system/a.b`, `user/alice/x`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KvKey {
    /// Whose.
    pub scope: KvScope,
    /// Its name; `.` and `:` in it mean nothing here.
    pub name: String,
}

/// The longest name, in bytes.
const LONGEST_NAME: usize = 512;

impl KvKey {
    /// A key, if its name can be one: 1 to 512 bytes without blanks and control characters.
    ///
    /// # Errors
    /// Why not.
    pub fn new(scope: KvScope, name: &str) -> Result<Self, String> {
        let good = !name.is_empty() && name.len() <= LONGEST_NAME;
        if !good || name.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(format!(
                "`{}` is no name of a key: 1 to {LONGEST_NAME} bytes without blanks are accepted",
                name.chars().take(60).collect::<String>().escape_debug()
            ));
        }
        Ok(Self { scope, name: name.to_owned() })
    }
}

impl fmt::Display for KvKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.scope {
            KvScope::System => write!(f, "system/{}", self.name),
            KvScope::User(user) => write!(f, "user/{user}/{}", self.name),
        }
    }
}

/// The text of a pair.
#[derive(Clone, PartialEq, Eq)]
pub enum Held {
    /// As it is.
    Plain(String),
    /// Sealed with the key of this home: a secret.
    Sealed(String),
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(text) => text.fmt(f),
            Self::Sealed(_) => f.write_str("***"),
        }
    }
}

/// One pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// Its key.
    pub key: KvKey,
    /// Its text.
    pub held: Held,
    /// When it goes.
    pub expires: Option<Timestamp>,
    /// Who wrote it last.
    pub who: String,
    /// When.
    pub at: Timestamp,
}

impl Pair {
    /// Whether its text is a secret.
    pub const fn is_secret(&self) -> bool {
        matches!(self.held, Held::Sealed(_))
    }

    /// Whether it is there at `now`.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|expires| expires > now)
    }

    /// Bytes in memory, about.
    pub fn weight(&self) -> usize {
        let (Held::Plain(text) | Held::Sealed(text)) = &self.held;
        self.key.name.len() + self.key.scope.owner().len() + self.who.len() + text.len() + 128
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_system_and_user_also_as_stackstorm_writes_them() {
        assert_eq!(KvScope::read("st2kv.system", "a"), Ok(KvScope::System));
        assert_eq!(KvScope::read("user", "a"), Ok(KvScope::User("a".to_owned())));
        assert!(KvScope::read("all", "a").is_err());
    }

    #[test]
    fn a_name_has_no_blanks_and_is_not_empty() {
        for bad in ["", "a b", "a\n", &"x".repeat(513)] {
            assert!(KvKey::new(KvScope::System, bad).is_err(), "{bad}");
        }
        let key = KvKey::new(KvScope::User("irc:ann".to_owned()), "pack.Class:x").unwrap();
        assert_eq!(key.to_string(), "user/irc:ann/pack.Class:x");
    }

    #[test]
    fn a_secret_is_not_shown() {
        assert_eq!(format!("{:?}", Held::Sealed("s1:x".to_owned())), "***");
    }
}
