//! Tells when something in the home changed.
//!
//! The home itself is watched flat and its known folders deep, so that neither the database under `var/` nor a
//! repository around the home wakes anybody. Where the system has no change notices left, the same folders are
//! looked at every two seconds.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::{Config, Event, EventKind, PollWatcher, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;
use tracing::warn;

use super::HomeDir;
use crate::net::World;

/// An editor saves in several steps: changes are told when it was quiet for this long.
const QUIET: Duration = Duration::from_millis(200);
/// But no later than this many quiet times after the first one.
const MOST_WAITS: usize = 10;
/// How often to look where nobody tells.
const POLL: Duration = Duration::from_secs(2);
/// The folders that are watched with everything below them.
const DEEP: [&str; 4] = ["aliases", "actions", "templates", "packs"];

/// A watch over a home; it ends when dropped.
pub struct Watch {
    root: PathBuf,
    env_file: Option<PathBuf>,
    world: World,
    bell: Arc<Notify>,
    watcher: Box<dyn Watcher + Send>,
    watched: BTreeSet<PathBuf>,
    rung: bool,
    polling: bool,
}

impl Watch {
    /// Begins to watch. Needs no runtime yet. Without a watcher of any kind nothing is ever told, and the log says so.
    pub fn start(home: &HomeDir, world: World) -> Self {
        let env_file = home.env_file();
        let bell = Arc::new(Notify::new());
        let ring = ringer(home, env_file.clone(), bell.clone());
        let config = Config::default().with_poll_interval(POLL).with_compare_contents(true);
        let (watcher, polling): (Box<dyn Watcher + Send>, bool) = match RecommendedWatcher::new(ring, config)
        {
            Ok(watcher) => (Box::new(watcher), false),
            Err(error) => {
                warn!(%error, "no change notices, looking at the files every two seconds instead");
                (poller(home, env_file.as_deref(), &bell), true)
            }
        };
        let root = home.root().to_owned();
        let mut watch =
            Self { root, env_file, world, bell, watcher, watched: BTreeSet::new(), rung: false, polling };
        watch.arm();
        watch
    }

    /// Waits for a change, then until it was quiet for 200 ms. May be dropped and called again; nothing is lost.
    pub async fn changed(&mut self) {
        if !self.rung {
            self.bell.notified().await;
            self.rung = true;
        }
        for _ in 0..MOST_WAITS {
            if self.world.timeout(QUIET, self.bell.notified()).await.is_err() {
                break;
            }
        }
        self.arm();
        self.rung = false;
    }

    /// Whether files are looked at in intervals because the system tells nothing.
    pub fn is_polling(&self) -> bool {
        self.polling
    }

    /// Watches what is there by now: folders come and go.
    fn arm(&mut self) {
        let mut wanted = vec![(self.root.clone(), RecursiveMode::NonRecursive)];
        wanted.extend(DEEP.iter().map(|name| (self.root.join(name), RecursiveMode::Recursive)));
        let outside = self.env_file.as_deref().and_then(Path::parent).filter(|folder| *folder != self.root);
        wanted.extend(outside.map(|folder| (folder.to_owned(), RecursiveMode::NonRecursive)));
        self.watched.retain(|path| path.is_dir());
        for (path, mode) in wanted {
            if path.is_dir() && !self.watched.contains(&path) {
                self.add(path, mode);
            }
        }
    }

    fn add(&mut self, path: PathBuf, mode: RecursiveMode) {
        match self.watcher.watch(&path, mode) {
            Ok(()) => {
                self.watched.insert(path);
            }
            Err(error) if self.polling => {
                warn!(%error, path = %path.display(), "changes of this folder will not be noticed");
            }
            Err(error) => {
                warn!(%error, "no more change notices, looking at the files every two seconds instead");
                self.watcher = poller(&HomeDir::at(&self.root), self.env_file.as_deref(), &self.bell);
                self.polling = true;
                self.watched.clear();
                self.arm();
            }
        }
    }
}

