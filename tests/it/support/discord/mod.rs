//! A stand-in for Discord: gateway and REST, on one port of the loopback, in a thread and a runtime of its own. No
//! server of Discord's can be installed, so the rules are those of the published documentation
//! (docs.discord.com/developers): `gateway` from *Gateway* and *Gateway Events*, `rest` from *API Reference*, *Rate
//! Limits* and the pages of the resources, `check` from *Message*, *Component Reference* and *Application Commands*,
//! error codes from *Opcodes and Status Codes*. What a client does against them is kept as a breach.

pub(crate) mod check;
mod gateway;
mod hooks;
mod http;
mod read;
mod rest;
pub(crate) mod session;
pub(crate) mod world;

pub(crate) use read::{buttons, text};

use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use world::{Channel, GUILD, Interaction, ME, Message, OPS, Out, User, World};

/// The stand-in; it ends when dropped.
pub(crate) struct DiscordServer {
    world: Arc<Mutex<World>>,
    port: u16,
    /// Whether anybody listens.
    open: watch::Sender<bool>,
    end: Option<tokio::sync::oneshot::Sender<()>>,
}

impl DiscordServer {
    /// Starts it.
    pub(crate) fn start() -> Self {
        let server = Self::closed();
        server.listens(true);
        server
    }

    /// Has a port, and listens only when [`DiscordServer::listens`] says so.
    pub(crate) fn closed() -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let world = Arc::new(Mutex::new(World::new()));
        world.lock().unwrap().port = port;
        let (open, opens) = watch::channel(false);
        let (end, ended) = tokio::sync::oneshot::channel();
        let shared = world.clone();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                tokio::select! {
                    () = listen(port, shared, opens) => {}
                    _ = ended => {}
                }
            });
        });
        Self { world, port, open, end: Some(end) }
    }

    /// Begins or ceases to listen; what is connected is cut.
    pub(crate) fn listens(&self, listens: bool) {
        if !listens {
            self.each(&Out::Cut);
        }
        self.open.send_replace(listens);
        if listens {
            super::until(super::SOON, || std::net::TcpStream::connect(("127.0.0.1", self.port)).ok());
        }
    }

    /// Where its REST interface is.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/api/v10", self.port)
    }

    /// Everything it knows.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// Tells every connection of the gateway something.
    pub(crate) fn each(&self, out: &Out) {
        for line in self.world().connections.values() {
            let _ = line.send(out.clone());
        }
    }

    /// Sends a frame as it is to every connection.
    pub(crate) fn frame(&self, text: &str) {
        self.each(&Out::Say(text.to_owned()));
    }

    /// Somebody says something in a channel, a thread or a direct conversation; gives the id.
    pub(crate) fn says(&self, who: User, channel: u64, text: &str) -> u64 {
        self.says_with(who, channel, text, json!({}))
    }

    /// The same with more fields.
    pub(crate) fn says_with(&self, who: User, channel: u64, text: &str, more: Value) -> u64 {
        let mut world = self.world();
        let id = world.id();
        let mut body = json!({"content": text});
        for (key, value) in more.as_object().unwrap() {
            body[key] = value.clone();
        }
        let message = Message {
            id,
            channel,
            author: who,
            body,
            files: vec![],
            edits: 0,
            deleted: false,
            whispered: false,
            nonce: None,
        };
        world.post(message);
        id
    }

    /// The direct conversation of somebody with the bot.
    pub(crate) fn direct(&self, who: User) -> u64 {
        self.world().direct(who.id)
    }

    /// Somebody begins a thread in a room; gives its id.
    pub(crate) fn thread(&self, parent: u64, name: &str) -> u64 {
        let mut world = self.world();
        let id = world.id();
        let thread =
            Channel { name: name.to_owned(), kind: 11, parent: Some(parent), person: None, removed: false };
        world.channels.insert(id, thread);
        let json = world.channel_json(id).unwrap();
        if !world.switches.silent_about_rooms {
            world.emit("THREAD_CREATE", &json);
        }
        id
    }

    /// One more room; gives its id.
    pub(crate) fn room(&self, name: &str) -> u64 {
        let mut world = self.world();
        let id = world.id();
        let room = Channel { name: name.to_owned(), kind: 0, parent: None, person: None, removed: false };
        world.channels.insert(id, room);
        let json = world.channel_json(id).unwrap();
        world.emit("CHANNEL_CREATE", &json);
        id
    }

    /// The author edits a message.
    pub(crate) fn edits(&self, id: u64, text: &str) {
        let mut world = self.world();
        let message = world.messages.iter_mut().find(|message| message.id == id).unwrap();
        message.body["content"] = json!(text);
        message.edits += 1;
        let message = message.clone();
        let event = world.event_json(&message);
        world.emit("MESSAGE_UPDATE", &event);
    }

    /// A message is delivered once more.
    pub(crate) fn again(&self, id: u64) {
        let mut world = self.world();
        let message = world.messages.iter().find(|message| message.id == id).unwrap().clone();
        let event = world.event_json(&message);
        world.emit("MESSAGE_CREATE", &event);
    }

    fn interacts(&self, who: User, channel: u64, kind: u64, data: Value, message: Option<Value>) -> String {
        let mut world = self.world();
        let id = world.id();
        let token = format!("interaction-token-{id}");
        let made = Instant::now();
        let interaction = Interaction { id, channel, made, acknowledged: None, took: None, original: None };
        world.interactions.insert(token.clone(), interaction);
        let mut event = json!({"id": id.to_string(), "application_id": ME.to_string(), "type": kind, "data": data,
            "channel_id": channel.to_string(), "channel": world.channel_json(channel), "token": token, "version": 1,
            "locale": "en-US", "entitlements": [], "authorizing_integration_owners": {}, "context": 0,
            "attachment_size_limit": 10_485_760});
        if world.channels.get(&channel).is_some_and(|channel| channel.person.is_some()) {
            event["user"] = who.json();
        } else {
            let mut member = who.member();
            member["user"] = who.json();
            member["permissions"] = json!("0");
            event["member"] = member;
            event["guild_id"] = json!(GUILD.to_string());
            event["guild_locale"] = json!("en-US");
            event["app_permissions"] = json!("309237763136");
        }
        if let Some(message) = message {
            event["message"] = message;
        }
        world.emit("INTERACTION_CREATE", &event);
        token
    }

    /// Somebody writes `/chatops` and a text; gives the interaction's token.
    pub(crate) fn slash(&self, who: User, channel: u64, text: &str) -> String {
        let options = json!([{"name": "command", "type": 3, "value": text}]);
        self.interacts(
            who,
            channel,
            2,
            json!({"id": "1", "name": "chatops", "type": 1, "options": options}),
            None,
        )
    }

    /// Somebody presses a button, or a client says so; gives the interaction's token.
    pub(crate) fn press(&self, who: User, message: u64, custom_id: &str) -> Option<String> {
        let (channel, json) = {
            let world = self.world();
            let message = world.messages.iter().find(|known| known.id == message)?;
            (message.channel, world.message_json(message))
        };
        let data = json!({"custom_id": custom_id, "component_type": 2, "id": 1});
        Some(self.interacts(who, channel, 3, data, Some(json)))
    }

    /// The messages of the bot that are there now.
    pub(crate) fn shown(&self) -> Vec<Message> {
        let world = self.world();
        world.messages.iter().filter(|message| message.author.id == ME && !message.deleted).cloned().collect()
    }

    /// Waits for a message of the bot whose text contains `part`.
    pub(crate) fn sees(&self, part: &str) -> Message {
        self.sees_within(super::SOON, part)
    }

    /// The same with another limit.
    pub(crate) fn sees_within(&self, limit: Duration, part: &str) -> Message {
        let found =
            super::within(limit, || self.shown().into_iter().find(|message| text(message).contains(part)));
        found.unwrap_or_else(|| {
            let shown: Vec<_> = self.shown().iter().map(text).collect();
            panic!("the bot was to say `{part}`; it said {shown:#?}, breaches: {:?}", self.world().breaches)
        })
    }

    /// How many messages of the bot contain `part`.
    pub(crate) fn count(&self, part: &str) -> usize {
        self.shown().iter().filter(|message| text(message).contains(part)).count()
    }

    /// Waits until so many sessions were begun or resumed, and the bot has one.
    pub(crate) fn meets(&self, sessions: usize) {
        super::until(Duration::from_secs(60), || {
            let world = self.world();
            let live = world.sessions.values().any(|session| session.line.is_some());
            (live && world.identified.len() + world.resumed >= sessions).then_some(())
        });
    }

    /// Requests of a method whose path contains `part`, with their status.
    pub(crate) fn requests(&self, method: &str, part: &str) -> Vec<u16> {
        let world = self.world();
        let fits = |(_, asked, path, status): &(Instant, String, String, u16)| {
            (asked == method && path.contains(part)).then_some(*status)
        };
        world.requests.iter().filter_map(fits).collect()
    }

    /// The room `#ops`.
    pub(crate) fn ops(&self) -> u64 {
        OPS
    }
}

