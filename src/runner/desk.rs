//! What a running action may ask of the bot. The bot implements it; runners know nothing of what is behind it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use serde::Deserialize;
use serde_json::Value;

use crate::model::Secret;

/// A question about the datastore: system keys.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Question {
    /// The text of a key, null without one.
    Get {
        /// Its name.
        name: String,
        /// Also of a secret; else that is stars.
        #[serde(default)]
        decrypt: bool,
    },
    /// Keep a text.
    Set {
        /// Under this name.
        name: String,
        /// The text.
        value: Secret,
        /// For so many seconds.
        #[serde(default)]
        ttl: Option<f64>,
        /// As a secret.
        #[serde(default)]
        secret: bool,
    },
    /// Remove a key; whether there was one.
    Delete {
        /// Its name.
        name: String,
    },
    /// The keys that begin so, as `{name, value, scope, ttl, secret}`.
    List {
        /// How their names begin.
        prefix: String,
        /// At most so many.
        #[serde(default)]
        limit: Option<usize>,
        /// After so many.
        #[serde(default)]
        offset: Option<usize>,
    },
}

/// An answer on its way.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<Value, String>> + Send + 'a>>;

/// Who answers.
pub trait Desk: fmt::Debug + Send + Sync {
    /// Answers one question; an error is a sentence for the action.
    fn ask(&self, question: Question) -> Answer<'_>;

    /// The secrets that were told so far: to be cut from what the action prints.
    fn told(&self) -> Vec<String>;
}
