//! What the bot remembers: one SQLite file, one writer thread, grouped commits.
//!
//! Writes are data ([`Change`]): they are queued in the order of the calls and committed together.
//! Reads run beside them on connections of their own. `docs/store.md` describes the tables,
//! `docs/audit.md` the bytes of the audit log.

mod accept;
mod apply;
pub mod audit;
mod bells;
mod change;
mod choice;
mod claims;
mod error;
mod filter;
mod flow;
mod fresh;
mod ids;
mod keys;
mod kv;
mod lane;
mod lock;
mod memo;
mod queue;
mod reader;
mod recover;
mod ripen;
mod rows;
mod schedules;
mod schema;
mod set;
mod settle;
mod sort;
#[cfg(test)]
mod tests;
mod topics;
mod trim;
mod wait;
mod writer;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::params;
use serde_json::{Map, Value};
use tokio::sync::{Semaphore, oneshot};

pub use accept::BRIEF;
pub use change::{
    Accept, Begin, Change, Decide, Done, Due, Entry, Fate, Finish, Flow, Memo, NewDelivery, NewSchedule,
    Next, Notice, Pick, RoomDefault, Routed, Scene, Sending, Setting, Settled, Then, Token, Topical, Vote,
    Wait, Waited, Waiting, What, Word,
};
pub use claims::{Claimed, Claims, MemoryClaims, Stored};
pub use error::StoreError;
pub use filter::{DeliveryFilter, EventFilter, Filter, NotificationFilter, Search, Slice};
pub use fresh::ESCALATION;
pub use keys::Keys;
pub use kv::{Kv, LARGEST_VALUE, NewPair};
pub use lock::InstanceLock;
pub use reader::{Attempt, Backlog, Gathered, Live, Minute, RULES, Reader, StoredEvent, TopicLine};

use crate::model::Noun;
use crate::net::{Seal, World};
use bells::Bells;
use ids::Ids;
use queue::{Order, Queue};
use writer::Writer;

/// Reads that run at the same time; more wait.
const READERS: usize = 4;

/// The database of one bot. Cheap to clone. Dropping the last clone does what is queued first.
///
/// One process at a time: take the [`InstanceLock`] before.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    keys: Keys,
    worker: i64,
    ids: Arc<Ids>,
    queue: Arc<Queue>,
    thread: Mutex<Option<JoinHandle<()>>>,
    bells: Arc<Bells>,
    kv: Arc<Kv>,
    idle: Mutex<Vec<Reader>>,
    readers: Arc<Semaphore>,
}

