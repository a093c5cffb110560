//! From posts to messages: people alone, each post once, markup undone.

use super::memory::Known;
use super::opening::Core;
use crate::model::{Message, MessageKey, Person, Place, Timestamp};
use crate::wire::mattermost::{Kind, Spoken, called, plain};

/// Tells the bot of a post, if a person says something in it for the first time.
pub(super) fn hear(core: &Core<'_>, spoken: &Spoken) {
    if let Some(message) = message(core, spoken) {
        core.link.ears.heard(message);
    }
}

fn message(core: &Core<'_>, spoken: &Spoken) -> Option<Message> {
    let post = &spoken.post;
    let mut memory = core.mattermost.memory();
    memory.newest = memory.newest.max(post.create_at);
    if post.id.is_empty() || !memory.first_time(&post.id) {
        return None;
    }
    let known = Known { kind: spoken.kind, name: spoken.channel.clone() };
    memory.channels.insert(post.channel_id.clone(), known);
    if !post.is_of_person() || post.user_id == core.me.id || post.message.trim().is_empty() {
        return None;
    }
    if !spoken.sender.is_empty() {
        memory.users.insert(post.user_id.clone(), spoken.sender.clone());
    }
    memory.askers.insert(post.id.clone(), post.user_id.clone());
    let name = match memory.users.get(&post.user_id) {
        Some(name) => name.clone(),
        None => post.user_id.clone(),
    };
    drop(memory);
    let called = called(&post.message, &core.me.name);
    let adapter = core.link.name.clone();
    Some(Message {
        key: MessageKey {
            adapter: adapter.clone(),
            room: post.channel_id.as_str().into(),
            id: post.id.as_str().into(),
        },
        person: Person::proven(adapter, &post.user_id),
        name,
        place: place(core, spoken),
        room_name: matches!(spoken.kind, Kind::Open | Kind::Private).then(|| format!("#{}", spoken.channel)),
        text: plain(called.text),
        raw: post.message.clone(),
        mentioned: called.mentioned,
        at: Timestamp::from_micros(post.create_at.saturating_mul(1000)),
        position: None,
    })
}

/// Answers stand where was asked; in a thread of their own with `THREAD`, where others read.
fn place(core: &Core<'_>, spoken: &Spoken) -> Place {
    let (post, adapter) = (&spoken.post, core.link.name.clone());
    let direct = spoken.kind == Kind::Direct;
    let mut place = match direct {
        true => Place::direct(adapter, &post.channel_id),
        false => Place::room(adapter, &post.channel_id),
    };
    place.thread = match post.root_id.as_str() {
        "" if core.mattermost.manner.thread && !direct => Some(post.id.as_str().into()),
        "" => None,
        root => Some(root.into()),
    };
    place
}
