//! A stand-in for Slack: the Web API and Socket Mode on one port, in this process, on a thread of its own. Strict: whatever
//! the bot sends that the published documents do not allow is a breach, and a test that has one fails.
//!
//! | rule | document (docs.slack.dev) |
//! |---|---|
//! | arguments, scopes, who takes JSON, errors of each method | `reference/methods/<method>` |
//! | `ok`, tokens, content types, 429 with `Retry-After` | `apis/web-api`, `apis/web-api/rate-limits` |
//! | hello, envelopes, acknowledgement in 3 s, disconnect, single-use addresses, up to ten sockets | `apis/events-api/using-socket-mode` |
//! | message events and their subtypes, edits, mentions twice | `reference/events/message`, `reference/events/app_mention` |
//! | blocks, texts, buttons and their limits | `reference/block-kit` |
//! | attachments | `messaging/formatting-message-text`, `legacy/legacy-messaging/legacy-secondary-message-attachments` |
//! | three steps of an upload | `messaging/working-with-files` |
//! | payload of a press, of a slash command | `reference/interaction-payloads/block_actions-payload`, `interactivity/implementing-slash-commands` |

mod blocks;
mod http;
mod methods;
mod people;
mod socket;
mod state;

use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use serde_json::{Value, json};
use tokio::sync::watch;

pub(crate) use blocks::{buttons, words};
pub(crate) use people::direct;
pub(crate) use state::{Order, Post, State};

/// The bot's user and bot ids, its two tokens, and the room where most is said.
pub(crate) const ME: &str = "U0BOT";
pub(crate) const BOT_ID: &str = "B0BOT";
pub(crate) const BOT_TOKEN: &str = "xoxb-1-stand-in";
pub(crate) const APP_TOKEN: &str = "xapp-1-stand-in";
pub(crate) const OPS: &str = "C0OPS";

/// The service; it ends with the value.
pub(crate) struct SlackServer {
    shared: Arc<Shared>,
    up: watch::Sender<bool>,
    port: u16,
}

/// What its parts share.
pub(crate) struct Shared {
    state: Mutex<State>,
}

impl Shared {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl SlackServer {
    /// Starts it on a free port.
    pub(crate) fn start() -> Self {
        Self::start_at(0)
    }

    /// Starts it on a port.
    pub(crate) fn start_at(port: u16) -> Self {
        let listener = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
        let port = listener.local_addr().unwrap().port();
        listener.set_nonblocking(true).unwrap();
        let shared = Arc::new(Shared { state: Mutex::new(State::new(port)) });
        let (up, is_up) = watch::channel(true);
        let inside = shared.clone();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(http::serve(inside, listener, is_up));
        });
        Self { shared, up, port }
    }

    /// The address of the Web API.
    pub(crate) fn api_url(&self) -> String {
        format!("http://127.0.0.1:{}/api", self.port)
    }

    /// What happened so far, and what is to go wrong.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state()
    }

    /// Whether anything listens.
    pub(crate) fn listens(&self, up: bool) {
        self.up.send_replace(up);
    }

    /// A person says something; gives its `ts`. The text is as on the wire.
    pub(crate) fn hears(&self, user: &str, channel: &str, thread: Option<&str>, text: &str) -> String {
        let mut event = self.state().message(user, channel, thread, text);
        let ts = event["ts"].as_str().unwrap().to_owned();
        self.delivers("events_api", &event_callback(&event));
        if text.contains(&format!("<@{ME}>")) {
            event["type"] = json!("app_mention");
            event.as_object_mut().unwrap().remove("channel_type");
            self.delivers("events_api", &event_callback(&event));
        }
        ts
    }

    /// Sends an envelope down one of the sockets; repeated elsewhere when it is not acknowledged.
    pub(crate) fn delivers(&self, kind: &str, payload: &Value) {
        self.state().deliver(kind, payload.clone());
    }

    /// Sends a frame of any text down every socket.
    pub(crate) fn throws(&self, text: &str) {
        self.state().throw(text);
    }
}

impl Drop for SlackServer {
    fn drop(&mut self) {
        self.up.send_replace(false);
        self.shared.state().ended = true;
    }
}

/// An event in its wrapping.
pub(crate) fn event_callback(event: &Value) -> Value {
    json!({
        "token": "x", "team_id": "T0TEAM", "api_app_id": "A0APP", "type": "event_callback", "event": event,
        "event_id": format!("Ev{}", event["ts"].as_str().unwrap_or("0")), "event_time": 1_700_000_000,
    })
}
