//! Values that admins write for a source, with their places.

use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};

use crate::config::yaml::{Spanned, line_of};

/// A text with its place.
pub(super) type Text = Spanned<String>;

/// What is wrong with an option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    /// Line and column.
    pub(super) at: (u64, u64),
    /// The key inside the options.
    pub(super) key: String,
    /// One sentence.
    pub(super) message: String,
}

impl Wrong {
    pub(super) fn new<T>(at: &Spanned<T>, key: impl Into<String>, message: impl Into<String>) -> Self {
        Self { at: line_of(at), key: key.into(), message: message.into() }
    }
}

/// One text, or a list of them.
#[derive(Debug, Clone, Default)]
pub(super) struct OneOrMore(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for OneOrMore {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;
        impl<'de> Visitor<'de> for Texts {
            type Value = OneOrMore;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<OneOrMore, E> {
                Ok(OneOrMore(vec![text.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<OneOrMore, A::Error> {
                let mut all = Vec::new();
                while let Some(text) = items.next_element()? {
                    all.push(text);
                }
                Ok(OneOrMore(all))
            }
        }
        deserializer.deserialize_any(Texts)
    }
}
