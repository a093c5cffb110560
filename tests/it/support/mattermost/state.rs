//! What a Mattermost server knows: people, channels, posts, files, and the connections with the events that each of
//! them keeps for a resume (128, as the server's source has it).

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;

/// Events that a connection keeps for a client that comes back.
const BUFFER: usize = 128;
/// A post with the same `pending_post_id` is made once within this time.
const PENDING: Duration = Duration::from_secs(30);

/// A user.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) username: String,
    /// Free text.
    pub(crate) nickname: String,
    pub(crate) is_bot: bool,
}

/// A channel with everybody in it, unless the bot was removed.
#[derive(Debug, Clone)]
pub(crate) struct Channel {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    /// The members, where it is a conversation.
    pub(crate) members: Vec<String>,
    pub(crate) archived: bool,
    pub(crate) last_post_at: i64,
}

/// A post as it stands now.
#[derive(Debug, Clone)]
pub(crate) struct Post {
    pub(crate) value: Value,
    pub(crate) edits: usize,
    /// Only this user sees it.
    pub(crate) only: Option<String>,
}

/// A connection, open or waiting for its client to come back.
#[derive(Default)]
pub(crate) struct Connection {
    pub(crate) user: String,
    /// The number of the next event.
    pub(crate) next: i64,
    pub(crate) sent: VecDeque<(i64, String)>,
    pub(crate) live: Option<UnboundedSender<String>>,
}

/// All of it.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) users: Vec<User>,
    pub(crate) channels: Vec<Channel>,
    pub(crate) posts: Vec<Post>,
    /// (post, user, emoji), oldest first.
    pub(crate) reactions: Vec<(String, String, String)>,
    pub(crate) files: BTreeMap<String, (String, Vec<u8>)>,
    pub(crate) pending: HashMap<String, (Instant, String)>,
    pub(crate) connections: BTreeMap<String, Connection>,
    pub(crate) tokens: HashMap<String, String>,
    /// Channels that the bot was removed from.
    pub(crate) removed: Vec<String>,
    pub(crate) may_whisper: bool,
    pub(crate) sessions: usize,
    pub(crate) resumed: usize,
    pub(crate) breaches: Vec<String>,
    pub(crate) requests: Vec<String>,
    pub(crate) ids: u64,
    pub(crate) clock: i64,
}

impl State {
    /// A new id: 26 small letters and digits.
    pub(crate) fn id(&mut self, kind: &str) -> String {
        self.ids += 1;
        format!("{kind}{:0width$}", self.ids, width = 26 - kind.len())
    }

    /// The server's milliseconds, another one each time.
    pub(crate) fn now(&mut self) -> i64 {
        let now = jiff::Timestamp::now().as_millisecond();
        self.clock = now.max(self.clock + 1);
        self.clock
    }

    pub(crate) fn breach(&mut self, what: impl Into<String>) {
        self.breaches.push(what.into());
    }

    pub(crate) fn user(&self, id: &str) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    pub(crate) fn named(&self, name: &str) -> Option<&User> {
        self.users.iter().find(|user| user.username == name)
    }

