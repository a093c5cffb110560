//! The output of an execution while it comes, secrets cut, for whoever looks on. Whoever writes never waits.

use std::sync::Arc;
use std::time::Duration;

use super::Engine;
use crate::action::cut_secrets;
use crate::runner::Output;

/// How often it is looked whether the execution has ended, where nothing is written.
const LOOK: Duration = Duration::from_millis(250);

/// The longest line that is waited for, in bytes; a longer one is given in parts.
const LINE: usize = 16 << 10;

/// Somebody who looks on.
pub struct Watch {
    engine: Arc<Engine>,
    id: i64,
    output: Arc<Output>,
    secrets: Vec<String>,
    seen: u64,
    /// What was written of the last line so far.
    rest: Vec<u8>,
}

impl Engine {
    /// Looks on at an execution that waits or runs.
    pub fn watch(self: &Arc<Self>, id: i64) -> Option<Watch> {
        let state = self.lock();
        let open = state.running.get(&id).or_else(|| state.ordered.get(&id));
        let job = open.or_else(|| state.waiting.iter().find(|job| job.id == id))?.clone();
        drop(state);
        let (output, secrets) = (job.output.clone(), job.order.prepared.secrets.clone());
        Some(Watch { engine: self.clone(), id, output, secrets, seen: 0, rest: Vec::new() })
    }
}

impl Engine {
    fn is_open(&self, id: i64) -> bool {
        let state = self.lock();
        state.running.contains_key(&id)
            || state.ordered.contains_key(&id)
            || state.waiting.iter().any(|job| job.id == id)
    }
}

impl Watch {
    /// The next whole lines; `None` when the execution has ended. What came faster than it was read is left out, and
    /// the text says so.
    pub async fn next(&mut self) -> Option<String> {
        let mut bell = self.output.bell();
        loop {
            let ended = !self.engine.is_open(self.id);
            let (lost, bytes) = self.output.since(self.seen);
            self.seen += lost + bytes.len() as u64;
            let mut text = String::new();
            if lost > 0 {
                text = format!("{}\n... {lost} bytes came too fast to be shown\n", self.told(usize::MAX));
            }
            self.rest.extend_from_slice(&bytes);
            let whole = self.rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            let ready = if ended { self.rest.len() } else { whole.max(self.rest.len().saturating_sub(LINE)) };
            text += &self.told(ready);
            if !text.is_empty() {
                return Some(text);
            }
            if ended {
                return None;
            }
            // Rung or not, it is looked again.
            let _ = self.engine.world.timeout(LOOK, bell.changed()).await;
        }
    }

    /// Takes the first bytes of what waits, secrets cut.
    fn told(&mut self, most: usize) -> String {
        let taken: Vec<u8> = self.rest.drain(..most.min(self.rest.len())).collect();
        cut_secrets(&String::from_utf8_lossy(&taken), &self.secrets)
    }
}
