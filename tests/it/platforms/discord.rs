//! Discord for the suite: the stand-in behind the common face.

use std::sync::Mutex;
use std::time::Duration;

use serde_json::Value;

use super::{Fault, Platform, Shown, Where, Who};
use crate::support::discord::world::{
    ALICE, BOB, Channel, GUILD, MALLORY, ME, MYSELF, Message, OTHER_BOT, Out, TOKEN, User,
};
use crate::support::discord::{DiscordServer, buttons, text};

super::list::passes!("discord");

/// Starts one.
#[allow(clippy::unnecessary_wraps, reason = "all platforms start alike, and some are not installed")]
pub(super) fn start() -> Option<Box<dyn Platform>> {
    Some(Box::new(Discord::start()))
}

/// The stand-in, with a thread in `#ops` that a person began.
pub(crate) struct Discord {
    server: DiscordServer,
    thread: u64,
    /// What bob is shown as now.
    bob: Mutex<&'static str>,
}

impl Discord {
    /// Starts it.
    pub(crate) fn start() -> Self {
        let server = DiscordServer::start();
        let thread = server.thread(server.ops(), "disk full");
        Self { server, thread, bob: Mutex::new(BOB.shown) }
    }

    fn user(&self, who: Who) -> User {
        match who {
            Who::Alice => ALICE,
            Who::Bob => User { shown: *self.bob.lock().unwrap(), ..BOB },
            Who::Mallory => MALLORY,
            Who::OtherBot => OTHER_BOT,
            Who::Myself => MYSELF,
        }
    }

    fn channel(&self, who: Who, place: Where) -> u64 {
        match place {
            Where::Ops => self.server.ops(),
            Where::Direct => self.server.direct(self.user(who)),
            Where::Thread => self.thread,
        }
    }

    fn face(&self, message: &Message) -> Shown {
        let world = self.server.world();
        let parent = world.channels.get(&message.channel).and_then(|channel: &Channel| channel.parent);
        Shown {
            id: message.id.to_string(),
            room: parent.unwrap_or(message.channel).to_string(),
            thread: parent.map(|_| message.channel.to_string()),
            text: text(message),
            edits: message.edits,
            buttons: buttons(message),
            files: message.files.clone(),
            whispered: message.whispered,
            reaction_to: None,
        }
    }

    fn reactions(&self) -> Vec<Shown> {
        let world = self.server.world();
        let one = |(room, message, sign): &(u64, u64, String)| Shown {
            id: format!("{message}-{sign}"),
            room: room.to_string(),
            thread: None,
            text: name(sign).to_owned(),
            edits: 0,
            buttons: Vec::new(),
            files: Vec::new(),
            whispered: false,
            reaction_to: Some(message.to_string()),
        };
        world.reactions.iter().map(one).collect()
    }
}

fn name(sign: &str) -> &'static str {
    match sign {
        "%E2%8F%B3" => ":hourglass:",
        "%E2%9C%85" => ":check:",
        _ => ":cross:",
    }
}

