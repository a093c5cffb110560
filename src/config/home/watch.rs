//! Tells when something in the home changed.
//!
//! The home itself and its packs are watched flat, their known folders deep, and no link inside them is followed: so
//! neither the database under `var/`, nor a repository around the home, nor a link to half the disk wakes anybody. Where the system has no change notices left, the same folders are
//! looked at every two seconds.

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
/// The folders of the home and of each pack that are watched with everything below them.
const DEEP: [&str; 3] = ["aliases", "actions", "templates"];
/// The folder of more packs.
const PACKS: &str = "packs";
/// The folder of the configuration of packs.
const CONFIGS: &str = "configs";

/// A watch over a home; it ends when dropped.
pub struct Watch {
    home: HomeDir,
    world: World,
    bell: Arc<Notify>,
    watcher: Box<dyn Watcher + Send>,
    watched: Vec<PathBuf>,
    rung: bool,
    means: Means,
}

/// How changes are noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Means {
    /// The system tells.
    Notices,
    /// The files are looked at in intervals.
    Looking,
}

impl Watch {
    /// Begins to watch. Needs no runtime yet. Without a watcher of any kind nothing is ever told, and the log says so.
    pub fn start(home: &HomeDir, world: World) -> Self {
        let bell = Arc::new(Notify::new());
        match RecommendedWatcher::new(ringer(home, bell.clone()), config()) {
            Ok(watcher) => Self::with(home, world, bell, Box::new(watcher), Means::Notices),
            Err(error) => {
                warn!(%error, "no change notices, looking at the files every two seconds instead");
                let watcher = poller(home, &bell);
                Self::with(home, world, bell, watcher, Means::Looking)
            }
        }
    }

    fn with(
        home: &HomeDir,
        world: World,
        bell: Arc<Notify>,
        watcher: Box<dyn Watcher + Send>,
        means: Means,
    ) -> Self {
        let mut watch =
            Self { home: home.clone(), world, bell, watcher, watched: Vec::new(), rung: false, means };
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
        self.means == Means::Looking
    }

    /// What to watch, and how deep.
    fn wanted(&self) -> Vec<(PathBuf, RecursiveMode)> {
        let root = self.home.root();
        let env_file = self.home.env_file();
        let outside = env_file.as_deref().and_then(Path::parent).filter(|folder| *folder != root);
        let mut wanted: Vec<_> =
            outside.into_iter().map(|folder| (folder.to_owned(), RecursiveMode::NonRecursive)).collect();
        wanted.push((root.join(PACKS), RecursiveMode::NonRecursive));
        wanted.push((root.join(CONFIGS), RecursiveMode::NonRecursive));
        for pack in self.home.packs().0 {
            wanted.extend(DEEP.iter().map(|name| (pack.root.join(name), RecursiveMode::Recursive)));
            wanted.push((pack.root, RecursiveMode::NonRecursive));
        }
        wanted
    }

    /// Watches what is there by now, all of it anew: a folder may have been replaced by another of its name. What
    /// changes in between is read by whoever is told next.
    fn arm(&mut self) {
        for path in std::mem::take(&mut self.watched) {
            // A folder that is gone is not watched any more.
            let _ = self.watcher.unwatch(&path);
        }
        for (path, mode) in self.wanted().into_iter().filter(|(path, _)| path.is_dir()) {
            match self.watcher.watch(&path, mode) {
                Ok(()) => self.watched.push(path),
                Err(error) if self.means == Means::Looking => {
                    warn!(%error, path = %path.display(), "changes of this folder will not be noticed");
                }
                Err(error) => {
                    warn!(%error, "no more change notices, looking at the files every two seconds instead");
                    self.watcher = poller(&self.home, &self.bell);
                    self.means = Means::Looking;
                    self.watched.clear();
                    return self.arm();
                }
            }
        }
    }
}

fn config() -> Config {
    Config::default().with_follow_symlinks(false)
}

fn poller(home: &HomeDir, bell: &Arc<Notify>) -> Box<dyn Watcher + Send> {
    let ring = ringer(home, bell.clone());
    let config = config().with_poll_interval(POLL).with_compare_contents(true);
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
fn ringer(home: &HomeDir, bell: Arc<Notify>) -> impl Fn(notify::Result<Event>) + Send + use<> {
    // A file of variables that is made later counts too.
    let env_file = home.env_file().unwrap_or_else(|| home.join("chatops.env"));
    let root = home.root().to_owned();
    let access = home.access_yaml();
    let notifiers = home.notifiers_yaml();
    // A log that somebody writes into the home must not cause a load with every line.
    let is_read = move |path: &Path| match path.strip_prefix(&root) {
        Ok(rest) => {
            let first = rest.iter().next();
            first.is_none()
                || path == access
                || path == notifiers
                || DEEP.iter().chain(&[PACKS]).any(|name| first == Some(name.as_ref()))
        }
        Err(_) => false,
    };
    move |event| {
        let matters = match event {
            Ok(Event { kind: EventKind::Access(_), .. }) => false,
            Ok(event) => {
                let counts = |path: &PathBuf| is_read(path) || *path == env_file;
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
    async fn packs_that_are_links_are_watched_and_a_link_back_to_the_home_is_no_walk() {
        use std::os::unix::fs::symlink;
        let (folder, home) = home();
        let elsewhere = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("packs")).unwrap();
        fs::create_dir(elsewhere.path().join("aliases")).unwrap();
        symlink(folder.path(), folder.path().join("packs/home")).unwrap();
        symlink("/", folder.path().join("aliases/everything")).unwrap();
        symlink(elsewhere.path(), folder.path().join("packs/web")).unwrap();
        let mut watch = Watch::start(&home, World::real());
        assert!(watch.watched.len() < 10, "{:?}", watch.watched);
        fs::write(elsewhere.path().join("aliases/a.yaml"), "x").unwrap();
        assert!(hears(&mut watch).await);
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
    async fn a_folder_replaced_by_another_is_watched_on() {
        let (folder, home) = home();
        let aliases = folder.path().join("aliases");
        let mut watch = Watch::start(&home, World::real());
        fs::rename(&aliases, folder.path().join("old")).unwrap();
        fs::create_dir(&aliases).unwrap();
        assert!(hears(&mut watch).await);
        fs::write(aliases.join("a.yaml"), "x").unwrap();
        assert!(hears(&mut watch).await);
    }

    #[tokio::test]
    async fn without_notices_the_files_are_looked_at() {
        let (folder, home) = home();
        fs::write(folder.path().join("aliases/a.yaml"), "one").unwrap();
        let bell = Arc::new(Notify::new());
        let watcher = poller(&home, &bell);
        let mut watch = Watch::with(&home, World::real(), bell, watcher, Means::Looking);
        assert!(watch.is_polling());
        fs::write(folder.path().join("aliases/a.yaml"), "two").unwrap();
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
        assert!(tokio::spawn(async move { hears(&mut watch).await }).await.unwrap());
    }
}
