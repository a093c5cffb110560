//! Runs a pipe: one step after another, what each would have said is what the next one gets.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::kept::Kept;
use super::{MOST_BYTES, PREVIOUS, Pipe, Step};
use crate::action::cut_secrets;
use crate::alias::Hit;
use crate::bot::chat::Chat;
use crate::bot::chat::commands::{self, Reply, Row, Run};
use crate::bot::chat::heard::{Heard, secrets};
use crate::bot::engine::{Ended, Given, prepare};
use crate::bot::outbox::{Keep, Letter, slot};
use crate::bot::reply;
use crate::model::{Cause, MessageKey, Noun, Place, Status};
use crate::store::What;
use crate::text::human::duration;
use crate::text::marks::PLAIN;
use crate::text::{Block, Post, Tone, render};

/// A step that takes longer than this is shown to be running.
const ACKNOWLEDGE_AFTER: Duration = Duration::from_secs(1);

/// What a step came to.
enum Came {
    /// It went well: what it says, and the same as text.
    Well(Post, String),
    /// It did not: what it says about that.
    Badly(Post),
    /// The message had been carried out before.
    Before,
}

impl Chat {
    /// Carries out a pipe if its person may run all of it, and post where it goes.
    pub(in crate::bot::chat) fn piped(self: &Arc<Self>, heard: &Heard, pipe: Pipe) {
        let typed: Vec<String> = pipe.hits().iter().flat_map(|hit| secrets(&heard.home, hit)).collect();
        let heard = &Heard { text: cut_secrets(&heard.text, &typed), ..heard.clone() };
        match pipe.allowed(self, &heard.home, &heard.asker) {
            Err(post) => self.refuse(heard, post, What::Refused, "a step of the pipe may not be run"),
            Ok((target, hidden)) => {
                self.store.record(self.record(heard, What::Answered, json!({"command": "pipe"})));
                let heard = Heard { text: cut_secrets(&heard.text, &hidden), ..heard.clone() };
                heard.done();
                let chat = self.clone();
                tokio::spawn(async move { chat.flow(&heard, pipe, target).await });
            }
        }
    }

    async fn flow(self: &Arc<Self>, heard: &Heard, pipe: Pipe, target: Option<Place>) {
        let (all, began) = (pipe.steps.len(), self.world.now());
        let kept = Kept::new(heard, all);
        let mut carried = String::new();
        let mut last = Post::default();
        for (place, step) in pipe.steps.into_iter().enumerate() {
            let number = place + 1;
            let within = heard.home.settings.pipe_within;
            if number > 1 && self.world.now().since(began) > within {
                let within = duration(within);
                let why = format!(
                    "step {number} of {all} is not run: {within} after its start a pipe begins no further step"
                );
                return self.breaks(heard, &kept, reply::problem(&why));
            }
            let came = match step {
                Step::Filter(filter) => {
                    let text = filter.apply(&carried);
                    Came::Well(block(&text), text)
                }
                Step::Command { hit, text } => self.step(heard, &kept, number, *hit, text, &carried).await,
            };
            match came {
                Came::Well(_, text) if text.len() > MOST_BYTES && number < all => {
                    let why = format!(
                        "step {number} gives {} bytes, a step hands on at most {MOST_BYTES}",
                        text.len()
                    );
                    return self.breaks(heard, &kept, reply::problem(&why));
                }
                Came::Well(post, text) => (last, carried) = (post, text),
                Came::Badly(mut post) => {
                    post.pretext.insert(0, reply::step(number, all));
                    return self.breaks(heard, &kept, post);
                }
                Came::Before => return kept.ends(self, Vec::new()),
            }
        }
        self.ends(heard, &kept, last, &carried, target).await;
    }

    /// A pipe ends before its last step.
    fn breaks(&self, heard: &Heard, kept: &Kept, post: Post) {
        self.say(heard, post, false, None);
        kept.ends(self, Vec::new());
    }

