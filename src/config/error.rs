//! What is wrong with a file, and where.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::ser::{Serialize, SerializeStruct, Serializer};

/// One thing wrong in one file. Displayed over several lines:
///
/// ```text
/// aliases/run.yaml:4:3: formats[0]: no parameter may be named twice: `host`
///   |
/// 4 |   - "copy {{host}} to {{host}}"
///   |   ^
///   = help: rename one of them
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The file, as the admin knows it.
    pub file: PathBuf,
    /// Line and column, from 1, where known.
    pub at: Option<(u64, u64)>,
    /// The path of keys to the mistake, such as `roles.operator[0].run`; empty for the whole file.
    pub key: String,
    /// What was found and what is accepted: lower case, no full stop, values in backticks.
    pub message: String,
    /// Lines of the source around the mistake, with a caret, where the source is at hand.
    pub excerpt: Option<String>,
    /// What to do about it, `did you mean` among it.
    pub help: Option<String>,
}

impl std::error::Error for ConfigError {}

impl ConfigError {
    /// An error about `file` as a whole.
    pub fn new(file: &Path, message: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            at: None,
            key: String::new(),
            message: message.into(),
            excerpt: None,
            help: None,
        }
    }

    /// Adds the line and column.
    #[must_use]
    pub fn at(mut self, line: u64, column: u64) -> Self {
        self.at = Some((line, column));
        self
    }

    /// Adds the path of keys.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = key.into();
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Cuts the excerpt out of the file's text; needs the line.
    #[must_use]
    pub fn excerpt_of(mut self, source: &str) -> Self {
        if let Some((line, column)) = self.at {
            let text = usize::try_from(line - 1).ok().and_then(|index| source.lines().nth(index));
            self.excerpt = text.map(|text| excerpt(line, column, text));
        }
        self
    }

    /// The first line alone: place, key and message.
    pub fn headline(&self) -> String {
        let mut out = self.file.display().to_string();
        if let Some((line, column)) = self.at {
            out.push_str(&format!(":{line}:{column}"));
        }
        if !self.key.is_empty() {
            out.push_str(&format!(": {}", self.key));
        }
        out.push_str(&format!(": {}", self.message));
        out
    }
}

/// An excerpt cuts lines at this many characters.
const WIDEST: usize = 160;

fn excerpt(line: u64, column: u64, text: &str) -> String {
    let number = line.to_string();
    let margin = " ".repeat(number.len());
    let shown: String = text.chars().take(WIDEST).collect();
    let caret = usize::try_from(column.saturating_sub(1)).unwrap_or(0).min(WIDEST);
    format!("{margin} |\n{number} | {shown}\n{margin} | {}^", " ".repeat(caret))
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.headline())?;
        if let Some(excerpt) = &self.excerpt {
            write!(f, "\n{excerpt}")?;
        }
        if let Some(help) = &self.help {
            write!(f, "\n  = help: {help}")?;
        }
        Ok(())
    }
}

/// What a load found: fatal for that file, or worth a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The file, or the entry of it, is not used.
    Error(ConfigError),
    /// It is used, and something about it is probably not meant.
    Warning(ConfigError),
}

impl Problem {
    /// The place and the words.
    pub fn error(&self) -> &ConfigError {
        match self {
            Self::Error(error) | Self::Warning(error) => error,
        }
    }

    /// Whether the file is unused because of it.
    pub fn is_fatal(&self) -> bool {
        matches!(self, Self::Error(_))
    }
}

/// As every command and the API show it:
/// `{"severity": "error", "file": "...", "line": 4, "column": 3, "key": "...", "message": "...", "help": null}`.
impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let error = self.error();
        let mut fields = serializer.serialize_struct("Problem", 7)?;
        fields.serialize_field("severity", if self.is_fatal() { "error" } else { "warning" })?;
        fields.serialize_field("file", &error.file)?;
        fields.serialize_field("line", &error.at.map(|(line, _)| line))?;
        fields.serialize_field("column", &error.at.map(|(_, column)| column))?;
        fields.serialize_field("key", &error.key)?;
        fields.serialize_field("message", &error.message)?;
        fields.serialize_field("help", &error.help)?;
        fields.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_look_alike_in_every_json_answer() {
        let error = ConfigError::new(Path::new("aliases/run.yaml"), "no such key").at(4, 3).key("formts");
        assert_eq!(
            serde_json::to_string(&Problem::Warning(error)).unwrap(),
            r#"{"severity":"warning","file":"aliases/run.yaml","line":4,"column":3,"key":"formts","message":"no such key","help":null}"#
        );
    }
}
