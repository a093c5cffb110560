//! What the stand-in knows: people, rooms, messages, sockets, and what is to go wrong.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;

use super::people;
use super::{BOT_ID, ME, OPS};

/// How long Slack waits for an acknowledgement, and how often it sends an envelope again.
pub(crate) const PATIENCE: Duration = Duration::from_secs(3);
const REPEATS: u32 = 3;

/// What a socket is told.
#[derive(Debug, Clone)]
pub(crate) enum Order {
    Text(String),
    Close,
    Abort,
    Freeze,
}

/// A message in a room.
#[derive(Debug, Clone)]
pub(crate) struct Post {
    pub(crate) channel: String,
    pub(crate) ts: String,
    pub(crate) thread: Option<String>,
    pub(crate) user: String,
    /// What was sent: text, attachments, blocks.
    pub(crate) body: Value,
    /// As an event has it; for people's messages.
    pub(crate) event: Value,
    pub(crate) edits: usize,
    pub(crate) whispered_to: Option<String>,
    pub(crate) deleted: bool,
    pub(crate) files: Vec<(String, Vec<u8>)>,
}

/// An envelope on its way.
#[derive(Debug, Clone)]
pub(crate) struct Envelope {
    pub(crate) frame: Value,
    pub(crate) due: Instant,
    pub(crate) repeats: u32,
}

/// A room.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    pub(crate) name: String,
    /// Whether the bot is in it.
    pub(crate) member: bool,
    pub(crate) archived: bool,
}

/// Everything.
pub(crate) struct State {
    pub(crate) port: u16,
    pub(crate) ended: bool,
    pub(crate) rooms: BTreeMap<String, Room>,
    pub(crate) posts: Vec<Post>,
    pub(crate) reactions: Vec<(String, String, String)>,
    /// Files by id: name, announced length, bytes.
    pub(crate) files: HashMap<String, (String, usize, Vec<u8>)>,
    /// Who took another display name.
    pub(crate) shown_as: HashMap<String, &'static str>,
    pub(crate) scopes: Vec<String>,
    pub(crate) breaches: Vec<String>,
    /// Every call: method and arguments.
    pub(crate) calls: Vec<(String, Value)>,
    /// Sockets that were opened.
    pub(crate) sessions: usize,
    pub(crate) sockets: BTreeMap<usize, UnboundedSender<Order>>,
    pub(crate) frozen: Vec<usize>,
    pub(crate) tickets: HashSet<String>,
    pub(crate) envelopes: HashMap<String, Envelope>,
    pub(crate) html: bool,
    pub(crate) revoked: Option<&'static str>,
    pub(crate) limited: usize,
    pub(crate) limited_for: Duration,
    /// Calls that pass before the limit.
    pub(crate) limited_after: usize,
    /// Limits calls of this method instead of sends.
    pub(crate) limited_method: Option<&'static str>,
    counter: u64,
    turn: usize,
    last: u64,
}

impl State {
    pub(crate) fn new(port: u16) -> Self {
        let room = |name: &str| Room { name: name.to_owned(), member: true, archived: false };
        let rooms = [(OPS.to_owned(), room("ops")), ("C0DEV".to_owned(), room("dev"))].into();
        Self {
            port,
            ended: false,
            rooms,
            posts: Vec::new(),
            shown_as: HashMap::new(),
            reactions: Vec::new(),
            files: HashMap::new(),
            scopes: chatops::wire::slack::SCOPES.iter().map(|scope| scope.name.to_owned()).collect(),
            breaches: Vec::new(),
            calls: Vec::new(),
            sessions: 0,
            sockets: BTreeMap::new(),
            frozen: Vec::new(),
            tickets: HashSet::new(),
            envelopes: HashMap::new(),
            html: false,
            revoked: None,
            limited: 0,
            limited_for: Duration::ZERO,
            limited_after: 0,
            limited_method: None,
            counter: 0,
            turn: 0,
            last: 0,
        }
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// A time that no other message has.
    pub(crate) fn ts(&mut self) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros();
        self.last = u64::try_from(now).unwrap().max(self.last + 1);
        format!("{}.{:06}", self.last / 1_000_000, self.last % 1_000_000)
    }

    pub(crate) fn breach(&mut self, what: impl Into<String>) {
        self.breaches.push(what.into());
    }

