//! How notifiers of kind `chat` reach the connected adapters.

use std::sync::Arc;
use std::time::Duration;

use crate::bot::outbox::{Keep, Letter, Outbox, Reply, slot};
use crate::model::{AdapterName, Handle, Place, Receipt, SendError};
use crate::net::World;
use crate::notifier::{Boxed, Room};
use crate::text::Post;

/// How long a message waits for an adapter that is not connected, before it is tried again later.
const PATIENCE: Duration = Duration::from_secs(30);

/// The rooms of connected adapters, for one delivery.
pub(super) struct Rooms<'a> {
    pub(super) outbox: &'a Outbox,
    pub(super) world: &'a World,
    /// The lane of the delivery: one message at a place for each.
    pub(super) lane: &'a str,
    /// What commands begin with where others talk too.
    pub(super) prefix: &'a str,
}

impl Room for Rooms<'_> {
    fn post<'a>(
        &'a self,
        place: &'a str,
        mut post: Post,
        earlier: Option<&'a Handle>,
    ) -> Boxed<'a, Result<Receipt, SendError>> {
        Box::pin(async move {
            let place = read(place).map_err(|why| SendError::Refused { why })?;
            if !place.is_direct() {
                for choice in &mut post.choices {
                    choice.typed.insert_str(0, self.prefix);
                }
            }
            let slot = slot(&place, format!("notice/{}", self.lane));
            self.outbox.shows(&place, &slot, earlier.cloned());
            let (reply, mut told) = Reply::new();
            self.outbox.put(Letter {
                slot: slot.clone(),
                place: place.clone(),
                post: Arc::new(post),
                answer: None,
                keep: Keep::Awaited(reply),
            });
            let late = || SendError::Retry {
                why: format!("`{}` took it not within {} s", place.adapter, PATIENCE.as_secs()),
                after: None,
            };
            match self.world.timeout(PATIENCE, &mut told).await {
                Ok(outcome) => outcome.unwrap_or_else(|_| Err(late())),
                // What still waits must not be posted when it is tried again; what is on the way is waited for.
                Err(_) if self.outbox.withdraw(&place, &slot) => Err(late()),
                Err(_) => match self.world.timeout(PATIENCE, told).await {
                    Ok(Ok(outcome)) => outcome,
                    _ => Err(late()),
                },
            }
        })
    }
}

/// A place as it is written: `irc:#ops`, `irc:alice`.
fn read(text: &str) -> Result<Place, String> {
    let (adapter, room) = text.split_once(':').ok_or_else(|| format!("`{text}` is no place"))?;
    let adapter = AdapterName::new(adapter).map_err(|error| error.to_string())?;
    let shared = room.starts_with(['#', '&', '+', '!']) || !adapter.as_str().starts_with("irc");
    Ok(if shared { Place::room(adapter, room) } else { Place::direct(adapter, room) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_channel_or_a_person() {
        assert!(!read("irc:#ops").unwrap().is_direct());
        assert!(read("irc-libera:alice").unwrap().is_direct());
        assert!(read("ops").is_err() && read("Bad Name:#x").is_err());
    }
}
