//! An action's file: StackStorm's metadata, read as it is.

use std::borrow::Cow;
use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use super::node::{Node, Reader, Tree};
use super::notify::{self, Notify};
use super::parameter::{self, Parameter};
use super::shell;
use crate::config::yaml::{Spanned, line_of};
use crate::config::{ConfigError, Demand, Problem};

/// What an action is: a runner and what it is given.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// Its name, unique in its pack.
    pub name: String,
    /// The pack it belongs to.
    pub pack: String,
    /// The runner that carries it out (`runner_type`).
    pub runner: String,
    /// What it does, or empty.
    pub description: String,
    /// A disabled action is listed and never runs.
    pub enabled: bool,
    /// The script or other file it names, inside the pack folder.
    pub entry_point: Option<PathBuf>,
    /// Its own parameters and its overrides of the runner's, in the order of the file.
    pub parameters: Vec<Parameter>,
    /// The JSON schema of its result, kept as it is.
    pub output_schema: Option<Value>,
    /// Its tags, as `name` or `name:value`.
    pub tags: Vec<String>,
    /// Whom to tell when it ends.
    pub notify: Option<Notify>,
    /// Who must approve each run.
    pub approval: Option<Demand>,
    /// The file it comes from.
    pub file: PathBuf,
    /// SHA-256 of the file's text, in hex: which version this is.
    pub definition: String,
}

const KEYS: &[&str] = &[
    "name",
    "runner_type",
    "pack",
    "description",
    "enabled",
    "entry_point",
    "parameters",
    "output_schema",
    "tags",
    "notify",
    "approval",
    "metadata_file",
];

impl Action {
    /// Reads `text`, the content of `file`, a file in the `actions` folder of `pack`. Touches no disk.
    ///
    /// Beside the action come warnings; the errors are all that is wrong with the file, each with its line.
    pub fn load(pack: &str, file: &Path, text: &str) -> Result<(Self, Vec<Problem>), Vec<ConfigError>> {
        let mut reader = Reader::new(file, text);
        let node = reader.read()?;
        let mut problems = Vec::new();
        let mut action = Self::empty(pack, file, text);
        for (key, value) in reader.map(&node, "") {
            action.set(&mut reader, key, value, &mut problems);
        }
        if action.name.is_empty() {
            needed(&mut reader, &node, "name", "what the action is called");
        }
        if action.runner.is_empty() {
            needed(
                &mut reader,
                &node,
                "runner_type",
                "what carries the action out, such as `local-shell-cmd`",
            );
        }
        if action.runner.ends_with("-script") && action.entry_point.is_none() {
            needed(&mut reader, &node, "entry_point", "the script, relative to the actions folder");
        }
        shell::check_action(&mut reader, &action, text);
        if reader.errors.is_empty() { Ok((action, problems)) } else { Err(reader.errors) }
    }

    fn empty(pack: &str, file: &Path, text: &str) -> Self {
        let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
        Self {
            name: String::new(),
            pack: pack.to_owned(),
            runner: String::new(),
            description: String::new(),
            enabled: true,
            entry_point: None,
            parameters: Vec::new(),
            output_schema: None,
            tags: Vec::new(),
            notify: None,
            approval: None,
            file: file.to_owned(),
            definition: crate::model::hex::encode(digest.as_ref()),
        }
    }

    fn set(
        &mut self,
        reader: &mut Reader<'_>,
        key: &Spanned<String>,
        value: &Node,
        problems: &mut Vec<Problem>,
    ) {
        match key.value.as_str() {
            "name" => self.name = name(reader, value),
            "runner_type" => self.runner = reader.text(value, "runner_type").unwrap_or_default(),
            "pack" => check_pack(reader, &self.pack, value),
            "description" => self.description = reader.text(value, "description").unwrap_or_default(),
            "enabled" => self.enabled = reader.boolean(value, "enabled").unwrap_or(true),
            "entry_point" => self.entry_point = entry_point(reader, &self.file, value),
            "parameters" => self.parameters = parameter::read(reader, value, problems),
            "output_schema" => {
                self.output_schema = Some(value.value.to_json()).filter(|value| !value.is_null());
            }
            "tags" => self.tags = tags(reader, value),
            "notify" => self.notify = notify::read(reader, value),
            "approval" => self.approval = approval(reader, value),
            "metadata_file" => {}
            _ => reader.unknown(key, "", KEYS),
        }
    }