impl Platform for Discord {
    fn kind(&self) -> &'static str {
        "discord"
    }

    fn settings(&self) -> Vec<(String, String)> {
        let set = |name: &str, value: String| (name.to_owned(), value);
        vec![
            set("CHATOPS_DISCORD_TOKEN", TOKEN.to_owned()),
            set("CHATOPS_DISCORD_API_URL", self.server.url()),
            set("CHATOPS_DISCORD_GUILD", GUILD.to_string()),
            set("CHATOPS_ADMINS", format!("discord:{}", ALICE.id)),
        ]
    }

    fn id_of(&self, who: Who) -> String {
        self.user(who).id.to_string()
    }

    fn say(&self, who: Who, place: Where, text: &str) -> String {
        self.server.says(self.user(who), self.channel(who, place), text).to_string()
    }

    fn mention(&self, who: Who, place: Where, text: &str) -> String {
        self.say(who, place, &format!("<@{ME}> {text}"))
    }

    fn again(&self, id: &str) -> bool {
        self.server.again(id.parse().unwrap());
        true
    }

    fn edit(&self, id: &str, text: &str) -> bool {
        self.server.edits(id.parse().unwrap(), text);
        true
    }

    fn press(&self, who: Who, message: &str, value: &str) -> bool {
        let message = message.parse().unwrap_or(0);
        self.server.press(self.user(who), message, value).is_some()
    }

    fn renames(&self, who: Who, name: &'static str) -> bool {
        if who == Who::Bob {
            *self.bob.lock().unwrap() = name;
        }
        who == Who::Bob
    }

    /// One identify in five seconds.
    fn rests(&self) -> Duration {
        Duration::from_secs(5)
    }

    fn fault(&self, fault: Fault) -> bool {
        match fault {
            Fault::Abort => self.server.each(&Out::Cut),
            Fault::Close => self.server.each(&Out::Close(4000)),
            Fault::Refresh => self.server.frame(r#"{"op":7,"d":null,"s":null,"t":null}"#),
            Fault::Freeze => self.server.each(&Out::Freeze),
            Fault::Html503 => self.server.world().switches.html503 = true,
            Fault::Down => self.server.listens(false),
            Fault::Limited(count, wait) => {
                let mut world = self.server.world();
                (world.switches.limited, world.switches.limited_for) = (count, wait);
            }
            Fault::Revoked => {
                self.server.world().switches.revoked = true;
                self.server.each(&Out::Close(4004));
            }
            Fault::Removed => {
                let ops = self.server.ops();
                let mut world = self.server.world();
                if let Some(channel) = world.channels.get_mut(&ops) {
                    channel.removed = true;
                }
                let gone: Value =
                    serde_json::json!({"id": ops.to_string(), "type": 0, "guild_id": GUILD.to_string()});
                world.emit("CHANNEL_DELETE", &gone);
            }
            Fault::Archived => return false,
            Fault::Renamed => self.server.world().rename(self.server.ops(), "ops-two"),
        }
        true
    }

    fn mend(&self) {
        {
            let mut world = self.server.world();
            world.switches = Default::default();
            world.channels.values_mut().for_each(|channel| channel.removed = false);
            world.rename(self.server.ops(), "ops");
        }
        self.server.listens(true);
    }

    fn shown(&self) -> Vec<Shown> {
        let mut shown: Vec<Shown> = self.server.shown().iter().map(|message| self.face(message)).collect();
        shown.extend(self.reactions());
        shown
    }

    fn sessions(&self) -> usize {
        let world = self.server.world();
        world.identified.len() + world.resumed
    }

    fn breaches(&self) -> Vec<String> {
        self.server.world().breaches.clone()
    }

    fn crowd(&self, rooms: usize) -> bool {
        let known = self.server.world().channels.len();
        for number in known..rooms {
            self.server.room(&format!("crowd-{number}"));
        }
        true
    }

    fn garble(&self) -> bool {
        for frame in ["this is no JSON {", "[1, 2]", r#"{"op":77,"d":null,"s":null,"t":null}"#] {
            self.server.frame(frame);
        }
        let mut world = self.server.world();
        world.emit("THE_WEATHER_CHANGED", &serde_json::json!({"is": ["new"]}));
        world.emit("MESSAGE_CREATE", &serde_json::json!({"id": 7}));
        true
    }
}

#[test]
fn the_face_shows_what_the_stand_in_holds() {
    let discord = Discord::start();
    let id = discord.say(Who::Mallory, Where::Thread, "hello");
    assert!(discord.again(&id) && discord.edit(&id, "hello again"));
    assert!(discord.shown().is_empty(), "only what the bot says is shown");
    assert!(!discord.press(Who::Bob, "1", "x"), "nothing stands there to be pressed");
    assert!(discord.fault(Fault::Limited(1, Duration::from_secs(1))));
    discord.mend();
    assert_eq!((discord.sessions(), discord.breaches()), (0, vec![]));
}