impl Store {
    /// Opens the file `path`, makes it where there is none, brings its tables up to date and starts the
    /// writer. Waits for the disk.
    ///
    /// # Errors
    /// [`StoreError::Newer`], [`StoreError::ReadOnly`], [`StoreError::DiskFull`], [`StoreError::Locked`],
    /// [`StoreError::Corrupt`] and what else the disk may say.
    pub fn open(path: &Path, keys: Keys, world: World) -> Result<Self, StoreError> {
        let connection = schema::open(path)?;
        let chain = audit::Chain::load(&connection)?;
        let ids = Arc::new(Ids::load(&connection)?);
        let worker = begin_life(&connection, &ids, &world)?;
        let bells = Arc::new(Bells::default());
        let queue = Arc::new(Queue::default());
        let kv = Arc::new(Kv::new(kv::all(&connection)?, world.clone()));
        let writer = Writer {
            connection,
            keys: keys.clone(),
            world,
            chain,
            worker,
            ids: ids.clone(),
            queue: queue.clone(),
            bells: bells.clone(),
            kv: kv.clone(),
        };
        let thread = std::thread::Builder::new().name("store".to_owned()).spawn(move || writer.run());
        let thread = thread.map_err(|error| StoreError::io("cannot start the writer", &error))?;
        let inner = Inner {
            path: path.to_owned(),
            keys,
            worker,
            ids,
            queue,
            thread: Mutex::new(Some(thread)),
            bells,
            kv,
            idle: Mutex::new(Vec::new()),
            readers: Arc::new(Semaphore::new(READERS)),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The next id of a noun, at once and without I/O. No other process and no later life gives it again.
    pub fn id(&self, noun: Noun) -> i64 {
        let (id, low) = self.inner.ids.take(noun);
        if low {
            self.inner.queue.reserve();
        }
        id
    }

    /// Seals and opens what must stay secret: `var/seal.key`.
    pub fn seal(&self) -> &Seal {
        self.inner.keys.sealing()
    }

    /// This life of the bot: a number larger than that of any earlier one.
    pub fn worker(&self) -> i64 {
        self.inner.worker
    }

    /// Queues a write, now and in the order of the calls. Await the future for the commit, or drop it: the
    /// write is done all the same.
    ///
    /// # Errors
    /// [`StoreError::Full`] and [`StoreError::Closed`] if it was not queued; [`StoreError::Conflict`] if it
    /// contradicts what is stored; what the disk said. Nothing of a failed write is kept.
    pub fn write(
        &self,
        change: Change,
    ) -> impl Future<Output = Result<Done, StoreError>> + Send + 'static + use<> {
        let (reply, answer) = oneshot::channel();
        self.inner.queue.push(Order { change, reply: Some(reply) });
        async move { answer.await.unwrap_or(Err(StoreError::Closed)) }
    }

    /// Queues a write that nobody waits for, in the order of the calls among all writes. It is committed with the
    /// next one that somebody waits for, or after some milliseconds; a failure goes to the log.
    pub fn record(&self, change: Change) {
        self.inner.queue.push(Order { change, reply: None });
    }

    /// Runs `read` on a thread for blocking work, with a connection of its own.
    ///
    /// # Errors
    /// Those of `read`, and of opening the connection; [`StoreError::Closed`] after [`Store::close`].
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit = self.inner.readers.clone().acquire_owned().await.map_err(|_| StoreError::Closed)?;
        let inner = self.inner.clone();
        let work = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let idle = inner.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let reader = match idle {
                Some(reader) => reader,
                None => Reader::open_readonly(&inner.path)?,
            };
            let outcome = read(&reader);
            inner.idle.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
            outcome
        });
        work.await.unwrap_or_else(|error| match error.is_cancelled() {
            true => Err(StoreError::Closed),
            false => Err(StoreError::Io(format!("a read failed: {error}"))),
        })
    }

    /// Whether events come as fast as they can be written: what can wait should, so that their senders need not.
    pub fn is_stormy(&self) -> bool {
        self.inner.queue.is_stormy()
    }

    /// The secret parameters of an execution; empty if it had none.
    ///
    /// # Errors
    /// As [`Reader::secrets`].
    pub async fn secrets(&self, execution: i64) -> Result<Map<String, Value>, StoreError> {
        let keys = self.inner.keys.clone();
        self.read(move |reader| reader.secrets(execution, &keys)).await
    }

    /// What a workflow knows, as (key, text).
    ///
    /// # Errors
    /// As [`Reader::flow`].
    pub async fn flow(&self, execution: i64) -> Result<Vec<(String, String)>, StoreError> {
        let keys = self.inner.keys.clone();
        self.read(move |reader| reader.flow(execution, &keys)).await
    }

    /// The second factor of a person, named as access.yaml does, else by id.
    ///
    /// # Errors
    /// As [`Reader::second_factor`].
    pub async fn second_factor(&self, who: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let (keys, who) = (self.inner.keys.clone(), who.to_owned());
        self.read(move |reader| reader.second_factor(&who, &keys)).await
    }

    /// What admins set while the bot ran: options of notifiers, handlers of topics.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub async fn live(&self) -> Result<Live, StoreError> {
        let keys = self.inner.keys.clone();
        self.read(move |reader| reader.live(&keys)).await
    }

    /// Verifies the audit log with the key of this home, against a head kept from earlier.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub async fn verified(&self, head: Option<audit::Head>) -> Result<audit::Verdict, StoreError> {
        let keys = self.inner.keys.clone();
        self.read(move |reader| audit::verify(reader, &keys, head.as_ref())).await
    }

    /// The whole line of a schedule, where its own shows less.
    ///
    /// # Errors
    /// As [`Reader::schedule_line`].
    pub async fn schedule_line(&self, schedule: i64) -> Result<Option<String>, StoreError> {
        let keys = self.inner.keys.clone();
        self.read(move |reader| reader.schedule_line(schedule, &keys)).await
    }

    /// Rings after each commit with a fresh event.
    pub fn fresh_bell(&self) -> tokio::sync::watch::Receiver<u64> {
        self.bells().of(fresh::BELL)
    }

    /// Rings after each commit in which a subject has a time at which to look at it.
    pub fn overdue_bell(&self) -> tokio::sync::watch::Receiver<u64> {
        self.bells().of(accept::OVERDUE)
    }

    /// Rings after each commit that makes or changes a schedule.
    pub fn schedules_bell(&self) -> tokio::sync::watch::Receiver<u64> {
        self.bells().of(schedules::BELL)
    }

    /// Does what is queued, folds the log into the file and ends. Later writes fail with [`StoreError::Closed`].
    ///
    /// # Errors
    /// [`StoreError::Io`] if the writer had died.
    pub async fn close(&self) -> Result<(), StoreError> {
        let inner = self.inner.clone();
        let ended = tokio::task::spawn_blocking(move || inner.end()).await;
        ended.unwrap_or_else(|error| Err(StoreError::Io(format!("the store did not close: {error}"))))
    }

    /// How many writes wait for the disk: people's changes, events.
    pub fn waiting(&self) -> (usize, usize) {
        self.inner.queue.lengths()
    }

    /// Who waits for deliveries is woken by these.
    fn bells(&self) -> &Bells {
        &self.inner.bells
    }
}

impl Inner {
    fn end(&self) -> Result<(), StoreError> {
        self.queue.close();
        self.readers.close();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        match thread.map(JoinHandle::join) {
            Some(Err(_)) => Err(StoreError::Io("the writer of the database died".to_owned())),
            _ => Ok(()),
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            tracing::error!(%error, "the store did not close well");
        }
    }
}

/// Reserves the first ids and records this life, in one commit.
fn begin_life(connection: &rusqlite::Connection, ids: &Ids, world: &World) -> Result<i64, StoreError> {
    let transaction = connection.unchecked_transaction()?;
    let reserved = ids.reserve(&transaction)?;
    let (worker, _) = ids.take(Noun::Worker);
    let sql = "INSERT INTO worker (id, pid, started) VALUES (?1, ?2, ?3)";
    transaction.execute(sql, params![worker, std::process::id(), world.now().as_micros()])?;
    transaction.commit()?;
    ids.committed(&reserved);
    Ok(worker)
}
