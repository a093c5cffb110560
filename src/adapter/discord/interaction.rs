//! Buttons and the slash command (docs.discord.com/developers/interactions/receiving-and-responding): read, and
//! acknowledged within the three seconds that Discord gives.

use std::time::Duration;

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use serenity::model::id::{ChannelId, GuildId, InteractionId, MessageId};

use super::command;
use super::hearing::{Author, Member};
use super::post::EPHEMERAL;
use crate::net::World;
use crate::wire::discord::{Body, Rest};

/// Discord waits three seconds for the acknowledgement.
const LIMIT: Duration = Duration::from_millis(2800);

/// Another connection of the same bot has acknowledged it.
const ACKNOWLEDGED: u64 = 40_060;

/// Something that a person did with the bot's own means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Interaction {
    /// Its id.
    pub(super) id: u64,
    /// What its answers are authorised by.
    pub(super) token: String,
    /// The channel or thread.
    pub(super) channel: u64,
    /// Whether it was on a server.
    pub(super) on_server: bool,
    /// Who.
    pub(super) person: u64,
    /// How that person is shown.
    pub(super) name: String,
    /// What.
    pub(super) deed: Deed,
}

/// What a person did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Deed {
    /// Wrote `/chatops` and this.
    Command(String),
    /// Pressed a button.
    Button {
        /// What the button carries; clients can forge it.
        nonce: String,
        /// The message that it stands under.
        message: u64,
        /// Whether only one person sees that message.
        whispered: bool,
    },
}

#[derive(Deserialize)]
struct Raw {
    id: InteractionId,
    token: String,
    #[serde(rename = "type")]
    kind: u64,
    channel_id: ChannelId,
    guild_id: Option<GuildId>,
    member: Option<Of>,
    user: Option<Author>,
    #[serde(default)]
    data: Value,
    message: Option<On>,
}

#[derive(Deserialize)]
struct Of {
    user: Author,
    #[serde(flatten)]
    member: Member,
}

#[derive(Deserialize)]
struct On {
    id: MessageId,
    #[serde(default)]
    flags: u64,
}

/// Reads an `INTERACTION_CREATE`; `None` for what this bot never offered.
///
/// # Errors
/// It is no interaction; in one sentence.
pub(super) fn read(data: &Value) -> Result<Option<Interaction>, String> {
    let raw =
        Raw::deserialize(data).map_err(|error| format!("an interaction that cannot be read: {error}"))?;
    let deed = match (raw.kind, raw.data["name"].as_str(), raw.data["custom_id"].as_str(), &raw.message) {
        (2, Some(command::NAME), _, _) => {
            let text = raw.data["options"][0]["value"].as_str().unwrap_or_default();
            Deed::Command(text.to_owned())
        }
        (3, _, Some(nonce), Some(message)) => {
            let whispered = message.flags & EPHEMERAL != 0;
            Deed::Button { nonce: nonce.to_owned(), message: message.id.get(), whispered }
        }
        _ => return Ok(None),
    };
    let (person, name) = match (&raw.member, &raw.user) {
        (Some(of), _) => (&of.user, of.user.shown(Some(&of.member))),
        (None, Some(user)) => (user, user.shown(None)),
        (None, None) => return Err("an interaction of nobody".to_owned()),
    };
    Ok(Some(Interaction {
        id: raw.id.get(),
        person: person.id.get(),
        name,
        token: raw.token,
        channel: raw.channel_id.get(),
        on_server: raw.guild_id.is_some(),
        deed,
    }))
}

/// Acknowledges it: a command shows "thinking...", a button stays as it is.
///
/// # Errors
/// Discord did not take it in time, so the person was told that it failed; in one sentence.
pub(super) async fn acknowledge(rest: &Rest, world: &World, interaction: &Interaction) -> Result<(), String> {
    let kind = match interaction.deed {
        Deed::Command(_) => 5,
        Deed::Button { .. } => 6,
    };
    let path = format!("interactions/{}/{}/callback", interaction.id, interaction.token);
    let tries = async {
        loop {
            let asked = rest.ask(world, Method::POST, &path, Body::Json(json!({"type": kind}))).await;
            match asked {
                Ok(_) => return Ok(()),
                Err(failure) if failure.code == ACKNOWLEDGED => return Ok(()),
                Err(failure) if failure.is_passing() => {
                    let pause = failure.after.unwrap_or(Duration::from_millis(200));
                    world.sleep(pause.max(Duration::from_millis(50))).await;
                }
                Err(failure) => return Err(failure.why),
            }
        }
    };
    world.timeout(LIMIT, tries).await.unwrap_or_else(|_| Err("no acknowledgement within 3 s".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command() -> Value {
        json!({
            "id": "9", "application_id": "1", "type": 2, "token": "tok", "version": 1, "channel_id": "10",
            "guild_id": "1", "data": {"id": "3", "name": "chatops", "type": 1,
            "options": [{"name": "command", "type": 3, "value": "run date"}]},
            "member": {"user": {"id": "5", "username": "alice", "global_name": null}, "nick": "Al", "roles": []},
        })
    }

    #[test]
    fn a_command_of_a_member_is_read() {
        let read = read(&command()).unwrap().unwrap();
        assert_eq!(
            (read.deed, read.person, read.name.as_str()),
            (Deed::Command("run date".to_owned()), 5, "Al")
        );
        assert!(read.on_server);
    }

    #[test]
    fn a_button_in_a_direct_conversation_is_read() {
        let mut data = command();
        data["type"] = json!(3);
        data["data"] = json!({"custom_id": "n1", "component_type": 2});
        data["message"] = json!({"id": "44"});
        data["user"] = data["member"]["user"].take();
        let fields = data.as_object_mut().unwrap();
        fields.remove("member");
        fields.remove("guild_id");
        let read = read(&data).unwrap().unwrap();
        assert_eq!(read.deed, Deed::Button { nonce: "n1".to_owned(), message: 44, whispered: false });
        assert_eq!((read.person, read.on_server), (5, false));
    }

    #[test]
    fn what_was_never_offered_is_nothing() {
        let mut data = command();
        data["data"]["name"] = json!("other");
        assert_eq!(read(&data), Ok(None));
        data["type"] = json!(4);
        assert_eq!(read(&data), Ok(None));
        assert!(read(&json!({"id": 1})).is_err());
    }
}
