//! Every mistake of a file whose form is wrong. A reading stops at the first one; so what is wrong is taken out and the
//! rest is read again, until it is good. What is then wrong with values is told too, each at its own place.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use crate::config::env::Env;
use crate::config::yaml::{self, Node, Tree, line_of};
use crate::config::{ConfigError, Problem};

/// The most mistakes that are told at once.
const MOST: usize = 50;

/// All mistakes of `text` in the order of its lines; `first` is the one that the whole reading found.
pub(super) fn all(file: &Path, text: &str, first: ConfigError, env: &Env, base: &Path) -> Vec<ConfigError> {
    // What is no YAML at all has one mistake: where it ends to be.
    let Ok(written) = yaml::read::<Node>(file, text) else { return vec![first] };
    let mut rest = Rest { written: &written, left: written.value.to_json(), gone: BTreeSet::new() };
    let mut found = Vec::new();
    let mut next = Some((first.clone(), Some(first)));
    while let Some((error, shown)) = next.take().filter(|_| found.len() < MOST) {
        found.extend(shown.filter(|_| !rest.follows(&error)));
        if !rest.take_out(&error) {
            break;
        }
        let again = emit(&rest.left);
        match super::entries(file, &again, env, base) {
            Ok(read) => {
                let errors = read.problems.into_iter().filter_map(|one| match one {
                    Problem::Error(error) => Some(error),
                    Problem::Warning(_) => None,
                });
                let own = errors.filter(|error| !rest.follows(error) && !rest.may_follow(error));
                found.extend(own.filter_map(|error| rest.at_its_place(file, text, &again, error)));
            }
            Err(error) => {
                let shown = rest.at_its_place(file, text, &again, error.clone());
                next = Some((error, shown));
            }
        }
    }
    found.sort_by_key(|error| error.at);
    found
}

/// What is left of a file.
struct Rest<'a> {
    /// The file as it is.
    written: &'a Node,
    left: Value,
    /// The mappings that something was taken out of, with its key.
    gone: BTreeSet<(String, String)>,
}

impl Rest<'_> {
    /// Takes out what an error is about; whether something could be.
    fn take_out(&mut self, error: &ConfigError) -> bool {
        let steps = steps(&error.key);
        let [Step::Key(list), Step::Index(index), below @ ..] = &steps[..] else {
            // A key beside `notifiers`.
            let [Step::Key(key)] = &steps[..] else { return false };
            return key != "notifiers"
                && self.left.as_object_mut().is_some_and(|map| map.shift_remove(key).is_some());
        };
        let Some(entry) =
            self.left.get_mut(list).and_then(|list| list.get_mut(*index)).filter(|_| list == "notifiers")
        else {
            return false;
        };
        let whole = || json!({"name": format!("x{index}"), "to": harmless()});
        match below {
            // Something is missing there, or it is no mapping.
            [] => {
                let before = entry.clone();
                let Value::Object(map) = entry else {
                    *entry = whole();
                    return true;
                };
                for (key, value) in whole().as_object().into_iter().flatten() {
                    map.entry(key.clone()).or_insert_with(|| value.clone());
                }
                *entry != before
            }
            [Step::Key(key)] if key == "name" => set(entry, "name", json!(format!("x{index}"))),
            [Step::Key(to)] | [Step::Key(to), Step::Key(_)] if to == "to" => set(entry, "to", harmless()),
            _ => {
                let meant = error
                    .help
                    .as_deref()
                    .and_then(|help| help.strip_prefix("did you mean `")?.strip_suffix("`?"));
                self.take_out_below(*index, below, meant)
            }
        }
    }

    /// A misspelt key becomes the one that was meant, so that its value is looked at too; what else is wrong goes.
    fn take_out_below(&mut self, index: usize, below: &[Step], meant: Option<&str>) -> bool {
        // An item of a list goes with its list: the places of the others stay.
        let keys: Vec<&String> =
            below.iter().map_while(|step| if let Step::Key(key) = step { Some(key) } else { None }).collect();
        let Some((last, above)) = keys.split_last() else { return false };
        let mut at = &mut self.left["notifiers"][index];
        for key in above {
            let Some(next) = at.get_mut(key.as_str()) else { return false };
            at = next;
        }
        let Some(map) = at.as_object_mut() else { return false };
        let Some(value) = map.shift_remove(last.as_str()) else { return false };
        match meant.filter(|meant| !map.contains_key(*meant)) {
            Some(meant) => drop(map.insert(meant.to_owned(), value)),
            None => {
                let path =
                    above.iter().fold(format!("notifiers[{index}]"), |path, key| format!("{path}.{key}"));
                self.gone.insert((path, (*last).clone()));
            }
        }
        true
    }

    /// Whether an error is only there because something was taken out: it names that, or misses something there.
    fn follows(&self, error: &ConfigError) -> bool {
        let named: Vec<&str> = error.message.split('`').skip(1).step_by(2).collect();
        self.gone.iter().any(|(path, key)| {
            let misses = error.key == *path && error.message.ends_with("is missing");
            let within = error.key == *path || path.starts_with(&format!("{}.", error.key));
            misses || (within && named.contains(&key.as_str()))
        })
    }

    /// Whether an error of values stands among options of which some were taken out.
    fn may_follow(&self, error: &ConfigError) -> bool {
        let Some((entry, _)) = error.key.split_once(".to") else { return false };
        self.gone.iter().any(|(path, _)| path.starts_with(&format!("{entry}.to.")))
    }

    /// An error of what was read again, with its place in the file; `None` for what stands there under another name.
    fn at_its_place(&self, file: &Path, text: &str, again: &str, error: ConfigError) -> Option<ConfigError> {
        let steps = steps(&error.key);
        let (key, value) = place(self.written, &steps)?;
        let copy = yaml::read::<Node>(file, again).ok();
        let of_key = copy.and_then(|copy| place(&copy, &steps)).is_some_and(|(key, _)| key == error.at);
        let (line, column) = key.filter(|_| of_key).or(value)?;
        let shown = error.excerpt.is_some();
        let error = ConfigError { excerpt: None, ..error }.at(line, column);
        Some(if shown && !yaml::holds_secret(text, line) { error.excerpt_of(text) } else { error })
    }
}

