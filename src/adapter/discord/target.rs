//! Where a new message goes: a channel, a thread that may not be there yet, a person, or the answer to an interaction.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tracing::warn;

use super::channels::id;
use super::sending::{Sender, Trouble, direct_body};
use crate::adapter::Parcel;
use crate::model::{Place, SendError};
use crate::wire::discord::{Body, Failure};

/// Servers whose rooms are asked for to find one by its name.
const SERVERS: usize = 20;
/// A thread is folded away after a day without a word.
const FOLDED_AFTER: u64 = 1440;
/// A thread's name when nobody remembers what it is about.
const NAMELESS: &str = "answer";
/// The message has a thread already.
const HAS_THREAD: u64 = 160_004;

/// An interaction that may still be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hook {
    /// Its id.
    pub(super) id: String,
    /// Where its answers go.
    pub(super) path: String,
    /// Whether the first answer is still to come.
    pub(super) unanswered: bool,
}

/// Where a new message goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// A channel or thread.
    Channel(String),
    /// In place of "thinking...".
    Original(Hook),
    /// Below what answers an interaction.
    FollowUp {
        /// Which.
        hook: Hook,
        /// Whether only the asker sees it.
        whispered: bool,
    },
}

impl Target {
    /// The interaction that is answered.
    pub(super) fn hook(&self) -> Option<&Hook> {
        match self {
            Self::Channel(_) => None,
            Self::Original(hook) | Self::FollowUp { hook, .. } => Some(hook),
        }
    }
}

