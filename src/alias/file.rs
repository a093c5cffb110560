//! An alias: one YAML file that maps command formats to an action. The fields are StackStorm's.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::pattern::Pattern;
use super::written::{Entry, Written, WrittenAck, WrittenResult};
use crate::config::nearest::nearest;
use crate::config::yaml::{self, Spanned, line_of};
use crate::config::{ConfigError, Problem};

/// A loaded alias; every format has been read.
#[derive(Debug)]
pub struct Alias {
    /// The pack it belongs to.
    pub pack: String,
    /// Its name, unique in its pack.
    pub name: String,
    /// What help says about it.
    pub description: Option<String>,
    /// A disabled alias is never listed, matched or run.
    pub enabled: bool,
    /// The action to run, `pack.action`.
    pub action_ref: String,
    /// What people type.
    pub formats: Vec<Format>,
    /// The answer when the command is accepted.
    pub ack: Ack,
    /// The answer when the action is done.
    pub result: ResultSpec,
    /// Free settings of the alias.
    pub extra: Map<String, Value>,
    /// Parameters that people cannot give; text values are templates.
    pub immutable_parameters: Map<String, Value>,
    /// The file it came from.
    pub file: PathBuf,
}

/// One entry of `formats`.
#[derive(Debug)]
pub struct Format {
    /// The line of help, if it has one.
    pub display: Option<String>,
    /// The texts that are matched; none for an entry that is only shown.
    pub representation: Vec<Pattern>,
    /// Whether it matches anywhere in a sentence, any number of times.
    pub match_multiple: bool,
}

/// The `ack` of an alias.
#[derive(Debug, Clone, PartialEq)]
pub struct Ack {
    /// Whether to acknowledge at all.
    pub enabled: bool,
    /// The template, if not the usual words.
    pub format: Option<String>,
    /// Whether a link to the execution is added.
    pub append_url: bool,
    /// What chat services get beside the text.
    pub extra: Map<String, Value>,
}

/// The `result` of an alias.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultSpec {
    /// Whether to post the result at all.
    pub enabled: bool,
    /// The template, if not the usual one.
    pub format: Option<String>,
    /// What chat services get beside the text.
    pub extra: Map<String, Value>,
}

impl Alias {
    /// `pack.name`, which is unique.
    pub fn reference(&self) -> String {
        format!("{}.{}", self.pack, self.name)
    }

    /// Reads `text`, the content of `file`. `pack` is the pack the file lies in; without one the file must name it.
    ///
    /// # Errors
    /// All that is wrong with the file: the alias is not used.
    pub fn load(
        pack: Option<&str>,
        file: &Path,
        text: &str,
    ) -> Result<(Self, Vec<Problem>), Vec<ConfigError>> {
        let written = read(file, text).map_err(|error| vec![error])?;
        let mut check = Check { file, text, errors: Vec::new(), warnings: Vec::new() };
        let pack = check.pack(pack, written.pack.as_ref());
        check.word("name", &written.name);
        check.word("action_ref", &written.action_ref);
        let formats = check.formats(written.formats.unwrap_or_default());
        if !check.errors.is_empty() {
            return Err(check.errors);
        }
        let alias = Self {
            pack,
            name: written.name.value.0,
            description: written.description.map(|text| text.0),
            enabled: written.enabled.0,
            action_ref: written.action_ref.value.0,
            formats,
            ack: written.ack.unwrap_or_default().into(),
            result: written.result.unwrap_or_default().into(),
            extra: written.extra.unwrap_or_default(),
            immutable_parameters: written.immutable_parameters.unwrap_or_default(),
            file: file.to_owned(),
        };
        Ok((alias, check.warnings))
    }
}

impl From<WrittenAck> for Ack {
    fn from(written: WrittenAck) -> Self {
        Self {
            enabled: written.enabled.is_none_or(|flag| flag.0),
            format: written.format.map(|text| text.0),
            append_url: written.append_url.is_none_or(|flag| flag.0),
            extra: written.extra.unwrap_or_default(),
        }
    }
}

impl From<WrittenResult> for ResultSpec {
    fn from(written: WrittenResult) -> Self {
        Self {
            enabled: written.enabled.is_none_or(|flag| flag.0),
            format: written.format.map(|text| text.0),
            extra: written.extra.unwrap_or_default(),
        }
    }
}

