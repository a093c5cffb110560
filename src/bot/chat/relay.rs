//! Commands that another program relays from a chat of its own, such as a Hubot: found, checked, recorded and run as
//! those that are heard, but who asks gets the first answer where the request was made.

use std::sync::Arc;

use serde_json::json;
use thiserror::Error;

use super::commands::{self, Reply, Run};
use super::heard::{By, Heard};
use super::{Chat, Sure};
use crate::alias::{Alias, Found, Hit};
use crate::bot::engine::{Order, Refusal, Submitted};
use crate::model::{Message, MessageKey, Person, Place};
use crate::store::What;
use crate::text::Post;

/// Which alias is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// The one that fits best, of those that are open to the person.
    Whichever,
    /// The one of this name, or `pack.name`.
    Only(String),
}

/// A command that somebody gave elsewhere.
#[derive(Debug, Clone)]
pub struct Relayed {
    /// Who.
    pub person: Person,
    /// How that person is shown.
    pub name: String,
    /// Where the result goes; `None` if nowhere.
    pub place: Option<Place>,
    /// What was typed, without any address.
    pub text: String,
    /// The alias.
    pub alias: Named,
    /// Unique for each request.
    pub id: Arc<str>,
}

/// What became of a relayed command.
pub enum Taken {
    /// It runs; the result goes to its place.
    Runs {
        /// What was ordered.
        order: Box<Order>,
        /// Its execution.
        submitted: Submitted,
    },
    /// A built-in command answered.
    Said {
        /// Its alias.
        alias: Arc<Alias>,
        /// The answer; `None` if an execution answers.
        post: Option<Box<Post>>,
    },
}

/// Why a relayed command is not carried out.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum Denied {
    /// There is no such alias.
    #[error("Unable to identify action alias with name \"{0}\".")]
    NoAlias(String),
    /// It is switched off.
    #[error("Action alias with name \"{0}\" is disabled.")]
    Disabled(String),
    /// The text is none of its formats.
    #[error("Command \"{text}\" doesn't match a format of \"{alias}\"")]
    NoFormat {
        /// What was typed.
        text: String,
        /// The alias.
        alias: String,
    },
    /// No alias fits.
    #[error("Command '{0}' matched no patterns")]
    NoMatch(String),
    /// Several fit equally well.
    #[error("Command '{text}' matched more than 1 pattern: {}", .aliases.join(", "))]
    Several {
        /// What was typed.
        text: String,
        /// The aliases, as `pack.name`.
        aliases: Vec<String>,
    },
    /// A format could not be tried.
    #[error("{0}")]
    Unread(String),
    /// A built-in command that is not open to the person.
    #[error("{0}")]
    NotGranted(String),
    /// As of any command.
    #[error("{0}")]
    Refused(Refusal),
}

/// What is ready to be carried out.
enum Ready {
    Order(Box<Order>),
    Call(&'static commands::Row, Arc<Alias>, Box<commands::Call>),
}

impl Chat {
    /// Carries out what somebody said elsewhere. A text that asks for several things begins all of them or none.
    pub async fn relay(self: &Arc<Self>, relayed: Relayed) -> Result<Vec<Taken>, Denied> {
        let heard = self.as_heard(&relayed);
        let hits = self.meant(&heard, &relayed.alias)?;
        let ready = |(part, hit)| self.ready(&heard.part(part), hit);
        let ready: Vec<Ready> = hits.into_iter().enumerate().map(ready).collect::<Result<_, _>>()?;
        let mut taken = Vec::with_capacity(ready.len());
        for ready in ready {
            taken.push(match ready {
                Ready::Order(order) => {
                    let submitted = self.engine.submit((*order).clone());
                    Taken::Runs { order, submitted }
                }
                Ready::Call(row, alias, call) => {
                    Taken::Said { alias, post: self.answer(&heard, row, *call).await }
                }
            });
        }
        Ok(taken)
    }

