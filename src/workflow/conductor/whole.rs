//! Everything a workflow knows, once more.

use super::Conductor;
use super::parts::Part;

impl Conductor {
    /// The next [`take_changes`](Self::take_changes) gives every part, for a workflow that goes on under another number.
    pub fn write_all(&mut self) {
        let state = &self.state;
        self.dirty.extend([Part::Source, Part::Head, Part::Errors]);
        self.dirty.extend((0..state.layers.len()).map(Part::Layer));
        self.dirty.extend((0..state.steps.len()).map(Part::Step));
        self.dirty.extend((0..state.runs.len()).map(Part::Run));
        for (run, items) in &state.items {
            self.dirty.extend((0..items.len()).map(|item| Part::Item(*run, item)));
        }
    }
}
