//! Lines on their way out: the queue behind the polite rate, the bytes for the socket, and who is
//! to be told when they arrived.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::bytes::BytesMut;

use super::more::More;
use crate::adapter::Ticket;
use crate::model::{Receipt, SendError, Timestamp};
use crate::wire::irc::Bucket;

/// Lines that wait for the polite rate before no more parcels are taken.
const QUEUE: usize = 64;
/// Bytes that wait for the socket before no more parcels are taken.
const BYTES: usize = 64 * 1024;

/// What hangs on the last line of a message.
pub(super) enum Done {
    /// A parcel.
    Parcel(Box<Ticket>),
    /// A part of a long answer that somebody asked for; kept again if it is not sent.
    More {
        /// The place whose rest it is.
        place: String,
        /// The lines.
        lines: Vec<String>,
    },
}

impl Done {
    /// A stored delivery counts as sent when the server has taken it: bytes that the kernel holds
    /// for a frozen server are lost with it.
    fn needs_receipt(&self) -> bool {
        match self {
            Self::Parcel(ticket) => ticket.parcel().delivery.is_some(),
            Self::More { .. } => false,
        }
    }

    fn settle(self) {
        if let Self::Parcel(ticket) = self {
            ticket.settle(Ok(Receipt::default()));
        }
    }
}

struct Queued {
    line: String,
    done: Option<Done>,
}

/// Everything on its way out of one session. Dropped, it gives back what did not arrive, in order.
pub(super) struct Sending {
    /// Bytes that the socket has not taken.
    pub(super) bytes: BytesMut,
    bucket: Bucket,
    queue: VecDeque<Queued>,
    written: VecDeque<Done>,
    unconfirmed: VecDeque<(u64, Done)>,
    number: u64,
    asked: bool,
    unflushed: bool,
    more: Arc<Mutex<More>>,
}

impl Sending {
    pub(super) fn new(bucket: Bucket, more: Arc<Mutex<More>>) -> Self {
        Self {
            bytes: BytesMut::with_capacity(16 * 1024),
            bucket,
            queue: VecDeque::new(),
            written: VecDeque::new(),
            unconfirmed: VecDeque::new(),
            number: 0,
            asked: false,
            unflushed: false,
            more,
        }
    }

    /// A line of the protocol: past the queue, at once.
    pub(super) fn urgent(&mut self, line: &str) {
        self.append(line);
    }

    /// The lines of one message, with what hangs on the last.
    pub(super) fn push(&mut self, lines: Vec<String>, done: Done) {
        self.queue.extend(lines.into_iter().map(|line| Queued { line, done: None }));
        match self.queue.back_mut() {
            Some(last) if last.done.is_none() => last.done = Some(done),
            _ => done.settle(),
        }
    }

    /// Whether another parcel may be taken.
    pub(super) fn has_room(&self) -> bool {
        self.queue.len() < QUEUE && self.bytes.len() < BYTES
    }

    /// Whether the socket is to be written or flushed.
    pub(super) fn has_output(&self) -> bool {
        !self.bytes.is_empty() || self.unflushed
    }

    /// Moves what the polite rate allows towards the socket; says how long the next line waits.
    pub(super) fn pump(&mut self, now: Timestamp) -> Option<Duration> {
        while !self.queue.is_empty() && self.bytes.len() < BYTES {
            if let Err(wait) = self.bucket.take(now) {
                return Some(wait);
            }
            if let Some(Queued { line, done }) = self.queue.pop_front() {
                self.append(&line);
                self.written.extend(done);
            }
        }
        None
    }

    fn append(&mut self, line: &str) {
        self.bytes.extend_from_slice(line.as_bytes());
        self.bytes.extend_from_slice(b"\r\n");
        self.unflushed = true;
    }

    /// All bytes were written and flushed.
    pub(super) fn flushed(&mut self) {
        self.unflushed = false;
        for done in std::mem::take(&mut self.written) {
            if done.needs_receipt() {
                self.number += 1;
                self.unconfirmed.push_back((self.number, done));
            } else {
                done.settle();
            }
        }
    }

    /// The number of the receipt to ask for, where one is due: one at a time, after the queue.
    pub(super) fn wants_receipt(&mut self) -> Option<u64> {
        let due = !self.asked && self.queue.is_empty() && !self.unconfirmed.is_empty();
        self.asked |= due;
        due.then_some(self.number)
    }

    /// The server did not pass on what was said in a room: stored deliveries that it has not taken yet are settled with
    /// `error`. One of them may have arrived; said twice is better than not at all.
    pub(super) fn refused(&mut self, room: &str, error: &SendError) {
        let there = |done: &Done| match done {
            Done::Parcel(ticket) => ticket.parcel().place.room.eq_ignore_ascii_case(room),
            Done::More { .. } => false,
        };
        let (refused, others) =
            std::mem::take(&mut self.unconfirmed).into_iter().partition(|(_, done)| there(done));
        self.unconfirmed = others;
        let refused: VecDeque<(u64, Done)> = refused;
        for (_, done) in refused {
            if let Done::Parcel(ticket) = done {
                ticket.settle(Err(error.clone()));
            }
        }
    }

    /// The server has taken everything up to `number`.
    pub(super) fn taken(&mut self, number: u64) {
        self.asked = false;
        while self.unconfirmed.front().is_some_and(|(first, _)| *first <= number) {
            if let Some((_, done)) = self.unconfirmed.pop_front() {
                done.settle();
            }
        }
    }
}

impl Drop for Sending {
    /// Each goes back to the head of its queue, so the latest goes first.
    fn drop(&mut self) {
        let mut give_back = |done: Done| {
            if let Done::More { place, lines } = done {
                self.more.lock().unwrap_or_else(PoisonError::into_inner).keep(&place, lines);
            }
        };
        while let Some(queued) = self.queue.pop_back() {
            queued.done.map(&mut give_back);
        }
        while let Some(done) = self.written.pop_back() {
            give_back(done);
        }
        while let Some((_, done)) = self.unconfirmed.pop_back() {
            give_back(done);
        }
    }
}
