//! What is live on pages: made once for everybody who looks, sent to each as fast as each takes it. Nobody is waited for:
//! a slow browser gets the newest state when it is ready.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};

use super::viewer::Viewer;
use super::{Console, approvals, executions, overview};
use crate::http::caller::Scope;

/// How often what is looked at is made anew.
const TICK: Duration = Duration::from_secs(1);
/// Pages that are live at once, over all browsers.
const MOST: usize = 512;

/// What somebody looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Topic {
    /// The overview.
    Overview(Sight),
    /// One execution.
    Execution(i64),
    /// What waits for somebody's word: how it stands, for the page to be made anew for each who looks.
    Approvals,
    /// How many that are, for the navigation of every page.
    Waits,
}

/// How much of it somebody may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Sight {
    /// Without the record of who did what.
    Plain,
    /// All of it.
    Whole,
}

impl Sight {
    /// What a viewer may see.
    pub(super) fn of(viewer: &Viewer) -> Self {
        if viewer.may(Scope::Audit) { Self::Whole } else { Self::Plain }
    }
}

/// The newest state of each topic that is looked at: a line of JSON.
#[derive(Debug)]
pub(super) struct Feed {
    topics: Mutex<HashMap<Topic, watch::Sender<Arc<str>>>>,
    /// A place for each page that is live.
    pub(super) places: Arc<Semaphore>,
}

impl Default for Feed {
    fn default() -> Self {
        Self { topics: Mutex::default(), places: Arc::new(Semaphore::new(MOST)) }
    }
}

/// Follows a topic. One task makes its states, for as long as anybody follows.
pub(super) fn follow(console: &Arc<Console>, topic: Topic) -> watch::Receiver<Arc<str>> {
    let mut topics = console.feed.topics.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(sender) = topics.get(&topic) {
        return sender.subscribe();
    }
    let (sender, receiver) = watch::channel(Arc::default());
    topics.insert(topic, sender.clone());
    tokio::spawn(console.stop.clone().run_until_cancelled_owned(make(console.clone(), topic, sender)));
    receiver
}

async fn make(console: Arc<Console>, topic: Topic, sender: watch::Sender<Arc<str>>) {
    loop {
        let made = match topic {
            Topic::Overview(sight) => overview::state(&console, sight).await,
            Topic::Execution(id) => executions::state(&console, id).await,
            Topic::Approvals => Ok(approvals::standings(&console)),
            Topic::Waits => Ok(console.site.bot.engine().awaited().to_string()),
        };
        // What cannot be made is in the log; the page keeps what it shows.
        if let Ok(made) = made {
            sender.send_if_modified(|state| {
                let is_new = **state != *made;
                if is_new {
                    *state = made.into();
                }
                is_new
            });
        }
        console.site.world.sleep(TICK).await;
        let mut topics = console.feed.topics.lock().unwrap_or_else(PoisonError::into_inner);
        if sender.receiver_count() == 0 {
            topics.remove(&topic);
            return;
        }
    }
}
