//! One pack: what is copied, what is left out.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Mode;
use super::copy::{Copied, copy, files};
use crate::config::home::yaml_files;
use crate::config::{read_file, yaml};
use crate::runner;

/// What became of one pack.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct PackReport {
    /// Its name.
    pub(super) name: String,
    /// How many alias files it has.
    pub(super) aliases: usize,
    /// How many action files it has.
    pub(super) actions: usize,
    /// Files copied, as they are called in the pack.
    pub(super) copied: Vec<String>,
    /// How many files were there already, the same.
    pub(super) same: usize,
    /// Files in whose place another file is, and stays.
    pub(super) kept: Vec<String>,
    /// What has no counterpart here: kind, and the names.
    pub(super) left_out: BTreeMap<&'static str, Vec<String>>,
    /// Actions whose runner is not supported, by runner.
    pub(super) runners: BTreeMap<String, Vec<String>>,
    /// Files that cannot be read.
    pub(super) problems: Vec<String>,
}

/// What is copied, whole folders and single files.
const FOLDERS: [&str; 3] = ["aliases", "actions", "lib"];
const FILES: [&str; 7] = [
    "pack.yaml",
    "config.schema.yaml",
    "requirements.txt",
    "README.md",
    "LICENSE",
    "LICENSE.md",
    "LICENSE.txt",
];
/// What has no counterpart, and how it is called in the report.
const LEFT_OUT: [(&str, &str); 4] =
    [("rules", "rules"), ("sensors", "sensors"), ("triggers", "triggers"), ("policies", "policies")];

/// Where a pack goes: the pack `default` is the home itself.
pub(super) fn place(home: &Path, name: &str) -> std::path::PathBuf {
    if name == "default" { home.to_owned() } else { home.join("packs").join(name) }
}

/// Copies the pack `name` from the folder `from`.
pub(super) fn import(name: &str, from: &Path, home: &Path, mode: Mode) -> io::Result<PackReport> {
    let mut report = PackReport { name: name.to_owned(), ..PackReport::default() };
    let to = place(home, name);
    for folder in FOLDERS.iter().filter(|folder| from.join(folder).is_dir()) {
        for path in files(&from.join(folder), from)? {
            let path = Path::new(folder).join(path);
            report.add(&path.display().to_string(), copy(&from.join(&path), &to.join(&path), mode)?);
        }
    }
    // The home has its own README and licence.
    for file in FILES.iter().filter(|file| name != "default" && from.join(file).is_file()) {
        report.add(file, copy(&from.join(file), &to.join(file), mode)?);
    }
    report.aliases = yaml_files(&from.join("aliases")).map_or(0, |files| files.len());
    report.look_at_actions(from);
    for (folder, kind) in LEFT_OUT {
        let names = names(&from.join(folder));
        if !names.is_empty() {
            report.left_out.insert(kind, names);
        }
    }
    Ok(report)
}

/// The names of the YAML files in a folder, without endings.
fn names(folder: &Path) -> Vec<String> {
    let files = yaml_files(folder).unwrap_or_default();
    files.iter().filter_map(|path| path.file_stem()).map(|stem| stem.to_string_lossy().into_owned()).collect()
}

/// What an action file says of itself, as far as the report needs it.
#[derive(Deserialize)]
struct Action {
    name: String,
    runner_type: String,
}

impl PackReport {
    fn add(&mut self, path: &str, outcome: Copied) {
        match outcome {
            Copied::Fresh => self.copied.push(path.to_owned()),
            Copied::Same => self.same += 1,
            Copied::Other => self.kept.push(path.to_owned()),
        }
    }

    fn look_at_actions(&mut self, from: &Path) {
        let files = yaml_files(&from.join("actions")).unwrap_or_default();
        self.actions = files.len();
        for path in files.into_iter().filter(|path| path.is_file()) {
            let short = path.strip_prefix(from).unwrap_or(&path);
            match read_file(&path).and_then(|text| yaml::read::<Action>(short, &text)) {
                Ok(action) if runner::find(&action.runner_type).is_some() => {}
                Ok(action) => {
                    let name = format!("{}.{}", self.name, action.name);
                    self.runners.entry(action.runner_type).or_default().push(name);
                }
                Err(error) => self.problems.push(error.headline()),
            }
        }
    }
}
