//! YAML as admins write it: PyYAML's octals and booleans, strict budgets, and each mistake with its place.
//!
//! Read by serde-saphyr. Against YAML 1.2, and as StackStorm's files expect: `yes`, `no`, `on`, `off` are
//! booleans where nothing says otherwise, `y` and `n` are text, `010` is eight, `<<` merges. Against PyYAML: a
//! key may not come twice, and a tag such as `!vault` is refused instead of dropped.

mod explain;
mod letters;
mod outline;
mod pairs;
mod tree;

use std::path::Path;

use serde::de::DeserializeOwned;
use serde_saphyr::options::DuplicateKeyPolicy;

use super::ConfigError;
use super::file::LARGEST;

pub use pairs::Pairs;
pub use tree::{Node, Tree, to_object};

/// A value with the place where it was written; see [`line_of`].
pub use serde_saphyr::Spanned;

/// How many nodes aliases (`*name`) may add to one file: a bomb is stopped within milliseconds.
const MOST_REPEATED: usize = 10_000;
/// How deep lists and mappings may nest.
const DEEPEST: usize = 64;

/// Reads `text`, the content of `file`. Never shows an expanded `${NAME}`: that happens to values already read.
pub fn read<T: DeserializeOwned>(file: &Path, text: &str) -> Result<T, ConfigError> {
    if text.len() > LARGEST {
        return Err(super::file::too_large(file, text.len() as u64));
    }
    let quoted = letters::quote(text);
    serde_saphyr::from_str_with_options(&quoted.text, options(Tags::Refused))
        .map_err(|error| explain::explain(file, text, &quoted, &error))
}

/// Line and column, from 1, of a spanned value.
pub fn line_of<T>(value: &Spanned<T>) -> (u64, u64) {
    (value.referenced.line(), value.referenced.column())
}

/// Whether line `number` of `text`, from 1, names a key whose value is nobody's business.
pub fn holds_secret(text: &str, number: u64) -> bool {
    let line = usize::try_from(number).ok().and_then(|number| text.lines().nth(number.checked_sub(1)?));
    line.is_some_and(explain::holds_secret)
}

/// What to do with a tag that means nothing here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tags {
    /// Say so.
    Refused,
    /// Read on, and keep the last of two equal keys: for a second look at a file that is wrong anyway.
    Ignored,
}

fn options(tags: Tags) -> serde_saphyr::Options {
    let lenient = tags == Tags::Ignored;
    serde_saphyr::options! {
        legacy_octal_numbers: true,
        strict_booleans: false,
        with_snippet: false,
        emit_comments: false,
        reject_unsupported_tags: !lenient,
        duplicate_keys: if lenient { DuplicateKeyPolicy::LastWins } else { DuplicateKeyPolicy::Error },
        budget: serde_saphyr::budget! { max_depth: DEEPEST, max_documents: 2, max_recorded_anchor_events: 2 * MOST_REPEATED },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MOST_REPEATED },
    }
}

#[cfg(test)]
mod tests;
