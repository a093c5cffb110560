//! A parcel on its way: posted, edited, whispered, signed. What of a long answer is there already is remembered, so
//! that a limit, a page of HTML or a lost connection in its middle neither loses nor repeats a part.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};

use super::context::{Context, refusal};
use super::files;
use super::look::{self, Look};
use super::memory::{Posted, micros};
use super::native;
use super::rooms::{self, Failed};
use crate::adapter::{Ended, Parcel, Sign, Ticket};
use crate::model::{Handle, Receipt, SendError};
use crate::wire::slack::{ApiError, Body};

/// Unfinished answers that are remembered.
const MOST_UNFINISHED: usize = 1000;

/// What Slack says where the bot cannot write.
const CLOSED: &[(&str, &str)] = &[
    ("channel_not_found", "the channel is gone, or the bot is not in it"),
    ("not_in_channel", "the bot is not in the channel: `/invite` it there"),
    ("is_archived", "the channel is archived"),
    ("channel_is_archived", "the channel is archived"),
    ("restricted_action", "only some people may write in the channel"),
    ("restricted_action_read_only_channel", "only some people may write in the channel"),
    ("user_not_in_channel", "who asked is not in the channel"),
    ("cannot_dm_bot", "bots have no direct messages"),
    ("user_disabled", "the person's account is deactivated"),
];

/// What Slack says where the message to edit is no more, or not to be edited any more.
const GONE: &[&str] = &["message_not_found", "cant_update_message", "edit_window_closed"];

/// Sends one parcel and says what became of it; where the token is refused, the parcel goes back and the session ends.
pub(super) async fn send(context: &Context, ticket: Ticket) {
    let outcome = match ticket.parcel().sign {
        Some(sign) => react(context, ticket.parcel(), sign).await,
        None => deliver(context, ticket.parcel()).await,
    };
    match outcome {
        Ok(receipt) => ticket.settle(Ok(receipt)),
        Err(Failed::Send(error)) => ticket.settle(Err(error)),
        Err(Failed::Call(error)) => {
            match refusal(&error, "BOT_TOKEN").filter(|_| error.word() != "missing_scope") {
                Some(why) => {
                    // The session ends with the first reason.
                    let _ = context.over.try_send(Ended::Refused(why));
                }
                None => ticket.settle(Err(send_error(error))),
            }
        }
    }
}

/// What a refusal of Slack means for a message.
fn send_error(error: ApiError) -> SendError {
    let text = match refusal(&error, "BOT_TOKEN") {
        Some(help) => help,
        None => error.to_string(),
    };
    match error {
        ApiError::Later { why, after } => SendError::Retry { why, after },
        ApiError::Said { error, .. } => match CLOSED.iter().find(|(word, _)| *word == error) {
            Some((_, meaning)) => SendError::NoRoom { why: format!("{meaning} ({text})") },
            None => SendError::Refused { why: text },
        },
    }
}

async fn deliver(context: &Context, parcel: &Parcel) -> Result<Receipt, Failed> {
    let found = rooms::channel(context, &parcel.place).await?;
    let (channel, thread) = (found.id.as_str(), thread(parcel));
    let look = look::look(&parcel.post);
    let outcome = match whispered_to(context, parcel) {
        Some(user) => whisper(context, channel, thread, &user, &look).await,
        None => Delivery { context, parcel, channel, thread }.run(look).await,
    };
    match outcome {
        Err(Failed::Call(error)) if error.word() == "channel_not_found" => {
            rooms::forget(context, &parcel.place);
            // What was known may be out of date: it is looked up once more.
            Err(if found.known { Failed::Send(again(&error)) } else { Failed::Call(error) })
        }
        outcome => outcome,
    }
}

/// Tried again at once: something is different now.
fn again(error: &ApiError) -> SendError {
    SendError::Retry { why: error.to_string(), after: Some(Duration::ZERO) }
}

/// The thread that the parcel goes to: its place's, or the command's own where its alias wants that.
fn thread(parcel: &Parcel) -> Option<&str> {
    let own = || {
        let id = &*parcel.answer.as_ref()?.key.id;
        (native::in_thread(&parcel.post) && micros(id).is_some()).then_some(id)
    };
    parcel.place.thread.as_deref().or_else(own)
}

