//! Live output of a run: the first bytes of each stream are kept, the rest is counted, and whoever
//! writes never waits for whoever reads.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::net::process::Sink;

/// What is kept of each stream of a run, in bytes, unless set otherwise.
pub const KEPT: usize = 1 << 20;
/// However many hosts share a run, each stream keeps this many bytes.
const LEAST: usize = 16 * 1024;
/// What is kept of the end of all output, in bytes: who looks on while it comes may be so far behind.
const TAIL: usize = 64 * 1024;
/// What progress shows of it, in bytes.
const SHOWN: usize = 4096;

/// Live output of a run.
#[derive(Debug)]
pub struct Output {
    most: usize,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    tail: Mutex<VecDeque<u8>>,
    bell: watch::Sender<Totals>,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Bytes of output so far, also those not kept.
    pub seen: u64,
    /// Hosts that are done; 0 for a run that has none.
    pub done: usize,
    /// Hosts in all; 0 for a run that has none.
    pub hosts: usize,
}

/// What progress shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The last lines of all streams as they came.
    pub lines: Vec<String>,
    /// How far the run is.
    pub totals: Totals,
}

/// One stream of a run, such as the stdout of one host.
#[derive(Debug)]
pub struct Pipe {
    most: usize,
    kept: Mutex<Kept>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Kept {
    bytes: Vec<u8>,
    seen: u64,
}

/// The text of a stream that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// What was kept, as UTF-8; what is none is replaced. If anything was cut, a last line says so.
    pub text: String,
    /// Whether it is all there was.
    pub whole: bool,
}

impl Default for Output {
    fn default() -> Self {
        Self::new(KEPT)
    }
}

impl Output {
    /// Output that keeps the first `most` bytes of each stream.
    pub fn new(most: usize) -> Self {
        let bell = watch::Sender::new(Totals::default());
        Self { most, shared: Arc::new(Shared { tail: Mutex::default(), bell }) }
    }

    /// A stream of a run on one machine.
    pub fn pipe(&self) -> Arc<Pipe> {
        self.share(1)
    }

    /// A stream of one of `hosts` machines: it keeps its share, at least 16 KiB.
    pub fn share(&self, hosts: usize) -> Arc<Pipe> {
        let most = (self.most / hosts.max(1)).max(LEAST.min(self.most));
        Arc::new(Pipe { most, kept: Mutex::default(), shared: self.shared.clone() })
    }

    /// Says how many hosts of how many are done.
    pub fn advance(&self, done: usize, hosts: usize) {
        self.shared.bell.send_modify(|totals| (totals.done, totals.hosts) = (done, hosts));
    }

    /// Bytes of output so far, also those not kept.
    pub fn seen(&self) -> u64 {
        self.shared.bell.borrow().seen
    }

    /// Rings whenever there is more output or another host is done.
    pub fn bell(&self) -> watch::Receiver<Totals> {
        self.shared.bell.subscribe()
    }

    /// What came after the first `seen` bytes: how many of them are lost, and the others.
    pub fn since(&self, seen: u64) -> (u64, Vec<u8>) {
        let tail = lock(&self.shared.tail);
        let all = self.shared.bell.borrow().seen.max(tail.len() as u64);
        let new = all.saturating_sub(seen);
        let here = usize::try_from(new).unwrap_or(usize::MAX).min(tail.len());
        (new - here as u64, tail.iter().skip(tail.len() - here).copied().collect())
    }

