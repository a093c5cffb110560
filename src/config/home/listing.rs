//! What is in the home: packs, and the YAML files of their folders.

use std::fs::DirEntry;
use std::io;
use std::path::{Path, PathBuf};

use super::HomeDir;
use crate::config::file::reason;
use crate::config::{ConfigError, Problem};

/// A folder with aliases, actions, templates. The home itself is the pack `default`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pack {
    /// Its name, `[A-Za-z0-9_-]+`.
    pub name: String,
    /// Its folder.
    pub root: PathBuf,
}

/// Names that a folder under `packs/` may not have: the home itself, the packs inside the binary.
const TAKEN: [&str; 3] = ["default", "core", "chatops"];

impl Pack {
    /// Its alias files, by name.
    pub fn alias_files(&self) -> Result<Vec<PathBuf>, ConfigError> {
        yaml_files(&self.root.join("aliases"))
    }

    /// Its action files, by name.
    pub fn action_files(&self) -> Result<Vec<PathBuf>, ConfigError> {
        yaml_files(&self.actions_dir())
    }

    /// Where scripts named by its actions are.
    pub fn actions_dir(&self) -> PathBuf {
        self.root.join("actions")
    }

    /// Where its templates are.
    pub fn templates_dir(&self) -> PathBuf {
        self.root.join("templates")
    }
}

impl HomeDir {
    /// The pack `default`, then those under `packs/` by name; and the folders there that cannot be packs.
    pub fn packs(&self) -> (Vec<Pack>, Vec<Problem>) {
        let mut packs = vec![Pack { name: "default".to_owned(), root: self.root.clone() }];
        let mut problems = Vec::new();
        let entries = entries(&self.root.join("packs")).unwrap_or_else(|error| {
            problems.push(Problem::Error(error));
            Vec::new()
        });
        let mut seen = vec![("default".to_owned(), self.root.canonicalize().ok())];
        for path in entries.into_iter().filter(|path| path.is_dir()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if let Some(message) = refusal(&name) {
                problems.push(Problem::Error(ConfigError::new(&path, message)));
                continue;
            }
            let real = path.canonicalize().ok();
            if let Some((first, _)) = seen.iter().find(|(_, known)| real.is_some() && *known == real) {
                let message =
                    format!("it is a link to the pack `{first}`, which is loaded already: left out");
                problems.push(Problem::Warning(ConfigError::new(&path, message)));
                continue;
            }
            seen.push((name.clone(), real));
            packs.push(Pack { name, root: path });
        }
        (packs, problems)
    }
}

fn refusal(name: &str) -> Option<String> {
    let good = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    if TAKEN.contains(&name) {
        Some(format!("the pack name `{name}` is taken, rename the folder"))
    } else if !name.chars().all(good) {
        Some(format!("`{name}` is no pack name: it has only letters, digits, `_` and `-`"))
    } else {
        None
    }
}

/// What is called `*.yaml` or `*.yml` in one folder, by name; symbolic links too, hidden and backup files not. A folder
/// that is not there has none. A folder of such a name is among them: whoever reads it says what is wrong with it.
pub fn yaml_files(folder: &Path) -> Result<Vec<PathBuf>, ConfigError> {
    let is_yaml = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml");
    let mut files = entries(folder)?;
    files.retain(is_yaml);
    Ok(files)
}

/// Everything in a folder that is not hidden, sorted.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, ConfigError> {
    let cannot = |error: &io::Error| ConfigError::new(folder, format!("cannot be listed: {}", reason(error)));
    let listing = match std::fs::read_dir(folder) {
        Ok(listing) => listing,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(cannot(&error)),
    };
    let all = listing.collect::<io::Result<Vec<DirEntry>>>().map_err(|error| cannot(&error))?;
    let hidden = |entry: &DirEntry| entry.file_name().as_encoded_bytes().starts_with(b".");
    let mut paths: Vec<PathBuf> = all.iter().filter(|entry| !hidden(entry)).map(DirEntry::path).collect();
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn yaml_files_come_sorted_without_hidden_and_backup_ones() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.yaml", "a.yml", ".#a.yaml", "a.yaml~", "notes.txt", "#c.yaml#", "c.yaml.bak"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        fs::create_dir(folder.path().join("d.yaml")).unwrap();
        std::os::unix::fs::symlink(folder.path().join("notes.txt"), folder.path().join("z.yaml")).unwrap();
        let files = yaml_files(folder.path()).unwrap();
        let names: Vec<_> = files.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["a.yml", "b.yaml", "d.yaml", "z.yaml"]);
        assert_eq!(yaml_files(&folder.path().join("nowhere")).unwrap(), Vec::<PathBuf>::new());
        assert!(yaml_files(&folder.path().join("notes.txt")).is_err());
    }

    #[test]
    fn links_to_what_is_loaded_already_are_left_out_and_told() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("packs/web")).unwrap();
        symlink("..", folder.path().join("packs/home")).unwrap();
        symlink("web", folder.path().join("packs/xweb")).unwrap();
        let (packs, problems) = HomeDir::at(folder.path()).packs();
        let names: Vec<_> = packs.iter().map(|pack| pack.name.as_str()).collect();
        assert_eq!(names, ["default", "web"]);
        let messages: Vec<_> = problems.iter().map(|problem| problem.error().message.as_str()).collect();
        let said =
            |pack: &str| format!("it is a link to the pack `{pack}`, which is loaded already: left out");
        assert_eq!(messages, [said("default"), said("web")]);
        assert!(problems.iter().all(|problem| !problem.is_fatal()));
    }

    #[test]
    fn packs_are_the_home_and_the_folders_under_packs() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["web", "acme-db", "core", "a b", ".git"] {
            fs::create_dir_all(folder.path().join("packs").join(name)).unwrap();
        }
        fs::write(folder.path().join("packs/README"), "").unwrap();
        let (packs, problems) = HomeDir::at(folder.path()).packs();
        let names: Vec<_> = packs.iter().map(|pack| pack.name.as_str()).collect();
        assert_eq!(names, ["default", "acme-db", "web"]);
        let messages: Vec<_> = problems.iter().map(|problem| problem.error().message.as_str()).collect();
        let expected = [
            "`a b` is no pack name: it has only letters, digits, `_` and `-`",
            "the pack name `core` is taken, rename the folder",
        ];
        assert_eq!(messages, expected);
    }
}
