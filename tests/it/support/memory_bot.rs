//! The whole bot in this process, over a real database, in a chat that a test holds in its hands. A bot
//! can be stopped or dropped in the middle of its work, and started again on the same home.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chatops::adapter::memory::{MemoryAdapter, MemoryRoom, Posted};
use chatops::adapter::{Adapter, Service};
use chatops::bot::chat::commands;
use chatops::bot::home::{Built, Homes, load};
use chatops::bot::link::{self, OnLoss};
use chatops::bot::{Bot, Report};
use chatops::config::home::HomeDir;
use chatops::model::AdapterName;
use chatops::net::World;
use chatops::store::audit::verify;
use chatops::store::{Change, Keys, Reader, Search, Store, StoreError};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::SOON;
use super::bot::Home;

/// The room where most is said.
pub(crate) const OPS: &str = "#ops";

/// How long nothing must be said before a test believes that nothing will be.
const QUIET: Duration = Duration::from_millis(300);

/// A running bot with a chat named `memory`.
pub(crate) struct MemoryBot {
    home: Home,
    life: Option<Life>,
    /// Messages so far: a service gives no id twice.
    said: AtomicU64,
}

/// One life of its process.
struct Life {
    runtime: Runtime,
    bot: Arc<Bot>,
    store: Store,
    room: MemoryRoom,
    link: CancellationToken,
    /// How the connection stood, oldest first.
    states: Arc<Mutex<Vec<String>>>,
}

impl MemoryBot {
    /// Starts a bot over `home`.
    pub(crate) fn start(home: Home) -> Self {
        let life = Some(Life::start(&home));
        Self { home, life, said: AtomicU64::new(0) }
    }

    fn life(&self) -> &Life {
        self.life.as_ref().unwrap()
    }

    /// How often its chat came to stand so: `connection lost`, `connected`, `the service refuses the bot`.
    pub(crate) fn stood(&self, part: &str) -> usize {
        self.life().states.lock().unwrap().iter().filter(|line| line.contains(part)).count()
    }

    /// The chat.
    pub(crate) fn room(&self) -> &MemoryRoom {
        &self.life().room
    }

    /// The home.
    pub(crate) fn home(&self) -> &Home {
        &self.home
    }

    /// The bot itself.
    pub(crate) fn bot(&self) -> &Arc<Bot> {
        &self.life().bot
    }

    /// Runs something that waits.
    pub(crate) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.life().runtime.block_on(work)
    }

    /// Somebody says something; gives the message's id.
    pub(crate) fn says(&self, person: &str, room: &str, text: &str) -> String {
        let id = format!("m{}", self.said.fetch_add(1, Ordering::Relaxed));
        self.room().say_as(&id, person, room, text);
        id
    }

    /// The next thing the bot posts.
    pub(crate) fn posts(&self) -> Posted {
        self.posts_within(SOON).unwrap_or_else(|| panic!("the bot was to say something"))
    }

    fn posts_within(&self, limit: Duration) -> Option<Posted> {
        let room = self.room().clone();
        self.wait(async move { tokio::time::timeout(limit, room.next()).await.ok() })
    }

    /// The text of the next thing the bot posts, without the name of the one it is for.
    pub(crate) fn answers(&self) -> String {
        text(&self.posts())
    }

    /// Says something and gives the last answer to it; what comes before is left out.
    pub(crate) fn ask(&self, person: &str, room: &str, said: &str) -> String {
        text(&self.asks(person, room, said))
    }

    /// The same with all of the post.
    pub(crate) fn asks(&self, person: &str, room: &str, text: &str) -> Posted {
        let id = self.says(person, room, text);
        loop {
            let posted = self.posts();
            if posted.answer.as_ref().is_some_and(|answer| answer.last && *answer.key.id == *id) {
                return posted;
            }
        }
    }

    /// The next post that contains `part`; others are left out.
    pub(crate) fn comes_to_say(&self, part: &str) -> Posted {
        let end = Instant::now() + SOON;
        let mut others = Vec::new();
        while Instant::now() < end {
            match self.posts_within(SOON) {
                Some(posted) if posted.text.contains(part) => return posted,
                Some(posted) => others.push(posted.text),
                None => break,
            }
        }
        panic!("the bot was to say `{part}`; it said {others:#?}");
    }

    /// Fails if the bot posts anything for a moment.
    pub(crate) fn says_nothing_more(&self) {
        if let Some(posted) = self.posts_within(QUIET) {
            panic!("the bot was to be silent; it said `{}`", posted.text);
        }
    }

    /// Waits until `condition` holds.
    pub(crate) fn until<T>(&self, condition: impl FnMut() -> Option<T>) -> T {
        super::until(SOON, condition)
    }

    /// Loads the configuration again.
    pub(crate) fn reload(&self) -> Report {
        self.wait(self.bot().reload("a test"))
    }

    /// Reads the database, after all that was written up to now.
    pub(crate) fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        let store = self.life().store.clone();
        self.wait(async move {
            let adapter = name();
            let (room, mark) = ("a test".to_owned(), String::new());
            store.write(Change::Position { adapter, room, mark }).await.unwrap();
            store.read(work).await.unwrap()
        })
    }

    /// Every audit record, the oldest first: what, who, subject and the rest.
    pub(crate) fn audit(&self) -> Vec<Value> {
        let records = self.read(|reader| reader.audit(&Search { limit: 10_000, ..Search::default() }));
        let record = |record: chatops::store::audit::Record| {
            let body: Value = serde_json::from_str(&record.body).unwrap();
            json!({
                "what": record.what, "person": record.person, "place": record.place,
                "subject": record.subject, "body": body,
            })
        };
        records.into_iter().rev().map(record).collect()
    }

    /// The audit records of one kind.
    pub(crate) fn audit_of(&self, what: &str) -> Vec<Value> {
        self.audit().into_iter().filter(|record| record["what"] == what).collect()
    }

    /// Whether the audit log is whole.
    pub(crate) fn audit_is_whole(&self) -> bool {
        let keys = Keys::load(&self.home.path().join("var")).unwrap();
        self.read(move |reader| verify(reader, &keys, None)).is_whole()
    }

    /// Stops in good order.
    pub(crate) fn stop(&mut self, grace: Duration) {
        let life = self.life.take().unwrap();
        life.runtime.block_on(life.bot.stop(grace));
        life.end();
    }

    /// Drops everything in the middle of its work, as a crash does.
    pub(crate) fn dies(&mut self) {
        self.life.take().unwrap().end();
    }

    /// The next life on the same home.
    pub(crate) fn starts_again(&mut self) {
        self.life = Some(Life::start(&self.home));
    }
}

