//! Lines that come in while a test runs: a log, a chat. Each is waited for, in order, with a limit.

use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// What came in so far; cloned, it is the same one.
#[derive(Clone, Default)]
pub(crate) struct Lines {
    inner: Arc<(Mutex<Seen>, Condvar)>,
}

#[derive(Default)]
struct Seen {
    lines: Vec<String>,
    ended: bool,
}

impl Lines {
    /// Reads `source` to its end on a thread of its own; `each` sees every line first.
    pub(crate) fn follow(
        source: impl Read + Send + 'static,
        each: impl FnMut(&str) + Send + 'static,
    ) -> Self {
        let lines = Self::default();
        let shared = lines.clone();
        thread::spawn(move || {
            shared.read(source, each);
            shared.change(|seen| seen.ended = true);
        });
        lines
    }

    /// Reads `source` to its end. Broken UTF-8 is replaced.
    pub(crate) fn read(&self, source: impl Read, mut each: impl FnMut(&str)) {
        let mut source = BufReader::new(source);
        let mut line = Vec::new();
        while source.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
            let text = String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned();
            each(&text);
            self.change(|seen| seen.lines.push(text));
            line.clear();
        }
    }

    fn change(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.inner.0.lock().unwrap());
        self.inner.1.notify_all();
    }

    /// All of them, from number `from` on.
    pub(crate) fn since(&self, from: usize) -> Vec<String> {
        self.inner.0.lock().unwrap().lines[from..].to_vec()
    }

    /// The first line from number `from` on for which `wanted` has a value, with the number after it. An
    /// error holds what came instead.
    pub(crate) fn wait<T>(
        &self,
        from: usize,
        limit: Duration,
        mut wanted: impl FnMut(&str) -> Option<T>,
    ) -> Result<(T, usize), String> {
        let end = Instant::now() + limit;
        let mut next = from;
        let mut seen = self.inner.0.lock().unwrap();
        loop {
            while let Some(line) = seen.lines.get(next) {
                next += 1;
                if let Some(found) = wanted(line) {
                    return Ok((found, next));
                }
            }
            let left = end.saturating_duration_since(Instant::now());
            if seen.ended || left.is_zero() {
                let why = if seen.ended { "it ended" } else { "time is up" };
                return Err(format!("{why}; it said:\n{}", seen.lines[from.min(next)..].join("\n")));
            }
            seen = self.inner.1.wait_timeout(seen, left).unwrap().0;
        }
    }
}
