//! Lines that run in somebody's name without being typed now: matched, allowed and answered as if they were.

#![allow(clippy::result_large_err, reason = "a refusal is a post, made once for a command")]

use std::sync::Arc;

use super::commands::{self, Row};
use super::heard::{By, Heard, Itself, secrets};
use super::pipe::Pipe;
use super::{Chat, Sure};
use crate::action::cut_secrets;
use crate::alias::{Alias, Found, Hit};
use crate::bot::engine::{Asker, Given, prepare};
use crate::bot::home::Home;
use crate::bot::reply;
use crate::model::{Cause, Message, MessageKey, Person, Place};
use crate::text::Post;

/// A command behind a time begins within so many words.
const MOST_WORDS: usize = 32;

/// A line, and in whose name it runs.
#[derive(Debug, Clone)]
pub struct Errand {
    /// In whose name.
    pub person: Person,
    /// How that person is shown.
    pub name: String,
    /// Where.
    pub place: Place,
    /// How the service shows the room, where that is not its id.
    pub room_name: Option<String>,
    /// The command.
    pub line: String,
    /// What makes it run at most once.
    pub id: String,
    /// Why it runs.
    pub cause: Cause,
    /// What people call that: `schedule 3`.
    pub what: String,
}

impl Chat {
    /// Runs a line with the rights that its person has now; what came of it is said in its place.
    pub fn errand(self: &Arc<Self>, errand: Errand) {
        let home = self.homes.current();
        let heard = self.heard_of(&home, errand);
        self.carry_out(&heard, Sure::Yes);
    }

    fn heard_of(&self, home: &Arc<Home>, errand: Errand) -> Heard {
        let Errand { person, name, place, room_name, line, id, cause, what } = errand;
        let key = MessageKey { adapter: place.adapter.clone(), room: place.room.clone(), id: id.into() };
        let message = Message {
            key,
            person,
            name,
            place,
            room_name,
            text: line.clone(),
            raw: line.clone(),
            mentioned: true,
            at: self.world.now(),
            position: None,
        };
        Heard::new(home, message, &line, By::Itself(Arc::new(Itself { cause, what })))
    }

    /// Whether nobody stands behind a line any more: nothing names its person in the rules, and none lets that person
    /// run it anywhere. Whom a rule for everyone allows it still does; a line that is no command says nothing.
    pub fn is_orphan(&self, person: &Person, line: &str) -> bool {
        let home = self.homes.current();
        if home.access.names(person) {
            return false;
        }
        let asker = Asker::alone(person.clone());
        let may = |hit: &Hit| match commands::find(&hit.alias) {
            Some(row) => commands::may_use(&home, &asker, row),
            None => home.may_ever(&asker.who(), &hit.alias.action_ref, Some(&hit.alias.reference())),
        };
        anybodys(&home, line).iter().any(|hit| !may(hit))
    }

    /// What is to run of a text behind a time, `run deploy web`: all of it where that is a command, else what is behind
    /// `run`. With it the same without secrets.
    ///
    /// # Errors
    /// What to tell whoever wants it: it is no command, or that person may not run it now.
    pub(super) fn later(
        &self,
        home: &Arc<Home>,
        asker: &Asker,
        text: &str,
    ) -> Result<(String, String), Post> {
        let prefix = home.settings.prefix.as_str();
        let bare = |text: &str| {
            text.strip_prefix(prefix).filter(|_| !prefix.is_empty()).unwrap_or(text).trim().to_owned()
        };
        let whole = bare(text);
        let behind =
            whole.split_once(char::is_whitespace).filter(|(word, _)| word.eq_ignore_ascii_case("run"));
        let is_command = |line: &str| {
            matches!(found(home, asker, line), Found::One(_) | Found::Many(_))
                || matches!(Pipe::of(home, asker, line), Some(Ok(_)))
        };
        let line = match behind {
            Some((_, rest)) if !is_command(&whole) => bare(rest),
            _ => whole,
        };
        let hidden = may_run(self, home, asker, &line)?;
        Ok((line.clone(), cut_secrets(&line, &hidden)))
    }