    /// Something that somebody says, kept, as an event.
    pub(crate) fn message(&mut self, user: &str, channel: &str, thread: Option<&str>, text: &str) -> Value {
        let ts = self.ts();
        let kind = if channel.starts_with('D') { "im" } else { "channel" };
        let mut event = json!({
            "type": "message", "channel": channel, "channel_type": kind, "user": user, "text": text, "ts": ts,
            "event_ts": ts, "client_msg_id": format!("m{ts}"), "team": "T0TEAM",
            "blocks": [{"type": "rich_text", "block_id": "b", "elements": []}],
        });
        if let Some(thread) = thread {
            event["thread_ts"] = json!(thread);
            if let Some(root) = self.posts.iter_mut().find(|post| post.ts == thread) {
                root.event["latest_reply"] = json!(ts);
                root.event["thread_ts"] = json!(thread);
            }
        }
        if let Some(bot) = people::bot_of(user) {
            event["bot_id"] = json!(bot);
        }
        self.posts.push(Post {
            channel: channel.to_owned(),
            ts,
            thread: thread.map(str::to_owned),
            user: user.to_owned(),
            body: json!({"text": text}),
            event: event.clone(),
            edits: 0,
            whispered_to: None,
            deleted: false,
            files: Vec::new(),
        });
        event
    }

    /// Something that the bot posts, kept.
    pub(crate) fn posted(&mut self, channel: &str, body: &Value, whispered_to: Option<&str>) -> String {
        let ts = self.ts();
        let mut event =
            json!({"type": "message", "user": ME, "bot_id": BOT_ID, "ts": ts, "text": body["text"]});
        let thread = body["thread_ts"].as_str().map(str::to_owned);
        if let Some(thread) = &thread {
            event["thread_ts"] = json!(thread);
        }
        self.posts.push(Post {
            channel: channel.to_owned(),
            ts: ts.clone(),
            thread,
            user: ME.to_owned(),
            body: body.clone(),
            event: event.clone(),
            edits: 0,
            whispered_to: whispered_to.map(str::to_owned),
            deleted: false,
            files: Vec::new(),
        });
        // The bot hears itself, as every app does that subscribes to messages.
        if whispered_to.is_none() {
            event["channel"] = json!(channel);
            self.deliver("events_api", &super::event_callback(&event));
        }
        ts
    }

    pub(crate) fn find(&mut self, channel: &str, ts: &str) -> Option<&mut Post> {
        self.posts.iter_mut().find(|post| post.channel == channel && post.ts == ts && !post.deleted)
    }

    /// Sends an envelope down one of the sockets, in turn. Without any it is lost, as with Slack.
    pub(crate) fn deliver(&mut self, kind: &str, payload: &Value) {
        let id = format!("env-{}", self.number());
        let frame = json!({
            "envelope_id": id, "type": kind, "payload": payload, "accepts_response_payload": kind != "events_api",
            "retry_attempt": 0, "retry_reason": "",
        });
        if self.push(&frame.to_string()) {
            self.envelopes.insert(id, Envelope { frame, due: Instant::now() + PATIENCE, repeats: 0 });
        }
    }

    fn push(&mut self, text: &str) -> bool {
        self.turn += 1;
        let count = self.sockets.len();
        let chosen = (count > 0).then(|| self.sockets.values().nth(self.turn % count)).flatten();
        chosen.is_some_and(|socket| socket.send(Order::Text(text.to_owned())).is_ok())
    }

    /// Sends what nobody acknowledged again, up to three times.
    pub(crate) fn repeat(&mut self) {
        let now = Instant::now();
        let due: Vec<String> =
            self.envelopes.iter().filter(|(_, it)| it.due <= now).map(|(id, _)| id.clone()).collect();
        for id in due {
            let mut envelope = self.envelopes.remove(&id).unwrap();
            envelope.repeats += 1;
            if envelope.repeats > REPEATS {
                continue;
            }
            envelope.frame["retry_attempt"] = json!(envelope.repeats);
            envelope.frame["retry_reason"] = json!("timeout");
            envelope.due = now + PATIENCE;
            if self.push(&envelope.frame.to_string()) {
                self.envelopes.insert(id, envelope);
            }
        }
    }

    pub(crate) fn throw(&mut self, text: &str) {
        for socket in self.sockets.values() {
            let _ = socket.send(Order::Text(text.to_owned()));
        }
    }

    pub(crate) fn order(&mut self, order: &Order) {
        for (id, socket) in &self.sockets {
            let _ = socket.send(order.clone());
            if matches!(order, Order::Freeze) {
                self.frozen.push(*id);
            }
        }
    }

    /// Slack notices that nobody is there.
    pub(crate) fn thaw(&mut self) {
        for id in self.frozen.drain(..) {
            self.sockets.remove(&id);
        }
    }
}
