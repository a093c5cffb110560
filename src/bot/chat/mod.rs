//! A message becomes a command: addressed, matched, allowed, then answered here or handed to the engine.
//!
//! All of that happens where the message is heard, without waiting for anything: so each person's
//! in-process answers come in order, behind nobody's slow command.

mod address;
pub mod commands;
mod hearing;
mod seen;

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value, json};
use tokio::sync::watch;
use tracing::{debug, warn};

pub use address::{Addressed, Sure, Way, address};
pub use hearing::Hearing;

use super::engine::{Asker, Engine, Given, Refusal, Replies, prepare};
use super::home::{Home, runner_parameters};
use super::link;
use super::notify::Notify;
use super::outbox::{Keep, Letter, Outbox, slot};
use super::reply;
use crate::action::cut_secrets;
use crate::alias::{Alias, Found, Hit};
use crate::model::{AdapterName, Cause, Message, MessageKey};
use crate::net::World;
use crate::store::{Change, Entry, Store, What};
use crate::text::Post;
use commands::{Call, Reply, Run};
use seen::Seen;

/// Messages of earlier lives that are recalled: services repeat the last minutes.
const RECALLED: usize = 1000;

/// What a chat needs of the rest of the bot.
pub struct Chat {
    /// The configuration in force.
    pub homes: Arc<super::home::Homes>,
    /// What runs commands.
    pub engine: Arc<Engine>,
    /// What tells of events.
    pub notify: Arc<Notify>,
    /// What sends answers.
    pub outbox: Arc<Outbox>,
    /// What remembers.
    pub store: Store,
    /// Time.
    pub world: World,
    /// How the connections stand.
    pub links: Mutex<Vec<(AdapterName, watch::Receiver<link::State>)>>,
    seen: Mutex<Seen>,
}

impl Chat {
    /// A chat that has heard nothing yet.
    pub fn new(
        homes: Arc<super::home::Homes>,
        engine: Arc<Engine>,
        notify: Arc<Notify>,
        outbox: Arc<Outbox>,
        store: Store,
        world: World,
    ) -> Arc<Self> {
        let (links, seen) = (Mutex::default(), Mutex::default());
        Arc::new(Self { homes, engine, notify, outbox, store, world, links, seen })
    }

    /// Remembers what was heard before this process began: a service that repeats it gets no second answer.
    pub async fn recall(&self) {
        match self.store.read(|reader| reader.newest_keys(RECALLED)).await {
            Ok(keys) => {
                let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
                for key in keys.into_iter().rev() {
                    seen.first_time(key);
                }
            }
            Err(error) => warn!(%error, "what was heard before cannot be read"),
        }
    }

    /// Carries out what `message` says, once.
    pub fn command(self: &Arc<Self>, home: &Arc<Home>, message: Message, addressed: Addressed<'_>) {
        let first =
            self.seen.lock().unwrap_or_else(PoisonError::into_inner).first_time(message.key.to_string());
        if !first {
            debug!(key = %message.key, "a message came again and is not heard again");
            return;
        }
        let heard = Heard {
            home: home.clone(),
            asker: asker(&message),
            text: addressed.command.to_owned(),
            replies: Arc::new(Replies::new(message.key.clone(), 1)),
            part: 0,
            message,
        };
        let visible = |alias: &Alias| heard.home.may_see(&heard.asker.who(), alias);
        let found = match addressed.sure {
            Sure::Yes => home.aliases.find(addressed.command, &visible),
            Sure::Perhaps => home.aliases.overhear(addressed.command, &visible),
        };
        match found {
            Found::One(hit) => self.hit(&heard, hit),
            Found::Many(hits) => {
                let replies = Arc::new(Replies::new(heard.message.key.clone(), hits.len()));
                for (part, hit) in hits.into_iter().enumerate() {
                    let heard = Heard { replies: replies.clone(), part, ..heard.clone() };
                    self.hit(&heard, hit);
                }
            }
            Found::Tie(candidates) => {
                let shown: Vec<_> = candidates
                    .iter()
                    .filter(|candidate| visible(&candidate.alias))
                    .map(|candidate| (candidate.alias.reference(), candidate.display.clone()))
                    .collect();
                self.refuse(&heard, reply::tie(&heard.text, &shown), What::Unmatched, "several commands fit");
            }
            Found::Error(why) => self.refuse(&heard, reply::problem(&why), What::Refused, &why),
            Found::None { suggestion } if addressed.sure == Sure::Yes => {
                let nearest = suggestion.map(|suggestion| suggestion.display);
                let post = reply::unknown(&heard.text, nearest.as_deref());
                self.refuse(&heard, post, What::Unmatched, "no command fits");
            }
            Found::None { .. } => {}
        }
    }

