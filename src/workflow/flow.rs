//! What workflows and action chains have in common for whoever drives them.

use serde_json::Value;

use super::conductor::{Change, Conductor, Event, Offer, Refusal, Rerun};
use crate::model::{Status, Timestamp};

/// Something that runs in steps. Ask [`ready`](Self::ready) what to start, commit [`take_changes`](Self::take_changes),
/// start it, tell [`ended`](Self::ended) what became of it, and ask again.
pub trait Flow: Send {
    /// What is to start now; each is offered once.
    fn ready(&mut self, now: Timestamp) -> Vec<Offer>;

    /// What became of an action that was offered.
    fn ended(
        &mut self,
        run: usize,
        item: Option<usize>,
        status: Status,
        result: Value,
        now: Timestamp,
    ) -> Result<(), Refusal>;

    /// When [`ready`](Self::ready) is to be asked again although nothing ended.
    fn next_due(&self) -> Option<Timestamp>;

    /// Starts nothing new; what runs goes on to its end.
    fn pause(&mut self) -> Result<(), Refusal>;

    /// Goes on.
    fn resume(&mut self) -> Result<(), Refusal>;

    /// Starts nothing new and ends when what runs has ended.
    fn cancel(&mut self, now: Timestamp) -> Result<(), Refusal>;

    /// Runs again what failed, or these tasks.
    fn rerun(&mut self, tasks: &[Rerun]) -> Result<(), Refusal>;

    /// Where it stands.
    fn status(&self) -> Status;

    /// Whether something still runs or is put off.
    fn busy(&self) -> bool;

    /// What the execution gives.
    fn result(&self) -> Value;

    /// What was offered and has not ended.
    fn running(&self) -> Vec<(usize, Option<usize>)>;

    /// What of that waits for an answer.
    fn questions(&self) -> Vec<(usize, Option<usize>)>;

    /// What changed since the last call, to be committed before anything that was offered is started.
    fn take_changes(&mut self) -> Vec<Change>;

    /// The next [`take_changes`](Self::take_changes) gives everything: it goes on under another number.
    fn write_all(&mut self);

    /// What happened since the last call.
    fn take_events(&mut self) -> Vec<Event>;
}

impl Flow for Conductor {
    fn ready(&mut self, now: Timestamp) -> Vec<Offer> {
        Self::ready(self, now)
    }

    fn ended(
        &mut self,
        run: usize,
        item: Option<usize>,
        status: Status,
        result: Value,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        Self::ended(self, run, item, status, result, now)
    }

    fn next_due(&self) -> Option<Timestamp> {
        Self::next_due(self)
    }

    fn pause(&mut self) -> Result<(), Refusal> {
        Self::pause(self)
    }

    fn resume(&mut self) -> Result<(), Refusal> {
        Self::resume(self)
    }

    fn cancel(&mut self, now: Timestamp) -> Result<(), Refusal> {
        Self::cancel(self, now)
    }

    fn rerun(&mut self, tasks: &[Rerun]) -> Result<(), Refusal> {
        Self::rerun(self, tasks)
    }

    fn status(&self) -> Status {
        Self::status(self)
    }

    fn busy(&self) -> bool {
        Self::busy(self)
    }

    fn result(&self) -> Value {
        Self::result(self)
    }

    fn running(&self) -> Vec<(usize, Option<usize>)> {
        Self::running(self)
    }

    fn questions(&self) -> Vec<(usize, Option<usize>)> {
        Self::questions(self)
    }

    fn take_changes(&mut self) -> Vec<Change> {
        Self::take_changes(self)
    }

    fn write_all(&mut self) {
        Self::write_all(self);
    }

    fn take_events(&mut self) -> Vec<Event> {
        Self::take_events(self)
    }
}
