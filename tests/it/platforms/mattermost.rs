//! The Mattermost stand-in as the suite uses it.

use std::sync::{Mutex, OnceLock};

use chatops::net::http::HttpOptions;
use serde_json::{Value, json};

use super::{Fault, Platform, Shown, Where, Who};
use crate::support::mattermost::{BOT, Mattermost, SLASH, TEAM, TOKEN};

super::list::passes!("mattermost");

/// Starts one.
#[allow(clippy::unnecessary_wraps, reason = "all platforms start alike, and some are not installed")]
pub(super) fn start() -> Option<Box<dyn Platform>> {
    Some(Box::new(Chat::start()))
}

/// The stand-in, and the thread that a person began in it.
pub(crate) struct Chat {
    pub(crate) server: Mattermost,
    root: OnceLock<String>,
    /// Whether messages may still be sent twice: by id.
    said: Mutex<Vec<String>>,
    /// What bob is called now.
    bob: Mutex<&'static str>,
}

impl Chat {
    pub(crate) fn start() -> Self {
        Self::on(Mattermost::start())
    }

    pub(crate) fn on(server: Mattermost) -> Self {
        Self { server, root: OnceLock::new(), said: Mutex::default(), bob: Mutex::new("bob") }
    }

    fn root(&self) -> String {
        self.root.get_or_init(|| self.server.says("bob", "ops", "", "what we deploy today")).clone()
    }

    fn username(&self, who: Who) -> &'static str {
        match who {
            Who::Alice => "alice",
            Who::Bob => *self.bob.lock().unwrap(),
            Who::Mallory => "mallory",
            Who::OtherBot => "otherbot",
            Who::Myself => BOT,
        }
    }

    /// What the server tells the bot's listener when a button is pressed, once its post is found.
    fn pressed(&self, who: Who, message: &str, value: &str) -> Option<(String, Value)> {
        let context: Value = serde_json::from_str(value).ok()?;
        let mut state = self.server.state();
        let user = state.named(self.username(who))?.clone();
        let trigger = state.id("trigger");
        let post = state.post(message)?.value.clone();
        let channel = state.channel(post["channel_id"].as_str()?)?.clone();
        let url = actions(&post).first()?["integration"]["url"].as_str()?.to_owned();
        let call = json!({"user_id": user.id, "user_name": user.username, "channel_id": channel.id,
            "channel_name": channel.name, "team_id": "", "team_domain": TEAM, "post_id": message,
            "trigger_id": trigger, "type": "button", "data_source": "", "context": context});
        Some((url, call))
    }

    /// Somebody types a slash command; gives the status that the bot answers.
    pub(crate) fn slash(&self, who: Who, token: &str, text: &str) -> u16 {
        let (user, channel, trigger) = {
            let mut state = self.server.state();
            let user = state.named(self.username(who)).unwrap().clone();
            (user, state.channel_named("ops").unwrap().clone(), state.id("trigger"))
        };
        let fields = [
            ("token", token),
            ("team_domain", TEAM),
            ("channel_id", &channel.id),
            ("channel_name", &channel.name),
            ("user_id", &user.id),
            ("user_name", &user.username),
            ("command", "/chatops"),
            ("text", text),
            ("trigger_id", &trigger),
            ("response_url", "http://127.0.0.1:1/hooks/commands/x"),
        ];
        let url = format!("http://127.0.0.1:{}/chat/mattermost/slash", self.server.callback);
        let call = client().post(url).form(&fields);
        self.server.wait(async { call.send().await.unwrap().status().as_u16() })
    }

    /// The status that the bot answers to a press with this context.
    pub(crate) fn press_status(&self, who: Who, message: &str, value: &str) -> Option<u16> {
        let (url, call) = self.pressed(who, message, value)?;
        let call = client().post(url).json(&call);
        Some(self.server.wait(async { call.send().await.unwrap().status().as_u16() }))
    }
}

/// The server's own client.
fn client() -> reqwest::Client {
    HttpOptions::default().builder(&chatops::net::World::real()).unwrap().build().unwrap()
}

fn actions(post: &Value) -> Vec<Value> {
    let attachments = post["props"]["attachments"].as_array().into_iter().flatten();
    attachments.flat_map(|one| one["actions"].as_array().cloned().unwrap_or_default()).collect()
}