fn set(entry: &mut Value, key: &str, value: Value) -> bool {
    entry.as_object_mut().is_some_and(|map| map.insert(key.to_owned(), value.clone()) != Some(value))
}

/// A destination that is right, in the place of one that is not.
fn harmless() -> Value {
    json!({"log": {"file": "x"}})
}

/// One part of a path of keys.
#[derive(Debug, PartialEq)]
enum Step {
    Key(String),
    Index(usize),
}

/// `notifiers[0].to` in parts.
fn steps(path: &str) -> Vec<Step> {
    let part = |part: &str| -> Vec<Step> {
        let mut pieces = part.split('[');
        let key = pieces.next().filter(|key| !key.is_empty()).map(|key| Step::Key(key.to_owned()));
        let index = |piece: &str| piece.trim_end_matches(']').parse().ok().map(Step::Index);
        key.into_iter().chain(pieces.filter_map(index)).collect()
    };
    path.split('.').flat_map(part).collect()
}

type At = Option<(u64, u64)>;

/// Where the key and the value of a path stand; what is not there has the place of what is above it.
fn place(root: &Node, steps: &[Step]) -> Option<(At, At)> {
    let (mut node, mut key) = (root, None);
    for step in steps {
        let next = match (step, &node.value) {
            (Step::Key(name), Tree::Map(entries)) => entries
                .iter()
                .find(|(key, _)| key.value == *name)
                .map(|(key, value)| (Some(line_of(key)), value)),
            (Step::Index(index), Tree::List(items)) => items.get(*index).map(|item| (None, item)),
            _ => None,
        };
        (key, node) = next?;
    }
    Some((key, Some(line_of(node))))
}

/// A value as YAML with one key or item in a line, so that a place is one of them.
fn emit(value: &Value) -> String {
    let mut out = String::new();
    below(value, 0, &mut out);
    out.push('\n');
    out
}

fn below(value: &Value, indent: usize, out: &mut String) {
    let space = " ".repeat(indent);
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                out.push_str(&format!("\n{space}{}:", word(key)));
                below(value, indent + 2, out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                out.push_str(&format!("\n{space}-"));
                below(item, indent + 2, out);
            }
        }
        Value::String(text) => out.push_str(&format!(" {}", word(text))),
        other => out.push_str(&format!(" {other}")),
    }
}

/// A text as people write it, quoted where it would be something else.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    let means_more = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(plain)
        && !means_more.contains(&text.to_lowercase().as_str());
    if is_plain { text.to_owned() } else { Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_emitted_reads_as_it_was() {
        let value = json!({"a": [{"b": "yes", "c": 1.5, "on": null}, [], {}, [["x: y"]]], "d e": "{{ x }}\n#", "f": true});
        let again: Node = yaml::read(Path::new("x"), &emit(&value)).unwrap();
        assert_eq!(again.value.to_json(), value);
    }

    #[test]
    fn a_path_is_read_in_steps() {
        let key = |key: &str| Step::Key(key.to_owned());
        assert_eq!(
            steps("notifiers[2].to.a[0]"),
            [key("notifiers"), Step::Index(2), key("to"), key("a"), Step::Index(0)]
        );
        assert!(steps("").is_empty());
    }
}
