//! A stream in which what comes before a mark is not the command's: banners, warnings of `ssh`,
//! chatter of the other side's start-up files.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::super::output::Pipe;
use crate::net::process::Sink;

/// More than this before the mark, in bytes, and there will be none: it all is output.
const LONGEST: usize = 64 * 1024;

/// Passes on what follows the mark.
pub(super) struct Marked {
    pipe: Arc<Pipe>,
    mark: Vec<u8>,
    state: Mutex<State>,
}

enum State {
    /// What came so far.
    Before(Vec<u8>),
    /// The mark came.
    Begun,
    /// Too much came without it.
    GaveUp,
}

impl Marked {
    pub(super) fn new(pipe: &Arc<Pipe>, mark: &str) -> Self {
        let state = Mutex::new(State::Before(Vec::new()));
        Self { pipe: pipe.clone(), mark: format!("{mark}\n").into_bytes(), state }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the mark came.
    pub(super) fn begun(&self) -> bool {
        matches!(*self.lock(), State::Begun)
    }

    /// What came before the mark, if that never came.
    pub(super) fn before(&self) -> String {
        match &*self.lock() {
            State::Before(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            _ => String::new(),
        }
    }

    /// No mark will come: what there is, is output.
    pub(super) fn release(&self) {
        let mut state = self.lock();
        if let State::Before(bytes) = &*state {
            self.pipe.write(bytes);
            *state = State::GaveUp;
        }
    }
}

impl Sink for Marked {
    fn write(&self, bytes: &[u8]) {
        let mut state = self.lock();
        let State::Before(held) = &mut *state else {
            drop(state);
            return self.pipe.write(bytes);
        };
        held.extend_from_slice(bytes);
        if let Some(at) = held.windows(self.mark.len()).position(|window| window == self.mark) {
            let rest = held.split_off(at + self.mark.len());
            *state = State::Begun;
            self.pipe.write(&rest);
        } else if held.len() > LONGEST {
            self.pipe.write(held);
            *state = State::GaveUp;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::output::Output;

    #[test]
    fn only_what_follows_the_mark_is_output() {
        let pipe = Output::default().pipe();
        let marked = Marked::new(&pipe, "MARK");
        marked.write(b"Welcome!\nMA");
        assert!(!marked.begun());
        marked.write(b"RK\nhel");
        marked.write(b"lo\n");
        assert!(marked.begun());
        assert_eq!(pipe.text().text, "hello\n");
    }

    #[test]
    fn without_a_mark_all_is_output_once_that_is_sure() {
        let pipe = Output::default().pipe();
        let marked = Marked::new(&pipe, "MARK");
        marked.write(b"no shell here\n");
        assert_eq!(marked.before(), "no shell here\n");
        assert_eq!(pipe.text().text, "");
        marked.release();
        assert_eq!(pipe.text().text, "no shell here\n");
    }
}