impl Sender<'_> {
    /// The interaction that a parcel answers, while it may be answered.
    pub(super) fn hook(&self, parcel: &Parcel) -> Option<Hook> {
        let key = &parcel.answer.as_ref()?.key;
        let memory = self.discord.memory();
        let open = memory.open(&key.id, self.link.world.now())?;
        let application = memory.me.as_ref()?.application;
        let path = format!("webhooks/{application}/{}", open.token);
        Some(Hook { id: key.id.to_string(), path, unanswered: open.unanswered })
    }

    /// Where the first new message of a parcel goes.
    pub(super) async fn target(&self, parcel: &Parcel, hook: Option<&Hook>) -> Result<Target, Trouble> {
        let place = &parcel.place;
        let whispered = self.discord.manner.whisper && parcel.post.private && !place.is_direct();
        match (hook, &parcel.post.to) {
            (Some(hook), _) if whispered => {
                if hook.unanswered {
                    self.take_back(hook).await?;
                }
                return Ok(Target::FollowUp { hook: hook.clone(), whispered: true });
            }
            (Some(hook), _) if hook.unanswered => return Ok(Target::Original(hook.clone())),
            (_, Some(to)) if whispered => {
                if let Some(person) = to.id.parse().ok().filter(|id| *id > 0) {
                    return self.direct(person).await.map(Target::Channel);
                }
            }
            _ => {}
        }
        self.channel(place).await.map(Target::Channel)
    }

    /// "Thinking..." was for all to see; a whisper needs it gone.
    async fn take_back(&self, hook: &Hook) -> Result<(), Trouble> {
        let path = format!("{}/messages/@original", hook.path);
        match self.ask(Method::DELETE, &path, Body::None).await {
            Err(failure) if failure.is_passing() => Err(failure.into()),
            _ => {
                self.answered(&hook.id);
                Ok(())
            }
        }
    }

    /// The id of the channel or thread that stands for a place.
    async fn channel(&self, place: &Place) -> Result<String, Trouble> {
        if let Some(person) = place.room.strip_prefix('@') {
            let person = person.parse().ok().filter(|id| *id > 0);
            let why = || SendError::Refused { why: format!("`{}` is not `@` and a person's id", place.room) };
            return self.direct(person.ok_or_else(why)?).await;
        }
        let room = match place.room.parse::<u64>() {
            Ok(_) => place.room.to_string(),
            Err(_) => self.named(&place.room).await?,
        };
        match &place.thread {
            Some(thread) => self.thread(&room, thread).await,
            None => Ok(room),
        }
    }

    /// The direct conversation with a person, opened where there was none.
    async fn direct(&self, person: u64) -> Result<String, Trouble> {
        let known = self.discord.memory().direct.get(&person).copied();
        if let Some(channel) = known {
            return Ok(channel.to_string());
        }
        let answer = self.ask(Method::POST, "users/@me/channels", direct_body(person)).await?;
        let channel = id(&answer["id"]);
        let why = || SendError::Refused { why: format!("no direct conversation with `{person}`") };
        let channel = channel.ok_or_else(why)?;
        self.discord.memory().direct.insert(person, channel);
        Ok(channel.to_string())
    }

    /// The channel with a name.
    async fn named(&self, name: &str) -> Result<String, Trouble> {
        let guild = self.discord.guild;
        let mut found = self.discord.memory().channels.named(name, guild);
        if found.is_empty() {
            self.ask_for_rooms().await?;
            found = self.discord.memory().channels.named(name, guild);
        }
        let why = match found[..] {
            [one] => return Ok(one.to_string()),
            [] => format!("no channel of the bot is called `{name}`"),
            _ => format!("several channels are called `{name}`: write the id, or set CHATOPS_DISCORD_GUILD"),
        };
        Err(SendError::NoRoom { why }.into())
    }

    async fn ask_for_rooms(&self) -> Result<(), Failure> {
        let guilds = match self.discord.guild {
            Some(guild) => vec![guild],
            None => {
                let list = self.ask(Method::GET, "users/@me/guilds", Body::None).await?;
                list.as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(|guild| id(&guild["id"]))
                    .take(SERVERS)
                    .collect()
            }
        };
        for guild in guilds {
            let rooms = self.ask(Method::GET, &format!("guilds/{guild}/channels"), Body::None).await?;
            let mut memory = self.discord.memory();
            rooms.as_array().into_iter().flatten().for_each(|room| memory.channels.note(room, Some(guild)));
        }
        Ok(())
    }

    /// A thread by its id. One that is not known is begun at the message that has this id, if it is not there yet.
    async fn thread(&self, room: &str, thread: &str) -> Result<String, Trouble> {
        let Ok(number) = thread.parse::<u64>() else {
            return Err(SendError::NoRoom { why: format!("`{thread}` is not a thread's id") }.into());
        };
        let title = {
            let memory = self.discord.memory();
            if memory.channels.get(number).is_some() {
                return Ok(thread.to_owned());
            }
            memory.titles.get(&number).cloned().unwrap_or_else(|| NAMELESS.to_owned())
        };
        let path = format!("channels/{room}/messages/{thread}/threads");
        let wish = json!({"name": title, "auto_archive_duration": FOLDED_AFTER});
        match self.ask(Method::POST, &path, Body::Json(wish)).await {
            Ok(channel) => self.discord.memory().channels.note(&channel, None),
            Err(failure) if failure.code == HAS_THREAD => {
                let there = json!({"id": thread, "type": 11, "parent_id": room});
                self.discord.memory().channels.note(&there, None);
            }
            Err(failure) if failure.is_passing() || failure.is_revoked() => return Err(failure.into()),
            Err(failure) if failure.code == 50_013 || failure.code == 50_024 => {
                warn!(adapter = %self.link.name, why = failure.why, "no thread could be begun, the answer stands in the room");
                return Ok(room.to_owned());
            }
            // A thread that began without a message, heard of before a restart.
            Err(_) => {}
        }
        Ok(thread.to_owned())
    }

    /// What is known of a channel, for one that nobody told of.
    pub(super) async fn look_up(&self, channel: u64) -> Result<(), String> {
        let path = format!("channels/{channel}");
        let asked = self.ask(Method::GET, &path, Body::None);
        let answer = self.link.world.timeout(Duration::from_secs(5), asked).await;
        let answer = answer.map_err(|elapsed| elapsed.to_string())?.map_err(|failure| failure.why)?;
        self.discord.memory().channels.note(&answer, None);
        Ok(())
    }
}