    /// The same as if an adapter had heard it.
    fn as_heard(&self, relayed: &Relayed) -> Heard {
        let adapter = relayed.person.adapter().clone();
        let place = relayed.place.clone();
        let place = place.unwrap_or_else(|| Place::direct(adapter, relayed.person.id()));
        let key =
            MessageKey { adapter: place.adapter.clone(), room: place.room.clone(), id: relayed.id.clone() };
        let message = Message {
            key,
            person: relayed.person.clone(),
            name: relayed.name.clone(),
            place,
            room_name: None,
            text: relayed.text.clone(),
            raw: relayed.text.clone(),
            mentioned: true,
            at: self.world.now(),
            position: None,
        };
        let mut heard = Heard::new(&self.homes.current(), message, &relayed.text, By::Typing);
        heard.asker.place.clone_from(&relayed.place);
        heard
    }

    /// What the text means; what it does not is in the history.
    fn meant(&self, heard: &Heard, alias: &Named) -> Result<Vec<Hit>, Denied> {
        let text = heard.text.clone();
        let found = match alias {
            Named::Whichever => Self::find(heard, &text, Sure::Yes),
            Named::Only(name) => only(heard, name)?,
        };
        let denied = match found {
            Found::One(hit) => return Ok(vec![hit]),
            Found::Many(hits) => return Ok(hits),
            Found::Tie(candidates) => {
                let visible =
                    candidates.iter().filter(|it| heard.home.may_see(&heard.asker.who(), &it.alias));
                Denied::Several { text, aliases: visible.map(|it| it.alias.reference()).collect() }
            }
            Found::Error(why) => Denied::Unread(why),
            Found::None { .. } => match alias {
                Named::Whichever => Denied::NoMatch(text),
                Named::Only(name) => Denied::NoFormat { text, alias: name.clone() },
            },
        };
        self.store.record(self.record(heard, What::Unmatched, json!({"why": denied.to_string()})));
        Err(denied)
    }

    /// Checks one thing that is asked for; a refusal is in the history.
    fn ready(self: &Arc<Self>, heard: &Heard, hit: Hit) -> Result<Ready, Denied> {
        if let Some(row) = commands::find(&hit.alias) {
            return match self.allowed(heard, row, &hit) {
                Ok(call) => Ok(Ready::Call(row, hit.alias, Box::new(call))),
                Err(why) => {
                    self.store.record(self.record(heard, What::Refused, json!({"why": why})));
                    Err(Denied::NotGranted(why))
                }
            };
        }
        let typed = Heard { text: heard.without_secrets(&hit), ..heard.clone() };
        match Self::order(&typed, &hit.alias, hit.params) {
            Ok(order) => Ok(Ready::Order(Box::new(order))),
            Err(refusal) => {
                self.note_refusal(&typed, &hit.alias, &refusal);
                Err(Denied::Refused(refusal))
            }
        }
    }

    /// The answer of a built-in command; `None` if an execution answers.
    async fn answer(
        &self,
        heard: &Heard,
        row: &'static commands::Row,
        call: commands::Call,
    ) -> Option<Box<Post>> {
        let record = self.record(heard, What::Answered, json!({"command": row.name}));
        let reply = match row.run {
            Run::Now(run) => {
                self.store.record(record);
                run(&call)
            }
            Run::Later(run) => {
                // What was written before is read: a full disk must not keep the answer back.
                let _ = self.store.write(record).await;
                run(Arc::new(call)).await
            }
        };
        match reply {
            Reply::Said(post) | Reply::Problem(post) => Some(Box::new(post)),
            Reply::Elsewhere => None,
        }
    }
}

/// What the text means to the alias of a name; several packs may have one, and the first that it fits counts.
fn only(heard: &Heard, name: &str) -> Result<Found, Denied> {
    let is = |alias: &&Arc<Alias>| alias.name == name || alias.reference() == name;
    let named: Vec<&Arc<Alias>> = heard.home.listed.iter().filter(is).collect();
    if named.is_empty() {
        return Err(Denied::NoAlias(name.to_owned()));
    }
    let mut enabled = named.into_iter().filter(|alias| alias.enabled).peekable();
    enabled.peek().ok_or_else(|| Denied::Disabled(name.to_owned()))?;
    let found = enabled.map(|alias| heard.home.aliases.find_in(&alias.reference(), &heard.text));
    let fits = |found: &Found| !matches!(found, Found::None { .. });
    Ok(found.into_iter().find(fits).unwrap_or(Found::None { suggestion: None }))
}
