//! Rooms and threads as the gateway tells of them: names, and which room a thread hangs in.
//!
//! A thread of Discord is a channel of its own. Here it is a thread of the room that it hangs in, so that rights
//! given for a room hold in its threads too; its own id is what messages go to.

use serde_json::Value;

use crate::model::{AdapterName, Newest, Place};

/// Channels kept; a bot on very many servers asks again for those it forgot.
const MOST: usize = 20_000;

/// A channel or thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Channel {
    /// Its name, without `#`.
    pub(super) name: String,
    /// The channel that a thread hangs in.
    pub(super) parent: Option<u64>,
    /// Its server.
    pub(super) guild: Option<u64>,
    /// Whether it is a conversation with one person.
    pub(super) direct: bool,
}

/// All that is known.
#[derive(Debug)]
pub(super) struct Channels {
    known: Newest<u64, Channel>,
    /// Roles that only the bot has; a mention of one means the bot.
    own_roles: Newest<u64, ()>,
}

impl Default for Channels {
    fn default() -> Self {
        Self { known: Newest::new(MOST), own_roles: Newest::new(1000) }
    }
}

/// An id as Discord writes it: digits in a string.
pub(super) fn id(value: &Value) -> Option<u64> {
    value.as_str()?.parse().ok().filter(|id| *id > 0)
}

impl Channels {
    /// Takes in an event of the gateway.
    pub(super) fn learn(&mut self, kind: &str, data: &Value, me: u64) {
        match kind {
            "GUILD_CREATE" => {
                for channel in list(&data["channels"]).chain(list(&data["threads"])) {
                    self.note(channel, id(&data["id"]));
                }
                let own = list(&data["roles"]).filter(|role| id(&role["tags"]["bot_id"]) == Some(me));
                for role in own.filter_map(|role| id(&role["id"])) {
                    self.own_roles.insert(role, ());
                }
            }
            "CHANNEL_CREATE" | "CHANNEL_UPDATE" | "THREAD_CREATE" | "THREAD_UPDATE" => self.note(data, None),
            "THREAD_LIST_SYNC" => list(&data["threads"]).for_each(|thread| self.note(thread, None)),
            "CHANNEL_DELETE" | "THREAD_DELETE" => {
                if let Some(id) = id(&data["id"]) {
                    self.known.remove(&id);
                }
            }
            _ => {}
        }
    }

    /// Notes one channel object.
    pub(super) fn note(&mut self, channel: &Value, guild: Option<u64>) {
        let Some(number) = id(&channel["id"]) else { return };
        let kind = channel["type"].as_u64().unwrap_or(0);
        let is_thread = matches!(kind, 10..=12);
        let noted = Channel {
            name: channel["name"].as_str().unwrap_or_default().to_owned(),
            parent: id(&channel["parent_id"]).filter(|_| is_thread),
            guild: id(&channel["guild_id"]).or(guild),
            direct: matches!(kind, 1 | 3),
        };
        self.known.insert(number, noted);
    }

    /// A channel, if it is known.
    pub(super) fn get(&self, id: u64) -> Option<&Channel> {
        self.known.get(&id)
    }

    /// Whether a role is the bot's own.
    pub(super) fn is_own_role(&self, role: u64) -> bool {
        self.own_roles.get(&role).is_some()
    }

    /// The place of a channel on a server, and how people call the room; `None` where the channel, or the room that a
    /// thread hangs in, is not known.
    pub(super) fn place(&self, adapter: &AdapterName, channel: u64) -> Option<(Place, Option<String>)> {
        let known = self.get(channel)?;
        if known.direct {
            return Some((Place::direct(adapter.clone(), &channel.to_string()), None));
        }
        let Some(parent) = known.parent else {
            return Some((Place::room(adapter.clone(), &channel.to_string()), shown(known)));
        };
        let room = self.get(parent).and_then(shown);
        let mut place = Place::room(adapter.clone(), &parent.to_string());
        place.thread = Some(channel.to_string().into());
        Some((place, room))
    }

    /// The rooms with a name, on one server or all.
    pub(super) fn named(&self, name: &str, guild: Option<u64>) -> Vec<u64> {
        let name = name.trim_start_matches('#');
        let fits = |channel: &Channel| {
            channel.parent.is_none()
                && !channel.direct
                && channel.name.eq_ignore_ascii_case(name)
                && (guild.is_none() || channel.guild == guild)
        };
        let mut found: Vec<u64> =
            self.known.iter().filter(|(_, channel)| fits(channel)).map(|(id, _)| *id).collect();
        found.sort_unstable();
        found
    }
}

fn shown(channel: &Channel) -> Option<String> {
    (!channel.name.is_empty()).then(|| format!("#{}", channel.name))
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn channels() -> Channels {
        let mut channels = Channels::default();
        let guild = json!({
            "id": "1",
            "channels": [{"id": "10", "type": 0, "name": "ops", "parent_id": "9"}],
            "threads": [{"id": "20", "type": 11, "name": "disk full", "parent_id": "10", "guild_id": "1"}],
            "roles": [{"id": "5", "tags": {"bot_id": "77"}}, {"id": "6"}],
        });
        channels.learn("GUILD_CREATE", &guild, 77);
        channels
    }

    #[test]
    fn a_thread_belongs_to_its_room_and_a_category_is_no_room() {
        let adapter = AdapterName::new("discord").unwrap();
        let place = |id| channels().place(&adapter, id).map(|(place, name)| (place.to_string(), name));
        assert_eq!(place(10), Some(("discord:10".to_owned(), Some("#ops".to_owned()))));
        assert_eq!(place(20), Some(("discord:10/20".to_owned(), Some("#ops".to_owned()))));
        assert_eq!(place(30), None);
    }

    #[test]
    fn names_follow_what_the_gateway_tells() {
        let mut channels = channels();
        assert_eq!(channels.named("#OPS", Some(1)), [10]);
        assert!(channels.named("disk full", None).is_empty() && channels.named("ops", Some(2)).is_empty());
        let renamed = json!({"id": "10", "type": 0, "name": "operations", "guild_id": "1"});
        channels.learn("CHANNEL_UPDATE", &renamed, 77);
        assert_eq!((channels.named("ops", None), channels.named("operations", None)), (vec![], vec![10]));
        channels.learn("CHANNEL_DELETE", &renamed, 77);
        assert!(channels.get(10).is_none());
        assert!(channels.is_own_role(5) && !channels.is_own_role(6));
    }
}
