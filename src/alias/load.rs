//! Loads the alias files of a folder, of a pack, of a home directory. One bad file disturbs no other.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::file::Alias;
use crate::config::{ConfigError, LARGEST, Problem};

/// What a folder gave: aliases by pack and file name, and what is wrong.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The usable aliases; disabled ones are among them.
    pub aliases: Vec<Arc<Alias>>,
    /// Files that are not used, and warnings.
    pub problems: Vec<Problem>,
}

impl Loaded {
    /// Adds what another folder gave.
    pub fn append(&mut self, mut other: Self) {
        self.aliases.append(&mut other.aliases);
        self.problems.append(&mut other.problems);
    }

    /// Whether some file is not used.
    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(Problem::is_fatal)
    }
}

/// Which pack the files of a folder belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pack<'a> {
    /// This one; a file that says otherwise is refused.
    Is(&'a str),
    /// What the file says, else this one.
    Else(&'a str),
}

/// From so many files on, threads are worth their start.
const MANY: usize = 200;

/// Loads `*.yaml` and `*.yml` in `folder`; a folder that does not exist is empty.
pub fn load_folder(pack: Pack<'_>, folder: &Path) -> Loaded {
    let mut loaded = Loaded::default();
    let files = match files(folder) {
        Ok(files) => files,
        Err(error) => {
            loaded
                .problems
                .push(Problem::Error(ConfigError::new(folder, format!("cannot be listed: {error}"))));
            return loaded;
        }
    };
    let mut names: HashMap<String, PathBuf> = HashMap::new();
    for (file, outcome) in load_files(pack, files) {
        match outcome {
            Err(errors) => loaded.problems.extend(errors.into_iter().map(Problem::Error)),
            Ok((alias, warnings)) => {
                loaded.problems.extend(warnings);
                match names.insert(alias.reference(), file) {
                    None => loaded.aliases.push(Arc::new(alias)),
                    Some(first) => {
                        loaded.problems.push(Problem::Error(twice(&alias, &first)));
                        names.insert(alias.reference(), first);
                    }
                }
            }
        }
    }
    loaded
}

/// Loads the aliases of a home directory: its own, as the pack `default`, then those of `packs/*/`.
pub fn load_home(home: &Path) -> Loaded {
    let mut loaded = load_folder(Pack::Is("default"), &home.join("aliases"));
    let packs = fs::read_dir(home.join("packs")).into_iter().flatten().flatten();
    let mut packs: Vec<PathBuf> = packs.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    packs.sort();
    for pack in packs {
        let name = pack.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        loaded.append(load_folder(Pack::Is(&name), &pack.join("aliases")));
    }
    loaded
}

fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<std::io::Result<Vec<_>>>()?;
    let is_yaml = |path: &PathBuf| path.extension().is_some_and(|end| end == "yaml" || end == "yml");
    let mut files: Vec<PathBuf> = paths.into_iter().filter(|path| is_yaml(path) && !path.is_dir()).collect();
    files.sort();
    Ok(files)
}

type Outcome = Result<(Alias, Vec<Problem>), Vec<ConfigError>>;

/// Loads files in their order, on all processors when there are many.
fn load_files(pack: Pack<'_>, files: Vec<PathBuf>) -> Vec<(PathBuf, Outcome)> {
    let outcomes: Vec<Outcome> = if files.len() < MANY {
        files.iter().map(|file| load_file(pack, file)).collect()
    } else {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let share = files.len().div_ceil(threads);
        std::thread::scope(|scope| {
            let load = |files: &[PathBuf]| files.iter().map(|file| load_file(pack, file)).collect::<Vec<_>>();
            let running: Vec<_> = files.chunks(share).map(|files| scope.spawn(move || load(files))).collect();
            running
                .into_iter()
                .flat_map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        })
    };
    files.into_iter().zip(outcomes).collect()
}

fn load_file(pack: Pack<'_>, file: &Path) -> Outcome {
    let fail = |why: String| vec![ConfigError::new(file, why)];
    let facts = fs::metadata(file).map_err(|error| fail(format!("cannot be read: {error}")))?;
    if !facts.is_file() {
        return Err(fail("is not a regular file".to_owned()));
    }
    let length = facts.len();
    if length > LARGEST as u64 {
        return Err(fail(format!("the file has {length} bytes, at most {} are accepted", LARGEST)));
    }
    let bytes = fs::read(file).map_err(|error| fail(format!("cannot be read: {error}")))?;
    let text = String::from_utf8(bytes).map_err(|_| fail("the file is not UTF-8 text".to_owned()))?;
    let folder = match pack {
        Pack::Is(name) => Some(name),
        Pack::Else(name) => (!text.lines().any(|line| line.starts_with("pack:"))).then_some(name),
    };
    Alias::load(folder, file, &text)
}

fn twice(alias: &Alias, first: &Path) -> ConfigError {
    let message = format!("the name `{}` is taken by {}", alias.name, first.display());
    ConfigError::new(&alias.file, message).key("name").help("give each alias of a pack its own name")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, name: &str, text: &str) {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join(name), text).unwrap();
    }

    #[test]
    fn a_bad_file_disturbs_no_other() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("aliases");
        write(&folder, "a.yaml", "name: a\naction_ref: core.noop\nformats: [x]\n");
        write(&folder, "b.yml", "name: b\naction_ref: core.noop\nformats: ['(x']\n");
        write(&folder, "c.yaml", "name: a\naction_ref: core.noop\nformats: [z]\n");
        write(&folder, "d.yaml", &"x".repeat(2 << 20));
        fs::write(folder.join("e.yaml"), [0xff, 0xfe]).unwrap();
        write(&folder, "readme.md", "no alias");
        let loaded = load_home(home.path());
        let names: Vec<_> = loaded.aliases.iter().map(|alias| alias.reference()).collect();
        assert_eq!(names, ["default.a"]);
        let problems: Vec<_> = loaded.problems.iter().map(|problem| problem.error().headline()).collect();
        assert_eq!(problems.len(), 4, "{problems:?}");
        assert!(problems[0].contains("b.yml:3:") && problems[1].contains("is taken by"), "{problems:?}");
        assert!(loaded.has_errors());
    }

    #[test]
    fn the_same_name_in_two_packs_is_two_aliases() {
        let home = tempfile::tempdir().unwrap();
        for pack in ["web", "api"] {
            let folder = home.path().join("packs").join(pack).join("aliases");
            write(
                &folder,
                "d.yaml",
                &format!("name: deploy\npack: {pack}\naction_ref: core.noop\nformats: [d {pack}]\n"),
            );
        }
        let loaded = load_home(home.path());
        let names: Vec<_> = loaded.aliases.iter().map(|alias| alias.reference()).collect();
        assert_eq!(
            (names, loaded.problems.len()),
            (vec!["api.deploy".to_owned(), "web.deploy".to_owned()], 0)
        );
    }
}
