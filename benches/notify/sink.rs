//! A destination that counts: what arrived, when, how often and in which order. The path says how it behaves:
//! `/slow` answers after five seconds, `/hang` never, everything else at once.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How long `/slow` takes.
const SLOW: Duration = Duration::from_secs(5);

/// Microseconds since 1970.
pub(crate) fn micros() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_micros()).unwrap_or(i64::MAX)
}

/// One event by what its marker says: the key, and its number there.
pub(crate) type Mark = (u32, u32);

/// What came of one event on one path.
#[derive(Debug, Clone)]
pub(crate) struct Came {
    /// How often.
    pub(crate) times: u32,
    /// From being posted to arriving first, in microseconds.
    pub(crate) took: i64,
    /// When it came first.
    pub(crate) at: i64,
    /// The delivery ids it came with.
    pub(crate) ids: Vec<String>,
}

/// All that arrived, by path.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    by_path: HashMap<String, HashMap<Mark, Came>>,
    newest: HashMap<(String, u32), u32>,
    /// First arrivals after a later event of the same key.
    pub(crate) disordered: usize,
    /// Requests under way, and the most there were.
    under_way: usize,
    pub(crate) most_under_way: usize,
    /// Requests that will never be answered.
    hanging: usize,
}

impl Seen {
    /// What arrived on a path.
    pub(crate) fn on(&self, path: &str) -> HashMap<Mark, Came> {
        self.by_path.get(path).cloned().unwrap_or_default()
    }

    fn note(&mut self, path: &str, body: &str, id: Option<&str>) {
        let now = micros();
        for (mark, sent) in markers(body) {
            let first = !self.by_path.get(path).is_some_and(|seen| seen.contains_key(&mark));
            if first {
                let newest = self.newest.entry((path.to_owned(), mark.0)).or_default();
                self.disordered += usize::from(*newest > mark.1);
                *newest = (*newest).max(mark.1);
            }
            let seen = self.by_path.entry(path.to_owned()).or_default();
            let came =
                seen.entry(mark).or_insert(Came { times: 0, took: now - sent, at: now, ids: Vec::new() });
            came.times += 1;
            if let Some(id) = id.filter(|id| !came.ids.iter().any(|known| known == id)) {
                came.ids.push(id.to_owned());
            }
        }
    }
}

/// The markers in a body, `EVT.<key>.<number>.<microseconds>.E`, each once.
fn markers(body: &str) -> Vec<(Mark, i64)> {
    let read = |part: &str| {
        let mut fields = part.split('.');
        let (key, number) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        let sent = fields.next()?.parse().ok()?;
        (fields.next()?.starts_with('E')).then_some(((key, number), sent))
    };
    let mut found: Vec<(Mark, i64)> = body.split("EVT.").skip(1).filter_map(read).collect();
    found.sort_unstable();
    found.dedup_by_key(|(mark, _)| *mark);
    found
}

/// A listening sink; it ends with the runtime.
#[derive(Debug, Clone)]
pub(crate) struct Sink {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

impl Sink {
    /// Listens on a free port of this machine.
    pub(crate) async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let sink = Self { address: listener.local_addr()?, seen: Arc::default() };
        let seen = sink.seen.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let seen = seen.clone();
                tokio::spawn(async move {
                    // A sender that goes away in mid-request is the sender's affair.
                    let _ = serve(stream, &seen).await;
                });
            }
        });
        Ok(sink)
    }

    /// What arrived so far.
    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many requests came that are never answered.
    pub(crate) fn hanging(&self) -> usize {
        self.seen().hanging
    }

    /// Forgets what arrived.
    pub(crate) fn clear(&self) {
        *self.seen() = Seen::default();
    }

    /// Waits until these events arrived on a path, or nothing new came for `patience`.
    pub(crate) async fn arrived(&self, path: &str, marks: &[Mark], patience: Duration) {
        let (mut known, mut since) = (0, std::time::Instant::now());
        loop {
            let (now, all) = {
                let seen = self.seen();
                let came = seen.by_path.get(path);
                let all = came.is_some_and(|came| marks.iter().all(|mark| came.contains_key(mark)));
                (came.map_or(0, HashMap::len), all)
            };
            if now != known {
                (known, since) = (now, std::time::Instant::now());
            }
            if all || since.elapsed() > patience {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until `count` events arrived on a path, or nothing new came for `patience`.
    pub(crate) async fn settled(&self, path: &str, count: usize, patience: Duration) -> usize {
        let (mut known, mut since) = (0, std::time::Instant::now());
        loop {
            let now = self.seen().by_path.get(path).map_or(0, HashMap::len);
            if now != known {
                (known, since) = (now, std::time::Instant::now());
            }
            if known >= count || since.elapsed() > patience {
                return known;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn serve(mut stream: TcpStream, seen: &Mutex<Seen>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::new();
    loop {
        let Some((head, body_at)) = read_head(&mut stream, &mut buffer).await? else { return Ok(()) };
        let length = header(&head, "content-length").and_then(|text| text.parse().ok()).unwrap_or(0_usize);
        while buffer.len() < body_at + length {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        }
        let path = head.split(' ').nth(1).unwrap_or("/").split('?').next().unwrap_or("/").to_owned();
        if path.starts_with("/hang") {
            seen.lock().unwrap_or_else(PoisonError::into_inner).hanging += 1;
            // Until the sender has enough and goes.
            while stream.read_buf(&mut buffer).await? > 0 {}
            return Ok(());
        }
        {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.under_way += 1;
            seen.most_under_way = seen.most_under_way.max(seen.under_way);
        }
        if path.starts_with("/slow") {
            tokio::time::sleep(SLOW).await;
        }
        let body = String::from_utf8_lossy(&buffer[body_at..body_at + length]).into_owned();
        {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            // What was under way when all was forgotten is not counted any more.
            seen.under_way = seen.under_way.saturating_sub(1);
            seen.note(&path, &body, header(&head, "webhook-id"));
        }
        buffer.drain(..body_at + length);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await?;
    }
}

/// The head of the next request and where its body begins; `None` at the end.
async fn read_head(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> std::io::Result<Option<(String, usize)>> {
    loop {
        if let Some(end) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            return Ok(Some((String::from_utf8_lossy(&buffer[..end]).into_owned(), end + 4)));
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let fields = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    fields.into_iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}