    pub(crate) fn channel(&self, id: &str) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.id == id)
    }

    pub(crate) fn channel_named(&self, name: &str) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.name == name)
    }

    pub(crate) fn post(&self, id: &str) -> Option<&Post> {
        self.posts.iter().find(|post| post.value["id"] == id)
    }

    /// Whether a user reads a channel.
    pub(crate) fn is_member(&self, user: &str, channel: &str) -> bool {
        let Some(channel) = self.channel(channel) else { return false };
        let is_bot = self.user(user).is_some_and(|user| user.username == super::BOT);
        let removed = is_bot && self.removed.contains(&channel.id);
        !removed && (channel.members.is_empty() || channel.members.iter().any(|member| member == user))
    }

    /// The conversation of two, made when it is first needed.
    pub(crate) fn direct(&mut self, one: &str, other: &str) -> String {
        let mut members = vec![one.to_owned(), other.to_owned()];
        members.sort();
        let name = members.join("__");
        if let Some(channel) = self.channel_named(&name) {
            return channel.id.clone();
        }
        let id = self.id("direct");
        let channel = Channel { id: id.clone(), name, kind: "D", members, archived: false, last_post_at: 0 };
        self.channels.push(channel);
        id
    }

    /// Makes a post of `user` and tells everybody; gives its id.
    pub(crate) fn add(
        &mut self,
        user: &str,
        channel: &str,
        root: &str,
        message: &str,
        more: &Value,
    ) -> String {
        let (id, now) = (self.id("post"), self.now());
        let mut props = more["props"].as_object().cloned().unwrap_or_default();
        if self.user(user).is_some_and(|user| user.is_bot) {
            props.insert("from_bot".to_owned(), json!("true"));
        }
        let post = json!({"id": id, "create_at": now, "update_at": now, "edit_at": 0, "delete_at": 0,
            "is_pinned": false, "user_id": user, "channel_id": channel, "root_id": root, "original_id": "",
            "message": message, "type": more["type"].as_str().unwrap_or_default(), "props": props, "hashtags": "",
            "file_ids": more.get("file_ids").unwrap_or(&json!([])),
            "pending_post_id": more["pending_post_id"].as_str().unwrap_or_default(), "reply_count": 0,
            "last_reply_at": 0, "participants": null, "metadata": {}});
        if let Some(channel) = self.channels.iter_mut().find(|it| it.id == channel) {
            channel.last_post_at = now;
        }
        self.posts.push(Post { value: post.clone(), edits: 0, only: None });
        self.posted(&post);
        id
    }

    /// The event of a new post.
    fn posted(&mut self, post: &Value) {
        let text = |key: &str| post[key].as_str().unwrap_or_default().to_owned();
        let (channel, user) = (text("channel_id"), text("user_id"));
        let Some(known) = self.channel(&channel).cloned() else { return };
        let sender = self.user(&user).map(|user| format!("@{}", user.username)).unwrap_or_default();
        let message = text("message").to_lowercase();
        let calls = |user: &&User| message.contains(&format!("@{}", user.username));
        let mentions: Vec<_> = self.users.iter().filter(calls).map(|user| user.id.clone()).collect();
        let mut data = json!({"channel_display_name": known.name, "channel_name": known.name,
            "channel_type": known.kind, "post": post.to_string(), "sender_name": sender, "set_online": true,
            "team_id": if known.kind == "D" { "" } else { super::TEAM_ID }});
        if !mentions.is_empty() {
            data["mentions"] = json!(json!(mentions).to_string());
        }
        self.tell("posted", &data, &channel);
    }

    /// Tells every connection of a member of the channel.
    pub(crate) fn tell(&mut self, event: &str, data: &Value, channel: &str) {
        let ids: Vec<String> = self.connections.keys().cloned().collect();
        for id in ids {
            let user = self.connections[&id].user.clone();
            if self.is_member(&user, channel) {
                self.event(&id, event, data, channel);
            }
        }
    }

    /// One event for one connection; kept, also while nobody listens.
    pub(crate) fn event(&mut self, connection: &str, event: &str, data: &Value, channel: &str) {
        let Some(known) = self.connections.get_mut(connection) else { return };
        let frame = json!({"event": event, "data": data, "broadcast": {"omit_users": null, "user_id": "",
            "channel_id": channel, "team_id": "", "connection_id": "", "omit_connection_id": ""},
            "seq": known.next});
        known.sent.push_back((known.next, frame.to_string()));
        known.next += 1;
        if known.sent.len() > BUFFER {
            known.sent.pop_front();
        }
        if let Some(live) = &known.live {
            // The connection may be ending; it stays in the buffer.
            let _ = live.send(frame.to_string());
        }
    }

    /// The post that was made for this `pending_post_id` a moment ago.
    pub(crate) fn pending(&self, pending: &str) -> Option<String> {
        let (made, id) = self.pending.get(pending)?;
        (made.elapsed() < PENDING).then(|| id.clone())
    }
}
