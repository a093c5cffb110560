//! The newest lines of one room, and who looks at them.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::broadcast;

use super::line::Line;

/// Lines that a room remembers.
const MOST_LINES: usize = 200;

/// Bytes that a room remembers, about.
const MOST_BYTES: usize = 8 << 20;

/// Lines that a slow browser may be behind; then it is dropped and loads the page again.
const BEHIND: usize = 64;

/// One room.
#[derive(Debug)]
pub(super) struct Room {
    lines: VecDeque<Arc<Line>>,
    bytes: usize,
    news: broadcast::Sender<Arc<Line>>,
}

impl Default for Room {
    fn default() -> Self {
        Self { lines: VecDeque::new(), bytes: 0, news: broadcast::Sender::new(BEHIND) }
    }
}

impl Room {
    /// The lines, the oldest first, and all that follow.
    pub(super) fn watch(&self) -> (Vec<Arc<Line>>, broadcast::Receiver<Arc<Line>>) {
        (self.lines.iter().cloned().collect(), self.news.subscribe())
    }

    /// The newest line for which `is` holds.
    pub(super) fn find(&self, is: impl Fn(&Line) -> bool) -> Option<&Arc<Line>> {
        self.lines.iter().rev().find(|line| is(line))
    }

    /// A new line, or a new state of one that is there.
    pub(super) fn put(&mut self, line: Line) {
        let line = Arc::new(line);
        self.bytes += line.weight();
        match self.lines.iter_mut().rev().find(|known| known.id == line.id) {
            Some(known) => {
                self.bytes -= known.weight();
                *known = line.clone();
            }
            None => self.lines.push_back(line.clone()),
        }
        while self.lines.len() > MOST_LINES || (self.bytes > MOST_BYTES && self.lines.len() > 1) {
            self.bytes -= self.lines.pop_front().map_or(0, |gone| gone.weight());
        }
        // Nobody may be looking.
        let _ = self.news.send(line);
    }
}
