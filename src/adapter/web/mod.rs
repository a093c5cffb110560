//! The chat of the web console: rooms inside the process. A browser speaks to the [`Desk`], the bot through the
//! session like to any other service; the pages are made in `http/console`.

mod desk;
mod line;
mod room;

use std::sync::Arc;

pub use desk::{Desk, Speaker, Unsaid};
pub use line::{Line, Said};

use super::{Abilities, Adapter, Ended, Limit, Link, Lookup, OptionRow, Unit};
use crate::model::{AdapterName, Person};

/// The name of the one instance, which nobody configures.
pub const NAME: &str = "web";

/// The room that all browsers share.
pub const SHARED: &str = "#console";

/// Whoever holds `var/token`. No token can have this name.
pub const OWNER: &str = "var/token";

/// The chat of the console.
#[derive(Debug, Default)]
pub struct Web {
    desk: Arc<Desk>,
}

impl Web {
    /// No room yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The browsers' side.
    pub fn desk(&self) -> Arc<Desk> {
        self.desk.clone()
    }
}

/// Somebody who logged in to the console, by the name of the token.
pub fn person(id: &str) -> Person {
    Person::proven(AdapterName::new(NAME).expect("a good name"), id)
}

/// The room in which `id` is alone with the bot.
pub fn direct(id: &str) -> String {
    format!("@{id}")
}

impl Adapter for Web {
    const ABILITIES: Abilities = Abilities {
        // Nothing is cut: the page scrolls.
        longest: Limit { most: 4 << 20, unit: Unit::Bytes },
        edits: true,
        threads: false,
        buttons: true,
        files: true,
        reactions: true,
        in_flight: 1,
    };
    const SUMMARY: &'static str = "the console in the browser: completion, live progress, buttons, files";
    const PAGE: &'static str = include_str!("../../../docs/adapters/web.md");
    const OPTIONS: &'static [OptionRow] = &[];

    fn from_options(_lookup: Lookup<'_>) -> Result<Self, Vec<String>> {
        Err(vec!["the web chat is not set in chatops.env: it is there while `chatops serve` runs".to_owned()])
    }

    fn check(&self) -> Result<(), String> {
        Ok(())
    }

    async fn session(&self, link: &Link) -> Ended {
        self.desk.open(link);
        link.ears.up(Self::ABILITIES, Vec::new());
        loop {
            let ticket = tokio::select! {
                () = link.stop.cancelled() => {
                    self.desk.close();
                    return Ended::Stopped;
                }
                ticket = link.next() => ticket,
            };
            let outcome = self.desk.post(ticket.parcel());
            ticket.settle(outcome);
        }
    }
}

#[cfg(test)]
mod tests;
