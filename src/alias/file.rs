//! An alias: one YAML file that maps command formats to an action. The fields are StackStorm's.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::guard;
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
        let written = read(file, text)?;
        let mut check = Check { file, text, errors: Vec::new(), warnings: Vec::new() };
        let pack = check.pack(pack, written.pack.as_ref());
        check.word("name", &written.name);
        check.word("action_ref", &written.action_ref);
        check.guards(written.extra.as_ref());
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
fn read(file: &Path, text: &str) -> Result<Written, Vec<ConfigError>> {
    yaml::read(file, text).map_err(|mut error| {
        if let Some(line) = unquoted_braces(text) {
            let advice = "a format that begins with `{{` is a map to YAML: put the whole format in quotes";
            return vec![ConfigError::new(file, advice).at(line.0, line.1).excerpt_of(text)];
        }
        // The place stands in front already.
        if let Some((message, _)) = error.message.rsplit_once(" at line ") {
            error.message = message.to_owned();
        }
        let meant = unknown_field(&error.message).and_then(|(found, known)| nearest(found, known));
        let help = meant.map(|meant| format!("did you mean `{meant}`?"));
        vec![match help {
            Some(help) => error.help(help),
            None => error,
        }]
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

/// The name and the accepted names out of the sentence about an unknown field.
fn unknown_field(message: &str) -> Option<(&str, Vec<&str>)> {
    let (found, known) = message.split_once("unknown field `")?.1.split_once("`, expected ")?;
    let known = known.trim_start_matches("one of ").split([',', ' ']).map(|name| name.trim_matches('`'));
    Some((found, known.filter(|name| !name.is_empty() && *name != "or").collect()))
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

    /// What keeps a command from running at once must not be lost by a slip.
    fn guards(&mut self, extra: Option<&Map<String, Value>>) {
        let found = extra.map(guard::problems).unwrap_or_default();
        let error = |(key, why)| ConfigError::new(self.file, why).key(key);
        self.errors.extend(found.into_iter().map(error));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(text: &str) -> Vec<String> {
        let loaded = Alias::load(Some("p"), Path::new("aliases/a.yaml"), text);
        loaded.unwrap_err().iter().map(ToString::to_string).collect()
    }

    const HEAD: &str = "name: a\naction_ref: core.noop\nformats:\n";

    #[test]
    fn a_bad_format_is_named_with_its_line() {
        let found = errors(&format!("{HEAD}  - good {{{{x}}}}\n  - \"copy {{{{h}}}} to {{{{h}}}}\"\n"));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].starts_with("aliases/a.yaml:5:5: formats[1]: the parameter `h` is named twice"),
            "{found:?}"
        );
    }

    #[test]
    fn a_representation_that_cannot_compile_is_named_with_its_line() {
        let large = "((a{1000}){1000}){1000}";
        for bad in ["(a", "x[", "(?<=a+)b\\\\1(", large, "[z-a]", "a{3,2}"] {
            let found = errors(&format!("{HEAD}  - display: d\n    representation:\n      - \"{bad}\"\n"));
            assert!(found[0].starts_with("aliases/a.yaml:6:9: formats[0].representation[0]: "), "{found:?}");
        }
        assert!(errors(&format!("{HEAD}  - \"{large}\"\n"))[0].contains("too large"));
    }

    #[test]
    fn bare_braces_are_told_to_be_quoted() {
        for line in ["{{cmd}} please", "{{cmd}}", "{{cmd}}: x"] {
            let found = errors(&format!("{HEAD}  - {line}\n"));
            assert!(found[0].starts_with("aliases/a.yaml:4:5: a format that begins with `{{`"), "{found:?}");
        }
    }

    #[test]
    fn an_unknown_key_names_the_nearest() {
        let found = errors("name: a\naction_ref: core.noop\nformts: []\n");
        assert!(
            found[0].contains("aliases/a.yaml:3:1") && found[0].contains("did you mean `formats`?"),
            "{found:?}"
        );
    }

    #[test]
    fn another_pack_than_the_folder_is_refused() {
        let found = errors("name: a\npack: q\naction_ref: core.noop\n");
        assert!(found[0].contains(":2:7: pack: the file lies in the pack `p`, and says `q`"), "{found:?}");
    }

    #[test]
    fn broken_and_hostile_yaml_is_refused() {
        let bomb: String = (1..30).map(|n| format!("b{n}: &b{n} [*b{0}, *b{0}, *b{0}]\n", n - 1)).collect();
        let large = format!("name: a\n# {}\n", "x".repeat(1 << 20));
        for bad in [
            "",
            "a: [",
            "- x",
            "name: a: b",
            "{",
            &"[".repeat(100_000),
            &large,
            &format!("b0: &b0 x\n{bomb}"),
        ] {
            assert!(!errors(bad).is_empty());
        }
    }

    #[test]
    fn what_is_left_out_has_stackstorms_defaults() {
        let text = format!(
            "{HEAD}  - x {{{{y}}}}\nack: null\nresult: {{format: r}}\nimmutable_parameters: {{y: 010}}\n"
        );
        let (alias, warnings) = Alias::load(Some("p"), Path::new("a.yaml"), &text).unwrap();
        assert_eq!((alias.reference().as_str(), alias.enabled, warnings.len()), ("p.a", true, 0));
        assert!(alias.ack.enabled && alias.ack.append_url && alias.result.enabled);
        assert_eq!(alias.result.format.as_deref(), Some("r"));
        assert_eq!(alias.immutable_parameters["y"], 8);
        assert_eq!(alias.formats[0].representation[0].line(), Some((4, 5)));
    }
}
