//! Posts events over kept-open connections and measures how they are taken.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::sink::{Mark, micros};

/// What to post, and how.
#[derive(Debug, Clone)]
pub(crate) struct Load {
    /// Where to.
    pub(crate) address: SocketAddr,
    /// Method, path and headers, each line ended; `content-length` is added.
    pub(crate) head: String,
    /// The body: `%M` is the marker, `%K` the key, `%S` the number, `%T` the time as RFC 3339.
    pub(crate) body: String,
    /// How many events.
    pub(crate) events: u32,
    /// Over how many connections; each has keys of its own.
    pub(crate) connections: u32,
    /// The key of the first connection; two runs against one sink need different ones.
    pub(crate) first_key: u32,
    /// Events a second in all; `None` for as fast as they are taken.
    pub(crate) rate: Option<f64>,
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Posted {
    /// Events that were answered with 2xx.
    pub(crate) accepted: Vec<Mark>,
    /// How many were refused or lost on the way.
    pub(crate) refused: usize,
    /// From the first post to the last answer.
    pub(crate) span: Duration,
    /// How long each answer took, in microseconds.
    pub(crate) answers: Vec<i64>,
}

impl Load {
    /// Posts everything.
    pub(crate) async fn run(self) -> Posted {
        let start = Instant::now();
        let (load, next) = (Arc::new(self), Arc::new(AtomicU32::new(0)));
        let keys = load.first_key..load.first_key + load.connections;
        let posters = keys.map(|key| tokio::spawn(post(load.clone(), next.clone(), key, start)));
        let mut all = Posted::default();
        for poster in posters.collect::<Vec<_>>() {
            let one = poster.await.unwrap_or_default();
            all.accepted.extend(one.accepted);
            all.answers.extend(one.answers);
            all.refused += one.refused;
        }
        all.span = start.elapsed();
        all
    }

    fn request(&self, key: u32, number: u32) -> Vec<u8> {
        let marker = format!("EVT.{key}.{number}.{}.E", micros());
        let now = jiff::Timestamp::now().to_string();
        let body = self.body.replace("%M", &marker).replace("%K", &key.to_string());
        let body = body.replace("%S", &number.to_string()).replace("%T", &now);
        format!("{}content-length: {}\r\n\r\n{body}", self.head, body.len()).into_bytes()
    }
}

/// One connection: its own key, one event after the other.
async fn post(load: Arc<Load>, next: Arc<AtomicU32>, key: u32, start: Instant) -> Posted {
    let mut posted = Posted::default();
    let mut stream = None;
    let mut number = 0;
    loop {
        let turn = next.fetch_add(1, Ordering::Relaxed);
        if turn >= load.events {
            return posted;
        }
        if let Some(rate) = load.rate {
            let due = start + Duration::from_secs_f64(f64::from(turn) / rate);
            tokio::time::sleep_until(due.into()).await;
        }
        number += 1;
        let request = load.request(key, number);
        let begun = Instant::now();
        match exchange(&mut stream, load.address, &request).await {
            Ok(status) if (200..300).contains(&status) => {
                posted.accepted.push((key, number));
                posted.answers.push(i64::try_from(begun.elapsed().as_micros()).unwrap_or(i64::MAX));
            }
            Ok(_) => posted.refused += 1,
            Err(_) => {
                stream = None;
                posted.refused += 1;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

async fn exchange(
    stream: &mut Option<TcpStream>,
    address: SocketAddr,
    request: &[u8],
) -> std::io::Result<u16> {
    let stream = match stream {
        Some(open) => open,
        None => {
            let fresh = TcpStream::connect(address).await?;
            fresh.set_nodelay(true)?;
            stream.insert(fresh)
        }
    };
    stream.write_all(request).await?;
    let mut buffer = Vec::with_capacity(1024);
    loop {
        if stream.read_buf(&mut buffer).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let Some(end) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&buffer[..end]).to_ascii_lowercase();
        let length = head.split("content-length:").nth(1).and_then(|rest| rest.lines().next());
        let length: usize = length.and_then(|text| text.trim().parse().ok()).unwrap_or(0);
        if buffer.len() >= end + 4 + length {
            let status = head.split(' ').nth(1).and_then(|text| text.parse().ok());
            return status.ok_or_else(|| std::io::ErrorKind::InvalidData.into());
        }
    }
}
