//! Loading again: on a change of the files, on SIGHUP, and when asked.

use std::sync::Arc;

use serde_json::{Map, json};
use tokio::sync::{Mutex, MutexGuard, watch};
use tracing::{error, info, warn};

use super::{Built, Home, load};
use crate::config::Problem;
use crate::config::home::HomeDir;
use crate::model::Timestamp;
use crate::net::World;
use crate::store::{Change, Entry, Live, Store, StoreError, What};

/// The configuration, now and later.
pub struct Homes {
    current: watch::Sender<Arc<Home>>,
    dir: HomeDir,
    variables: Vec<(String, String)>,
    built: Built,
    store: Store,
    world: World,
    /// One reload at a time; with it, what was set while the bot ran.
    turn: Mutex<Arc<Live>>,
}

/// Nobody else changes the configuration meanwhile.
pub struct Turn<'a>(MutexGuard<'a, Arc<Live>>);

impl Turn<'_> {
    /// What was set while the bot ran.
    pub fn live(&self) -> &Arc<Live> {
        &self.0
    }
}

impl Homes {
    /// Begins with `home`, loaded from `dir` with `variables`.
    pub fn new(
        home: Home,
        dir: HomeDir,
        variables: Vec<(String, String)>,
        built: Built,
        store: Store,
        world: World,
    ) -> Arc<Self> {
        // What is wrong with what was set while the bot ran shows when that was read.
        let mut home = home;
        home.problems.truncate(home.filed);
        say(&home.problems);
        let current = watch::Sender::new(Arc::new(home.beside(&store)));
        Arc::new(Self { current, dir, variables, built, store, world, turn: Mutex::default() })
    }

    /// The configuration in force.
    pub fn current(&self) -> Arc<Home> {
        let home = self.current.borrow().clone();
        let now = self.world.now();
        match home.access.next_end() {
            Some(end) if end <= now => self.without_ended(now),
            _ => home,
        }
    }

    /// Grants end to the moment, whether or not anything else happens.
    fn without_ended(&self, now: Timestamp) -> Arc<Home> {
        self.current.send_if_modified(|home| {
            let ended = home.access.next_end().is_some_and(|end| end <= now);
            if ended {
                let mut next = (**home).clone();
                next.access = next.access.without_ended(now);
                *home = Arc::new(next);
            }
            ended
        });
        self.current.borrow().clone()
    }

    /// Tells of each new one.
    pub fn subscribe(&self) -> watch::Receiver<Arc<Home>> {
        self.current.subscribe()
    }

    /// Loads again and puts it in force. What is wrong keeps its last good version and is in `problems`.
    /// `by` goes into the audit log.
    pub async fn reload(&self, by: &str) -> Arc<Home> {
        let mut turn = self.turn.lock().await;
        let before = self.current();
        let (dir, variables, built) = (self.dir.clone(), self.variables.clone(), self.built.clone());
        let earlier = before.clone();
        let loaded =
            tokio::task::spawn_blocking(move || load(&dir, &variables, &built, Some(&earlier))).await;
        let home = match loaded {
            Ok(home) => Arc::new(self.numbered(home, &mut turn).await.beside(&self.store)),
            Err(failed) => {
                error!(%failed, "loading the configuration failed, the last one stays in force");
                return before;
            }
        };
        if home.problems != before.problems {
            say(&home.problems);
        }
        let wrong: Vec<_> = home.problems.iter().map(|problem| problem.error().headline()).collect();
        info!(
            by,
            aliases = home.own_aliases(),
            actions = home.actions.len(),
            problems = wrong.len(),
            "configuration loaded"
        );
        self.note(by, &home, &wrong);
        self.current.send_replace(home.clone());
        home
    }

    /// Waits until nobody else changes the configuration.
    pub async fn turn(&self) -> Turn<'_> {
        Turn(self.turn.lock().await)
    }

    /// Reads what was set while the bot ran, and puts it in force.
    ///
    /// # Errors
    /// The database cannot be read; nothing is changed.
    pub async fn recall(&self, turn: &mut Turn<'_>) -> Result<(), StoreError> {
        *turn.0 = Arc::new(self.store.live().await?);
        let before = self.current();
        let home = self.numbered((*before).clone(), &mut turn.0).await;
        if home.problems != before.problems {
            say(&home.problems[home.filed..]);
        }
        self.current.send_replace(Arc::new(home));
        Ok(())
    }

    /// The configuration with what was set while the bot ran; notifiers that have no number get one.
    async fn numbered(&self, home: Home, live: &mut Arc<Live>) -> Home {
        let home = home.with(live, self.world.now());
        let names = home.notifying.notifiers().keys();
        let new: Vec<String> = names.filter(|name| !live.numbers.contains_key(*name)).cloned().collect();
        if new.is_empty() {
            return home;
        }
        match self.store.write(Change::Number(new)).await {
            Ok(_) => match self.store.live().await {
                Ok(now) => *live = Arc::new(now),
                Err(error) => warn!(%error, "the numbers of notifiers cannot be read"),
            },
            Err(error) => warn!(%error, "new notifiers got no numbers"),
        }
        home.with(live, self.world.now())
    }

    fn note(&self, by: &str, home: &Home, wrong: &[String]) {
        let mut body = Map::new();
        body.insert("by".to_owned(), json!(by));
        body.insert("aliases".to_owned(), json!(home.own_aliases()));
        body.insert("actions".to_owned(), json!(home.actions.len()));
        body.insert("problems".to_owned(), json!(wrong));
        let entry = Entry {
            at: self.world.now(),
            what: What::Reloaded,
            person: by.parse().ok(),
            place: None,
            subject: Some("config".to_owned()),
            body,
        };
        drop(self.store.write(Change::Audit(Box::new(entry))));
    }
}

fn say(problems: &[Problem]) {
    for problem in problems {
        match problem {
            Problem::Error(error) => error!("{error}"),
            Problem::Warning(error) => warn!("{error}"),
        }
    }
}
