//! What was said while nobody listened, where the server no longer has it in its buffer: read from the channels.

use std::time::Duration;

use super::memory::Known;
use super::opening::Core;
use super::rooms;
use crate::wire::mattermost::{ApiError, Channel, Page, Spoken};

/// Channels that are read at most, the ones where something was said last.
const CHANNELS: usize = 50;
/// What is older is not run any more: whoever asked has gone on.
const OLDEST: Duration = Duration::from_secs(3600);
/// Read again from a little earlier: posts of one millisecond are several.
const OVERLAP: i64 = 1000;
/// Tries, with a growing wait between them.
const TRIES: u32 = 6;

/// The posts made since `newest`, on the server's clock, oldest first. It may hold posts that were heard.
/// Nobody listened for `deaf`.
pub(super) async fn posts(core: &Core<'_>, newest: i64, deaf: Duration) -> Vec<Spoken> {
    let too_old = i64::try_from(deaf.saturating_sub(OLDEST).as_millis()).unwrap_or(i64::MAX);
    let since = newest.saturating_add(too_old).saturating_sub(OVERLAP);
    let mut wait = Duration::from_millis(200);
    for _ in 0..TRIES {
        match read(core, since).await {
            Ok(posts) => return posts,
            Err(ApiError::Later { after, .. }) => {
                core.link.world.sleep(after.unwrap_or(wait)).await;
                wait *= 2;
            }
            Err(error) => {
                tracing::warn!(adapter = %core.link.name, %error, "what was missed cannot be read");
                return Vec::new();
            }
        }
    }
    tracing::warn!(adapter = %core.link.name, "what was missed cannot be read");
    Vec::new()
}

async fn read(core: &Core<'_>, since: i64) -> Result<Vec<Spoken>, ApiError> {
    let mut spoken = Vec::new();
    for channel in channels(core, since).await? {
        let page = match core.api.get(&format!("channels/{}/posts?since={since}", channel.id)).await {
            Ok(reply) => serde_json::from_value::<Page>(reply.body).unwrap_or_default(),
            // The bot was removed from there, perhaps.
            Err(ApiError::Refused { .. }) => continue,
            Err(error) => return Err(error),
        };
        let new = page.posts.into_values().filter(|post| post.create_at > since && post.delete_at == 0);
        let heard =
            |post| Spoken { post, kind: channel.kind, channel: channel.name.clone(), sender: String::new() };
        spoken.extend(new.map(heard));
    }
    spoken.sort_by(|one, other| {
        (one.post.create_at, &one.post.id).cmp(&(other.post.create_at, &other.post.id))
    });
    for one in &mut spoken {
        if one.post.is_of_person() && one.post.user_id != core.me.id {
            one.sender = rooms::name(core, &one.post.user_id).await.unwrap_or_default();
        }
    }
    Ok(spoken)
}

/// The channels of the bot where something was said since. Servers before 6.1 list them by team only: there
/// those are read where something was heard before.
async fn channels(core: &Core<'_>, since: i64) -> Result<Vec<Channel>, ApiError> {
    let mut channels: Vec<Channel> = match core.api.get("users/me/channels").await {
        Ok(reply) => serde_json::from_value(reply.body).unwrap_or_default(),
        Err(ApiError::Refused { .. }) => heard_in(core),
        Err(error) => return Err(error),
    };
    channels.retain(|channel| channel.last_post_at > since && channel.delete_at == 0);
    channels.sort_by_key(|channel| std::cmp::Reverse(channel.last_post_at));
    channels.truncate(CHANNELS);
    Ok(channels)
}

fn heard_in(core: &Core<'_>) -> Vec<Channel> {
    let memory = core.mattermost.memory();
    let known = |id: &String| {
        let Known { kind, name } = memory.channels.get(id)?.clone();
        Some(Channel { id: id.to_owned(), kind, name, last_post_at: i64::MAX, ..Channel::default() })
    };
    memory.channels.keys().filter_map(known).take(CHANNELS).collect()
}
