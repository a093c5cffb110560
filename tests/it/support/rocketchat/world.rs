//! What the server holds: people, rooms, messages, and what is wrong with it at the moment.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;

pub(crate) const BOT: &str = "botbotbotbotbot01";
pub(crate) const ALICE: &str = "alicealicealice01";
pub(crate) const BOB: &str = "bobbobbobbobbob01";
pub(crate) const MALLORY: &str = "mallorymallory001";
pub(crate) const OTHER_BOT: &str = "otherbototherbot1";
pub(crate) const OPS: &str = "opsopsopsopsops01";
/// The personal access token of the bot.
pub(crate) const TOKEN: &str = "personal-access-token";
/// The bot's password.
pub(crate) const PASSWORD: &str = "sesame";

/// A room.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    pub(crate) kind: &'static str,
    pub(crate) name: Option<String>,
    pub(crate) members: BTreeSet<String>,
    pub(crate) archived: bool,
}

/// A message as it stands now.
#[derive(Debug, Clone, Default)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) room: String,
    pub(crate) user: String,
    pub(crate) text: String,
    pub(crate) thread: Option<String>,
    pub(crate) attachments: Vec<Value>,
    pub(crate) millis: i64,
    pub(crate) edits: usize,
    /// Emoji → who.
    pub(crate) reactions: BTreeMap<String, BTreeSet<String>>,
    pub(crate) file: Option<(String, Vec<u8>)>,
    /// Further keys: `t`, `bot`, `alias`.
    pub(crate) more: Value,
}

/// The limit on calls without the bot role.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallLimit {
    pub(crate) calls: usize,
    pub(crate) span: Duration,
}

/// Everything.
pub(crate) struct World {
    pub(crate) users: HashMap<String, (String, String)>,
    pub(crate) roles: Vec<&'static str>,
    pub(crate) rooms: HashMap<String, Room>,
    pub(crate) messages: Vec<Message>,
    pub(crate) uploads: HashMap<String, (String, Vec<u8>)>,
    pub(crate) tokens: BTreeSet<String>,
    pub(crate) version: &'static str,
    pub(crate) longest: usize,
    pub(crate) html503: bool,
    /// The next so many sends get 429, with this wait.
    pub(crate) limited: Option<(usize, Duration)>,
    pub(crate) call_limit: Option<CallLimit>,
    pub(crate) calls: HashMap<String, (Instant, usize)>,
    /// The next login gets `too-many-requests` with this wait.
    pub(crate) slow_login: Option<Duration>,
    /// The next send is taken, and its answer is lost with the connection.
    pub(crate) swallow: bool,
    pub(crate) edits_allowed: bool,
    pub(crate) logins: usize,
    pub(crate) sessions: usize,
    pub(crate) pongs: usize,
    pub(crate) breaches: Vec<String>,
    /// Every call: method and path.
    pub(crate) asked: Vec<String>,
    listeners: Vec<UnboundedSender<String>>,
    next: usize,
}

pub(crate) fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