    /// What aliases, grants and people call it: `pack.name`.
    pub fn reference(&self) -> String {
        format!("{}.{}", self.pack, self.name)
    }

    /// Everything that may be given, for help and checks: the action's own parameters and overrides
    /// first, then the rest of the runner's.
    pub fn parameters_with<'a>(&'a self, runner: &'a [Parameter]) -> Vec<Cow<'a, Parameter>> {
        let of_runner = |name: &str| runner.iter().find(|parameter| parameter.name == name);
        let own = self.parameters.iter().map(|own| match of_runner(&own.name) {
            Some(base) => Cow::Owned(base.overlaid(own)),
            None => Cow::Borrowed(own),
        });
        let rest = runner.iter().filter(|base| !self.parameters.iter().any(|own| own.name == base.name));
        own.chain(rest.map(Cow::Borrowed)).collect()
    }

    /// What can only be checked beside the parameters of its runner: an override may not change a type.
    pub fn check(&self, runner: &[Parameter]) -> Vec<Problem> {
        let changed = self.parameters.iter().filter_map(|own| {
            let base = runner.iter().find(|base| base.name == own.name)?;
            let (theirs, ours) = (base.kind?, own.kind?);
            (theirs != ours).then(|| {
                let message = format!(
                    "the type of a parameter of runner `{}` cannot change: it is `{theirs}`",
                    self.runner
                );
                let error = ConfigError::new(&self.file, message).at(own.at.0, own.at.1);
                Problem::Error(error.key(format!("parameters.{}.type", own.name)))
            })
        });
        changed.collect()
    }
}

/// What is wrong here must not become an action without approval.
fn approval(reader: &mut Reader<'_>, node: &Node) -> Option<Demand> {
    Demand::read(&node.value.to_json()).unwrap_or_else(|why| {
        reader.refuse(line_of(node), "approval", why);
        None
    })
}

fn needed(reader: &mut Reader<'_>, node: &Node, key: &str, what: &str) {
    // An empty or wrong document has been reported already, or has nothing but this to report.
    if matches!(node.value, Tree::Map(_) | Tree::Null) {
        let error = reader.error(line_of(node), "", format!("`{key}` is missing"));
        reader.errors.push(error.help(format!("add `{key}:`, {what}")));
    }
}

fn name(reader: &mut Reader<'_>, node: &Node) -> String {
    let name = reader.text(node, "name").unwrap_or_default();
    let good = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    if !name.chars().all(good) {
        reader.refuse(
            line_of(node),
            "name",
            format!("`{name}` is no name: letters, digits, `_`, `-` and `.` are accepted"),
        );
    }
    name
}

fn check_pack(reader: &mut Reader<'_>, pack: &str, node: &Node) {
    let given = reader.text(node, "pack").unwrap_or_else(|| pack.to_owned());
    if given != pack {
        let message = format!("the file is in pack `{pack}`, but says `{given}`");
        let error = reader.error(line_of(node), "pack", message);
        reader
            .errors
            .push(error.help(format!("leave `pack` out, or move the file to `packs/{given}/actions`")));
    }
}

fn tags(reader: &mut Reader<'_>, node: &Node) -> Vec<String> {
    let mut tags = Vec::new();
    for item in reader.list(node, "tags") {
        match item.value.to_json() {
            Value::String(tag) => tags.push(tag),
            Value::Object(tag) if tag["name"].is_string() => {
                let value = tag.get("value").and_then(Value::as_str).map(|value| format!(":{value}"));
                tags.push(format!(
                    "{}{}",
                    tag["name"].as_str().unwrap_or_default(),
                    value.unwrap_or_default()
                ));
            }
            _ => reader.refuse(line_of(item), "tags", "a tag is text, or a mapping of `name` and `value`"),
        }
    }
    tags
}

/// The file that `entry_point` names, if it stays inside the pack folder.
fn entry_point(reader: &mut Reader<'_>, file: &Path, node: &Node) -> Option<PathBuf> {
    let given = reader.text(node, "entry_point").filter(|given| !given.is_empty())?;
    let actions = file.parent().unwrap_or(Path::new(""));
    let found = inside(actions, Path::new(&given));
    if found.is_none() {
        let message = format!("`{given}` is outside of the pack folder");
        let error = reader.error(line_of(node), "entry_point", message);
        reader.errors.push(error.help("put the file beside this one and name it relative to this folder"));
    }
    found
}