impl Drop for DiscordServer {
    fn drop(&mut self) {
        if let Some(end) = self.end.take() {
            let _ = end.send(());
        }
        if !thread::panicking() {
            let breaches = self.world().breaches.clone();
            assert!(breaches.is_empty(), "against the published protocol: {breaches:#?}");
        }
    }
}

async fn listen(port: u16, world: Arc<Mutex<World>>, mut opens: watch::Receiver<bool>) {
    loop {
        if opens.wait_for(|open| *open).await.is_err() {
            return std::future::pending().await;
        }
        let Ok(listener) = TcpListener::bind(("127.0.0.1", port)).await else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        loop {
            tokio::select! {
                Ok((stream, _)) = listener.accept() => {
                    tokio::spawn(serve(stream, world.clone()));
                }
                _ = opens.wait_for(|open| !*open) => break,
            }
        }
    }
}

/// One connection: the gateway's, or one request.
async fn serve(mut stream: TcpStream, world: Arc<Mutex<World>>) {
    let _ = stream.set_nodelay(true);
    let mut start = [0; 12];
    loop {
        match stream.peek(&mut start).await {
            Ok(0) | Err(_) => return,
            Ok(count) if count == start.len() => break,
            Ok(_) => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    }
    let refused = world.lock().unwrap().switches.html503;
    if start.starts_with(b"GET /gateway") && !refused {
        return gateway::serve(stream, world).await;
    }
    let Some(request) = http::read(&mut stream).await else { return };
    let answer = {
        let mut world = world.lock().unwrap();
        let answer = rest::answer(&mut world, &request);
        world.requests.push((Instant::now(), request.method.clone(), request.path.clone(), answer.status));
        answer
    };
    http::write(stream, &answer).await;
}
