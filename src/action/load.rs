//! Loads the action files of a folder, of a home directory. One bad file disturbs no other.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::core;
use super::file::Action;
use crate::config::{ConfigError, LARGEST, Problem};

/// What a folder gave: the actions, and what is wrong.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The usable actions in the order of their files; disabled ones are among them.
    pub actions: Vec<Arc<Action>>,
    /// Files that are not used, and warnings.
    pub problems: Vec<Problem>,
}

impl Loaded {
    /// Adds what another folder gave.
    pub fn append(&mut self, mut other: Self) {
        self.actions.append(&mut other.actions);
        self.problems.append(&mut other.problems);
    }

    /// Whether some file is not used.
    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(Problem::is_fatal)
    }
}

/// Loads the pack `core`, the actions of a home directory as the pack `default`, then those of `packs/*/`.
pub fn load_home(home: &Path) -> Loaded {
    let built_in = core::actions().into_iter().map(Arc::new).collect();
    let mut loaded = Loaded { actions: built_in, problems: Vec::new() };
    loaded.append(load_folder("default", &home.join("actions")));
    let packs = fs::read_dir(home.join("packs")).into_iter().flatten().flatten();
    let mut packs: Vec<PathBuf> = packs.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    packs.sort();
    for pack in packs {
        let name = pack.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        loaded.append(load_folder(&name, &pack.join("actions")));
    }
    loaded
}

/// Loads `*.yaml` and `*.yml` in `folder`, the `actions` folder of `pack`; a folder that does not
/// exist is empty. What the pack `core` already has inside the binary is not replaced.
pub fn load_folder(pack: &str, folder: &Path) -> Loaded {
    let mut loaded = Loaded::default();
    let files = match files(folder) {
        Ok(files) => files,
        Err(error) => {
            let error = ConfigError::new(folder, format!("cannot be listed: {error}"));
            loaded.problems.push(Problem::Error(error));
            return loaded;
        }
    };
    let mut names: HashMap<String, PathBuf> = HashMap::new();
    for file in files {
        match load_file(pack, &file) {
            Err(errors) => loaded.problems.extend(errors.into_iter().map(Problem::Error)),
            Ok((action, warnings)) => {
                loaded.problems.extend(warnings);
                match taken(&action, &names) {
                    Some(problem) => loaded.problems.push(problem),
                    None => {
                        names.insert(action.name.clone(), file);
                        loaded.actions.push(Arc::new(action));
                    }
                }
            }
        }
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

fn load_file(pack: &str, file: &Path) -> Result<(Action, Vec<Problem>), Vec<ConfigError>> {
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
    let (action, mut problems) = Action::load(pack, file, &text)?;
    if let Some(script) = &action.entry_point {
        problems.extend(check_script(file, script).map_err(|error| vec![*error])?);
    }
    Ok((action, problems))
}

/// A script that is a link may lead out of the pack folder; one that is not there is worth a word.
fn check_script(file: &Path, script: &Path) -> Result<Option<Problem>, Box<ConfigError>> {
    let error = |message: String| ConfigError::new(file, message).key("entry_point");
    let pack = file.parent().and_then(Path::parent).map(Path::canonicalize);
    match (script.canonicalize(), pack) {
        (Err(_), _) => Ok(Some(Problem::Warning(error(format!("there is no file {}", script.display()))))),
        (Ok(real), Some(Ok(pack))) if !real.starts_with(&pack) => {
            let message = format!("{} leads out of the pack folder, to {}", script.display(), real.display());
            Err(Box::new(error(message)))
        }
        _ => Ok(None),
    }
}

/// Why the name of an action cannot be used.
fn taken(action: &Action, names: &HashMap<String, PathBuf>) -> Option<Problem> {
    let error = |message: String| ConfigError::new(&action.file, message).key("name");
    if let Some(first) = names.get(&action.name) {
        let error = error(format!("the name `{}` is taken by {}", action.name, first.display()));
        return Some(Problem::Error(error.help("give each action of a pack its own name")));
    }
    let built_in = action.pack == core::PACK && core::FILES.iter().any(|(name, _)| *name == action.name);
    let message = || format!("`{}` is built in, this file is not used", action.reference());
    built_in.then(|| Problem::Warning(error(message())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, name: &str, text: &str) {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join(name), text).unwrap();
    }

    fn heads(loaded: &Loaded) -> Vec<String> {
        loaded.problems.iter().map(|problem| problem.error().headline()).collect()
    }

    #[test]
    fn a_bad_file_disturbs_no_other() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("actions");
        write(&folder, "a.yaml", "name: a\nrunner_type: noop\n");
        write(
            &folder,
            "b.yml",
            "name: b\nrunner_type: local-shell-cmd\nparameters:\n  x: {type: string}\n  cmd:\n    default: |\n      ls\n      echo '{{ x }}'\n",
        );
        write(&folder, "c.yaml", "name: a\nrunner_type: noop\n");
        write(&folder, "d.yaml", &"x".repeat(2 << 20));
        fs::write(folder.join("e.yaml"), [0xff, 0xfe]).unwrap();
        write(&folder, "f.yaml", "name: f\nrunner_type: local-shell-script\nentry_point: f.sh\n");
        let loaded = load_folder("default", &folder);
        let names: Vec<_> = loaded.actions.iter().map(|action| action.reference()).collect();
        assert_eq!(names, ["default.a", "default.f"]);
        let heads = heads(&loaded);
        assert!(
            heads[0]
                .ends_with("b.yml:8:13: parameters.cmd.default: a placeholder stands between single quotes"),
            "{heads:?}"
        );
        assert!(
            heads[1].contains("is taken by") && heads[2].contains("bytes") && heads[3].contains("UTF-8"),
            "{heads:?}"
        );
        assert!(heads[4].contains("there is no file") && heads.len() == 5, "{heads:?}");
        assert!(loaded.has_errors());
    }

    #[test]
    fn packs_stand_beside_each_other_and_core_stays() {
        let home = tempfile::tempdir().unwrap();
        for pack in ["web", "core"] {
            let folder = home.path().join("packs").join(pack).join("actions");
            write(&folder, "echo.yaml", &format!("name: echo\npack: {pack}\nrunner_type: noop\n"));
        }
        let loaded = load_home(home.path());
        let echo: Vec<_> = loaded.actions.iter().filter(|action| action.name == "echo").collect();
        let echo: Vec<_> = echo.iter().map(|action| (action.reference(), action.runner.as_str())).collect();
        assert_eq!(echo, [("core.echo".to_owned(), "echo"), ("web.echo".to_owned(), "noop")]);
        assert!(heads(&loaded)[0].contains("`core.echo` is built in"));
    }

    #[test]
    fn a_script_that_links_out_of_its_pack_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("packs/web/actions");
        write(&folder, "x.yaml", "name: x\nrunner_type: local-shell-script\nentry_point: x.sh\n");
        std::os::unix::fs::symlink("/bin/sh", folder.join("x.sh")).unwrap();
        assert!(heads(&load_folder("web", &folder))[0].contains("leads out of the pack folder"));
    }
}
