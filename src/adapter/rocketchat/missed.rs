//! What was said while the connection was down: the rooms that changed since, and the history of each.

use std::time::Duration;

use serde_json::Value;

use crate::model::Timestamp;
use crate::net::World;
use crate::wire::rocketchat::{Failure, Moment, Rest, Room, Said};

/// Rooms that are read after a gap, the latest first.
const ROOMS: usize = 100;
/// Messages of one answer, and answers of one room.
const PAGE: usize = 100;
const PAGES: usize = 10;
/// Tries of one call: limits and short outages are waited for.
const TRIES: usize = 5;
/// The wait between two tries where the server asks for none.
const PAUSE: Duration = Duration::from_secs(2);

/// A room that changed.
struct Changed {
    id: String,
    room: Room,
    last: Option<Timestamp>,
}

/// Everything said after `since` in the rooms that the bot is in, each room in order.
pub(super) async fn read(rest: &Rest, world: &World, since: Timestamp) -> Result<Vec<(Said, Room)>, Failure> {
    let oldest = since.to_string();
    let query = [("updatedSince", oldest.as_str())];
    let found = patiently(world, || rest.get("rooms.get", &query)).await?;
    let mut changed: Vec<Changed> = found["update"].as_array().into_iter().flatten().filter_map(of).collect();
    changed.retain(|changed| changed.last.is_none_or(|last| last >= since));
    changed.sort_by_key(|changed| std::cmp::Reverse(changed.last));
    changed.truncate(ROOMS);
    let mut missed = Vec::new();
    for changed in changed {
        let said = history(rest, world, &changed, &oldest).await?;
        missed.extend(said.into_iter().map(|said| (said, changed.room.clone())));
    }
    missed.sort_by_key(|(said, _)| said.at);
    Ok(missed)
}

fn of(room: &Value) -> Option<Changed> {
    let kind = room["t"].as_str()?.to_owned();
    let name = room["name"].as_str().map(str::to_owned);
    let changed = Changed {
        id: room["_id"].as_str()?.to_owned(),
        room: Room { joined: true, kind, name },
        last: Moment::read(&room["lm"]).map(|moment| moment.0),
    };
    changed.room.is_ours().then_some(changed)
}

/// Pages go from the latest backwards.
async fn history(rest: &Rest, world: &World, of: &Changed, oldest: &str) -> Result<Vec<Said>, Failure> {
    let endpoint = match of.room.kind.as_str() {
        "d" => "im.history",
        "p" => "groups.history",
        _ => "channels.history",
    };
    let count = PAGE.to_string();
    let mut all: Vec<Said> = Vec::new();
    let mut latest: Option<String> = None;
    for _ in 0..PAGES {
        let mut query =
            vec![("roomId", of.id.as_str()), ("oldest", oldest), ("count", &count), ("inclusive", "true")];
        query.extend(latest.as_deref().map(|latest| ("latest", latest)));
        let found = match patiently(world, || rest.get(endpoint, &query)).await {
            // The bot was removed meanwhile: that room has nothing for it.
            Err(Failure::Refused { .. }) => break,
            found => found?,
        };
        let page = found["messages"].as_array().map_or(&[][..], Vec::as_slice);
        let read: Vec<Said> = page.iter().filter_map(Said::read).collect();
        let first = read.iter().filter_map(|said| said.at).min();
        let new =
            read.into_iter().filter(|said| !all.iter().any(|known| known.id == said.id)).collect::<Vec<_>>();
        let progress = !new.is_empty();
        all.extend(new);
        latest = first.map(|first| first.to_string());
        if page.len() < PAGE || latest.is_none() || !progress {
            break;
        }
    }
    Ok(all)
}

async fn patiently<F>(world: &World, mut call: impl FnMut() -> F) -> Result<Value, Failure>
where
    F: Future<Output = Result<Value, Failure>>,
{
    let mut tries = 1;
    loop {
        let failure = match call().await {
            Ok(value) => return Ok(value),
            Err(failure) => failure,
        };
        let wait = match &failure {
            Failure::Busy { after, .. } => after.unwrap_or(PAUSE),
            Failure::Unreachable(_) | Failure::Down(_) => PAUSE,
            Failure::LoggedOut(_) | Failure::Refused { .. } => return Err(failure),
        };
        if tries == TRIES {
            return Err(failure);
        }
        tries += 1;
        world.sleep(wait).await;
    }
}
