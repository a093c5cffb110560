//! A stand-in for a Mattermost server: REST and WebSocket of version 4 of the API, under a path (`/chat`), as
//! installations behind a proxy have it. Where each rule comes from stands in the files: `rest` and `strict` follow
//! developers.mattermost.com/api-documentation and /integrate, `socket` and `state` the server's published source
//! (the buffer of 128 events, resume for authenticated upgrades alone, a challenge within 5 s).

mod http;
mod rest;
mod serving;
mod socket;
mod state;
mod strict;

use std::net::TcpListener as Reserved;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::runtime::Runtime;

use serving::{Generation, Shared, Trouble, listen};
use state::{Channel, State, User};

pub(crate) const BOT: &str = "chatops";
pub(crate) const TEAM: &str = "main";
pub(crate) const TEAM_ID: &str = "team0000000000000000000001";
/// The bot's token.
pub(crate) const TOKEN: &str = "bottokenbottokenbottoken01";
/// The token of the slash command.
pub(crate) const SLASH: &str = "slashtokenslashtokenslash1";
/// Where everything is.
pub(crate) const BASE: &str = "/chat";

/// The server; it ends when it is dropped.
pub(crate) struct Mattermost {
    pub(crate) shared: Arc<Shared>,
    /// Where the bot's own listener is to be.
    pub(crate) callback: u16,
    runtime: Option<Runtime>,
}