fn whispered_to(context: &Context, parcel: &Parcel) -> Option<String> {
    if !context.inner.manner.whisper || !parcel.post.private || parcel.place.is_direct() {
        return None;
    }
    let named = parcel.post.to.as_ref().map(|to| to.id.clone());
    named.or_else(|| context.inner.memory().asker(&parcel.answer.as_ref()?.key.id))
}

/// Shows something to one person in a room. Slack lets nobody edit it.
async fn whisper(
    context: &Context,
    channel: &str,
    thread: Option<&str>,
    user: &str,
    look: &Look,
) -> Result<Receipt, Failed> {
    let words: Vec<Value> = look.files.iter().flat_map(look::in_words).collect();
    for message in look.messages.iter().chain(&words) {
        let mut body = message.clone();
        body["channel"] = json!(channel);
        body["user"] = json!(user);
        thread.into_iter().for_each(|thread| body["thread_ts"] = json!(thread));
        context.api.call("chat.postEphemeral", Body::Json(&body)).await.map_err(Failed::Call)?;
    }
    Ok(Receipt { handle: None, answer: "ok, whispered".to_owned() })
}

/// A message that several people may see.
struct Delivery<'a> {
    context: &'a Context,
    parcel: &'a Parcel,
    channel: &'a str,
    thread: Option<&'a str>,
}

impl Delivery<'_> {
    async fn run(&self, look: Look) -> Result<Receipt, Failed> {
        let earlier = self.earlier();
        let mut posted = self.begun(&look);
        let mut messages = look.messages;
        let in_words = self.context.no_files.load(Ordering::Relaxed);
        if in_words {
            messages.extend(look.files.iter().flat_map(look::in_words));
        }
        for message in messages.iter().skip(posted.messages.len()) {
            let number = posted.messages.len();
            let sent = match earlier.get(number) {
                Some(ts) => self.edit(ts, message, number).await?,
                None => self.post(message).await?,
            };
            posted.messages.push(sent);
            self.note(&posted);
        }
        for ts in earlier.iter().skip(posted.messages.len()) {
            self.delete(ts).await?;
        }
        if !in_words {
            for file in look.files.iter().skip(posted.files) {
                self.upload(file).await?;
                posted.files += 1;
                self.note(&posted);
            }
        }
        self.context.inner.memory().posted.remove(&self.slot());
        Ok(self.receipt(&posted.messages))
    }

    fn slot(&self) -> String {
        self.parcel.slot.to_string()
    }

    /// The messages that showed this slot before, where they stand in this channel.
    fn earlier(&self) -> Vec<String> {
        let handle = self.parcel.earlier.as_ref().map_or("", |handle| handle.0.as_str());
        let mut words = handle.split(' ');
        if words.next() != Some(self.channel) {
            return Vec::new();
        }
        words.map(str::to_owned).collect()
    }

    /// How far an earlier try of the same words came.
    fn begun(&self, look: &Look) -> Posted {
        let mut hasher = DefaultHasher::new();
        (self.channel, self.thread, &self.parcel.earlier.as_ref().map(|handle| &handle.0)).hash(&mut hasher);
        look.messages.iter().for_each(|message| message.to_string().hash(&mut hasher));
        look.files.iter().for_each(|file| (&file.text, &file.data).hash(&mut hasher));
        let digest = hasher.finish();
        let known = self.context.inner.memory().posted.get(&self.slot()).cloned();
        known.filter(|known| known.digest == digest).unwrap_or(Posted { digest, ..Posted::default() })
    }

    fn note(&self, posted: &Posted) {
        let unfinished = &mut self.context.inner.memory().posted;
        if unfinished.len() >= MOST_UNFINISHED {
            unfinished.clear();
        }
        unfinished.insert(self.slot(), posted.clone());
    }

    async fn post(&self, message: &Value) -> Result<String, Failed> {
        let mut body = message.clone();
        body["channel"] = json!(self.channel);
        body["unfurl_links"] = json!(false);
        body["unfurl_media"] = json!(false);
        if let Some(thread) = self.thread {
            body["thread_ts"] = json!(thread);
        }
        let call =
            |body: Value| async move { self.context.api.call("chat.postMessage", Body::Json(&body)).await };
        let answer = match call(body.clone()).await {
            // The first message of the thread was deleted: the answer is not.
            Err(error)
                if self.thread.is_some()
                    && matches!(error.word(), "thread_not_found" | "cannot_reply_to_message") =>
            {
                body.as_object_mut().map(|body| body.remove("thread_ts"));
                call(body).await
            }
            outcome => outcome,
        };
        let answer = answer.map_err(Failed::Call)?;
        Ok(answer.body["ts"].as_str().unwrap_or_default().to_owned())
    }

    /// Changes a message. The first one that is gone makes the whole post anew; a later one is posted again.
    async fn edit(&self, ts: &str, message: &Value, number: usize) -> Result<String, Failed> {
        let mut body =
            json!({"channel": self.channel, "ts": ts, "text": "", "attachments": [], "blocks": []});
        for key in ["text", "attachments", "blocks"] {
            if let Some(value) = message.get(key) {
                body[key] = value.clone();
            }
        }
        match self.context.api.call("chat.update", Body::Json(&body)).await {
            Ok(_) => Ok(ts.to_owned()),
            Err(error) if GONE.contains(&error.word()) && number == 0 => {
                Err(Failed::Send(SendError::Gone { why: error.to_string() }))
            }
            Err(error) if GONE.contains(&error.word()) => self.post(message).await,
            Err(error) => Err(Failed::Call(error)),
        }
    }

    /// Takes away what an earlier, longer text left.
    async fn delete(&self, ts: &str) -> Result<(), Failed> {
        let body = json!({"channel": self.channel, "ts": ts});
        match self.context.api.call("chat.delete", Body::Json(&body)).await {
            Err(error @ ApiError::Later { .. }) => Err(Failed::Call(error)),
            // Whoever deleted it, it is gone.
            _ => Ok(()),
        }
    }

    async fn upload(&self, file: &crate::text::File) -> Result<(), Failed> {
        match files::upload(&self.context.api, self.channel, self.thread, file).await {
            Err(ApiError::Said { error, needed }) if refuses_files(&error) => {
                let error = ApiError::Said { error, needed };
                tracing::warn!(adapter = %self.context.link.name, %error, "slack takes no files; they become messages");
                self.context.no_files.store(true, Ordering::Relaxed);
                Err(Failed::Send(again(&error)))
            }
            outcome => outcome.map_err(Failed::Call),
        }
    }

    fn receipt(&self, messages: &[String]) -> Receipt {
        let Some(first) = messages.first() else {
            return Receipt { handle: None, answer: "ok".to_owned() };
        };
        let handle = Handle(format!("{} {}", self.channel, messages.join(" ")));
        Receipt { handle: Some(handle), answer: format!("ok, ts {first}") }
    }
}

