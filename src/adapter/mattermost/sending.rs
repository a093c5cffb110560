//! One letter on its way: posted, edited, whispered, or a reaction. What was sent of it in part is not sent again,
//! and the server knows a post that it has already by its `pending_post_id`.

use std::time::Duration;

use reqwest::multipart::{Form, Part};
use ring::digest;
use serde_json::{Value, json};

use super::body::{Body, Button, Style, bodies};
use super::memory::Begun;
use super::opening::Core;
use super::rooms::{self, text};
use super::trouble::{self, Trouble};
use crate::adapter::{Parcel, Sign, Ticket};
use crate::model::{Handle, Receipt, SendError, hex};
use crate::net::file_bytes;
use crate::text::{Choice, File};
use crate::wire::mattermost::{ApiError, is_id};

/// One post takes at most so many files.
const FILES: usize = 10;
/// Shown while a command runs.
const WORKING: &str = "hourglass_flowing_sand";

/// What follows for the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum After {
    /// Nothing.
    Nothing,
    /// Nothing is to be sent for so long.
    Pause(Duration),
    /// The token is no longer good.
    Unauthorized(String),
}

/// Sends what a ticket is for, and settles it.
pub(super) async fn deliver(core: &Core<'_>, ticket: Ticket) -> After {
    match send(core, ticket.parcel()).await {
        Ok(receipt) => ticket.settle(Ok(receipt)),
        Err(Trouble::Letter(error)) => ticket.settle(Err(error)),
        Err(Trouble::Limited(why, after)) => {
            ticket.settle(Err(SendError::Retry { why, after: Some(after) }));
            return After::Pause(after);
        }
        // Dropped unsettled, the ticket waits for the next session.
        Err(Trouble::Unauthorized(why)) => return After::Unauthorized(why),
    }
    After::Nothing
}

async fn send(core: &Core<'_>, parcel: &Parcel) -> Result<Receipt, Trouble> {
    if let Some(sign) = parcel.sign {
        return react(core, parcel, sign).await;
    }
    let channel = rooms::channel(core, &parcel.place).await?;
    let whispered = core.mattermost.manner.whisper && parcel.post.private && !parcel.place.is_direct();
    match whispered.then(|| asker(core, parcel)).flatten() {
        Some(person) => whisper(core, parcel, &channel, &person).await,
        None => Letter::new(core, parcel, channel).await?.send().await,
    }
}

/// Who asked, by id.
fn asker(core: &Core<'_>, parcel: &Parcel) -> Option<String> {
    let addressed = parcel.post.to.as_ref().map(|to| to.id.clone()).filter(|id| is_id(id));
    addressed.or_else(|| core.mattermost.memory().askers.get(&*parcel.answer.as_ref()?.key.id).cloned())
}

/// For one person's eyes; in the conversation with that person where the bot may not whisper.
async fn whisper(core: &Core<'_>, parcel: &Parcel, channel: &str, person: &str) -> Result<Receipt, Trouble> {
    let letter = Letter::new(core, parcel, channel.to_owned()).await?;
    for body in &letter.bodies {
        let request = json!({"user_id": person, "post": letter.json(body, None)});
        match core.api.post("posts/ephemeral", &request).await {
            Ok(_) => {}
            Err(ApiError::Refused { status: 403, .. }) => {
                let channel = rooms::direct(core, person).await?;
                let letter = Letter { channel, thread: None, ..letter };
                return letter.send().await.map(|receipt| Receipt { handle: None, ..receipt });
            }
            Err(error) => return Err(trouble::of_post(error)),
        }
    }
    Ok(Receipt { handle: None, answer: "whispered".to_owned() })
}