fn poller(home: &HomeDir, env_file: Option<&Path>, bell: &Arc<Notify>) -> Box<dyn Watcher + Send> {
    let ring = ringer(home, env_file.map(Path::to_owned), bell.clone());
    let config = Config::default().with_poll_interval(POLL).with_compare_contents(true);
    match PollWatcher::new(ring, config) {
        Ok(watcher) => Box::new(watcher),
        Err(error) => {
            warn!(%error, "changes of files will not be noticed");
            Box::new(notify::NullWatcher)
        }
    }
}

/// What the watcher calls: rings the bell for events that matter. Reading a file is none, or every load would cause
/// the next one.
fn ringer(
    home: &HomeDir,
    env_file: Option<PathBuf>,
    bell: Arc<Notify>,
) -> impl Fn(notify::Result<Event>) + Send + use<> {
    let root = home.root().to_owned();
    let var = home.var_dir();
    move |event| {
        let matters = match event {
            Ok(Event { kind: EventKind::Access(_), .. }) => false,
            Ok(event) => {
                let counts = |path: &PathBuf| {
                    (path.starts_with(&root) && !path.starts_with(&var)) || Some(path) == env_file.as_ref()
                };
                event.need_rescan() || event.paths.iter().any(counts)
            }
            Err(_) => true,
        };
        if matters {
            bell.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(20);

    async fn hears(watch: &mut Watch) -> bool {
        tokio::time::timeout(LIMIT, watch.changed()).await.is_ok()
    }

    fn home() -> (tempfile::TempDir, HomeDir) {
        let folder = tempfile::tempdir().unwrap();
        for name in ["aliases", "var"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let home = HomeDir::at(folder.path());
        (folder, home)
    }

    #[tokio::test]
    async fn a_file_replaced_by_rename_is_told() {
        let (folder, home) = home();
        let file = folder.path().join("aliases/a.yaml");
        fs::write(&file, "one").unwrap();
        let mut watch = Watch::start(&home, World::real());
        for text in ["two", "three"] {
            let fresh = folder.path().join("aliases/.a.yaml.tmp");
            fs::write(&fresh, text).unwrap();
            fs::rename(&fresh, &file).unwrap();
            assert!(hears(&mut watch).await);
        }
    }

    #[tokio::test]
    async fn a_folder_made_later_is_watched_too() {
        let (folder, home) = home();
        let mut watch = Watch::start(&home, World::real());
        fs::create_dir_all(folder.path().join("packs/web/aliases")).unwrap();
        assert!(hears(&mut watch).await);
        fs::write(folder.path().join("packs/web/aliases/a.yaml"), "x").unwrap();
        assert!(hears(&mut watch).await);
        fs::remove_file(folder.path().join("packs/web/aliases/a.yaml")).unwrap();
        assert!(hears(&mut watch).await);
    }

    #[tokio::test]
    async fn what_the_bot_itself_writes_or_reads_is_not_told() {
        let (folder, home) = home();
        fs::write(folder.path().join("aliases/a.yaml"), "x").unwrap();
        let mut watch = Watch::start(&home, World::real());
        fs::write(folder.path().join("var/chatops.db"), "x").unwrap();
        fs::read(folder.path().join("aliases/a.yaml")).unwrap();
        assert!(tokio::time::timeout(Duration::from_millis(500), watch.changed()).await.is_err());
        fs::write(folder.path().join("chatops.env"), "A=1").unwrap();
        assert!(hears(&mut watch).await);
    }

    #[tokio::test]
    async fn an_env_file_elsewhere_is_watched() {
        let (_folder, home) = home();
        let elsewhere = tempfile::tempdir().unwrap();
        let file = elsewhere.path().join("bot.env");
        fs::write(&file, "A=1").unwrap();
        let mut watch = Watch::start(&home.with_env_file(&file), World::real());
        fs::write(&file, "A=2").unwrap();
        assert!(hears(&mut watch).await);
    }
}