impl Drop for MemoryBot {
    fn drop(&mut self) {
        if let Some(life) = self.life.take() {
            life.end();
        }
    }
}

impl Life {
    fn start(home: &Home) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (adapter, room) = MemoryAdapter::new();
        let (bot, store) = runtime.block_on(bot(home));
        let (link, _) = runtime.block_on(async { bot.link(&name(), MemoryAdapter::ABILITIES) });
        let stop = link.stop.clone();
        let since = link.world.now();
        let (state, watched) = watch::channel(link::State::Connecting { since, why: None });
        let states = Arc::default();
        runtime.spawn(note(watched, Arc::clone(&states)));
        runtime.spawn(link::keep(Arc::new(Service::from(adapter)), link, OnLoss::Reconnect, state));
        runtime.block_on(async { bot.connect() });
        Self { runtime, bot, store, room, link: stop, states }
    }

    fn end(self) {
        let Self { runtime, bot, store, room, link, states: _ } = self;
        drop((bot, store, room));
        runtime.shutdown_timeout(SOON);
        link.cancel();
    }
}

/// Writes down how a connection stands, in the words of the log.
async fn note(mut state: watch::Receiver<link::State>, states: Arc<Mutex<Vec<String>>>) {
    while state.changed().await.is_ok() {
        let line = match &*state.borrow_and_update() {
            link::State::Connecting { why, .. } => {
                format!("connection lost: {}", why.as_deref().unwrap_or(""))
            }
            link::State::Up { .. } => "connected".to_owned(),
            link::State::Refused { why, .. } => format!("the service refuses the bot: {why}"),
            link::State::Stopped => "stopped".to_owned(),
        };
        states.lock().unwrap().push(line);
    }
}

/// What a post says, without the name of the one it is for.
pub(crate) fn text(posted: &Posted) -> String {
    let name = posted.post.to.as_ref().map(|to| format!("{}: ", to.name)).unwrap_or_default();
    posted.text.strip_prefix(&name).unwrap_or(&posted.text).to_owned()
}

fn name() -> AdapterName {
    AdapterName::new("memory").unwrap()
}

async fn bot(home: &Home) -> (Arc<Bot>, Store) {
    chatops::net::tls::install();
    let world = World::real();
    let dir = HomeDir::at(home.path());
    let built = Built { pack: commands::PACK, aliases: commands::aliases() };
    let loaded = load(&dir, &home.variables(), &built, None);
    let var = dir.var_dir();
    std::fs::create_dir_all(&var).unwrap();
    let keys = Keys::load_or_create(&var).unwrap();
    let store = Store::open(&home.database(), keys, world.clone()).unwrap();
    let homes = Homes::new(loaded, dir, home.variables(), built, store.clone(), world.clone());
    let (bot, _ended) = Bot::start(homes, store.clone(), world).await.unwrap();
    (bot, store)
}