pub(crate) fn iso(millis: i64) -> String {
    jiff::Timestamp::from_millisecond(millis).unwrap().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

impl Message {
    /// All its text: boxes, fields and all.
    pub(crate) fn shown(&self) -> String {
        let mut lines = vec![self.text.clone()];
        for one in &self.attachments {
            lines
                .extend(["title", "text"].into_iter().filter_map(|key| one[key].as_str().map(str::to_owned)));
            for field in one["fields"].as_array().into_iter().flatten() {
                lines.push(format!(
                    "{}: {}",
                    field["title"].as_str().unwrap(),
                    field["value"].as_str().unwrap()
                ));
            }
        }
        lines.retain(|line| !line.is_empty());
        lines.join("\n")
    }

    fn json(&self, world: &World, date: impl Fn(i64) -> Value) -> Value {
        let (username, name) = &world.users[&self.user];
        let mut message = json!({
            "_id": self.id, "rid": self.room, "msg": self.text, "ts": date(self.millis),
            "u": {"_id": self.user, "username": username, "name": name},
            "_updatedAt": date(now()), "mentions": world.mentions(&self.text), "channels": [], "urls": [],
        });
        if let Some(thread) = &self.thread {
            message["tmid"] = json!(thread);
        }
        if self.edits > 0 {
            message["editedAt"] = date(now());
            message["editedBy"] = json!({"_id": self.user, "username": username});
        }
        if !self.attachments.is_empty() {
            message["attachments"] = json!(self.attachments);
        }
        if !self.reactions.is_empty() {
            message["reactions"] = json!(self.reactions);
        }
        for (key, value) in self.more.as_object().into_iter().flatten() {
            message[key] = value.clone();
        }
        message
    }
}

impl World {
    pub(super) fn new() -> Self {
        let user =
            |id: &str, username: &str, name: &str| (id.to_owned(), (username.to_owned(), name.to_owned()));
        let users = [
            user(BOT, "chatbot", "Chat Bot"),
            user(ALICE, "alice", "Alice A."),
            user(BOB, "bob", "Bob B."),
            user(MALLORY, "mallory", "alice"),
            user(OTHER_BOT, "hook", "Hook"),
        ];
        let members = [BOT, ALICE, BOB, MALLORY, OTHER_BOT].map(str::to_owned).into();
        let ops = Room { kind: "c", name: Some("ops".to_owned()), members, archived: false };
        Self {
            users: users.into(),
            roles: vec!["user", "bot"],
            rooms: [(OPS.to_owned(), ops)].into(),
            messages: Vec::new(),
            uploads: HashMap::new(),
            tokens: [TOKEN.to_owned()].into(),
            version: "7.5",
            longest: 5000,
            html503: false,
            limited: None,
            call_limit: None,
            calls: HashMap::new(),
            slow_login: None,
            swallow: false,
            edits_allowed: true,
            logins: 0,
            sessions: 0,
            pongs: 0,
            breaches: Vec::new(),
            asked: Vec::new(),
            listeners: Vec::new(),
            next: 0,
        }
    }

    /// `#ops` gets another name.
    pub(crate) fn rename(&mut self, name: &str) {
        self.rooms.get_mut(OPS).unwrap().name = Some(name.to_owned());
    }

    pub(super) fn mend(&mut self) {
        self.html503 = false;
        self.limited = None;
        self.tokens.insert(TOKEN.to_owned());
        self.rooms.get_mut(OPS).unwrap().members.insert(BOT.to_owned());
        self.rooms.values_mut().for_each(|room| room.archived = false);
    }

    pub(crate) fn breach(&mut self, what: impl Into<String>) {
        self.breaches.push(what.into());
    }

    /// A new id, as long as the server's own.
    pub(crate) fn id(&mut self, what: &str) -> String {
        self.next += 1;
        format!("{what:x<9}{:0>8}", self.next)
    }

    pub(crate) fn add_room(&mut self, kind: &'static str, name: Option<&str>, members: &[&str]) -> String {
        let id = self.id("room");
        let members = members.iter().map(|id| (*id).to_owned()).collect();
        self.rooms.insert(id.clone(), Room { kind, name: name.map(str::to_owned), members, archived: false });
        id
    }

    pub(crate) fn direct(&mut self, who: &str) -> String {
        let found = self
            .rooms
            .iter()
            .find(|(_, room)| room.kind == "d" && room.members.len() == 2 && room.members.contains(who));
        let found = found.map(|(id, _)| id.clone());
        found.unwrap_or_else(|| self.add_room("d", None, &[BOT, who]))
    }

    fn mentions(&self, text: &str) -> Vec<Value> {
        let words = text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '@' | '-' | '_' | '.')));
        let named = words.filter_map(|word| word.strip_prefix('@'));
        let found = named.filter_map(|name| self.users.iter().find(|(_, (known, _))| known == name));
        found.map(|(id, (username, name))| json!({"_id": id, "username": username, "name": name, "type": "user"})).collect()
    }

    pub(crate) fn say(&mut self, who: &str, room: &str, text: &str, thread: Option<&str>) -> String {
        self.say_as(who, room, text, thread, Value::Null)
    }

    /// The same with further keys.
    pub(crate) fn say_as(
        &mut self,
        who: &str,
        room: &str,
        text: &str,
        thread: Option<&str>,
        more: Value,
    ) -> String {
        let id = self.id("msg");
        let message = Message {
            id: id.clone(),
            room: room.to_owned(),
            user: who.to_owned(),
            text: text.to_owned(),
            thread: thread.map(str::to_owned),
            millis: now(),
            more,
            ..Message::default()
        };
        self.insert(message);
        id
    }

    /// A new message; a thread's root is sent again with it.
    pub(crate) fn insert(&mut self, message: Message) {
        let (id, thread) = (message.id.clone(), message.thread.clone());
        self.messages.push(message);
        self.emit(&id);
        if let Some(thread) = thread {
            self.emit(&thread);
        }
    }

    pub(crate) fn find(&mut self, id: &str) -> Option<&mut Message> {
        self.messages.iter_mut().find(|message| message.id == id)
    }

    /// Sends a message as it stands to everybody who may read it.
    pub(crate) fn emit(&mut self, id: &str) {
        let Some(message) = self.messages.iter().find(|message| message.id == id) else { return };
        let room = &self.rooms[&message.room];
        let joined = room.members.contains(BOT);
        if !joined && room.kind != "c" {
            return;
        }
        let mut about = json!({"roomParticipant": joined, "roomType": room.kind});
        about
            .as_object_mut()
            .unwrap()
            .extend(room.name.as_ref().map(|name| ("roomName".to_owned(), json!(name))));
        let message = message.json(self, |millis| json!({"$date": millis}));
        let fields = json!({"eventName": "__my_messages__", "args": [message, about]});
        let frame =
            json!({"msg": "changed", "collection": "stream-room-messages", "id": "id", "fields": fields});
        self.broadcast(&frame.to_string());
    }

    pub(crate) fn broadcast(&mut self, frame: &str) {
        self.listeners.retain(|listener| listener.send(frame.to_owned()).is_ok());
    }

    pub(super) fn subscribe(&mut self, listener: UnboundedSender<String>) {
        self.listeners.push(listener);
        self.sessions += 1;
    }

    /// A message as REST shows it.
    pub(super) fn rest(&self, message: &Message) -> Value {
        message.json(self, |millis| json!(iso(millis)))
    }
}