    fn hit(self: &Arc<Self>, heard: &Heard, hit: Hit) {
        if let Some(row) = commands::find(&hit.alias) {
            return self.built_in(heard, row, &hit);
        }
        let typed = Heard { text: heard.without_secrets(&hit), ..heard.clone() };
        let given = Given::Typed(hit.params);
        let order = prepare(&heard.home, &heard.asker, Some(&hit.alias), &hit.alias.action_ref, given);
        let mut order = match order {
            Ok(order) => order,
            Err(refusal) => return self.turn_down(&typed, &hit.alias, &refusal),
        };
        order.command = cut_secrets(&typed.text, &order.prepared.secrets);
        order.cause = Cause::Command;
        order.message = Some(MessageKey { id: heard.part_id().into(), ..heard.message.key.clone() });
        order.replies = Some(heard.replies.clone());
        order.position = heard.message.position.clone();
        drop(self.engine.submit(order));
    }

    fn turn_down(&self, heard: &Heard, alias: &Alias, refusal: &Refusal) {
        let (why, alias, action) = (refusal.to_string(), alias.reference(), &alias.action_ref);
        let more = json!({"why": why, "alias": alias, "action": action});
        self.store.record(self.record(heard, What::Refused, more));
        self.say(heard, refusal.post(), false);
    }

    fn built_in(self: &Arc<Self>, heard: &Heard, row: &'static commands::Row, hit: &Hit) {
        let call = Call {
            chat: self.clone(),
            home: heard.home.clone(),
            asker: heard.asker.clone(),
            params: hit
                .params
                .iter()
                .filter_map(|(name, value)| Some((name.clone(), value.clone()?)))
                .collect(),
            message: heard.message.key.clone(),
            replies: heard.replies.clone(),
        };
        if !call.may_use(row) {
            let why = format!("nobody granted you `{}`", row.permit);
            return self.refuse(heard, reply::refused(&why), What::Refused, &why);
        }
        let record = self.record(heard, What::Answered, json!({"command": row.name}));
        match row.run {
            Run::Now(run) => {
                self.store.record(record);
                self.reply(heard, run(&call));
            }
            Run::Later(run) => {
                let noted = self.store.write(record);
                let (chat, heard) = (self.clone(), heard.clone());
                tokio::spawn(async move {
                    // What was written before is read: a full disk must not keep the answer back.
                    let _ = noted.await;
                    let reply = run(Arc::new(call)).await;
                    chat.reply(&heard, reply);
                });
            }
        }
    }

    fn reply(&self, heard: &Heard, reply: Reply) {
        match reply {
            Reply::Said(post) => self.say(heard, post, true),
            Reply::Problem(post) => self.say(heard, post, false),
            Reply::Elsewhere => {}
        }
    }

    fn refuse(&self, heard: &Heard, post: Post, what: What, why: &str) {
        self.store.record(self.record(heard, what, json!({"why": why})));
        self.say(heard, post, false);
    }

    /// The audit record of something said.
    fn record(&self, heard: &Heard, what: What, more: Value) -> Change {
        let mut body = Map::new();
        body.insert("text".to_owned(), json!(heard.text));
        if let Value::Object(more) = more {
            body.extend(more);
        }
        let entry = Entry {
            at: self.world.now(),
            what,
            person: Some(heard.asker.person.clone()),
            place: heard.asker.place.clone(),
            subject: None,
            body,
        };
        Change::Audit(Box::new(entry))
    }

    fn say(&self, heard: &Heard, mut post: Post, good: bool) {
        let place = &heard.message.place;
        post.to = heard.asker.addressee();
        self.outbox.put(Letter {
            slot: slot(place, format!("message/{}", heard.part_id())),
            place: place.clone(),
            post: Arc::new(post),
            answer: Some(heard.replies.end(good)),
            keep: Keep::Volatile,
        });
    }
}

/// A message that is meant for the bot.
#[derive(Clone)]
struct Heard {
    home: Arc<Home>,
    asker: Asker,
    text: String,
    message: Message,
    replies: Arc<Replies>,
    /// Which of the things that the message asks for, from 0.
    part: usize,
}

impl Heard {
    /// The message's id; of further parts with their number.
    fn part_id(&self) -> String {
        match self.part {
            0 => self.message.key.id.to_string(),
            part => format!("{}#{part}", self.message.key.id),
        }
    }

    /// The text, less what was typed for parameters that are secret.
    fn without_secrets(&self, hit: &Hit) -> String {
        let Some(action) = self.home.actions.get(&hit.alias.action_ref) else { return self.text.clone() };
        let parameters = action.parameters_with(&runner_parameters(action));
        let hidden = parameters.iter().filter(|parameter| parameter.is_secret());
        let typed = |name: &str| hit.params.iter().find(|(typed, _)| typed == name)?.1.clone();
        let secrets: Vec<String> = hidden.filter_map(|parameter| typed(&parameter.name)).collect();
        cut_secrets(&self.text, &secrets)
    }
}

fn asker(message: &Message) -> Asker {
    Asker {
        person: message.person.clone(),
        name: message.name.clone(),
        place: Some(message.place.clone()),
        room_name: message.room_name.clone(),
    }
}
