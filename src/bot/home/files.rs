//! The alias and action files of packs. A file that is wrong disturbs no other; one that was good
//! before keeps the state in which it was last good.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::action::Action;
use crate::alias::Alias;
use crate::config::home::{HomeDir, Pack, yaml_files};
use crate::config::{ConfigError, Problem, read_file};

/// From so many files on, threads are worth their start.
const MANY: usize = 200;

/// What files gave.
pub struct Files<T> {
    /// The usable ones by `pack.name`; disabled ones are among them.
    pub found: BTreeMap<String, Arc<T>>,
    /// What is wrong: an error is a file that is not used.
    pub problems: Vec<Problem>,
}

/// What one file says, with warnings; or all that is wrong with it.
type Outcome<T> = Result<(T, Vec<Problem>), Vec<ConfigError>>;

/// What is in a file, as far as collecting needs it.
trait Named {
    fn reference(&self) -> String;
    fn file(&self) -> &Path;
}

impl Named for Alias {
    fn reference(&self) -> String {
        self.reference()
    }

    fn file(&self) -> &Path {
        &self.file
    }
}

impl Named for Action {
    fn reference(&self) -> String {
        self.reference()
    }

    fn file(&self) -> &Path {
        &self.file
    }
}

/// The aliases of packs. `before` finds what a file said when it was last good.
pub(super) fn aliases(packs: &[Pack], before: impl Fn(&Path) -> Option<Arc<Alias>>) -> Files<Alias> {
    let mut all = Files::new();
    for pack in packs {
        let load = |file: &Path, text: &str| Alias::load(Some(&pack.name), file, text);
        take(&mut all, pack.alias_files(), load, &before);
    }
    all
}

/// The aliases of a home directory; folders that cannot be packs are among the problems.
pub fn aliases_of(dir: &HomeDir) -> Files<Alias> {
    let (packs, mut problems) = dir.packs();
    let mut files = aliases(&packs, |_| None);
    problems.append(&mut files.problems);
    Files { problems, ..files }
}

/// The aliases of a folder of alias files. A file that names no pack is of `pack`.
pub fn aliases_in(folder: &Path, pack: &str) -> Files<Alias> {
    let mut all = Files::new();
    let load = |file: &Path, text: &str| {
        let says = text.lines().any(|line| line.starts_with("pack:"));
        Alias::load((!says).then_some(pack), file, text)
    };
    take(&mut all, yaml_files(folder), load, &|_| None);
    all
}

/// The actions of packs. `before` finds what a file said when it was last good.
pub(super) fn actions(packs: &[Pack], before: impl Fn(&Path) -> Option<Arc<Action>>) -> Files<Action> {
    let mut all = Files::new();
    for pack in packs {
        let load = |file: &Path, text: &str| {
            let (action, mut problems) = Action::load(&pack.name, file, text)?;
            problems.extend(action.check_script().map_err(|error| vec![*error])?);
            Ok((action, problems))
        };
        take(&mut all, pack.action_files(), load, &before);
    }
    all
}

impl<T> Files<T> {
    fn new() -> Self {
        Self { found: BTreeMap::new(), problems: Vec::new() }
    }

    /// Whether some file is not used.
    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(Problem::is_fatal)
    }

    fn wrong(&mut self, errors: impl IntoIterator<Item = ConfigError>) {
        self.problems.extend(errors.into_iter().map(Problem::Error));
    }
}

/// Loads files and adds what they say to `all`.
fn take<T: Named + Send>(
    all: &mut Files<T>,
    files: Result<Vec<PathBuf>, ConfigError>,
    load: impl Fn(&Path, &str) -> Outcome<T> + Sync,
    before: &impl Fn(&Path) -> Option<Arc<T>>,
) {
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) = match files {
        Ok(found) => found.into_iter().partition(|path| path.is_dir()),
        Err(error) => return all.wrong([error]),
    };
    let folder = |path: &PathBuf| {
        Problem::Warning(ConfigError::new(path, "it is a folder: what is in it is not read"))
    };
    all.problems.extend(folders.iter().map(folder));
    let outcomes =
        each(&files, &|file| read_file(file).map_err(|error| vec![error]).and_then(|text| load(file, &text)));
    for (file, outcome) in files.iter().zip(outcomes) {
        match outcome {
            Ok((value, warnings)) => {
                all.problems.extend(warnings);
                add(all, Arc::new(value));
            }
            Err(errors) => {
                let earlier = before(file);
                all.wrong(kept(errors, earlier.as_ref()));
                earlier.into_iter().for_each(|value| add(all, value));
            }
        }
    }
}

/// The same errors, saying that what was good goes on, if there is such a thing.
pub(super) fn kept<T: ?Sized>(mut errors: Vec<ConfigError>, earlier: Option<&T>) -> Vec<ConfigError> {
    if earlier.is_some() {
        errors.iter_mut().for_each(|error| error.message.push_str("; what was good before stays in force"));
    }
    errors
}

/// The first of a name stays.
fn add<T: Named>(all: &mut Files<T>, value: Arc<T>) {
    let reference = value.reference();
    if let Some(first) = all.found.get(&reference) {
        let message = format!("`{reference}` is taken by {}", first.file().display());
        let error = ConfigError::new(value.file(), message).key("name");
        return all.wrong([error.help("give each file of a pack its own name")]);
    }
    all.found.insert(reference, value);
}