    /// What a built-in command may be shown and kept as: a command in it is without its secrets.
    pub(super) fn shown(heard: &Heard, row: &Row) -> String {
        if !commands::makes_schedules(row) {
            return heard.text.clone();
        }
        let blanks = heard.text.char_indices().filter(|(_, letter)| letter.is_whitespace());
        let mut hidden = Vec::new();
        for (at, _) in blanks.take(MOST_WORDS) {
            match found(&heard.home, &heard.asker, &heard.text[at..]) {
                Found::One(hit) => hidden.extend(secrets(&heard.home, &hit)),
                Found::Many(hits) => hidden.extend(hits.iter().flat_map(|hit| secrets(&heard.home, hit))),
                _ => {}
            }
        }
        cut_secrets(&heard.text, &hidden)
    }
}

/// What a line means to somebody.
pub(super) fn found(home: &Home, asker: &Asker, line: &str) -> Found {
    let visible = |alias: &Alias| home.may_see(&asker.who(), alias);
    own_first(home, line, home.aliases.find(line, &visible), &visible)
}

/// What a line, or the first step of a pipe, means to whoever may run it.
fn anybodys(home: &Home, line: &str) -> Vec<Hit> {
    let all = |_: &Alias| true;
    let hits = |line: &str| match own_first(home, line, home.aliases.find(line, &all), &all) {
        Found::One(hit) => vec![hit],
        Found::Many(hits) => hits,
        _ => Vec::new(),
    };
    let whole = hits(line);
    if whole.is_empty() { super::pipe::first_step(line).map(hits).unwrap_or_default() } else { whole }
}

/// A command of the home goes before a built-in one that fits as well: what people wrote keeps its meaning.
pub(super) fn own_first(home: &Home, line: &str, found: Found, visible: &dyn Fn(&Alias) -> bool) -> Found {
    let Found::Tie(candidates) = &found else { return found };
    let mut own = candidates.iter().filter(|candidate| candidate.alias.pack != commands::PACK);
    match (own.next(), own.next()) {
        (Some(only), None) => home.aliases.overhear(&format!("{} {line}", only.alias.reference()), visible),
        _ => found,
    }
}

/// Whether somebody may run a line now; gives what is secret in it.
fn may_run(chat: &Chat, home: &Arc<Home>, asker: &Asker, line: &str) -> Result<Vec<String>, Post> {
    if let Some(pipe) = Pipe::of(home, asker, line) {
        let pipe = pipe.map_err(|why| reply::problem(&why))?;
        let (_, mut hidden) = pipe.allowed(chat, home, asker)?;
        hidden.extend(pipe.hits().iter().flat_map(|hit| secrets(home, hit)));
        return Ok(hidden);
    }
    let hits = match found(home, asker, line) {
        Found::One(hit) => vec![hit],
        Found::Many(hits) => hits,
        Found::Tie(candidates) => {
            let shown: Vec<_> =
                candidates.iter().map(|it| (it.alias.reference(), it.display.clone())).collect();
            return Err(reply::tie(line, &shown));
        }
        Found::Error(why) => return Err(reply::problem(&why)),
        Found::None { suggestion } => {
            return Err(reply::unknown(line, suggestion.map(|near| near.display).as_deref()));
        }
    };
    let mut hidden = Vec::new();
    for hit in hits {
        hidden.extend(allowed(home, asker, chat.filled(home, asker, hit).0)?);
    }
    Ok(hidden)
}

fn allowed(home: &Arc<Home>, asker: &Asker, hit: Hit) -> Result<Vec<String>, Post> {
    if let Some(row) = commands::find(&hit.alias) {
        if commands::makes_schedules(row) {
            return Err(reply::problem("a schedule makes no schedules"));
        }
        let may = commands::may_use(home, asker, row);
        return if may {
            Ok(Vec::new())
        } else {
            Err(reply::refused(&format!("nobody granted you `{}`", row.permit)))
        };
    }
    let typed = secrets(home, &hit);
    let order = prepare(home, asker, Some(&hit.alias), &hit.alias.action_ref, Given::Typed(hit.params));
    let mut hidden = order.map_err(|refusal| refusal.post())?.prepared.secrets;
    hidden.extend(typed);
    Ok(hidden)
}
