//! Finds out what a path holds, and imports each part of it.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use super::Mode;
use super::pack::{self, PackReport};
use super::variables::{self, VariableReport};
use crate::config::{read_file, yaml};

/// What was done, or would be.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct Report {
    /// The home that was copied into.
    pub(super) home: PathBuf,
    /// Each pack.
    pub(super) packs: Vec<PackReport>,
    /// Packs that are not copied.
    pub(super) skipped: Vec<Skipped>,
    /// The settings of the bot, if there was a file of them.
    pub(super) variables: Option<VariableReport>,
}

/// A pack that is not copied.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Skipped {
    /// Its name.
    pub(super) name: String,
    /// Why not.
    pub(super) why: &'static str,
}

impl Report {
    /// Whether something was kept because something else is in its place.
    pub(super) fn has_conflicts(&self) -> bool {
        self.packs.iter().any(|pack| !pack.kept.is_empty())
            || self.variables.as_ref().is_some_and(|variables| !variables.kept.is_empty())
    }
}

/// Packs that are part of StackStorm itself.
const BUILT_IN: [(&str, &str); 4] = [
    ("core", "its actions are inside the bot"),
    ("chatops", "the bot does what it is for"),
    ("packs", "packs are folders here, there is nothing to install"),
    ("st2", "it drives a StackStorm server"),
];

/// Where an installation keeps the settings of its bot.
const ENV_FILES: [&str; 2] = ["chatops/st2chatops.env", "st2chatops.env"];

/// Imports whatever `path` is.
pub(super) fn import(path: &Path, home: &Path, mode: Mode) -> anyhow::Result<Report> {
    let mut report = Report { home: home.to_owned(), ..Report::default() };
    if path.is_file() {
        report.variables = Some(variables::import(path, home, mode)?);
        return Ok(report);
    }
    if !path.is_dir() {
        bail!("cannot import `{}`: there is no such file or directory", path.display());
    }
    for folder in packs(path) {
        let name = name_of(&folder);
        match BUILT_IN.iter().find(|(built_in, _)| *built_in == name) {
            Some((_, why)) => report.skipped.push(Skipped { name, why }),
            None => {
                let context = || format!("cannot import the pack `{name}` from {}", folder.display());
                report.packs.push(pack::import(&name, &folder, home, mode).with_context(context)?);
            }
        }
    }
    if let Some(file) = ENV_FILES.iter().map(|name| path.join(name)).find(|file| file.is_file()) {
        report.variables = Some(variables::import(&file, home, mode)?);
    }
    if report.packs.is_empty() && report.skipped.is_empty() && report.variables.is_none() {
        bail!(
            "`{}` has no packs: a pack has a folder `aliases` or `actions`, or a `pack.yaml`",
            path.display()
        );
    }
    Ok(report)
}

/// The folders of packs: the path itself, those in it, or those in its folder `packs`.
fn packs(path: &Path) -> Vec<PathBuf> {
    if is_pack(path) {
        return vec![path.to_owned()];
    }
    let folder = if path.join("packs").is_dir() { path.join("packs") } else { path.to_owned() };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| is_pack(path)).collect();
    found.sort();
    found
}

fn is_pack(path: &Path) -> bool {
    path.join("pack.yaml").is_file() || path.join("aliases").is_dir() || path.join("actions").is_dir()
}

/// What a `pack.yaml` says of the pack's name.
#[derive(Deserialize)]
struct PackFile {
    #[serde(rename = "ref")]
    reference: Option<String>,
    name: Option<String>,
}

/// The `ref` of the pack's own file; else the name in it, if it can be one; else the folder's name.
pub(in crate::cli) fn name_of(folder: &Path) -> String {
    let file = folder.join("pack.yaml");
    let own = read_file(&file).and_then(|text| yaml::read::<PackFile>(&file, &text)).ok();
    let is_name = |name: &String| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
    };
    let named = own.and_then(|own| own.reference.filter(is_name).or(own.name.filter(is_name)));
    named.unwrap_or_else(|| {
        let absolute = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        absolute.file_name().unwrap_or_default().to_string_lossy().into_owned()
    })
}
