//! What the bot remembers: one SQLite file, one writer thread, grouped commits.
//!
//! A write is queued when [`Store::write`] is called, in that order, and durable when its future is
//! done (WAL, `synchronous=FULL`). Reads have connections of their own and see what is committed.

mod apply;
pub mod audit;
mod change;
mod claims;
mod error;
mod ids;
mod keys;
mod lock;
mod reader;
mod schema;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::{Notify, mpsc, oneshot};

pub use change::{Begin, Change, Done, Entry, Finish, NewDelivery, Notice, Settled, What};
pub use claims::{Claimed, Claims, MemoryClaims};
pub use error::StoreError;
pub use keys::Keys;
pub use lock::InstanceLock;
pub use reader::{AuditFilter, Filter, Reader};

use crate::model::Noun;
use crate::net::World;
use ids::Ids;
use writer::{Task, Writer};

/// Changes that wait for the writer; past this number [`StoreError::Full`].
const QUEUE: usize = 16_384;

/// Read connections kept open.
const READERS: usize = 4;

/// The strand of a process that is alone on its database.
const STRAND: i64 = 1;

/// What the bot remembers. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    keys: Keys,
    world: World,
    worker: i64,
    ids: Arc<Ids>,
    queue: mpsc::Sender<Task>,
    bell: Arc<Notify>,
    readers: Mutex<Vec<Reader>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Store {
    /// Opens or makes the database file and starts its writer. The caller holds the [`InstanceLock`].
    pub fn open(path: &Path, keys: Keys, world: World) -> Result<Self, StoreError> {
        let connection = schema::open(path)?;
        let ids = Arc::new(Ids::open(&connection)?);
        let worker = ids.take(Noun::Worker, || {}).id;
        let started = "INSERT INTO worker (id, pid, started) VALUES (?1, ?2, ?3)";
        connection.execute(started, (worker, std::process::id(), world.now().as_micros()))?;
        let head = audit::head(&connection, STRAND)?;
        let (queue, tasks) = mpsc::channel(QUEUE);
        let bell = Arc::new(Notify::new());
        let (keys_too, world_too) = (keys.clone(), world.clone());
        let writer = Writer { connection, keys: keys_too, world: world_too, worker, head, ids: ids.clone(), bell: bell.clone() };
        let spawned = std::thread::Builder::new().name("store".to_owned()).spawn(move || writer.run(tasks));
        let thread = spawned.map_err(|error| StoreError::Sql(format!("no thread for the database: {error}")))?;
        let inner = Inner {
            path: path.to_owned(),
            keys,
            world,
            worker,
            ids,
            queue,
            bell,
            readers: Mutex::default(),
            thread: Mutex::new(Some(thread)),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The next id of a noun, from memory.
    pub fn id(&self, noun: Noun) -> i64 {
        let ask = || drop(self.inner.queue.try_send(Task::Reserve));
        let taken = self.inner.ids.take(noun, ask);
        if taken.low {
            ask();
        }
        taken.id
    }

    /// Queued now, in order; await the future for the commit, or drop it.
    pub fn write(&self, change: Change) -> impl Future<Output = Result<Done, StoreError>> + Send + 'static + use<> {
        let (answer, answered) = oneshot::channel();
        let queued = self.inner.queue.try_send(Task::Write(change, answer)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::Full,
            mpsc::error::TrySendError::Closed(_) => StoreError::Closed,
        });
        async move {
            queued?;
            answered.await.map_err(|_| StoreError::Closed)?
        }
    }

    /// Reads, on a thread where waiting for the disk is allowed.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let inner = self.inner.clone();
        let done = tokio::task::spawn_blocking(move || inner.read(work)).await;
        done.map_err(|error| StoreError::Sql(format!("a read failed: {error}")))?
    }

    /// Commits what waits, gives back unused ids and closes the file. Later writes are refused.
    pub async fn close(&self) {
        let (answer, answered) = oneshot::channel();
        if self.inner.queue.send(Task::Close(answer)).await.is_ok() {
            // The thread answers or has ended already; both are what we want.
            let _ = answered.await;
        }
        let thread = self.inner.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // It has answered, so it ends now; a panic there was logged by the panic hook.
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }

    /// This life of this process.
    pub fn worker(&self) -> i64 {
        self.inner.worker
    }

    pub(in crate::store) fn world(&self) -> &World {
        &self.inner.world
    }

    pub(in crate::store) fn bell(&self) -> Arc<Notify> {
        self.inner.bell.clone()
    }
}

impl Inner {
    fn read<T>(&self, work: impl FnOnce(&Reader) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let kept = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let reader = match kept {
            Some(reader) => reader,
            None => Reader::open(&self.path, Some(self.keys.clone()))?,
        };
        let outcome = work(&reader);
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < READERS {
            readers.push(reader);
        }
        outcome
    }
}