    async fn step(
        self: &Arc<Self>,
        heard: &Heard,
        kept: &Kept,
        number: usize,
        hit: Hit,
        text: String,
        carried: &str,
    ) -> Came {
        let hit = filled(hit, carried.trim_end());
        match commands::find(&hit.alias) {
            Some(row) => self.answered(heard, row, &hit, &text).await,
            None => self.executed(heard, kept, number, hit, &text).await,
        }
    }

    async fn answered(self: &Arc<Self>, heard: &Heard, row: &'static Row, hit: &Hit, text: &str) -> Came {
        let call = self.call(&Heard { text: text.to_owned(), ..heard.clone() }, hit);
        let reply = match row.run {
            Run::Now(run) => run(&call),
            Run::Later(run) => run(Arc::new(call)).await,
        };
        match reply {
            Reply::Said(post) => well(post),
            Reply::Problem(post) => Came::Badly(post),
            Reply::Elsewhere => Came::Badly(reply::problem("it answers elsewhere")),
        }
    }

    async fn executed(
        self: &Arc<Self>,
        heard: &Heard,
        kept: &Kept,
        number: usize,
        hit: Hit,
        text: &str,
    ) -> Came {
        let (hit, filled) = self.filled(&heard.home, &heard.asker, hit);
        let typed = secrets(&heard.home, &hit);
        let given = Given::Typed(hit.params);
        let order = prepare(&heard.home, &heard.asker, Some(&hit.alias), &hit.alias.action_ref, given);
        let mut order = match order {
            Ok(order) => order,
            Err(refusal) => {
                let more = json!({"why": refusal.to_string(), "alias": hit.alias.reference()});
                self.store.record(self.record(heard, What::Refused, more));
                return Came::Badly(refusal.post());
            }
        };
        order.command = cut_secrets(&cut_secrets(text, &typed), &order.prepared.secrets);
        order.cause = heard.itself().map_or(Cause::Command, |itself| itself.cause);
        order.pressed = heard.pressed();
        let id = if number == 1 { heard.part_id() } else { format!("{}|{number}", heard.part_id()) };
        order.message = Some(MessageKey { id: id.into(), ..heard.message.key.clone() });
        order.position = heard.message.position.clone();
        order.filled = filled;
        order.quiet = true;
        let command = order.command.clone();
        let id = self.store.id(Noun::Execution);
        // In the queue before the execution itself: what began is never without it.
        kept.begins(self, heard, number, &command, id);
        let submitted = self.engine.submit_as(id, order);
        let mut done = submitted.done;
        let ended = match self.world.timeout(ACKNOWLEDGE_AFTER, &mut done).await {
            Ok(ended) => ended,
            Err(_) => {
                self.under_way(heard, reply::running(submitted.id, &command));
                done.await
            }
        };
        match ended {
            Ok(Ended { status: Status::Succeeded, post, .. }) => well(post.unwrap_or_default()),
            Ok(Ended { post, why, .. }) => Came::Badly(
                post.unwrap_or_else(|| reply::problem(&why.unwrap_or_else(|| "it failed".to_owned()))),
            ),
            Err(_) => Came::Before,
        }
    }

    fn under_way(&self, heard: &Heard, post: Post) {
        let place = &heard.message.place;
        self.outbox.put(Letter {
            slot: slot(place, format!("message/{}", heard.part_id())),
            place: place.clone(),
            post: Arc::new(Post { to: heard.asker.addressee(), ..post }),
            answer: heard.awaited().map(|replies| replies.step()),
            keep: Keep::Volatile,
        });
    }
}

fn well(post: Post) -> Came {
    let post = Post { to: None, ..post };
    let text = render(&post, &PLAIN);
    Came::Well(post, text)
}

fn block(text: &str) -> Post {
    Post {
        body: vec![Block::Code { lang: String::new(), text: text.to_owned() }],
        tone: Tone::Good,
        ..Post::default()
    }
}

/// The result of the step before becomes a value: it is never read as a command.
fn filled(mut hit: Hit, carried: &str) -> Hit {
    for (_, value) in &mut hit.params {
        if let Some(value) = value.as_mut().filter(|value| value.contains(PREVIOUS)) {
            *value = value.replace(PREVIOUS, carried);
        }
    }
    hit
}
