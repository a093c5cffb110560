//! A message becomes a command: addressed, matched, allowed, then answered here or handed to the engine.
//!
//! All of that happens where the message is heard, without waiting for anything: so each person's
//! in-process answers come in order, behind nobody's slow command.

mod address;
mod aside;
mod codes;
pub mod commands;
mod defaults;
mod dry;
mod errand;
mod heard;
mod hearing;
mod listen;
mod offers;
mod pipe;
mod press;
mod relay;
mod seen;

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value, json};
use tokio::sync::watch;
use tracing::{debug, warn};

pub use address::{Addressed, Sure, Way, address};
pub use errand::Errand;
pub use hearing::Hearing;
pub use pipe::left_in_pipes;
pub use relay::{Denied, Named, Relayed, Taken};

use super::choices::{Choices, Terms};
use super::engine::{Engine, Given, Order, Refusal, Replies, prepare};
use super::home::Home;
use super::link;
use super::notify::Notify;
use super::outbox::{Keep, Letter, Outbox, slot};
use super::reply;
use crate::action::cut_secrets;
use crate::alias::{Alias, Found, Hit, Params};
use crate::model::{AdapterName, Cause, Message, MessageKey};
use crate::net::World;
use crate::store::{Change, Entry, Store, What};
use crate::text::Post;
use commands::{Call, Reply, Run};
use heard::{By, Heard};
use pipe::Pipe;
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
    /// What may be chosen by pressing a button.
    pub choices: Arc<Choices>,
    /// What remembers.
    pub store: Store,
    /// Time.
    pub world: World,
    /// How the connections stand.
    pub links: Mutex<Vec<(AdapterName, watch::Receiver<link::State>)>>,
    seen: Mutex<Seen>,
    resting: Mutex<listen::Resting>,
    defaults: std::sync::RwLock<defaults::Defaults>,
}

impl Chat {
    /// A chat that has heard nothing yet.
    pub fn new(
        homes: Arc<super::home::Homes>,
        engine: Arc<Engine>,
        notify: Arc<Notify>,
        outbox: Arc<Outbox>,
        choices: Arc<Choices>,
        store: Store,
        world: World,
    ) -> Arc<Self> {
        let (links, seen, resting) = (Mutex::default(), Mutex::default(), Mutex::default());
        let defaults = std::sync::RwLock::default();
        Arc::new(Self {
            homes,
            engine,
            notify,
            outbox,
            choices,
            store,
            world,
            links,
            seen,
            resting,
            defaults,
        })
    }

    /// Remembers what was heard before this process began: a service that repeats it gets no second answer.
    pub async fn recall(&self) {
        if let Err(error) = self.recall_defaults().await {
            warn!(%error, "what rooms fill in cannot be read");
        }
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

    /// Notes that something was heard; whether it is the first time.
    fn first_time(&self, key: &MessageKey) -> bool {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).first_time(key.to_string())
    }

    /// Carries out what `message` says, once.
    pub fn command(self: &Arc<Self>, home: &Arc<Home>, message: Message, addressed: Addressed<'_>) {
        if !self.first_time(&message.key) {
            debug!(key = %message.key, "a message came again and is not heard again");
            return;
        }
        if let Some(name) = &message.room_name {
            self.outbox.called(&message.place, name);
        }
        self.carry_out(&Heard::new(home, message, addressed.command, By::Typing), addressed.sure);
    }

    fn carry_out(self: &Arc<Self>, heard: &Heard, sure: Sure) {
        if let Some(dry) = Self::dry(heard, sure) {
            match Self::find(&dry, &dry.text, sure) {
                Found::One(hit) => return self.tell_dry(&dry, hit),
                Found::Many(mut hits) if !hits.is_empty() => return self.tell_dry(&dry, hits.swap_remove(0)),
                _ => {}
            }
        }
        let stale = heard.stale(self.world.now());
        match (Pipe::of(&heard.home, &heard.asker, &heard.text), stale) {
            (Some(Ok(pipe)), Some(ago)) => return self.away(heard, &pipe.hits(), ago),
            (Some(Ok(pipe)), None) => {
                self.sign(heard);
                return self.piped(heard, pipe);
            }
            (Some(Err(why)), _) if sure == Sure::Yes => {
                return self.refuse(heard, reply::problem(&why), What::Refused, &why);
            }
            _ => {}
        }
        match (Self::find(heard, &heard.text, sure), stale) {
            (Found::One(hit), Some(ago)) => self.away(heard, &[hit], ago),
            (Found::Many(hits), Some(ago)) => self.away(heard, &hits, ago),
            (Found::One(hit), None) => {
                self.sign(heard);
                self.hit(heard, hit);
            }
            (Found::Many(hits), None) => {
                self.sign(heard);
                let replies = Arc::new(Replies::new(heard.message.key.clone(), hits.len()));
                for (part, hit) in hits.into_iter().enumerate() {
                    let heard = Heard { replies: replies.clone(), part, ..heard.clone() };
                    self.hit(&heard, hit);
                }
            }
            (Found::Tie(candidates), _) => self.tie(heard, &candidates),
            (Found::Error(why), _) => self.refuse(heard, reply::problem(&why), What::Refused, &why),
            (Found::None { suggestion }, _) if sure == Sure::Yes => self.unknown(heard, suggestion),
            (Found::None { .. }, _) => {}
        }
    }

