//! Where things go: ids of channels by name, conversations with people, and names of people. Looked up when
//! needed, once.

use serde_json::{Value, json};

use super::memory::Known;
use super::opening::Core;
use super::trouble::Trouble;
use crate::model::{Place, SendError};
use crate::text::{Block, Post, Span};
use crate::wire::mattermost::{ApiError, Channel, Kind, is_id};

/// The id of the channel of a place.
pub(super) async fn channel(core: &Core<'_>, place: &Place) -> Result<String, Trouble> {
    let room = &*place.room;
    if let Some(person) = room.strip_prefix('@') {
        return direct(core, person).await;
    }
    if is_id(room) {
        return Ok(room.to_owned());
    }
    let name = room.trim_start_matches('#');
    let (team, name) = match (name.split_once('/'), &core.mattermost.team) {
        (Some((team, name)), _) => (team.to_owned(), name.trim_start_matches('#').to_owned()),
        (None, Some(team)) => (team.clone(), name.to_owned()),
        (None, None) => {
            let why = format!("`{room}` has no team: write `team/channel`, or set `TEAM`");
            return Err(Trouble::refused(why));
        }
    };
    by_name(core, &team, &name).await
}

async fn by_name(core: &Core<'_>, team: &str, name: &str) -> Result<String, Trouble> {
    let words = |text: &str| {
        !text.is_empty() && text.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_.".contains(&c))
    };
    if !words(team) || !words(name) {
        return Err(Trouble::refused(format!(
            "`{team}/{name}` is no channel: write the names that stand in its address"
        )));
    }
    let key = format!("{team}/{name}");
    if let Some(id) = core.mattermost.memory().rooms.get(&key) {
        return Ok(id.clone());
    }
    let path = format!("teams/name/{team}/channels/name/{name}");
    let found = core.api.get(&path).await.map_err(|error| match error {
        ApiError::Refused { status: 400 | 403 | 404, .. } => Trouble::Letter(SendError::NoRoom {
            why: format!("there is no channel `{name}` in the team `{team}` that the bot may see: invite it"),
        }),
        other => other.into(),
    })?;
    let channel: Channel = serde_json::from_value(found.body)
        .map_err(|_| Trouble::refused(format!("the channel `{name}` cannot be read")))?;
    let mut memory = core.mattermost.memory();
    memory.rooms.insert(key.clone(), channel.id.clone());
    memory.channels.insert(channel.id.clone(), Known { kind: channel.kind, name: channel.name });
    Ok(channel.id)
}

/// The conversation with one person, by id or by name.
pub(super) async fn direct(core: &Core<'_>, person: &str) -> Result<String, Trouble> {
    let id = if is_id(person) { person.to_owned() } else { user_id(core, person).await? };
    if let Some(channel) = core.mattermost.memory().directs.get(&id) {
        return Ok(channel.clone());
    }
    let made = core.api.post("channels/direct", &json!([core.me.id, id])).await?;
    let channel = text(&made.body, "id");
    let mut memory = core.mattermost.memory();
    memory.directs.insert(id.clone(), channel.clone());
    memory.channels.insert(channel.clone(), Known { kind: Kind::Direct, name: text(&made.body, "name") });
    Ok(channel)
}

async fn user_id(core: &Core<'_>, name: &str) -> Result<String, Trouble> {
    let good = !name.is_empty() && name.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_.".contains(&c));
    if !good {
        return Err(Trouble::refused(format!("`@{name}` is nobody: write the id or the user name")));
    }
    let found = core.api.get(&format!("users/username/{name}")).await?;
    Ok(text(&found.body, "id"))
}

/// The name of a user; the id where there is no such user.
pub(super) async fn name(core: &Core<'_>, id: &str) -> Result<String, Trouble> {
    if let Some(name) = core.mattermost.memory().users.get(id) {
        return Ok(name.clone());
    }
    if !is_id(id) {
        return Ok(id.to_owned());
    }
    let name = match core.api.get(&format!("users/{id}")).await {
        Ok(found) => text(&found.body, "username"),
        Err(ApiError::Refused { .. }) => return Ok(id.to_owned()),
        Err(error) => return Err(error.into()),
    };
    core.mattermost.memory().users.insert(id.to_owned(), name.clone());
    Ok(name)
}

/// The post with names where it mentions people by their ids: Mattermost mentions by name.
pub(super) async fn with_names(core: &Core<'_>, post: &Post) -> Result<Post, Trouble> {
    let mut post = post.clone();
    let lists = post.pretext.iter_mut().chain(&mut post.body).flat_map(spans);
    let facts = post.facts.iter_mut().map(|(_, value)| value);
    for spans in lists.chain([&mut post.title]).chain(facts) {
        for span in spans {
            if let Span::Person(id) = span {
                *id = name(core, id).await?;
            }
        }
    }
    Ok(post)
}

fn spans(block: &mut Block) -> Vec<&mut Vec<Span>> {
    match block {
        Block::Para(spans) | Block::Quote(spans) => vec![spans],
        Block::List(items) => items.iter_mut().collect(),
        Block::Code { .. } | Block::Table { .. } => Vec::new(),
    }
}

pub(super) fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}