/// Whether a refusal is about files at all, and not about this room or token.
fn refuses_files(error: &str) -> bool {
    let room = CLOSED.iter().any(|(word, _)| *word == error);
    let token =
        ["invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive"].contains(&error);
    !room && !token
}

/// Reacts to a message of a person; what cannot be reacted to is left alone.
async fn react(context: &Context, parcel: &Parcel, sign: Sign) -> Result<Receipt, Failed> {
    let done = || Receipt { handle: None, answer: "ok".to_owned() };
    // Commands by slash and presses have no message of their own.
    let Some(key) = parcel.answer.as_ref().map(|answer| &answer.key).filter(|key| micros(&key.id).is_some())
    else {
        return Ok(done());
    };
    let call = |method: &'static str, name: &'static str| async move {
        let body = json!({"channel": key.room, "timestamp": key.id, "name": name});
        match context.api.call(method, Body::Json(&body)).await {
            Err(error @ ApiError::Later { .. }) => Err(Failed::Call(error)),
            Err(error) if !matches!(error.word(), "already_reacted" | "no_reaction") => {
                tracing::debug!(adapter = %context.link.name, %error, "no reaction");
                Ok(())
            }
            _ => Ok(()),
        }
    };
    match sign {
        Sign::Working => call("reactions.add", "eyes").await?,
        Sign::Good | Sign::Bad => {
            let name = if sign == Sign::Good { "white_check_mark" } else { "x" };
            call("reactions.add", name).await?;
            call("reactions.remove", "eyes").await?;
        }
    }
    Ok(done())
}