    /// Shows on a message that it was understood; a press is no message.
    fn sign(&self, heard: &Heard) {
        if matches!(heard.by, By::Typing) {
            self.outbox.sign(&heard.message.place, &heard.message.key);
        }
    }

    fn hit(self: &Arc<Self>, heard: &Heard, hit: Hit) {
        if let Some(row) = commands::find(&hit.alias) {
            return self.built_in(heard, row, &hit);
        }
        let (hit, filled) = self.filled(&heard.home, &heard.asker, hit);
        let typed = Heard { text: heard.without_secrets(&hit), ..heard.clone() };
        if self.engine.is_draining() {
            return self.turn_down(&typed, heard, &hit.alias, &Refusal::Draining);
        }
        match Self::order(&typed, &hit.alias, hit.params) {
            Ok(order) => {
                // Before it begins: after a crash a button is not pressed for something that ran.
                heard.done();
                drop(self.engine.submit(Order { filled, ..order }));
            }
            Err(refusal) => self.turn_down(&typed, heard, &hit.alias, &refusal),
        }
    }

    /// What is to run for `typed`, which holds no secrets any more.
    fn order(typed: &Heard, alias: &Arc<Alias>, params: Params) -> Result<Order, Refusal> {
        let given = Given::Typed(params);
        let mut order = prepare(&typed.home, &typed.asker, Some(alias), &alias.action_ref, given)?;
        order.command = cut_secrets(&typed.text, &order.prepared.secrets);
        order.cause = typed.itself().map_or(Cause::Command, |itself| itself.cause);
        order.pressed = typed.pressed();
        order.message = Some(MessageKey { id: typed.part_id().into(), ..typed.message.key.clone() });
        order.replies = typed.awaited();
        order.position = typed.message.position.clone();
        Ok(order)
    }

    /// `typed` is what was heard, without secrets.
    fn turn_down(&self, typed: &Heard, heard: &Heard, alias: &Alias, refusal: &Refusal) {
        self.note_refusal(typed, alias, refusal);
        let (post, terms) = self.mend(typed, alias, refusal);
        // With a secret cut out of it a command is not what was typed.
        let terms = terms.filter(|_| typed.text == heard.text);
        self.say(typed, post, false, terms);
    }

    fn note_refusal(&self, typed: &Heard, alias: &Alias, refusal: &Refusal) {
        let (why, reference, action) = (refusal.to_string(), alias.reference(), &alias.action_ref);
        let more = json!({"why": why, "alias": reference, "action": action});
        self.store.record(self.record(typed, What::Refused, more));
    }

    fn built_in(self: &Arc<Self>, heard: &Heard, row: &'static commands::Row, hit: &Hit) {
        let call = self.allowed(heard, row, hit);
        let text = commands::kept(row, &Self::shown(heard, row));
        let heard = &Heard { text, ..heard.clone() };
        let call = match call {
            Ok(call) => call,
            Err(why) => return self.refuse(heard, reply::refused(&why), What::Refused, &why),
        };
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

    /// The use of a built-in command that somebody asks for; why not, if they may not.
    fn allowed(self: &Arc<Self>, heard: &Heard, row: &commands::Row, hit: &Hit) -> Result<Call, String> {
        let call = self.call(heard, hit);
        if call.may_use(row) { Ok(call) } else { Err(format!("nobody granted you `{}`", row.permit)) }
    }

    fn call(self: &Arc<Self>, heard: &Heard, hit: &Hit) -> Call {
        let typed = hit.params.iter().filter_map(|(name, value)| Some((name.clone(), value.clone()?)));
        Call {
            chat: self.clone(),
            home: heard.home.clone(),
            asker: heard.asker.clone(),
            params: typed.collect(),
            text: heard.text.clone(),
            message: heard.message.key.clone(),
            replies: heard.awaited(),
        }
    }

    fn reply(&self, heard: &Heard, reply: Reply) {
        match reply {
            Reply::Said(post) => {
                heard.done();
                self.say(heard, post, true, None);
            }
            Reply::Problem(post) => self.say(heard, post, false, None),
            Reply::Elsewhere => heard.done(),
        }
    }

    fn refuse(&self, heard: &Heard, post: Post, what: What, why: &str) {
        self.refuse_with(heard, post, what, why, None);
    }

    fn refuse_with(&self, heard: &Heard, post: Post, what: What, why: &str, terms: Option<Terms>) {
        self.store.record(self.record(heard, what, json!({"why": why})));
        self.say(heard, post, false, terms);
    }

    /// The audit record of something said.
    fn record(&self, heard: &Heard, what: What, more: Value) -> Change {
        let mut body = Map::new();
        body.insert("text".to_owned(), json!(heard.text));
        if let Some(label) = heard.pressed() {
            body.insert("pressed".to_owned(), json!(label));
        }
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

    fn say(&self, heard: &Heard, mut post: Post, good: bool, terms: Option<Terms>) {
        let place = &heard.message.place;
        let slot = slot(place, format!("message/{}", heard.part_id()));
        post.to = heard.asker.addressee();
        match heard.itself() {
            Some(itself) if !good => post.pretext.insert(0, reply::itself(&itself.what, &heard.text)),
            Some(_) => {}
            None => post.private |= !good,
        }
        if let Some(terms) = terms {
            self.choices.offer(&mut post, &slot, place, terms);
        }
        self.outbox.put(Letter {
            slot,
            place: place.clone(),
            post: Arc::new(post),
            answer: heard.awaited().map(|replies| replies.end(good)),
            keep: Keep::Volatile,
        });
    }
}