/// A reaction to the message that was asked in; of presses and slash commands there is none to react to.
async fn react(core: &Core<'_>, parcel: &Parcel, sign: Sign) -> Result<Receipt, Trouble> {
    let receipt = |answer: &str| Ok(Receipt { handle: None, answer: answer.to_owned() });
    let Some(answer) = parcel.answer.as_ref().filter(|answer| is_id(&answer.key.id)) else {
        return receipt("nothing to react to");
    };
    let (me, post) = (&core.me.id, &*answer.key.id);
    let emoji = match sign {
        Sign::Working => WORKING,
        Sign::Good => "white_check_mark",
        Sign::Bad => "x",
    };
    let reaction = json!({"user_id": me, "post_id": post, "emoji_name": emoji});
    match core.api.post("reactions", &reaction).await {
        // The message is gone, or the bot may not react there: the answer says it all.
        Ok(_) | Err(ApiError::Refused { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    if sign != Sign::Working {
        match core.api.delete(&format!("users/me/posts/{post}/reactions/{WORKING}")).await {
            Ok(_) | Err(ApiError::Refused { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    receipt("reacted")
}

/// A letter as the server gets it.
struct Letter<'a> {
    core: &'a Core<'a>,
    parcel: &'a Parcel,
    channel: String,
    thread: Option<String>,
    bodies: Vec<Body>,
    files: Vec<File>,
    print: String,
}

impl<'a> Letter<'a> {
    async fn new(core: &'a Core<'_>, parcel: &'a Parcel, channel: String) -> Result<Self, Trouble> {
        let thread = parcel.place.thread.as_deref().filter(|id| is_id(id)).map(str::to_owned);
        let post = rooms::with_names(core, &parcel.post).await?;
        let to = match post.to.as_ref().filter(|_| !parcel.place.is_direct()) {
            Some(to) => Some(rooms::name(core, &to.id).await?),
            None => None,
        };
        let make = |index: usize, choice: &Choice| {
            button(core, &channel, thread.as_deref(), parcel.place.is_direct(), index, choice)
        };
        let callback = core.mattermost.callback.is_some();
        let button = callback.then_some(&make as Button<'_>);
        let (bodies, mut files) = bodies(&post, &Style { longest: core.longest, to, button });
        files.truncate(FILES);
        let print = print(parcel, &channel);
        Ok(Self { core, parcel, channel, thread, bodies, files, print })
    }

    /// Posts it, or edits the message that shows it already.
    async fn send(mut self) -> Result<Receipt, Trouble> {
        let earlier = self.parcel.earlier.as_ref().map(|handle| handle.0.clone()).unwrap_or_default();
        let earlier: Vec<&str> = earlier.split(' ').filter(|id| is_id(id)).collect();
        if !self.files.is_empty() && self.bodies.len() <= earlier.len() {
            // An edit brings no files: they get a post of their own.
            self.bodies.push(Body::default());
        }
        for (id, body) in earlier.iter().zip(&self.bodies) {
            let path = format!("posts/{id}/patch");
            self.core.api.put(&path, &body.json()).await.map_err(trouble::of_edit)?;
        }
        for id in earlier.iter().skip(self.bodies.len()) {
            // What a longer text needed.
            match self.core.api.delete(&format!("posts/{id}")).await {
                Ok(_) | Err(ApiError::Refused { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let mut made = self.post_rest(earlier.len()).await?;
        if self.bodies.last() == Some(&Body::default()) {
            // Files stay as they are, whatever the text becomes.
            made.pop();
        }
        let kept = earlier.iter().take(self.bodies.len()).copied();
        let ids: Vec<&str> = kept.chain(made.iter().map(String::as_str)).collect();
        self.core.mattermost.memory().begun.remove(&self.parcel.slot.to_string());
        let answer = if earlier.is_empty() { "posted" } else { "edited" };
        Ok(Receipt { handle: Some(Handle(ids.join(" "))), answer: answer.to_owned() })
    }

    /// Posts the messages from `first` on, from where an earlier try ended.
    async fn post_rest(&mut self, first: usize) -> Result<Vec<String>, Trouble> {
        let slot = self.parcel.slot.to_string();
        let begun = self.core.mattermost.memory().begun.get(&slot).cloned();
        let mut made =
            begun.filter(|begun| begun.print == self.print).map_or_else(Vec::new, |begun| begun.made);
        for index in first + made.len()..self.bodies.len() {
            let files = if index + 1 == self.bodies.len() { self.upload(index).await? } else { Vec::new() };
            made.push(self.create(index, files).await?);
            let begun = Begun { print: self.print.clone(), made: made.clone() };
            self.core.mattermost.memory().begun.insert(slot.clone(), begun);
        }
        Ok(made)
    }

    async fn create(&mut self, index: usize, files: Vec<String>) -> Result<String, Trouble> {
        let pending = format!("{}:{}{index}", self.core.me.id, self.print);
        let mut post = self.json(&self.bodies[index], Some(&pending));
        if !files.is_empty() {
            post["file_ids"] = json!(files);
        }
        let made = match self.core.api.post("posts", &post).await {
            Err(ApiError::Refused { id, .. }) if id.contains("root_id") && self.thread.is_some() => {
                // The thread is no more: its channel is the next best place.
                self.thread = None;
                post["root_id"] = json!("");
                self.core.api.post("posts", &post).await
            }
            made => made,
        };
        let made = made.map_err(trouble::of_post)?;
        Ok(text(&made.body, "id"))
    }

    /// Uploads the files. Where the server takes none, the message `index` says so.
    async fn upload(&mut self, index: usize) -> Result<Vec<String>, Trouble> {
        let mut ids = Vec::new();
        for file in &self.files {
            let part = Part::bytes(file_bytes(file)).file_name(file.name.clone());
            let part = part.mime_str("text/plain; charset=utf-8").map_err(|_| Trouble::refused("no text"))?;
            let form = Form::new().text("channel_id", self.channel.clone()).part("files", part);
            match self.core.api.upload("files", form).await {
                Ok(reply) => ids.push(text(&reply.body["file_infos"][0], "id")),
                Err(ApiError::Refused { why, .. }) => {
                    tracing::warn!(adapter = %self.core.link.name, file = file.name, why, "a file was refused");
                    let body = &mut self.bodies[index].text;
                    body.push_str(&format!("\n(the file `{}` was refused)", file.name));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(ids)
    }

    fn json(&self, body: &Body, pending: Option<&str>) -> Value {
        let mut post = json!({"channel_id": self.channel, "message": body.text});
        if !body.attachments.is_empty() {
            post["props"] = json!({"attachments": body.attachments});
        }
        if let Some(root) = &self.thread {
            post["root_id"] = json!(root);
        }
        if let Some(pending) = pending {
            post["pending_post_id"] = json!(pending);
        }
        post
    }
}

/// The button of a choice. Ids must be letters and digits alone: one with a hyphen does nothing at all.
fn button(
    core: &Core<'_>,
    channel: &str,
    thread: Option<&str>,
    direct: bool,
    index: usize,
    choice: &Choice,
) -> Value {
    let base = core.mattermost.callback.as_deref().unwrap_or_default();
    let now = core.link.world.now();
    let context = core.seal.seal(&choice.nonce, channel, thread.unwrap_or_default(), direct, now);
    let url = format!("{base}/chat/{}/press", core.link.name);
    json!({
        "id": format!("choice{index}"),
        "type": "button",
        "name": choice.label,
        "integration": {"url": url, "context": context},
    })
}

/// What tells one letter from another in the same slot; the same for each try of it.
fn print(parcel: &Parcel, channel: &str) -> String {
    let earlier = parcel.earlier.as_ref().map(|handle| handle.0.as_str());
    let all = json!([parcel.slot.to_string(), channel, earlier, parcel.post]).to_string();
    let digest = digest::digest(&digest::SHA256, all.as_bytes());
    hex::encode(&digest.as_ref()[..12])
}
