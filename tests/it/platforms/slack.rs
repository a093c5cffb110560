//! Slack behind the face of the suite: the strict stand-in of `support::slack`.

use serde_json::json;

use super::{Fault, Platform, Shown, Where, Who};
use crate::support::slack::{
    APP_TOKEN, BOT_TOKEN, ME, OPS, Post, SlackServer, buttons, event_callback, words,
};
use crate::support::slack::{Order, direct};

super::list::passes!("slack");

/// Starts one.
#[allow(clippy::unnecessary_wraps, reason = "all platforms start alike, and some are not installed")]
pub(super) fn start() -> Option<Box<dyn Platform>> {
    Some(Box::new(Slack::start()))
}

/// Slack with alice, bob and the others in it.
pub(crate) struct Slack {
    pub(crate) server: SlackServer,
    /// The first message of the thread.
    root: String,
}

/// Somebody's user id.
pub(crate) fn user(who: Who) -> &'static str {
    match who {
        Who::Alice => "U0ALICE",
        Who::Bob => "U0BOB",
        Who::Mallory => "U0MALLORY",
        Who::OtherBot => "U0OTHER",
        Who::Myself => ME,
    }
}

impl Slack {
    /// A workspace that waits for the bot.
    pub(crate) fn start() -> Self {
        let server = SlackServer::start();
        let root = server.hears("U0ALICE", OPS, None, "about last night");
        Self { server, root }
    }

    fn speak(&self, who: Who, place: Where, text: &str) -> String {
        let direct = direct(user(who));
        let (channel, thread) = match place {
            Where::Ops => (OPS, None),
            Where::Direct => (direct.as_str(), None),
            Where::Thread => (OPS, Some(self.root.as_str())),
        };
        self.server.hears(user(who), channel, thread, text)
    }

    /// The bot is in so many more rooms.
    pub(crate) fn crowd(&self, rooms: usize) {
        let mut state = self.server.state();
        for number in 0..rooms {
            let mut room = state.rooms[OPS].clone();
            room.name = format!("room-{number}");
            state.rooms.insert(format!("C1R{number}"), room);
        }
    }

    /// What no client expects.
    pub(crate) fn garble(&self) {
        for frame in [
            "",
            "no json",
            "[]",
            "null",
            r#"{"type":"telepathy"}"#,
            r#"{"type":"hello"}"#,
            r#"{"type":"events_api"}"#,
        ] {
            self.server.throws(frame);
        }
        self.server.delivers("telepathy", &json!({"a": 1}));
        self.server.delivers("events_api", &json!(null));
        for event in [
            json!({"type": "of_tomorrow"}),
            json!({"type": "message"}),
            json!({"type": "message", "channel": OPS, "ts": "1.0", "user": "U0BOB"}),
            json!({"type": "message", "channel": OPS, "ts": 7, "user": {"id": 1}, "text": []}),
            json!({"type": "message", "subtype": "of_tomorrow", "channel": OPS, "ts": "2.0", "text": "!echo x"}),
        ] {
            self.server.delivers("events_api", &event_callback(&event));
        }
        self.server.delivers("interactive", &json!({"type": "view_submission"}));
        self.server.delivers("slash_commands", &json!({}));
    }
}

