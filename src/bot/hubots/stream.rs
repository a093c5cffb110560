//! Who listens: each reader has a queue of its own, and whoever does not read it loses the connection.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_util::Stream as Lines;
use tokio::sync::{Notify, mpsc};
use tracing::warn;

/// Readers of one Hubot at once; connections that nobody reads count until they end.
const MOST_READERS: usize = 32;

/// Lines that wait for one reader; one that lets more wait is dropped, and comes back for them.
const MOST_WAITING: usize = 256;

/// Lines that are kept for a reader that comes back.
const MOST_KEPT: usize = 256;

/// One event of a stream.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    /// Its name: `st2.announcement__chatops`.
    pub event: String,
    /// Its id, by which a reader that comes back says what it had.
    pub id: String,
    /// JSON.
    pub data: Arc<str>,
    number: u64,
}

/// Which events somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wants {
    /// All.
    All,
    /// Those of these names.
    Only(Vec<String>),
}

impl Wants {
    fn wants(&self, event: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.iter().any(|name| name == event),
        }
    }

    /// Whether any of them is an announcement.
    fn announcements(&self) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.iter().any(|name| name.starts_with(super::ANNOUNCEMENT)),
        }
    }
}

/// Too many read already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{MOST_READERS} connections read this stream already")]
pub struct Full;

/// What one reader gets; ends when the bot does, or when it was too slow.
pub struct Listening {
    lines: mpsc::Receiver<Arc<Line>>,
    /// Its place among the readers, given back when the connection ends.
    _seat: Arc<()>,
}

impl Lines for Listening {
    type Item = Arc<Line>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Arc<Line>>> {
        self.lines.poll_recv(context)
    }
}

struct Reader {
    wants: Wants,
    lines: mpsc::Sender<Arc<Line>>,
}

#[derive(Default)]
struct State {
    readers: Vec<Reader>,
    kept: VecDeque<Arc<Line>>,
    next: u64,
    closed: bool,
}

/// The streams of one Hubot.
pub(super) struct Stream {
    life: i64,
    state: Mutex<State>,
    came: Notify,
    seats: Arc<()>,
}

impl Stream {
    /// Nobody reads; `life` parts the ids of one life of the bot from those of another.
    pub(super) fn new(life: i64) -> Self {
        Self { life, state: Mutex::default(), came: Notify::new(), seats: Arc::new(()) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn listen(&self, wants: Wants, after: Option<&str>) -> Result<Listening, Full> {
        let (sender, lines) = mpsc::channel(MOST_WAITING);
        let mut state = self.lock();
        if Arc::strong_count(&self.seats) > MOST_READERS {
            return Err(Full);
        }
        let listening = Listening { lines, _seat: self.seats.clone() };
        if state.closed {
            return Ok(listening);
        }
        if let Some(had) = after.and_then(|id| self.number(id)) {
            let missed = state.kept.iter().filter(|line| line.number > had && wants.wants(&line.event));
            for line in missed {
                // As many are kept as may wait.
                let _ = sender.try_send(line.clone());
            }
        }
        state.readers.push(Reader { wants, lines: sender });
        drop(state);
        self.came.notify_waiters();
        Ok(listening)
    }

    /// The number in an id of this life.
    fn number(&self, id: &str) -> Option<u64> {
        let (life, number) = id.split_once('-')?;
        if life.parse() == Ok(self.life) { number.parse().ok() } else { None }
    }

    /// Tells everybody who wants it; whether anybody did.
    pub(super) fn tell(&self, event: &str, data: &Arc<str>) -> bool {
        let mut state = self.lock();
        let number = state.next;
        state.next += 1;
        let id = format!("{}-{number}", self.life);
        let line = Arc::new(Line { event: event.to_owned(), id, data: data.clone(), number });
        let mut heard = false;
        state.readers.retain(|reader| {
            if !reader.wants.wants(event) {
                return !reader.lines.is_closed();
            }
            match reader.lines.try_send(line.clone()) {
                Ok(()) => {
                    heard = true;
                    true
                }
                Err(mpsc::error::TrySendError::Full(_)) => {
                    warn!("a reader of the stream is too slow and is dropped");
                    false
                }
                Err(mpsc::error::TrySendError::Closed(_)) => false,
            }
        });
        if heard {
            state.kept.push_back(line);
            if state.kept.len() > MOST_KEPT {
                state.kept.pop_front();
            }
        }
        heard
    }

    /// Whether anybody reads announcements.
    pub(super) fn is_read(&self) -> bool {
        let mut state = self.lock();
        state.readers.retain(|reader| !reader.lines.is_closed());
        state.readers.iter().any(|reader| reader.wants.announcements())
    }

    /// Waits until somebody reads announcements.
    pub(super) async fn somebody(&self) {
        loop {
            let mut came = std::pin::pin!(self.came.notified());
            came.as_mut().enable();
            if self.is_read() {
                return;
            }
            came.await;
        }
    }

    /// Ends all streams, and those that come later at once.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.readers.clear();
    }
}
