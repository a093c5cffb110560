//! A `notifiers.yaml` in the making: what every import of notifications has in common. Each notifier is read back
//! by the code that will read the file; one that is refused is kept as a comment with the reason.

mod write;
mod yaml;

use std::path::Path;

use serde_json::{Map, Value, json};

use super::env_file::{Kind, Line};
use crate::config::Problem;
use crate::config::env::Env;
use crate::notifier;

pub(super) use write::{Report, Target};

/// What stands where a secret is not known.
const PLACEHOLDER: &str = "set-me";
/// The longest name of a notifier, room for a number left.
const LONGEST_NAME: usize = 60;

/// What is found so far.
pub(super) struct Draft {
    /// What the names of variables begin with: `AWX`.
    prefix: &'static str,
    entries: Vec<Entry>,
    routes: Vec<Route>,
    lines: Vec<Line>,
    /// What is worth a word and belongs to no notifier.
    notes: Vec<String>,
}

/// One notifier, or what would have been one.
struct Entry {
    name: String,
    kind: String,
    fields: Map<String, Value>,
    remarks: Vec<String>,
    refused: Option<String>,
}

/// One route.
struct Route {
    fields: Map<String, Value>,
    send: Vec<String>,
}

impl Draft {
    /// An empty one.
    pub(super) fn new(prefix: &'static str) -> Self {
        Self { prefix, entries: Vec::new(), routes: Vec::new(), lines: Vec::new(), notes: Vec::new() }
    }

    /// A name that a notifier may have and none has yet, like `wanted`.
    pub(super) fn name(&self, wanted: &str) -> String {
        let kept = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { ' ' };
        let words: String = wanted.chars().map(kept).collect();
        let joined = words.split_whitespace().collect::<Vec<_>>().join("-").to_ascii_lowercase();
        let base: String = joined.trim_matches('-').chars().take(LONGEST_NAME).collect();
        let base = if base.is_empty() { "notifier".to_owned() } else { base };
        let taken = |name: &str| self.entries.iter().any(|entry| entry.name == name);
        let numbered = (2..).map(|number| format!("{base}-{number}"));
        std::iter::once(base.clone()).chain(numbered).find(|name| !taken(name)).unwrap_or(base)
    }

    /// A secret option: its value goes to `chatops.env`, the answer stands for it. `None` where it is not known.
    pub(super) fn secret(&mut self, notifier: &str, option: &str, value: Option<&str>) -> String {
        let upper = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
        let name: String = format!("{}_{notifier}_{option}", self.prefix).chars().map(upper).collect();
        let twice = self.lines.iter().filter(|line| line.name == name).count();
        let name = if twice == 0 { name } else { format!("{name}_{}", self.lines.len()) };
        let kind = if value.is_some() { Kind::Sets } else { Kind::Placeholder };
        let value = value.unwrap_or(PLACEHOLDER).to_owned();
        self.lines.push(Line { name: name.clone(), value, kind });
        format!("${{{name}}}")
    }

    /// What is worth a word.
    pub(super) fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    /// Why these options of `kind` would be refused.
    pub(super) fn refusal(&self, kind: &str, options: &Map<String, Value>) -> Option<String> {
        let fields = json!({"name": "a", "to": {kind: options}});
        self.refused(fields.as_object()?)
    }

    /// Why this text for a moment would be refused; `part` is `message` or `body`.
    pub(super) fn text_refusal(&self, moment: &str, part: &str, text: &str) -> Option<String> {
        let fields =
            json!({"name": "a", "to": {"exec": {"command": ["true"]}}, "messages": {moment: {part: text}}});
        self.refused(fields.as_object()?)
    }

    fn refused(&self, fields: &Map<String, Value>) -> Option<String> {
        let text = format!("notifiers:\n{}", yaml::entry(&Value::Object(fields.clone()), 2));
        let variables = self.lines.iter().map(|line| (line.name.clone(), line.value.clone()));
        let env = Env::parse(Path::new("chatops.env"), "", variables).ok()?;
        let read = notifier::read(Path::new("notifiers.yaml"), &text, &env, Path::new("/"));
        read.problems.iter().find(|problem| problem.is_fatal()).map(said)
    }

    /// Adds a notifier; `fields` are those of its entry without name and `to`.
    pub(super) fn add(
        &mut self,
        name: &str,
        kind: &str,
        options: &Map<String, Value>,
        mut fields: Map<String, Value>,
        remarks: Vec<String>,
    ) {
        let mut all = Map::from_iter([("name".to_owned(), json!(name))]);
        all.extend(fields.shift_remove_entry("description"));
        all.insert("to".to_owned(), json!({kind: options}));
        all.extend(fields);
        let refused = self.refused(&all);
        let (name, kind) = (name.to_owned(), kind.to_owned());
        self.entries.push(Entry { name, kind, fields: all, remarks, refused });
    }

    /// Adds what cannot be a notifier, with the reason.
    pub(super) fn leave_out(&mut self, name: &str, kind: &str, why: &str) {
        let (name, kind, why) = (name.to_owned(), kind.to_owned(), why.to_owned());
        let (fields, remarks) = (Map::new(), Vec::new());
        self.entries.push(Entry { name, kind, fields, remarks, refused: Some(why) });
    }

    /// Adds a route to those of `send` that are notifiers; none if there is none.
    pub(super) fn route(&mut self, fields: Map<String, Value>, send: &[String]) {
        let is_there =
            |name: &&String| self.entries.iter().any(|one| one.name == **name && one.refused.is_none());
        let send: Vec<String> = send.iter().filter(is_there).cloned().collect();
        if !send.is_empty() {
            self.routes.push(Route { fields, send });
        }
    }

    /// The names of the notifiers that are good.
    pub(super) fn names(&self) -> Vec<String> {
        let good = self.entries.iter().filter(|entry| entry.refused.is_none());
        good.map(|entry| entry.name.clone()).collect()
    }
}

/// A value of an option that stands for itself: nothing in it is taken for a variable.
pub(super) fn literal(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::from(super::env_file::literal(text)),
        Value::Array(items) => items.iter().map(literal).collect(),
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), literal(value))).collect(),
        other => other.clone(),
    }
}

/// A problem without its place, which is none that anybody could look at.
fn said(problem: &Problem) -> String {
    let error = problem.error();
    let help = error.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
    format!("{}{help}", error.message)
}