    /// The last `lines` lines (out of the last 4 KiB) and the totals.
    pub fn sample(&self, lines: usize) -> Sample {
        let totals = *self.shared.bell.borrow();
        let all = lock(&self.shared.tail);
        let tail: Vec<u8> = all.iter().skip(all.len().saturating_sub(SHOWN)).copied().collect();
        drop(all);
        let text = String::from_utf8_lossy(&tail);
        // The first line is cut somewhere when there was more than the tail holds.
        let skip = usize::from(totals.seen > tail.len() as u64 && text.contains('\n'));
        let all: Vec<&str> = text.lines().skip(skip).collect();
        let last = &all[all.len().saturating_sub(lines)..];
        Sample { lines: last.iter().map(|line| (*line).to_owned()).collect(), totals }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is behind these locks is bytes: whole after each statement.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sink for Pipe {
    fn write(&self, bytes: &[u8]) {
        let mut kept = lock(&self.kept);
        let room = self.most - kept.bytes.len();
        kept.bytes.extend_from_slice(&bytes[..bytes.len().min(room)]);
        kept.seen += bytes.len() as u64;
        drop(kept);
        self.shared.note(bytes);
    }
}

impl Shared {
    fn note(&self, bytes: &[u8]) {
        let end = &bytes[bytes.len().saturating_sub(TAIL)..];
        let mut tail = lock(&self.tail);
        let over = (tail.len() + end.len()).saturating_sub(TAIL);
        tail.drain(..over);
        tail.extend(end);
        // Under the lock, so that what is counted and what is kept agree.
        self.bell.send_modify(|totals| totals.seen += bytes.len() as u64);
    }
}

impl Pipe {
    /// What was kept, with `... output cut: N bytes kept of M` as the last line if that is not all.
    pub fn text(&self) -> Text {
        let kept = lock(&self.kept);
        let whole = kept.seen == kept.bytes.len() as u64;
        let bytes = if whole { &kept.bytes[..] } else { without_half_character(&kept.bytes) };
        let mut text = String::from_utf8_lossy(bytes).into_owned();
        if !whole {
            let line = format!("... output cut: {} bytes kept of {}", bytes.len(), kept.seen);
            text.push_str(if text.ends_with('\n') || text.is_empty() { "" } else { "\n" });
            text.push_str(&line);
        }
        Text { text, whole }
    }
}

/// Cuts a character whose last bytes are missing off the end.
fn without_half_character(bytes: &[u8]) -> &[u8] {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => &bytes[..error.valid_up_to()],
        _ => bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_are_kept_and_the_rest_is_counted() {
        let output = Output::new(10);
        let pipe = output.pipe();
        pipe.write(b"0123456");
        pipe.write("89\u{e9}more".as_bytes());
        let text = pipe.text();
        assert_eq!(text.text, "012345689\n... output cut: 9 bytes kept of 15");
        assert!(!text.whole);
        assert_eq!(output.seen(), 15);
    }

    #[test]
    fn all_of_a_short_output_is_kept() {
        let output = Output::default();
        let pipe = output.pipe();
        pipe.write(b"a\xff\n");
        assert_eq!(pipe.text(), Text { text: "a\u{fffd}\n".to_owned(), whole: true });
    }

    #[test]
    fn a_flood_takes_no_more_memory_than_the_limit() {
        let output = Output::default();
        let pipe = output.pipe();
        for _ in 0..1024 {
            pipe.write(&[b'x'; 64 * 1024]);
        }
        assert_eq!(output.seen(), 64 << 20);
        assert!(lock(&pipe.kept).bytes.capacity() <= 2 * KEPT);
        assert!(lock(&output.shared.tail).capacity() <= 4 * TAIL);
    }

    #[test]
    fn hosts_share_the_limit() {
        let output = Output::default();
        assert_eq!(output.share(4).most, KEPT / 4);
        assert_eq!(output.share(10_000).most, LEAST);
    }

    #[test]
    fn who_looks_on_gets_what_is_new_and_hears_what_is_lost() {
        let output = Output::default();
        let pipe = output.pipe();
        pipe.write(b"one\n");
        assert_eq!(output.since(0), (0, b"one\n".to_vec()));
        pipe.write(b"two\n");
        assert_eq!((output.since(4), output.since(8)), ((0, b"two\n".to_vec()), (0, Vec::new())));
        pipe.write(&vec![b'x'; TAIL + 10]);
        assert_eq!(output.since(8), (10, vec![b'x'; TAIL]));
    }

    #[test]
    fn a_sample_has_the_last_lines_and_the_totals() {
        let output = Output::default();
        let mut bell = output.bell();
        let pipe = output.pipe();
        pipe.write(&[b'y'; 5000]);
        pipe.write(b"\none\ntwo\nthree\n");
        output.advance(1, 3);
        assert!(bell.has_changed().unwrap());
        bell.mark_unchanged();
        let sample = output.sample(2);
        assert_eq!(sample.lines, ["two", "three"]);
        assert_eq!(sample.totals, Totals { seen: 5015, done: 1, hosts: 3 });
    }
}