/// `given` relative to the `actions` folder, with `.` and `..` resolved, unless it leaves the folder
/// around `actions`.
fn inside(actions: &Path, given: &Path) -> Option<PathBuf> {
    let mut steps: Vec<&std::ffi::OsStr> = Vec::new();
    // How far below the pack folder we are: its `actions` folder is one step down.
    let mut up = false;
    let given = given.strip_prefix(actions).unwrap_or(given);
    for component in given.components() {
        match component {
            Component::Normal(step) => steps.push(step),
            Component::CurDir => {}
            Component::ParentDir if steps.pop().is_some() => {}
            Component::ParentDir if !up => up = true,
            _ => return None,
        }
    }
    let base = if up { actions.parent()? } else { actions };
    (!steps.is_empty()).then(|| base.join(steps.iter().collect::<PathBuf>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<(Action, Vec<Problem>), Vec<ConfigError>> {
        Action::load("ops", Path::new("/home/packs/ops/actions/x.yaml"), text)
    }

    fn heads(text: &str) -> Vec<String> {
        load(text).unwrap_err().iter().map(ConfigError::headline).collect()
    }

    #[test]
    fn metadata_loads_as_stackstorm_writes_it() {
        let text = "---\nname: df\npack: ops\nrunner_type: local-shell-script\nentry_point: df.sh\nenabled: true\n\
                    description: How full disks are\ntags: [{name: tier, value: '1'}, disk]\noutput_schema: {}\n\
                    metadata_file: actions/x.yaml\nparameters:\n  path:\n    type: string\n    position: 0\n    default: /\n";
        let (action, problems) = load(text).unwrap();
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(action.reference(), "ops.df");
        assert_eq!(action.entry_point.as_deref(), Some(Path::new("/home/packs/ops/actions/df.sh")));
        assert_eq!(action.tags, ["tier:1", "disk"]);
        assert_eq!(action.definition.len(), 64);
    }

    #[test]
    fn every_mistake_is_told_with_its_line() {
        let heads = heads("nam: x\nrunner_type: noop\nenabled: maybe\n");
        assert_eq!(
            heads,
            [
                "/home/packs/ops/actions/x.yaml:1:1: unknown key `nam`",
                "/home/packs/ops/actions/x.yaml:3:10: enabled: `true` or `false` is expected, text was found",
                "/home/packs/ops/actions/x.yaml:1:1: `name` is missing",
            ]
        );
        assert_eq!(load("nam: x\n").unwrap_err()[0].help.as_deref(), Some("did you mean `name`?"));
    }

    #[test]
    fn an_entry_point_never_leaves_the_pack() {
        for (given, found) in [
            ("a.sh", Some("/p/actions/a.sh")),
            ("lib/../a.sh", Some("/p/actions/a.sh")),
            ("../lib/a.sh", Some("/p/lib/a.sh")),
            ("/p/actions/a.sh", Some("/p/actions/a.sh")),
            ("../../a.sh", None),
            ("lib/../../../a.sh", None),
            ("/etc/passwd", None),
            (".", None),
        ] {
            assert_eq!(
                inside(Path::new("/p/actions"), Path::new(given)).as_deref(),
                found.map(Path::new),
                "{given}"
            );
        }
        assert!(
            heads("name: x\nrunner_type: local-shell-script\nentry_point: ../../x\n")[0].contains("outside")
        );
    }

    #[test]
    fn another_packs_file_is_refused() {
        assert!(heads("name: x\nrunner_type: noop\npack: other\n")[0].contains("says `other`"));
    }

    #[test]
    fn a_runners_type_cannot_be_overridden() {
        let runner =
            parameter::read_parameters(Path::new("r"), "timeout: {type: integer, default: 60}").unwrap();
        let (action, _) =
            load("name: x\nrunner_type: noop\nparameters: {timeout: {type: string, default: a}}\n").unwrap();
        assert!(action.check(&runner)[0].is_fatal());
        let (action, _) = load("name: x\nrunner_type: noop\nparameters: {timeout: {default: 5}}\n").unwrap();
        assert_eq!(action.parameters_with(&runner)[0].kind, Some(super::super::Kind::Integer));
        assert!(action.check(&runner).is_empty());
    }

    #[test]
    fn broken_yaml_is_one_error() {
        assert_eq!(load("name: [x\n").unwrap_err().len(), 1);
        assert_eq!(load("- a\n").unwrap_err().len(), 1);
    }
}
