//! Messages as people meant them: who speaks, markup undone, mentions of the bot taken out and noted
//! (docs.discord.com/developers/resources/message and /reference#message-formatting).
//!
//! Only what is used is read, so that a new field or kind of Discord's never costs a message.

use serde::Deserialize;
use serde_json::Value;
use serenity::model::channel::MessageType;
use serenity::model::id::{ChannelId, GuildId, MessageId, UserId};

use super::channels::{Channels, id};

/// Something that a person said.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Said {
    /// The message's id.
    pub(super) id: u64,
    /// The channel or thread.
    pub(super) channel: u64,
    /// Whether it was said on a server; else in a direct conversation.
    pub(super) on_server: bool,
    /// Who said it.
    pub(super) person: u64,
    /// How that person is shown.
    pub(super) name: String,
    /// The text with the markup undone.
    pub(super) text: String,
    /// The text as it came.
    pub(super) raw: String,
    /// Whether the bot was mentioned.
    pub(super) mentioned: bool,
}

/// What a message is to the bot.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Heard {
    /// Somebody said something.
    Said(Said),
    /// Somebody said something, and Discord keeps the text from us.
    Withheld,
    /// Nothing for the bot: a bot's message, its own, a webhook's, a notice of the service.
    Nothing,
}

#[derive(Deserialize)]
struct Raw {
    id: MessageId,
    channel_id: ChannelId,
    guild_id: Option<GuildId>,
    author: Author,
    #[serde(default)]
    content: String,
    #[serde(rename = "type", default)]
    kind: MessageType,
    webhook_id: Option<Value>,
    member: Option<Member>,
    #[serde(default)]
    mentions: Vec<Author>,
}

/// A person as messages and interactions show one.
#[derive(Debug, Deserialize)]
pub(super) struct Author {
    /// The id.
    pub(super) id: UserId,
    username: String,
    global_name: Option<String>,
    #[serde(default)]
    bot: bool,
    #[serde(default)]
    system: bool,
}

/// What a server knows of a person.
#[derive(Debug, Deserialize)]
pub(super) struct Member {
    nick: Option<String>,
}

impl Author {
    /// How people see this person, on a server where it is known.
    pub(super) fn shown(&self, member: Option<&Member>) -> String {
        let nick = member.and_then(|member| member.nick.as_ref());
        nick.or(self.global_name.as_ref()).unwrap_or(&self.username).clone()
    }
}

/// What of a message shows that it has something beside its text.
const BESIDE: [&str; 6] =
    ["attachments", "embeds", "sticker_items", "components", "message_snapshots", "mentions"];

/// Reads a `MESSAGE_CREATE`.
///
/// # Errors
/// It is no message; in one sentence.
pub(super) fn read(data: &Value, me: u64, channels: &Channels) -> Result<Heard, String> {
    let raw = Raw::deserialize(data).map_err(|error| format!("a message that cannot be read: {error}"))?;
    let is_speech = matches!(raw.kind, MessageType::Regular | MessageType::InlineReply);
    let is_person = !raw.author.bot && !raw.author.system && raw.webhook_id.is_none_or(|id| id.is_null());
    if !is_speech || !is_person || raw.author.id.get() == me {
        return Ok(Heard::Nothing);
    }
    if raw.content.is_empty() {
        let beside = |key: &&str| data[*key].as_array().is_some_and(|list| !list.is_empty());
        let withheld = raw.guild_id.is_some() && !BESIDE.iter().any(beside) && data["poll"].is_null();
        return Ok(if withheld { Heard::Withheld } else { Heard::Nothing });
    }
    let plain = Plain { me, channels, people: &raw.mentions };
    let (text, mentioned) = plain.undo(&raw.content);
    Ok(Heard::Said(Said {
        id: raw.id.get(),
        channel: raw.channel_id.get(),
        on_server: raw.guild_id.is_some(),
        person: raw.author.id.get(),
        name: raw.author.shown(raw.member.as_ref()),
        text,
        raw: raw.content,
        mentioned,
    }))
}

/// Undoes markup.
struct Plain<'a> {
    me: u64,
    channels: &'a Channels,
    people: &'a [Author],
}

/// What a mark between `<` and `>` stands for.
enum Mark {
    /// The bot.
    Me,
    /// This text.
    Text(String),
}

