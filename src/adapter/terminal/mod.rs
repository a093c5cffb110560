//! The terminal: a line editor for people, or plain lines from a pipe.

mod editor;
mod lines;

use std::fmt;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Abilities, Adapter, Ended, Limit, Link, Lookup, OptionRow, Unit};
use crate::model::{Message, MessageKey, Person, Place};
use crate::text::marks::{ANSI, Marks, PLAIN};

/// Completes what is typed so far: whole lines.
pub type Complete = Arc<dyn Fn(&str) -> Vec<String> + Send + Sync>;

/// The terminal as a chat with one person.
pub struct Terminal {
    /// The Unix user who types.
    pub user: String,
    /// How lines come in.
    pub mode: Mode,
    failed: AtomicU64,
}

/// How lines come in.
pub enum Mode {
    /// A person types; answers appear above the line being edited.
    Editor {
        /// What is shown first.
        welcome: String,
        /// Where the history is kept; none without a home.
        history: Option<PathBuf>,
        /// Completes commands.
        complete: Complete,
    },
    /// One command a line from standard input, one after the other; only final answers are printed.
    Lines,
}

impl fmt::Debug for Terminal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Terminal").field("user", &self.user).finish_non_exhaustive()
    }
}

impl Terminal {
    /// For the Unix user named in the environment.
    pub fn new(user: &str, mode: Mode) -> Self {
        Self { user: user.to_owned(), mode, failed: AtomicU64::new(0) }
    }

    /// How many commands from a pipe did not go well.
    pub fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    fn count_failure(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    /// What was typed, as a message.
    fn message(&self, link: &Link, id: &str, text: &str) -> Message {
        let adapter = link.name.clone();
        let place = Place::direct(adapter.clone(), &self.user);
        Message {
            key: MessageKey { adapter: adapter.clone(), room: place.room.clone(), id: id.into() },
            person: Person::proven(adapter, &self.user),
            name: self.user.clone(),
            place,
            room_name: None,
            text: text.to_owned(),
            raw: text.to_owned(),
            mentioned: false,
            at: link.world.now(),
            position: None,
        }
    }
}

/// Message ids of one session: the history of an earlier one must not look like a replay.
struct Ids {
    life: String,
    next: u64,
}

impl Ids {
    fn new(link: &Link) -> Self {
        Self { life: format!("{:016x}", u64::from_le_bytes(link.world.random())), next: 0 }
    }

    fn next(&mut self) -> String {
        self.next += 1;
        format!("{}-{}", self.life, self.next)
    }
}

/// Colours where they are seen and wanted (<https://no-color.org>).
fn marks() -> &'static Marks {
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if unwanted || !std::io::stdout().is_terminal() { &PLAIN } else { &ANSI }
}

impl Adapter for Terminal {
    const ABILITIES: Abilities = Abilities {
        longest: Limit { most: 1 << 20, unit: Unit::Bytes },
        edits: false,
        threads: false,
        buttons: false,
        files: false,
        reactions: false,
        in_flight: 64,
    };
    const SUMMARY: &'static str = "this terminal: completion, history, or lines from a pipe";
    const PAGE: &'static str = include_str!("../../../docs/adapters/terminal.md");
    const OPTIONS: &'static [OptionRow] = &[];

    fn from_options(_lookup: Lookup<'_>) -> Result<Self, Vec<String>> {
        Err(vec!["the terminal is not set in chatops.env: run `chatops chat`".to_owned()])
    }

    fn check(&self) -> Result<(), String> {
        match self.user.is_empty() || self.user.chars().any(char::is_control) {
            true => Err("who is typing is not known: set `USER`".to_owned()),
            false => Ok(()),
        }
    }

    async fn session(&self, link: &Link) -> Ended {
        match &self.mode {
            Mode::Editor { welcome, history, complete } => {
                editor::run(self, link, welcome, history.as_deref(), complete).await
            }
            Mode::Lines => lines::run(self, link, std::io::stdin(), tokio::io::stdout(), marks()).await,
        }
    }
}
