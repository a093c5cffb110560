//! What the stand-in knows: people, rooms, messages, sessions, interactions, and what went wrong.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::mpsc;

/// The bot's account, which is its application too.
pub(crate) const ME: u64 = 77_000_000_000_000_001;
/// The server.
pub(crate) const GUILD: u64 = 11_000_000_000_000_001;
/// `#ops`.
pub(crate) const OPS: u64 = 22_000_000_000_000_001;
/// The token.
pub(crate) const TOKEN: &str = "c3RhbmQtaW4.secret.token";
/// The first millisecond of 2015.
const EPOCH: u64 = 1_420_070_400_000;

/// Somebody with an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct User {
    pub(crate) id: u64,
    pub(crate) username: &'static str,
    pub(crate) shown: &'static str,
    pub(crate) bot: bool,
}

pub(crate) const ALICE: User =
    User { id: 55_000_000_000_000_001, username: "alice", shown: "Alice", bot: false };
pub(crate) const BOB: User = User { id: 55_000_000_000_000_002, username: "bob", shown: "Bob", bot: false };
/// Shows herself as the admin.
pub(crate) const MALLORY: User =
    User { id: 55_000_000_000_000_003, username: "mallory", shown: "Alice", bot: false };
pub(crate) const OTHER_BOT: User =
    User { id: 55_000_000_000_000_004, username: "otherbot", shown: "Other", bot: true };
pub(crate) const MYSELF: User = User { id: ME, username: "chatops", shown: "chatops", bot: true };

impl User {
    pub(crate) fn json(self) -> Value {
        json!({"id": self.id.to_string(), "username": self.username, "discriminator": "0", "avatar": null,
            "global_name": self.shown, "bot": self.bot, "public_flags": 0})
    }

    pub(crate) fn member(self) -> Value {
        json!({"nick": null, "avatar": null, "roles": [], "joined_at": "2020-01-01T00:00:00.000000+00:00",
            "premium_since": null, "deaf": false, "mute": false, "flags": 0, "pending": false,
            "communication_disabled_until": null})
    }
}

/// A channel, a thread or a direct conversation.
#[derive(Debug, Clone)]
pub(crate) struct Channel {
    pub(crate) name: String,
    pub(crate) kind: u64,
    pub(crate) parent: Option<u64>,
    /// The person of a direct conversation.
    pub(crate) person: Option<u64>,
    /// The bot may not see it any more.
    pub(crate) removed: bool,
}

/// A message of anybody.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: u64,
    pub(crate) channel: u64,
    pub(crate) author: User,
    pub(crate) body: Value,
    pub(crate) files: Vec<(String, Vec<u8>)>,
    pub(crate) edits: usize,
    pub(crate) deleted: bool,
    pub(crate) whispered: bool,
    pub(crate) nonce: Option<String>,
}

/// A session of the gateway.
pub(crate) struct Session {
    pub(crate) events: Vec<(u64, Value)>,
    pub(crate) line: Option<mpsc::UnboundedSender<Out>>,
    pub(crate) connection: u64,
}

/// What a connection of the gateway is told to do.
#[derive(Debug, Clone)]
pub(crate) enum Out {
    /// Say this.
    Say(String),
    /// Close with a code.
    Close(u16),
    /// Cut the connection.
    Cut,
    /// Neither read nor write any more.
    Freeze,
}

/// An interaction.
#[derive(Debug, Clone)]
pub(crate) struct Interaction {
    pub(crate) id: u64,
    pub(crate) channel: u64,
    pub(crate) made: Instant,
    pub(crate) acknowledged: Option<u64>,
    pub(crate) took: Option<Duration>,
    /// What `@original` is.
    pub(crate) original: Option<u64>,
}

/// How the stand-in behaves just now.
#[derive(Debug, Default)]
pub(crate) struct Switches {
    /// Every request and upgrade gets 503 with a page of HTML.
    pub(crate) html503: bool,
    /// So many sends get 429 with this wait.
    pub(crate) limited: usize,
    pub(crate) limited_for: Duration,
    pub(crate) global: bool,
    /// The token is refused.
    pub(crate) revoked: bool,
    /// The privileged intent is off.
    pub(crate) no_content: bool,
    /// Messages come without text though the intent was granted.
    pub(crate) withhold: bool,
    /// So many sends are carried out and never answered.
    pub(crate) unanswered: usize,
    /// Sends allowed in one span for each channel; more are a breach.
    pub(crate) bucket: Option<(u64, Duration)>,
    /// Sessions that may begin.
    pub(crate) sessions_left: Option<u64>,
    /// The gateway does not tell of rooms.
    pub(crate) silent_about_rooms: bool,
}