impl Plain<'_> {
    /// The text without marks outside of code, and whether the bot was mentioned.
    fn undo(&self, content: &str) -> (String, bool) {
        let mut out = String::with_capacity(content.len());
        let mut mentioned = false;
        let pieces: Vec<&str> = content.split('`').collect();
        for (index, piece) in pieces.iter().enumerate() {
            if index > 0 {
                out.push('`');
            }
            // A backtick that is never closed opens nothing.
            if index % 2 == 1 && index + 1 < pieces.len() {
                out.push_str(piece);
            } else {
                mentioned |= self.piece(piece, &mut out);
            }
        }
        if !mentioned {
            return (out, false);
        }
        let text = out.trim();
        (text.strip_prefix([':', ',']).unwrap_or(text).trim_start().to_owned(), true)
    }

    fn piece(&self, mut rest: &str, out: &mut String) -> bool {
        let mut mentioned = false;
        while let Some(start) = rest.find('<') {
            out.push_str(&rest[..start]);
            rest = &rest[start..];
            let mark = rest.find('>').and_then(|end| Some((self.mark(&rest[1..end])?, end)));
            match mark {
                Some((Mark::Me, end)) => {
                    mentioned = true;
                    rest = &rest[end + 1..];
                    // The blank on one side goes with it.
                    if out.ends_with(' ') || out.is_empty() {
                        rest = rest.strip_prefix(' ').unwrap_or(rest);
                    }
                }
                Some((Mark::Text(text), end)) => {
                    out.push_str(&text);
                    rest = &rest[end + 1..];
                }
                None => {
                    out.push('<');
                    rest = &rest[1..];
                }
            }
        }
        out.push_str(rest);
        mentioned
    }

    fn mark(&self, inner: &str) -> Option<Mark> {
        if let Some(role) = inner.strip_prefix("@&") {
            let role: u64 = role.parse().ok()?;
            return self.channels.is_own_role(role).then_some(Mark::Me);
        }
        if let Some(person) = inner.strip_prefix("@!").or_else(|| inner.strip_prefix('@')) {
            let person: u64 = person.parse().ok()?;
            if person == self.me {
                return Some(Mark::Me);
            }
            let name = self.people.iter().find(|known| known.id.get() == person)?;
            return Some(Mark::Text(format!("@{}", name.username)));
        }
        if let Some(channel) = inner.strip_prefix('#') {
            let known = self.channels.get(channel.parse().ok()?)?;
            return Some(Mark::Text(format!("#{}", known.name)));
        }
        if inner.starts_with("https://") || inner.starts_with("http://") {
            return (!inner.contains(char::is_whitespace)).then(|| Mark::Text(inner.to_owned()));
        }
        emoji(inner).map(Mark::Text)
    }
}

/// `:name:12` or `a:name:12` of a server's own sign is `:name:`.
fn emoji(inner: &str) -> Option<String> {
    let (name, number) = inner.strip_prefix('a').unwrap_or(inner).strip_prefix(':')?.split_once(':')?;
    let good = name.chars().all(|c| c.is_alphanumeric() || c == '_');
    (good && id(&Value::from(number)).is_some()).then(|| format!(":{name}:"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn message(content: &str) -> Value {
        json!({
            "id": "100", "channel_id": "10", "guild_id": "1", "type": 0, "content": content,
            "author": {"id": "5", "username": "alice", "global_name": "Alice"}, "member": {"nick": null},
            "mentions": [{"id": "6", "username": "bob", "global_name": "The Admin"}],
        })
    }

    fn channels() -> Channels {
        let mut channels = Channels::default();
        let guild = json!({"id": "1", "channels": [{"id": "10", "type": 0, "name": "ops"}],
            "roles": [{"id": "55", "tags": {"bot_id": "77"}}]});
        channels.learn("GUILD_CREATE", &guild, 77);
        channels
    }

    fn heard(data: &Value) -> Heard {
        read(data, 77, &channels()).unwrap()
    }

    fn said(content: &str) -> (String, bool) {
        match heard(&message(content)) {
            Heard::Said(said) => (said.text, said.mentioned),
            other => panic!("{content}: {other:?}"),
        }
    }

    #[test]
    fn a_mention_of_the_bot_is_an_address_wherever_it_stands() {
        for content in
            ["<@77> run date", "<@!77> run date", "<@77>: run date", "run <@77> date", "<@&55> run date"]
        {
            assert_eq!(said(content), ("run date".to_owned(), true), "{content}");
        }
        assert_eq!(said("!run date"), ("!run date".to_owned(), false));
    }

    #[test]
    fn marks_are_undone_and_code_is_left_alone() {
        assert_eq!(said("!page <@6> in <#10> <:fire:9> <a:fire:9>").0, "!page @bob in #ops :fire: :fire:");
        assert_eq!(said("!get <https://example.org/a>").0, "!get https://example.org/a");
        assert_eq!(said("!run `echo <@77> <#10>` <@6>").0, "!run `echo <@77> <#10>` @bob");
        assert_eq!(said("!run a < b > c <@abc> <#99> <").0, "!run a < b > c <@abc> <#99> <");
    }

    #[test]
    fn only_persons_who_speak_are_heard() {
        let with = |key: &str, value: Value| {
            let mut data = message("!echo hi");
            data[key] = value;
            heard(&data)
        };
        assert!(matches!(with("type", json!(19)), Heard::Said(_)));
        assert_eq!(with("type", json!(7)), Heard::Nothing);
        assert_eq!(with("type", json!(250)), Heard::Nothing);
        assert_eq!(with("webhook_id", json!("3")), Heard::Nothing);
        assert_eq!(with("author", json!({"id": "9", "username": "x", "bot": true})), Heard::Nothing);
        assert_eq!(with("author", json!({"id": "77", "username": "chatops"})), Heard::Nothing);
        assert!(read(&json!({"id": "x"}), 77, &channels()).is_err());
    }

    #[test]
    fn a_text_that_is_kept_from_us_is_noticed() {
        assert_eq!(
            heard(&message("")),
            Heard::Nothing,
            "mentions somebody, so the text may be kept from us or not"
        );
        let mut data = message("");
        data["mentions"] = json!([]);
        assert_eq!(heard(&data), Heard::Withheld);
        data["attachments"] = json!([{"id": "1"}]);
        assert_eq!(heard(&data), Heard::Nothing);
    }

    #[test]
    fn a_name_on_the_server_comes_first_and_proves_nothing() {
        let mut data = message("!echo hi");
        data["member"]["nick"] = json!("root");
        let Heard::Said(said) = heard(&data) else { panic!("not heard") };
        assert_eq!((said.name.as_str(), said.person), ("root", 5));
    }
}
