//! Adapters and persons, by name.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The name of one adapter instance, `[a-z0-9-]+`: `irc`, `slack`, `irc-libera`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AdapterName(Arc<str>);

impl AdapterName {
    /// Checks the characters: lower-case ASCII letters, digits and hyphens, at most 63.
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || name.len() > 63 || !name.chars().all(good) {
            return Err(InvalidName(name.to_owned()));
        }
        Ok(Self(name.into()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AdapterName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A name that is not an adapter's or a person's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a person or adapter: write `adapter:id`, with the adapter in lower-case letters, digits and hyphens"
)]
pub struct InvalidName(pub String);

/// Somebody on one chat service: `adapter-name:stable-id`, such as `slack:U0A1` or `irc:alice`.
/// Never a display name.
///
/// An id that begins with `~` is *unproven*: the service does not vouch for it (an IRC nick without
/// a services account is `irc:~nick`). An unproven person gets only what everyone gets, and no
/// configuration may name one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Person {
    adapter: AdapterName,
    id: Arc<str>,
}

impl Person {
    /// A person whom the service has authenticated.
    pub fn proven(adapter: AdapterName, id: &str) -> Self {
        Self { adapter, id: id.trim_start_matches('~').into() }
    }

    /// A person known by a name that anyone may take.
    pub fn unproven(adapter: AdapterName, name: &str) -> Self {
        Self { adapter, id: format!("~{}", name.trim_start_matches('~')).into() }
    }

    /// Whether the service vouches for the id.
    pub fn is_proven(&self) -> bool {
        !self.id.starts_with('~')
    }

    /// The adapter instance where the person speaks.
    pub fn adapter(&self) -> &AdapterName {
        &self.adapter
    }

    /// The stable id on that service, with a leading `~` where it is unproven.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.adapter, self.id)
    }
}

impl FromStr for Person {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let invalid = || InvalidName(text.to_owned());
        let (adapter, id) = text.split_once(':').ok_or_else(invalid)?;
        if id.is_empty() || id.chars().any(char::is_control) {
            return Err(invalid());
        }
        let adapter = AdapterName::new(adapter).map_err(|_| invalid())?;
        Ok(Self { adapter, id: id.into() })
    }
}

macro_rules! as_text {
    ($($name:ident => $parse:path),*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                $parse(&text).map_err(serde::de::Error::custom)
            }
        }
    )*};
}
as_text!(AdapterName => AdapterName::new, Person => Person::from_str);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_reads_back_as_written() {
        let alice: Person = "irc-libera:alice".parse().unwrap();
        assert_eq!(alice.to_string(), "irc-libera:alice");
        assert!(alice.is_proven());
    }

    #[test]
    fn a_nick_alone_proves_nothing() {
        let irc = AdapterName::new("irc").unwrap();
        let mallory = Person::unproven(irc.clone(), "alice");
        assert!(!mallory.is_proven());
        assert_ne!(mallory, Person::proven(irc, "alice"));
    }

    #[test]
    fn names_without_an_adapter_are_refused() {
        for text in ["alice", ":alice", "IRC:alice", "irc:", "irc:a\nb"] {
            assert!(text.parse::<Person>().is_err(), "{text:?}");
        }
    }
}