/// A port that nobody uses, below those that the system gives out by itself: it is still free when the bot takes it.
fn free_port() -> u16 {
    static TRIED: AtomicU16 = AtomicU16::new(0);
    loop {
        let tried = u32::from(TRIED.fetch_add(1, Ordering::Relaxed));
        let port =
            u16::try_from(12_000 + (std::process::id().wrapping_mul(61) % 18_000 + tried) % 18_000).unwrap();
        if Reserved::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

impl Mattermost {
    /// A server that listens.
    pub(crate) fn start() -> Self {
        Self::new(false)
    }

    /// One that does not listen before it is mended.
    pub(crate) fn down() -> Self {
        Self::new(true)
    }

    fn new(down: bool) -> Self {
        let mut state = State { may_whisper: true, ..State::default() };
        for (name, nickname, is_bot) in [
            (BOT, "", true),
            ("alice", "", false),
            ("bob", "", false),
            ("mallory", "alice", false),
            ("otherbot", "", true),
        ] {
            let id = state.id("user");
            state.users.push(User { id, username: name.into(), nickname: nickname.into(), is_bot });
        }
        let id = state.named(BOT).unwrap().id.clone();
        state.tokens.insert(TOKEN.to_owned(), id);
        for name in ["ops", "dev"] {
            let id = state.id("channel");
            let channel = Channel {
                id,
                name: name.into(),
                kind: "O",
                members: Vec::new(),
                archived: false,
                last_post_at: 0,
            };
            state.channels.push(channel);
        }
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            generation: Mutex::default(),
            trouble: Mutex::new(Trouble { down, ..Trouble::default() }),
            port: free_port(),
        });
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.spawn(listen(shared.clone()));
        Self { shared, callback: free_port(), runtime: Some(runtime) }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state()
    }

    /// Its address, path included.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}{BASE}", self.shared.port)
    }

    fn generation(&self) -> Arc<Generation> {
        self.shared.generation.lock().unwrap().clone()
    }

    fn renew(&self) -> Arc<Generation> {
        std::mem::take(&mut *self.shared.generation.lock().unwrap())
    }

    /// Cuts every open connection.
    pub(crate) fn cut(&self) {
        self.renew().cut.cancel();
        self.state().connections.values_mut().for_each(|it| it.live = None);
    }

    /// Closes every WebSocket as the protocol has it.
    pub(crate) fn close(&self) {
        for connection in self.state().connections.values_mut() {
            if let Some(live) = connection.live.take() {
                let _ = live.send(socket::CLOSE.to_owned());
            }
        }
    }

    /// Every open connection stays open, and nothing passes.
    pub(crate) fn freeze(&self) {
        self.renew().frozen.store(true, Ordering::Release);
    }

    pub(crate) fn html(&self) {
        self.shared.trouble().html = true;
        self.cut();
    }

    pub(crate) fn stop_listening(&self) {
        self.shared.trouble().down = true;
        self.cut();
    }

    pub(crate) fn limit(&self, count: usize, pause: Duration) {
        let mut trouble = self.shared.trouble();
        (trouble.limited, trouble.pause) = (count, pause);
    }

    /// Upgrades are answered with 429 until all is mended.
    pub(crate) fn limit_upgrades(&self, seconds: u64) {
        self.shared.trouble().upgrades = Some(seconds);
    }

    /// The next sends are carried out, but their answers get lost.
    pub(crate) fn swallow(&self, count: usize) {
        self.shared.trouble().swallow = count;
    }

    /// The token is no longer good.
    pub(crate) fn revoke(&self) {
        self.state().tokens.clear();
        self.close();
    }

    /// The connections forget what they keep for a resume, as after a restart of the server.
    pub(crate) fn forget(&self) {
        self.state().connections.clear();
        self.cut();
    }

    /// Nobody can write there any more.
    pub(crate) fn archive(&self, channel: &str) {
        let mut state = self.state();
        state
            .channels
            .iter_mut()
            .filter(|known| known.name == channel)
            .for_each(|known| known.archived = true);
    }

    /// A channel gets another name, and its members are told.
    pub(crate) fn rename(&self, from: &str, to: &str) {
        let mut state = self.state();
        let Some(channel) = state.channels.iter_mut().find(|known| known.name == from) else { return };
        channel.name = to.to_owned();
        let (id, kind) = (channel.id.clone(), channel.kind);
        let shown = json!({"id": id, "name": to, "display_name": to, "type": kind, "team_id": TEAM_ID});
        state.tell("channel_updated", &json!({"channel": shown.to_string()}), &id);
    }

    /// All is well again.
    pub(crate) fn mend(&self) {
        *self.shared.trouble() = Trouble::default();
        let mut state = self.state();
        state.removed.clear();
        state.channels.iter_mut().for_each(|channel| channel.archived = false);
        let bot = state.named(BOT).unwrap().id.clone();
        state.tokens.insert(TOKEN.to_owned(), bot);
    }

    /// Somebody says something in a channel; gives the post's id.
    pub(crate) fn says(&self, name: &str, channel: &str, root: &str, text: &str) -> String {
        self.says_with(name, channel, root, text, &json!({}))
    }

    /// The same with more of the post: type, props.
    pub(crate) fn says_with(
        &self,
        name: &str,
        channel: &str,
        root: &str,
        text: &str,
        more: &Value,
    ) -> String {
        let mut state = self.state();
        let (user, bot) = (state.named(name).unwrap().id.clone(), state.named(BOT).unwrap().id.clone());
        let channel = match channel {
            "@" => state.direct(&user, &bot),
            name => state.channel_named(name).unwrap().id.clone(),
        };
        state.add(&user, &channel, root, text, more)
    }

    /// So many more channels, with everybody in them.
    pub(crate) fn crowd(&self, channels: usize) {
        let mut state = self.state();
        for number in 1..=channels {
            let (id, name) = (state.id("channel"), format!("crowd-{number}"));
            let (members, archived) = (Vec::new(), false);
            if state.channel_named(&name).is_none() {
                state.channels.push(Channel { id, name, kind: "O", members, archived, last_post_at: 0 });
            }
        }
    }

    /// Sends a frame of text to every open socket, as it is.
    pub(crate) fn sends_raw(&self, text: &str) {
        for connection in self.state().connections.values() {
            if let Some(live) = &connection.live {
                let _ = live.send(text.to_owned());
            }
        }
    }

    /// Sends the event of a post once more.
    pub(crate) fn repeats(&self, post: &str) {
        for connection in self.state().connections.values() {
            let frame = connection
                .sent
                .iter()
                .find(|(_, frame)| frame.contains(post) && frame.starts_with("{\"event\":\"posted\""));
            if let (Some((_, frame)), Some(live)) = (frame, &connection.live) {
                let _ = live.send(frame.clone());
            }
        }
    }

    /// Somebody edits a post.
    pub(crate) fn edits(&self, id: &str, text: &str) {
        let mut state = self.state();
        let now = state.now();
        let post = state.posts.iter_mut().find(|post| post.value["id"] == id).unwrap();
        post.value["message"] = json!(text);
        (post.value["edit_at"], post.value["update_at"]) = (json!(now), json!(now));
        let value = post.value.clone();
        let channel = value["channel_id"].as_str().unwrap().to_owned();
        state.tell("post_edited", &json!({"post": value.to_string()}), &channel);
    }

    /// The runtime, for what a test asks over HTTP.
    pub(crate) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.as_ref().unwrap().block_on(work)
    }
}

impl Drop for Mattermost {
    fn drop(&mut self) {
        self.generation().cut.cancel();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(1));
        }
    }
}
