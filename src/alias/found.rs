//! What goes into the matcher and what comes out: entries, and what a text means.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::file::Alias;
use super::pattern::Params;
use super::suggest::Suggestion;

/// How literal text is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Case {
    /// Case does not matter, and an exact match ranks first. Values and character classes keep theirs.
    #[default]
    Ignore,
    /// As written, like StackStorm's server.
    Strict,
}

/// An alias, and what its action accepts.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The alias.
    pub alias: Arc<Alias>,
    /// Names that the action and its runner accept: only these are read as `key=value`. `None` if the action is unknown.
    pub parameters: Option<Arc<BTreeSet<String>>>,
}

/// A format that matched.
#[derive(Debug, Clone)]
pub struct Hit {
    /// The alias.
    pub alias: Arc<Alias>,
    /// Which of its formats, from 0.
    pub format: usize,
    /// The text that matched, as written in the alias.
    pub representation: String,
    /// How help shows the format.
    pub display: String,
    /// The parameters before casting.
    pub params: Params,
}

impl Hit {
    /// The immutable parameters of the alias that the command tries to set, in order.
    pub fn overridden(&self) -> Vec<&str> {
        let fixed = &self.alias.immutable_parameters;
        self.params.iter().map(|(name, _)| name.as_str()).filter(|name| fixed.contains_key(*name)).collect()
    }
}

/// One of several aliases that a text may mean.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The alias.
    pub alias: Arc<Alias>,
    /// How help shows its format.
    pub display: String,
}

/// What a text means.
#[derive(Debug)]
pub enum Found {
    /// One command.
    One(Hit),
    /// One command, several times: a `match_multiple` format.
    Many(Vec<Hit>),
    /// Aliases that fit equally well. Typing `pack.alias` before the command chooses.
    Tie(Vec<Candidate>),
    /// No command.
    None {
        /// What was probably meant.
        suggestion: Option<Suggestion>,
    },
    /// A format could not be tried to the end.
    Error(String),
}