/// All text of a post, one piece a line.
fn text(post: &Value) -> String {
    let mut lines = vec![post["message"].clone()];
    for one in post["props"]["attachments"].as_array().into_iter().flatten() {
        lines.extend(["pretext", "title", "text"].map(|key| one[key].clone()));
        for field in one["fields"].as_array().into_iter().flatten() {
            let (title, value) = (field["title"].as_str(), field["value"].as_str());
            lines.push(json!(format!("{}: {}", title.unwrap_or_default(), value.unwrap_or_default())));
        }
        lines.push(one["footer"].clone());
    }
    let lines = lines.iter().filter_map(Value::as_str).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

impl Platform for Chat {
    fn kind(&self) -> &'static str {
        "mattermost"
    }

    fn settings(&self) -> Vec<(String, String)> {
        let callback = format!("127.0.0.1:{}", self.server.callback);
        let set = [
            ("CHATOPS_MATTERMOST_URL", self.server.url()),
            ("CHATOPS_MATTERMOST_TOKEN", TOKEN.to_owned()),
            ("CHATOPS_MATTERMOST_TEAM", TEAM.to_owned()),
            ("CHATOPS_MATTERMOST_CALLBACK_URL", format!("http://{callback}")),
            ("CHATOPS_MATTERMOST_SLASH_TOKEN", SLASH.to_owned()),
            ("CHATOPS_LISTEN", callback),
            ("CHATOPS_ADMINS", format!("mattermost:{}", self.id_of(Who::Alice))),
        ];
        set.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    fn id_of(&self, who: Who) -> String {
        self.server.state().named(self.username(who)).unwrap().id.clone()
    }

    fn say(&self, who: Who, place: Where, text: &str) -> String {
        let name = self.username(who);
        let id = match place {
            Where::Ops => self.server.says(name, "ops", "", text),
            Where::Direct => self.server.says(name, "@", "", text),
            Where::Thread => self.server.says(name, "ops", &self.root(), text),
        };
        self.said.lock().unwrap().push(id.clone());
        id
    }

    fn mention(&self, who: Who, place: Where, text: &str) -> String {
        self.say(who, place, &format!("@{BOT} {text}"))
    }

    fn again(&self, id: &str) -> bool {
        self.server.repeats(id);
        true
    }

    fn edit(&self, id: &str, text: &str) -> bool {
        self.server.edits(id, text);
        true
    }

    fn press(&self, who: Who, message: &str, value: &str) -> bool {
        self.press_status(who, message, value).is_some()
    }

    fn renames(&self, who: Who, name: &'static str) -> bool {
        if who != Who::Bob {
            return false;
        }
        let before = std::mem::replace(&mut *self.bob.lock().unwrap(), name);
        let mut state = self.server.state();
        let user = state.users.iter_mut().find(|user| user.username == before).unwrap();
        (user.username, user.nickname) = (name.to_owned(), name.to_owned());
        true
    }

    fn fault(&self, fault: Fault) -> bool {
        match fault {
            Fault::Abort => self.server.cut(),
            Fault::Close => self.server.close(),
            Fault::Refresh => return false,
            Fault::Freeze => self.server.freeze(),
            Fault::Html503 => self.server.html(),
            Fault::Down => self.server.stop_listening(),
            Fault::Limited(count, pause) => self.server.limit(count, pause),
            Fault::Revoked => self.server.revoke(),
            Fault::Removed => {
                let mut state = self.server.state();
                let ops = state.channel_named("ops").unwrap().id.clone();
                state.removed.push(ops);
            }
            Fault::Archived => self.server.archive("ops"),
            Fault::Renamed => self.server.rename("ops", "ops-two"),
        }
        true
    }

    fn mend(&self) {
        self.server.mend();
        self.server.rename("ops-two", "ops");
    }

    fn shown(&self) -> Vec<Shown> {
        let state = self.server.state();
        let bot = state.named(BOT).unwrap().id.clone();
        let by_bot = state.posts.iter().filter(|post| post.value["user_id"] == bot.as_str());
        let posts = by_bot.filter(|post| post.value["delete_at"].as_i64().unwrap_or(0) == 0).map(|post| {
            let key = |key: &str| post.value[key].as_str().unwrap_or_default().to_owned();
            let button = |action: &Value| {
                let label = action["name"].as_str().unwrap_or_default().to_owned();
                (label, action["integration"]["context"].to_string())
            };
            let files = post.value["file_ids"].as_array().into_iter().flatten();
            Shown {
                id: key("id"),
                room: key("channel_id"),
                thread: Some(key("root_id")).filter(|root| !root.is_empty()),
                text: text(&post.value),
                edits: post.edits,
                buttons: actions(&post.value).iter().map(button).collect(),
                files: files.filter_map(|id| state.files.get(id.as_str()?).cloned()).collect(),
                whispered: post.only.is_some(),
                reaction_to: None,
            }
        });
        let reactions = state.reactions.iter().filter(|(_, user, _)| *user == bot);
        let reactions = reactions.map(|(post, _, emoji)| Shown {
            id: format!("{post}-{emoji}"),
            room: String::new(),
            thread: None,
            text: format!(":{emoji}:"),
            edits: 0,
            buttons: Vec::new(),
            files: Vec::new(),
            whispered: false,
            reaction_to: Some(post.clone()),
        });
        posts.chain(reactions).collect()
    }

    fn sessions(&self) -> usize {
        self.server.state().sessions
    }

    fn breaches(&self) -> Vec<String> {
        self.server.state().breaches.clone()
    }

    fn crowd(&self, rooms: usize) -> bool {
        self.server.crowd(rooms);
        true
    }

    fn garble(&self) -> bool {
        self.server.sends_raw("this is no JSON {");
        self.server.sends_raw("[1, 2]");
        let mut state = self.server.state();
        let ops = state.channel_named("ops").unwrap().id.clone();
        state.tell("the_weather_changed", &json!({"weather": {"is": ["new"]}}), &ops);
        state.tell("posted", &json!({"post": "no JSON either"}), &ops);
        true
    }
}