/// All of it.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) port: u16,
    pub(crate) switches: Switches,
    pub(crate) breaches: Vec<String>,
    pub(crate) channels: BTreeMap<u64, Channel>,
    pub(crate) messages: Vec<Message>,
    /// Channel, message, sign.
    pub(crate) reactions: Vec<(u64, u64, String)>,
    pub(crate) sessions: HashMap<String, Session>,
    pub(crate) connections: HashMap<u64, mpsc::UnboundedSender<Out>>,
    pub(crate) interactions: HashMap<String, Interaction>,
    pub(crate) commands: Vec<(Option<u64>, Value)>,
    /// Method, path and status of every request.
    pub(crate) requests: Vec<(Instant, String, String, u16)>,
    pub(crate) identified: Vec<Instant>,
    pub(crate) resumed: usize,
    pub(crate) connected: u64,
    /// Per channel: when the span began, how many sends.
    pub(crate) buckets: HashMap<u64, (Instant, u64)>,
    /// Not to come again before this time, by kind of request.
    pub(crate) closed_until: Option<Instant>,
    counter: u64,
}

impl World {
    pub(crate) fn new() -> Self {
        let mut world = Self::default();
        let ops = Channel { name: "ops".to_owned(), kind: 0, parent: None, person: None, removed: false };
        world.channels.insert(OPS, ops);
        world
    }

    pub(crate) fn breach(&mut self, what: impl Into<String>) {
        self.breaches.push(what.into());
    }

    /// A new id, later than all before.
    pub(crate) fn id(&mut self) -> u64 {
        self.counter += 1;
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        ((u64::try_from(now.as_millis()).unwrap() - EPOCH) << 22) | (self.counter & 0x3f_ffff)
    }

    /// Something happens: every session that lives hears of it, now or when it is resumed.
    pub(crate) fn emit(&mut self, kind: &str, data: &Value) {
        for session in self.sessions.values_mut() {
            session.say(kind, data);
        }
    }

    /// A channel gets another name.
    pub(crate) fn rename(&mut self, channel: u64, name: &str) {
        let Some(known) = self.channels.get_mut(&channel) else { return };
        known.name = name.to_owned();
        if let Some(json) = self.channel_json(channel) {
            self.emit("CHANNEL_UPDATE", &json);
        }
    }

    /// The direct conversation with a person.
    pub(crate) fn direct(&mut self, person: u64) -> u64 {
        let known = self.channels.iter().find(|(_, channel)| channel.person == Some(person));
        if let Some((id, _)) = known {
            return *id;
        }
        let id = self.id();
        let channel =
            Channel { name: String::new(), kind: 1, parent: None, person: Some(person), removed: false };
        self.channels.insert(id, channel);
        id
    }

    pub(crate) fn channel_json(&self, id: u64) -> Option<Value> {
        let channel = self.channels.get(&id)?;
        if let Some(person) = channel.person {
            return Some(json!({"id": id.to_string(), "type": 1, "last_message_id": null, "flags": 0,
                "recipients": [{"id": person.to_string(), "username": "x", "discriminator": "0", "avatar": null}]}));
        }
        let mut json = json!({"id": id.to_string(), "type": channel.kind, "guild_id": GUILD.to_string(),
            "name": channel.name, "position": 0, "permission_overwrites": [], "nsfw": false, "topic": null,
            "parent_id": channel.parent.map(|parent| parent.to_string()), "last_message_id": null, "flags": 0,
            "rate_limit_per_user": 0});
        if channel.kind == 11 {
            json["owner_id"] = json!(ALICE.id.to_string());
            json["thread_metadata"] = json!({"archived": false, "auto_archive_duration": 1440,
                "archive_timestamp": "2026-01-01T00:00:00.000000+00:00", "locked": false});
        }
        Some(json)
    }