/// Reads the YAML, and says what a slip probably meant.
fn read(file: &Path, text: &str) -> Result<Written, ConfigError> {
    yaml::read(file, text).map_err(|error| {
        if let Some(line) = unquoted_braces(text) {
            let advice = "a format that begins with `{{` is a map to YAML: put the whole format in quotes";
            return ConfigError::new(file, advice).at(line.0, line.1).excerpt_of(text);
        }
        match unknown_field(&error.message) {
            Some((found, known)) => match nearest(found, known) {
                Some(meant) => error.clone().help(format!("did you mean `{meant}`?")),
                None => error,
            },
            None => error,
        }
    })
}

/// Line and column of the first list entry that begins with bare `{{`.
fn unquoted_braces(text: &str) -> Option<(u64, u64)> {
    let entry = |line: &str| {
        line.trim_start().strip_prefix('-').is_some_and(|rest| rest.trim_start().starts_with("{{"))
    };
    let (number, line) = text.lines().enumerate().find(|(_, line)| entry(line))?;
    Some((number as u64 + 1, line.find('{')? as u64 + 1))
}

/// The name and the accepted names out of serde's sentence about an unknown field.
fn unknown_field(message: &str) -> Option<(&str, Vec<&str>)> {
    let mut quoted = message.split_once("unknown field ")?.1.split('`').skip(1).step_by(2);
    Some((quoted.next()?, quoted.collect()))
}

struct Check<'a> {
    file: &'a Path,
    text: &'a str,
    errors: Vec<ConfigError>,
    warnings: Vec<Problem>,
}

impl Check<'_> {
    fn error(&self, at: (u64, u64), key: impl Into<String>, message: impl Into<String>) -> ConfigError {
        ConfigError::new(self.file, message).at(at.0, at.1).key(key).excerpt_of(self.text)
    }

    fn pack(&mut self, folder: Option<&str>, written: Option<&Spanned<super::written::Text>>) -> String {
        match (folder, written) {
            (Some(folder), Some(written)) if written.value.0 != folder => {
                let found = &written.value.0;
                let message = format!("the file lies in the pack `{folder}`, and says `{found}`");
                let error = self.error(line_of(written), "pack", message);
                self.errors.push(error.help("leave the field out, or move the file"));
                String::new()
            }
            (_, Some(written)) => written.value.0.clone(),
            (Some(folder), None) => folder.to_owned(),
            (None, None) => {
                self.errors.push(ConfigError::new(self.file, "the field `pack` is missing"));
                String::new()
            }
        }
    }

    fn word(&mut self, key: &str, text: &Spanned<super::written::Text>) {
        if text.value.0.trim().is_empty() {
            let error = self.error(line_of(text), key, "it is empty");
            self.errors.push(error);
        }
    }

    fn formats(&mut self, entries: Vec<Spanned<Entry>>) -> Vec<Format> {
        if entries.is_empty() {
            let warning = ConfigError::new(self.file, "the alias has no formats: nobody can type it");
            self.warnings.push(Problem::Warning(warning));
        }
        let numbered = entries.into_iter().enumerate();
        numbered.map(|(index, entry)| self.format(&format!("formats[{index}]"), entry)).collect()
    }

    fn format(&mut self, key: &str, entry: Spanned<Entry>) -> Format {
        let at = line_of(&entry);
        match entry.value {
            Entry::Text(text) => {
                let pattern = self.pattern(key, at, &text, false);
                Format {
                    display: Some(text),
                    representation: pattern.into_iter().collect(),
                    match_multiple: false,
                }
            }
            Entry::Object { display, representation, multiple } => {
                let numbered = representation.iter().enumerate();
                let patterns = numbered.filter_map(|(index, text)| {
                    let key = format!("{key}.representation[{index}]");
                    self.pattern(&key, line_of(text), &text.value.0, multiple)
                });
                Format { display, representation: patterns.collect(), match_multiple: multiple }
            }
        }
    }

    fn pattern(&mut self, key: &str, at: (u64, u64), text: &str, multiple: bool) -> Option<Pattern> {
        match Pattern::parse(text, multiple) {
            Ok(pattern) => {
                if text.trim().is_empty() {
                    let warning = self.error(at, key, "the format is empty: it matches nothing");
                    self.warnings.push(Problem::Warning(warning));
                }
                Some(pattern.at(at.0, at.1))
            }
            Err(why) => {
                let error = self.error(at, key, why);
                self.errors.push(error);
                None
            }
        }
    }
}
