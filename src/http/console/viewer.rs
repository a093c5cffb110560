//! Who looks at a page, and what that person may do.

use std::sync::Arc;

use serde_json::Map;
use serde_json::Value;

use super::Console;
use super::session::{Holder, Session};
use crate::adapter::web::{self, Speaker};
use crate::bot::engine::Asker;
use crate::http::caller::{Caller, Scope, changed};
use crate::model::{AdapterName, Person, Place, Timestamp};
use crate::store::Entry;

/// Whoever is logged in, at one request.
#[derive(Clone)]
pub(super) struct Viewer {
    /// `web:` and the token's name.
    pub(super) person: Person,
    /// The browser's session.
    pub(super) session: Arc<Session>,
    /// Light, dark, or as the system has it.
    pub(super) theme: Theme,
    caller: Caller,
}

/// How pages look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Theme {
    /// As the system has it.
    #[default]
    Auto,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// The theme of a word; what is no theme is none.
    pub(super) fn of(word: &str) -> Self {
        match word {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::Auto,
        }
    }

    /// Its word.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

impl Viewer {
    /// Whoever holds a session; `None` when its token is good no more.
    pub(super) fn of(console: &Console, session: Arc<Session>, theme: Theme) -> Option<Self> {
        let site = &console.site;
        let (caller, id) = match &session.holder {
            Holder::Owner => (Caller::Local(None), web::OWNER.to_owned()),
            Holder::Token(hash) => {
                let caller = site.tokens.holder(hash, site.world.now())?;
                let id = caller.person().id().to_owned();
                (caller, id)
            }
        };
        Some(Self { person: web::person(&id), session, theme, caller })
    }

    /// Whether the token may do what needs `scope`.
    pub(super) fn may(&self, scope: Scope) -> bool {
        self.caller.may(scope)
    }

    /// The same person in the chat.
    pub(super) fn speaker(&self) -> Speaker {
        Speaker { id: self.person.id().into(), name: self.person.id().into() }
    }

    /// The same person as one who asks the bot, on a page.
    pub(super) fn asker(&self) -> Asker {
        Asker::alone(self.person.clone())
    }

    /// The same in the direct chat.
    pub(super) fn asker_in_chat(&self) -> Asker {
        let name = AdapterName::new(web::NAME).expect("a good name");
        let place = Place::direct(name, &web::direct(self.person.id()));
        Asker { place: Some(place), ..self.asker() }
    }

    /// The audit record of a change by this person.
    pub(super) fn changed(&self, at: Timestamp, subject: String, body: Map<String, Value>) -> Box<Entry> {
        changed(&self.person, at, subject, body)
    }
}
