//! A Rocket.Chat server for tests: DDP for what is heard, REST for the rest, as strict as the published protocol.
//!
//! Where each rule comes from: the order connect, connected, method login, sub, ready and the keys of each frame from
//! Meteor's DDP.md (github.com/meteor/meteor, packages/ddp); the stream `stream-room-messages` with
//! `__my_messages__`, what its events hold, `resume` and digest logins, and `too-many-requests` with `timeToReset` from
//! developer.rocket.chat, Realtime API; paths, methods, keys, `X-Auth-Token`, `X-User-Id`, errors and the limit with
//! `X-RateLimit-Reset` in milliseconds from developer.rocket.chat, REST API; what an attachment may hold from the same,
//! chat.postMessage; that an edit without a new text changes nothing, that a message is sent again when something about
//! it changes, and that a second message of the same id is none from the server's public source.

mod ddp;
mod rest;
mod server;
mod world;
mod writes;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::sync::{broadcast, watch};

pub(crate) use world::{
    ALICE, BOB, BOT, CallLimit, MALLORY, Message, OPS, OTHER_BOT, PASSWORD, TOKEN, World,
};

use server::{Cut, Shared};

/// The running server, on threads of its own.
pub(crate) struct Rocketchat {
    shared: Arc<Shared>,
    port: u16,
    runtime: Option<Runtime>,
}

impl Rocketchat {
    /// Listens on loopback; the bot's user is in `#ops` and has the role `bot`.
    pub(crate) fn start() -> Self {
        let server = Self::reserved();
        server.listen();
        server
    }

    /// The same, but nobody listens yet.
    pub(crate) fn reserved() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let shared = Arc::new(Shared {
            world: World::new().into(),
            cuts: broadcast::channel(64).0,
            frozen: watch::Sender::new(false),
            listening: watch::Sender::new(false),
        });
        runtime.spawn(server::run(shared.clone(), port));
        Self { shared, port, runtime: Some(runtime) }
    }

    /// Takes connections.
    pub(crate) fn listen(&self) {
        self.shared.listening.send_replace(true);
        super::until(super::SOON, || std::net::TcpStream::connect(("127.0.0.1", self.port)).ok());
    }

    /// Its address, below a path as many are.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/chat", self.port)
    }

    /// Looks at or changes what it holds.
    pub(crate) fn world<T>(&self, work: impl FnOnce(&mut World) -> T) -> T {
        work(&mut self.shared.lock())
    }

    /// Somebody says something; gives the id.
    pub(crate) fn says(&self, who: &str, room: &str, text: &str) -> String {
        self.world(|world| world.say(who, room, text, None))
    }

    /// The same with a thread.
    pub(crate) fn replies(&self, who: &str, room: &str, thread: &str, text: &str) -> String {
        self.world(|world| world.say(who, room, text, Some(thread)))
    }

    /// The direct conversation of somebody with the bot.
    pub(crate) fn direct(&self, who: &str) -> String {
        self.world(|world| world.direct(who))
    }

    /// The messages of the bot, oldest first.
    pub(crate) fn of_bot(&self) -> Vec<Message> {
        self.world(|world| world.messages.iter().filter(|one| one.user == BOT).cloned().collect())
    }

    /// Waits for a message of the bot that contains `part`, as it stands after edits.
    pub(crate) fn sees(&self, part: &str) -> Message {
        self.sees_within(super::SOON, part)
    }

    /// The same with another limit.
    pub(crate) fn sees_within(&self, limit: Duration, part: &str) -> Message {
        let found =
            super::within(limit, || self.of_bot().into_iter().rev().find(|one| one.shown().contains(part)));
        found.unwrap_or_else(|| {
            let said: Vec<_> = self.of_bot().iter().map(Message::shown).collect();
            panic!("the bot was to say `{part}`; it said {said:#?}; breaches: {:?}", self.breaches())
        })
    }

    /// Waits until the bot is subscribed for the `count`th time.
    pub(crate) fn meets(&self, count: usize) {
        super::until(super::SOON * 2, || self.world(|world| world.sessions >= count).then_some(()));
    }

    /// Cuts every connection without a word.
    pub(crate) fn abort(&self) {
        let _ = self.shared.cuts.send(Cut::Abort);
    }

    /// Closes every WebSocket as the protocol has it.
    pub(crate) fn close(&self) {
        let _ = self.shared.cuts.send(Cut::Close);
    }

    /// Connections stay, and nothing passes.
    pub(crate) fn freeze(&self) {
        self.shared.frozen.send_replace(true);
    }

    /// Nobody listens, and every connection is cut.
    pub(crate) fn down(&self) {
        self.shared.listening.send_replace(false);
        self.abort();
    }

    /// Everything gets a page of HTML.
    pub(crate) fn html503(&self) {
        self.world(|world| world.html503 = true);
        self.abort();
    }

    /// The tokens count no longer.
    pub(crate) fn revoke(&self) {
        self.world(|world| world.tokens.clear());
        self.abort();
    }

    /// All is well again.
    pub(crate) fn mend(&self) {
        self.world(World::mend);
        self.shared.frozen.send_replace(false);
        self.listen();
    }

    /// What the bot sent that the protocol does not allow.
    pub(crate) fn breaches(&self) -> Vec<String> {
        self.world(|world| world.breaches.clone())
    }

    /// Sends a raw frame to everybody who is connected.
    pub(crate) fn frame(&self, text: &str) {
        self.world(|world| world.broadcast(text));
    }

    /// A message with whatever keys, as the stream gives it.
    pub(crate) fn event(&self, message: &Value, room: &Value) {
        let fields = json!({"eventName": "__my_messages__", "args": [message, room]});
        let frame =
            json!({"msg": "changed", "collection": "stream-room-messages", "id": "id", "fields": fields});
        self.frame(&frame.to_string());
    }
}

impl Drop for Rocketchat {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