/// What Slack makes of a typed text.
fn typed(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

impl Platform for Slack {
    fn kind(&self) -> &'static str {
        "slack"
    }

    fn settings(&self) -> Vec<(String, String)> {
        let set = |name: &str, value: &str| (format!("CHATOPS_{name}"), value.to_owned());
        vec![
            set("SLACK_BOT_TOKEN", BOT_TOKEN),
            set("SLACK_APP_TOKEN", APP_TOKEN),
            set("SLACK_API_URL", &self.server.api_url()),
            set("ADMINS", "slack:U0ALICE"),
        ]
    }

    fn id_of(&self, who: Who) -> String {
        user(who).to_owned()
    }

    fn say(&self, who: Who, place: Where, text: &str) -> String {
        self.speak(who, place, &typed(text))
    }

    fn mention(&self, who: Who, place: Where, text: &str) -> String {
        self.speak(who, place, &format!("<@{ME}> {}", typed(text)))
    }

    fn again(&self, id: &str) -> bool {
        let event =
            self.server.state().posts.iter().find(|post| post.ts == id).map(|post| post.event.clone());
        let Some(event) = event else { return false };
        self.server.delivers("events_api", &event_callback(&event));
        true
    }

    fn edit(&self, id: &str, text: &str) -> bool {
        let mut state = self.server.state();
        let now = state.ts();
        let Some(post) = state.posts.iter_mut().find(|post| post.ts == id) else { return false };
        let before = post.event.clone();
        post.event["text"] = json!(typed(text));
        post.event["edited"] = json!({"user": post.user, "ts": now});
        let (mut after, channel) = (post.event.clone(), post.channel.clone());
        let changed = json!({
            "type": "message", "subtype": "message_changed", "channel": channel, "ts": now, "event_ts": now,
            "channel_type": "channel", "message": after, "previous_message": before, "hidden": true,
        });
        drop(state);
        self.server.delivers("events_api", &event_callback(&changed));
        if text.contains(&format!("@{ME}")) {
            after["type"] = json!("app_mention");
            self.server.delivers("events_api", &event_callback(&after));
        }
        true
    }

    fn press(&self, who: Who, message: &str, value: &str) -> bool {
        let mut state = self.server.state();
        let Some(post) = state.posts.iter().find(|post| post.ts == message).cloned() else { return false };
        let known = buttons(&post.body).into_iter().find(|(_, known, _)| known == value);
        let action = known.map_or_else(|| "choice-0".to_owned(), |(.., action)| action);
        let number = state.number();
        let name =
            state.rooms.get(&post.channel).map_or("directmessage".to_owned(), |room| room.name.clone());
        let payload = json!({
            "type": "block_actions", "user": {"id": user(who), "username": "x", "team_id": "T0TEAM"}, "api_app_id": "A0APP",
            "trigger_id": format!("trigger.{number}"), "team": {"id": "T0TEAM"}, "response_url": "https://hooks.example.org/x",
            "container": {"type": "message_attachment", "message_ts": post.ts, "channel_id": post.channel, "attachment_id": 1},
            "channel": {"id": post.channel, "name": name}, "message": {"ts": post.ts, "thread_ts": post.thread},
            "actions": [{"type": "button", "action_id": action, "block_id": "b", "value": value, "action_ts": format!("{number}.0")}],
        });
        state.deliver("interactive", &payload);
        true
    }

    fn renames(&self, who: Who, name: &'static str) -> bool {
        self.server.state().shown_as.insert(user(who).to_owned(), name);
        true
    }

    fn fault(&self, fault: Fault) -> bool {
        let mut state = self.server.state();
        match fault {
            Fault::Abort => state.order(&Order::Abort),
            Fault::Close => state.order(&Order::Close),
            Fault::Freeze => state.order(&Order::Freeze),
            Fault::Refresh => state.throw(
                r#"{"type":"disconnect","reason":"refresh_requested","debug_info":{"host":"stand-in"}}"#,
            ),
            Fault::Html503 => state.html = true,
            Fault::Revoked => state.revoked = Some("token_revoked"),
            Fault::Removed => state.rooms.get_mut(OPS).unwrap().member = false,
            Fault::Archived => state.rooms.get_mut(OPS).unwrap().archived = true,
            Fault::Renamed => state.rooms.get_mut(OPS).unwrap().name = "ops-two".to_owned(),
            Fault::Limited(times, after) => (state.limited, state.limited_for) = (times, after),
            Fault::Down => {
                drop(state);
                self.server.listens(false);
            }
        }
        true
    }

    fn mend(&self) {
        let mut state = self.server.state();
        (state.html, state.revoked, state.limited) = (false, None, 0);
        let ops = state.rooms.get_mut(OPS).unwrap();
        (ops.name, ops.member, ops.archived) = ("ops".to_owned(), true, false);
        state.thaw();
        drop(state);
        self.server.listens(true);
    }

    fn shown(&self) -> Vec<Shown> {
        let state = self.server.state();
        let name = |channel: &str| {
            state.rooms.get(channel).map_or(channel.to_owned(), |room| format!("#{}", room.name))
        };
        let shown = |post: &Post| Shown {
            id: post.ts.clone(),
            room: name(&post.channel),
            thread: post.thread.clone(),
            text: words(&post.body),
            edits: post.edits,
            buttons: buttons(&post.body).into_iter().map(|(label, value, _)| (label, value)).collect(),
            files: post.files.clone(),
            whispered: post.whispered_to.is_some(),
            reaction_to: None,
        };
        let reaction = |(channel, ts, sign): &(String, String, String)| Shown {
            id: format!("{ts}-{sign}"),
            room: name(channel),
            thread: None,
            text: format!(":{sign}:"),
            edits: 0,
            buttons: Vec::new(),
            files: Vec::new(),
            whispered: false,
            reaction_to: Some(ts.clone()),
        };
        // What the service echoes as said by the bot was never sent by it.
        let own = state
            .posts
            .iter()
            .filter(|post| post.user == ME && !post.deleted && post.event["client_msg_id"].is_null());
        own.map(shown).chain(state.reactions.iter().map(reaction)).collect()
    }

    fn sessions(&self) -> usize {
        self.server.state().sessions
    }

    fn breaches(&self) -> Vec<String> {
        self.server.state().breaches.clone()
    }

    fn crowd(&self, rooms: usize) -> bool {
        Self::crowd(self, rooms);
        true
    }

    fn garble(&self) -> bool {
        Self::garble(self);
        true
    }
}