    /// A message as the gateway and REST show it.
    pub(crate) fn message_json(&self, message: &Message) -> Value {
        let body = &message.body;
        let list = |key: &str| body[key].as_array().cloned().unwrap_or_default();
        let files = message.files.iter().enumerate().map(|(index, (name, bytes))| {
            json!({"id": (message.id + index as u64).to_string(), "filename": name, "size": bytes.len(),
                "url": "https://cdn.example.org/file", "proxy_url": "https://cdn.example.org/file"})
        });
        let content = body["content"].as_str().unwrap_or_default();
        let people = [ALICE, BOB, MALLORY, MYSELF];
        let mentions = people.iter().filter(|user| {
            content.contains(&format!("<@{}>", user.id)) || content.contains(&format!("<@!{}>", user.id))
        });
        let mentions: Vec<Value> = mentions.map(|user| user.json()).collect();
        let webhook = &body["webhook_id"];
        let edited = (message.edits > 0).then_some("2026-01-01T00:00:00.000000+00:00");
        let mut json = json!({
            "id": message.id.to_string(), "channel_id": message.channel.to_string(), "type": body["type"].as_u64().unwrap_or(0),
            "author": message.author.json(), "content": content, "timestamp": jiff::Timestamp::now().to_string(),
            "edited_timestamp": edited, "tts": false, "mention_everyone": false, "mentions": mentions,
            "mention_roles": [], "attachments": files.collect::<Vec<_>>(), "embeds": list("embeds"),
            "components": list("components"), "pinned": false, "flags": if message.whispered { 64 } else { 0 },
            "nonce": message.nonce,
        });
        if !webhook.is_null() {
            json["webhook_id"] = webhook.clone();
        }
        json
    }

    /// The same as an event: with the server and what it knows of the author.
    pub(crate) fn event_json(&self, message: &Message) -> Value {
        let mut json = self.message_json(message);
        let direct = self.channels.get(&message.channel).is_some_and(|channel| channel.person.is_some());
        if !direct {
            json["guild_id"] = json!(GUILD.to_string());
            json["member"] = message.author.member();
            if self.switches.withhold && message.author.id != ME && json["mentions"] == json!([]) {
                json["content"] = json!("");
            }
        }
        json
    }

    /// Notes a message and tells of it.
    pub(crate) fn post(&mut self, message: Message) -> Value {
        let event = self.event_json(&message);
        let json = self.message_json(&message);
        let whispered = message.whispered;
        self.messages.push(message);
        if !whispered {
            self.emit("MESSAGE_CREATE", &event);
        }
        json
    }

    /// The server as `GUILD_CREATE` tells of it.
    pub(crate) fn guild_json(&self) -> Value {
        let of = |thread: bool| {
            let fits = |channel: &&Channel| {
                channel.person.is_none() && !channel.removed && (channel.kind == 11) == thread
            };
            let all = self.channels.iter().filter(|(_, channel)| fits(channel));
            all.filter_map(|(id, _)| self.channel_json(*id)).collect::<Vec<_>>()
        };
        let everyone = json!({"id": GUILD.to_string(), "name": "@everyone", "color": 0, "hoist": false, "position": 0,
            "permissions": "309237763136", "managed": false, "mentionable": false, "flags": 0});
        let members = [MYSELF, ALICE, BOB, MALLORY].map(|user| {
            let mut member = user.member();
            member["user"] = user.json();
            member
        });
        json!({"id": GUILD.to_string(), "name": "example", "icon": null, "owner_id": ALICE.id.to_string(),
            "afk_timeout": 300, "verification_level": 0, "default_message_notifications": 1,
            "explicit_content_filter": 0, "roles": [everyone], "emojis": [], "features": [], "mfa_level": 0,
            "system_channel_flags": 0, "premium_tier": 0, "preferred_locale": "en-US", "nsfw_level": 0,
            "premium_progress_bar_enabled": false, "stickers": [], "joined_at": "2020-01-01T00:00:00.000000+00:00",
            "large": false, "unavailable": false, "member_count": 4, "voice_states": [], "members": members,
            "channels": of(false), "threads": of(true), "presences": [], "stage_instances": [],
            "guild_scheduled_events": [], "soundboard_sounds": []})
    }
}

impl Session {
    /// Says something, or keeps it until the session is resumed.
    pub(crate) fn say(&mut self, kind: &str, data: &Value) {
        let seq = self.events.last().map_or(1, |(seq, _)| seq + 1);
        let frame = json!({"op": 0, "s": seq, "t": kind, "d": data});
        self.events.push((seq, frame.clone()));
        if let Some(line) = &self.line {
            // A connection that has just ended misses it; it is kept.
            let _ = line.send(Out::Say(frame.to_string()));
        }
    }
}