/// Does `work` for each file, in order, on all processors when there are many.
fn each<T: Send>(files: &[PathBuf], work: &(impl Fn(&Path) -> T + Sync)) -> Vec<T> {
    let share = |files: &[PathBuf]| files.iter().map(|file| work(file)).collect::<Vec<T>>();
    if files.len() < MANY {
        return share(files);
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let parts = files.chunks(files.len().div_ceil(threads));
        let running: Vec<_> = parts.map(|part| scope.spawn(move || share(part))).collect();
        let ended = running.into_iter().map(std::thread::ScopedJoinHandle::join);
        ended.flat_map(|part| part.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn write(folder: &Path, name: &str, text: &str) {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join(name), text).unwrap();
    }

    fn packs(home: &Path) -> Vec<Pack> {
        HomeDir::at(home).packs().0
    }

    fn heads(problems: &[Problem]) -> Vec<String> {
        problems.iter().map(|problem| problem.error().headline()).collect()
    }

    fn names<T>(files: &Files<T>) -> Vec<&str> {
        files.found.keys().map(String::as_str).collect()
    }

    #[test]
    fn a_bad_alias_file_disturbs_no_other() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("aliases");
        write(&folder, "a.yaml", "name: a\naction_ref: core.noop\nformats: [x]\n");
        write(&folder, "b.yml", "name: b\naction_ref: core.noop\nformats: ['(x']\n");
        write(&folder, "c.yaml", "name: a\naction_ref: core.noop\nformats: [z]\n");
        write(&folder, "d.yaml", &"x".repeat(2 << 20));
        fs::write(folder.join("e.yaml"), [0xff, 0xfe]).unwrap();
        write(&folder, "readme.md", "no alias");
        write(&folder.join("f.yaml"), "inside.yaml", "name: f\naction_ref: core.noop\nformats: [f]\n");
        let loaded = aliases(&packs(home.path()), |_| None);
        assert_eq!(names(&loaded), ["default.a"]);
        let heads = heads(&loaded.problems);
        assert!(heads[0].contains("f.yaml: it is a folder") && !loaded.problems[0].is_fatal(), "{heads:?}");
        assert!(heads[1].contains("b.yml:3:") && heads[2].contains("is taken by"), "{heads:?}");
        assert!(heads[3].contains("bytes") && heads[4].contains("UTF-8") && heads.len() == 5, "{heads:?}");
        assert!(loaded.has_errors());
    }

    #[test]
    fn a_bad_action_file_disturbs_no_other() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("actions");
        let hole = "name: b\nrunner_type: local-shell-cmd\nparameters:\n  x: {type: string}\n  cmd:\n    default: |\n      ls\n      echo '{{ x }}'\n";
        write(&folder, "a.yaml", "name: a\nrunner_type: noop\n");
        write(&folder, "b.yml", hole);
        write(&folder, "c.yaml", "name: a\nrunner_type: noop\n");
        write(&folder, "f.yaml", "name: f\nrunner_type: local-shell-script\nentry_point: f.sh\n");
        let loaded = actions(&packs(home.path()), |_| None);
        assert_eq!(names(&loaded), ["default.a", "default.f"]);
        let heads = heads(&loaded.problems);
        let place = "b.yml:8:13: parameters.cmd.default: a placeholder stands between single quotes";
        assert!(heads[0].ends_with(place) && heads[1].contains("is taken by"), "{heads:?}");
        assert!(heads[2].contains("there is no file") && heads.len() == 3, "{heads:?}");
    }

    #[test]
    fn a_file_that_turned_bad_keeps_its_last_good_state() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("aliases");
        write(&folder, "a.yaml", "name: a\naction_ref: core.noop\nformats: [x]\n");
        let before = aliases(&packs(home.path()), |_| None);
        write(&folder, "a.yaml", "name: a\nformats: [x\n");
        let after = aliases(&packs(home.path()), |file| {
            before.found.values().find(|alias| alias.file == file).cloned()
        });
        assert_eq!((names(&after), after.has_errors()), (vec!["default.a"], true));
    }

    #[test]
    fn the_same_name_in_two_packs_is_two_aliases() {
        let home = tempfile::tempdir().unwrap();
        for pack in ["web", "api"] {
            let text = format!("name: deploy\npack: {pack}\naction_ref: core.noop\nformats: [d {pack}]\n");
            write(&home.path().join("packs").join(pack).join("aliases"), "d.yaml", &text);
        }
        let loaded = aliases(&packs(home.path()), |_| None);
        assert_eq!((names(&loaded), loaded.problems.len()), (vec!["api.deploy", "web.deploy"], 0));
    }

    #[test]
    fn many_files_keep_their_order() {
        let files: Vec<PathBuf> = (0..MANY * 3).map(|number| number.to_string().into()).collect();
        assert_eq!(each(&files, &Path::to_path_buf), files);
    }

    #[test]
    fn a_bare_folder_takes_the_packs_that_its_files_name() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "a.yaml", "name: a\naction_ref: core.noop\nformats: [x]\n");
        write(folder.path(), "b.yaml", "name: b\npack: web\naction_ref: core.noop\nformats: [y]\n");
        assert_eq!(names(&aliases_in(folder.path(), "here")), ["here.a", "web.b"]);
    }
}
