//! The file, the variables beside it, and the report.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Serialize;
use serde_json::{Value, json};

use super::{Draft, Entry, Route, said, yaml};
use crate::cli::import::env_file::{self, Kind};
use crate::cli::import::{Mode, list};
use crate::config::env::Env;
use crate::notifier;
use crate::route::Rules;

/// Where the import goes.
pub(in crate::cli::import) struct Target<'a> {
    /// The home.
    pub(in crate::cli::import) home: &'a Path,
    /// Whether files are written.
    pub(in crate::cli::import) mode: Mode,
    /// Whether a `notifiers.yaml` that is there is written over.
    pub(in crate::cli::import) force: bool,
}

/// What was done, or would be. Names only, no values.
#[derive(Debug, Serialize)]
pub(in crate::cli::import) struct Report {
    /// The file.
    pub(in crate::cli::import) file: PathBuf,
    /// Each notifier.
    pub(in crate::cli::import) notifiers: Vec<Done>,
    /// How many routes.
    pub(in crate::cli::import) routes: usize,
    /// What became no notifier, with the reason.
    pub(in crate::cli::import) left_out: Vec<LeftOut>,
    /// Variables of `chatops.env` that are set now.
    pub(in crate::cli::import) set: Vec<String>,
    /// Variables that were set otherwise before; they stay.
    pub(in crate::cli::import) kept: Vec<String>,
    /// Variables whose values nobody but a person knows.
    pub(in crate::cli::import) fill_in: Vec<String>,
    /// What is worth a word.
    pub(in crate::cli::import) notes: Vec<String>,
}

/// One notifier.
#[derive(Debug, Serialize)]
pub(in crate::cli::import) struct Done {
    name: String,
    kind: String,
    remarks: Vec<String>,
}

/// What became no notifier.
#[derive(Debug, Serialize)]
pub(in crate::cli::import) struct LeftOut {
    name: String,
    kind: String,
    why: String,
}

impl Draft {
    /// Writes `notifiers.yaml`, whose first line names `source`, and the variables it needs.
    ///
    /// # Errors
    /// The file is there already, or cannot be written.
    pub(in crate::cli::import) fn write(self, source: &str, target: &Target<'_>) -> anyhow::Result<Report> {
        let file = target.home.join("notifiers.yaml");
        if file.exists() && !target.force && target.mode == Mode::Write {
            bail!(
                "`{}` is there already: look at what would be written with `--dry-run`, or write over it with `--force`",
                file.display()
            );
        }
        let text = self.text(source);
        self.prove(&text)?;
        let heading = format!("from {source}");
        let added = env_file::add(&self.lines, &heading, &target.home.join("chatops.env"), target.mode)?;
        if target.mode == Mode::Write {
            let written = fs::create_dir_all(target.home).and_then(|()| fs::write(&file, &text));
            written.with_context(|| format!("cannot write `{}`", file.display()))?;
        }
        Ok(self.report(file, added))
    }

    fn report(self, file: PathBuf, added: env_file::Added) -> Report {
        let is_open = |name: &String| {
            self.lines.iter().any(|line| line.name == *name && line.kind == Kind::Placeholder)
        };
        let (fill_in, set) = added.set.into_iter().partition(is_open);
        let (mut notifiers, mut left_out) = (Vec::new(), Vec::new());
        for Entry { name, kind, remarks, refused, .. } in self.entries {
            match refused {
                Some(why) => left_out.push(LeftOut { name, kind, why }),
                None => notifiers.push(Done { name, kind, remarks }),
            }
        }
        let (routes, kept, notes) = (self.routes.len(), added.kept, self.notes);
        Report { file, notifiers, routes, left_out, set, kept, fill_in, notes }
    }

    /// The text of the file.
    pub(super) fn text(&self, source: &str) -> String {
        let mut out = comment(
            0,
            &format!("Written by `chatops import {source}`. Try each one: `chatops notifier test NAME`."),
        );
        self.notes.iter().for_each(|note| out.push_str(&comment(0, note)));
        let none = if self.names().is_empty() { " []" } else { "" };
        out.push_str(&format!("notifiers:{none}\n"));
        self.entries.iter().for_each(|entry| out.push_str(&entry.text()));
        if !self.routes.is_empty() {
            out.push_str("routes:\n");
            self.routes.iter().for_each(|route| out.push_str(&route.text()));
        }
        out
    }

    /// What is written must be good: this program reads it next.
    fn prove(&self, text: &str) -> anyhow::Result<()> {
        let variables = self.lines.iter().map(|line| (line.name.clone(), line.value.clone()));
        let env = Env::parse(Path::new("chatops.env"), "", variables).unwrap_or_default();
        let file = Path::new("notifiers.yaml");
        let read = notifier::read(file, text, &env, Path::new("/"));
        if let Some(problem) = read.problems.iter().find(|problem| problem.is_fatal()) {
            bail!("what was read cannot be written as notifiers: {}", said(problem));
        }
        match Rules::parse(file, text) {
            Err(errors) => bail!("what was read cannot be written as routes: {}", errors[0].message),
            Ok(_) => Ok(()),
        }
    }
}

impl Entry {
    fn text(&self) -> String {
        let remarks = self.remarks.iter().map(|remark| comment(2, remark)).collect::<String>();
        let Some(why) = &self.refused else {
            return remarks + &yaml::entry(&Value::Object(self.fields.clone()), 2);
        };
        let head = comment(2, &format!("left out: `{}`, of kind {}: {why}", self.name, self.kind));
        let entry = if self.fields.is_empty() {
            String::new()
        } else {
            yaml::entry(&Value::Object(self.fields.clone()), 0)
        };
        head + &remarks + &entry.lines().map(|line| format!("  #   {line}\n")).collect::<String>()
    }
}

impl Route {
    fn text(&self) -> String {
        let mut fields = self.fields.clone();
        fields.insert("send".to_owned(), json!(self.send));
        yaml::entry(&Value::Object(fields), 2)
    }
}

fn comment(indent: usize, text: &str) -> String {
    text.lines().map(|line| format!("{:indent$}# {line}\n", "")).collect()
}

impl Report {
    /// Whether something was kept because something else is in its place.
    pub(in crate::cli::import) fn has_conflicts(&self) -> bool {
        !self.kept.is_empty()
    }

    /// The report for people.
    pub(in crate::cli::import) fn render(&self, mode: Mode) -> String {
        let would = if mode == Mode::Look { "would write" } else { "wrote" };
        let file = self.file.display();
        let mut lines =
            vec![format!("{file}: {would} {} notifiers, {} routes", self.notifiers.len(), self.routes)];
        for done in &self.notifiers {
            lines.push(format!("  {}: {}", done.name, done.kind));
            lines.extend(done.remarks.iter().map(|remark| format!("    {remark}")));
        }
        let left_out = self.left_out.iter();
        lines.extend(left_out.map(|one| format!("  left out {} ({}): {}", one.name, one.kind, one.why)));
        lines.extend(self.notes.iter().map(|note| format!("  {note}")));
        if !self.set.is_empty() {
            lines.push(format!("chatops.env: set {}", list(&self.set)));
        }
        lines.extend(
            self.kept
                .iter()
                .map(|name| format!("chatops.env: kept {name}: it is set otherwise, not overwritten")),
        );
        if !self.fill_in.is_empty() {
            lines.push(format!(
                "chatops.env: give their values to {}: they are not exported",
                list(&self.fill_in)
            ));
        }
        lines.join("\n")
    }
}
