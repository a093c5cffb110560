//! The home directory: where it is, and what lies where in it.
//!
//! ```text
//! chatops.env   access.yaml   aliases/*.yaml   actions/*.yaml   templates/*   packs/*/   var/
//! ```

mod listing;
mod watch;

use std::path::{Path, PathBuf};

use super::ConfigError;

pub use listing::{Pack, yaml_files};
pub use watch::Watch;

/// The home directory, perhaps not there yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomeDir {
    root: PathBuf,
    env_file: Option<PathBuf>,
}

impl HomeDir {
    /// The home `given` on the command line or by `CHATOPS_HOME`; else `current` if it has a folder `aliases`;
    /// else `chatops` in the XDG configuration folder that `variable` tells of. A `given` one must exist.
    pub fn resolve(
        given: Option<&Path>,
        current: &Path,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let root = match given.filter(|given| !given.as_os_str().is_empty()) {
            Some(given) => {
                let given = current.join(given);
                if !given.is_dir() {
                    let help = format!("`chatops init {}` makes one", given.display());
                    return Err(ConfigError::new(&given, "the home directory does not exist").help(help));
                }
                given
            }
            None if current.join("aliases").is_dir() => current.to_owned(),
            None => {
                config_folder(variable).map_or_else(|| current.to_owned(), |folder| folder.join("chatops"))
            }
        };
        Ok(Self { root, env_file: None })
    }

    /// The directory itself, without a search: for tests and for `chatops init DIR`.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), env_file: None }
    }

    /// The same home with its variables in another file, which then must exist.
    #[must_use]
    pub fn with_env_file(mut self, file: impl Into<PathBuf>) -> Self {
        let file = file.into();
        self.env_file = Some(std::path::absolute(&file).unwrap_or(file));
        self
    }

    /// The directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The file of variables to read: the one that was named, or `chatops.env` if there is one.
    pub fn env_file(&self) -> Option<PathBuf> {
        let usual = self.root.join("chatops.env");
        self.env_file.clone().or_else(|| usual.exists().then_some(usual))
    }

    /// Who may do what; perhaps not there.
    pub fn access_yaml(&self) -> PathBuf {
        self.root.join("access.yaml")
    }

    /// Who is told of events; perhaps not there.
    pub fn notifiers_yaml(&self) -> PathBuf {
        self.root.join("notifiers.yaml")
    }

    /// The files that the bot itself keeps.
    pub fn var_dir(&self) -> PathBuf {
        self.root.join("var")
    }

    /// The database, where no setting says otherwise.
    pub fn database(&self) -> PathBuf {
        self.var_dir().join("chatops.db")
    }

    /// The lock that keeps a second instance off.
    pub fn lock(&self) -> PathBuf {
        self.var_dir().join("lock")
    }

    /// The token by which the command line speaks to the running bot.
    pub fn token(&self) -> PathBuf {
        self.var_dir().join("token")
    }

    /// Where the running bot writes down the address of its API.
    pub fn api(&self) -> PathBuf {
        self.var_dir().join("api")
    }

    /// The key of the audit log.
    pub fn audit_key(&self) -> PathBuf {
        self.var_dir().join("audit.key")
    }

    /// The key that seals what must stay secret in the database.
    pub fn seal_key(&self) -> PathBuf {
        self.var_dir().join("seal.key")
    }

    /// A path as messages show it: inside the home without the home.
    pub fn shown<'a>(&self, path: &'a Path) -> &'a Path {
        path.strip_prefix(&self.root).ok().filter(|rest| !rest.as_os_str().is_empty()).unwrap_or(path)
    }

    /// A path from a setting: relative ones begin at the home.
    pub fn join(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.join(path)
    }
}

fn config_folder(variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let absolute = |path: PathBuf| path.is_absolute().then_some(path);
    let named = variable("XDG_CONFIG_HOME").map(PathBuf::from).and_then(absolute);
    named.or_else(|| variable("HOME").map(|home| PathBuf::from(home).join(".config")).and_then(absolute))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(
        given: Option<&str>,
        current: &Path,
        variables: &[(&str, &str)],
    ) -> Result<HomeDir, ConfigError> {
        HomeDir::resolve(given.map(Path::new), current, |name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_named_home_wins_and_must_exist() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("bot")).unwrap();
        let home = resolve(Some("bot"), folder.path(), &[]).unwrap();
        assert_eq!(home.root(), folder.path().join("bot"));
        let error = resolve(Some("nowhere"), folder.path(), &[]).unwrap_err();
        assert!(error.help.unwrap().starts_with("`chatops init "));
    }

    #[test]
    fn a_directory_with_aliases_is_a_home() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("aliases")).unwrap();
        assert_eq!(resolve(None, folder.path(), &[("HOME", "/home/a")]).unwrap().root(), folder.path());
    }

    #[test]
    fn else_the_xdg_folder_is_the_home() {
        let folder = tempfile::tempdir().unwrap();
        let root = |variables| resolve(None, folder.path(), variables).unwrap().root().to_owned();
        assert_eq!(root(&[("HOME", "/home/a")]), Path::new("/home/a/.config/chatops"));
        assert_eq!(root(&[("XDG_CONFIG_HOME", "/x"), ("HOME", "/home/a")]), Path::new("/x/chatops"));
        assert_eq!(
            root(&[("XDG_CONFIG_HOME", "x"), ("HOME", "/home/a")]),
            Path::new("/home/a/.config/chatops")
        );
        assert_eq!(root(&[]), folder.path());
    }

    #[test]
    fn paths_inside_the_home_are_shown_short() {
        let home = HomeDir::at("/srv/bot");
        assert_eq!(home.shown(Path::new("/srv/bot/aliases/a.yaml")), Path::new("aliases/a.yaml"));
        assert_eq!(home.shown(Path::new("/etc/a.yaml")), Path::new("/etc/a.yaml"));
        assert_eq!(home.shown(Path::new("/srv/bot")), Path::new("/srv/bot"));
    }
}
