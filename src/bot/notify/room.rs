//! How notifiers of kind `chat` reach the connected adapters.

use std::sync::Arc;
use std::time::Duration;

use crate::bot::choices::{After, Choices, Terms};
use crate::bot::outbox::{Keep, Letter, Outbox, Reply, slot};
use crate::model::{AdapterName, Ends, Handle, Place, Receipt, SendError, Slot, Way};
use crate::net::World;
use crate::notifier::{Boxed, Room};
use crate::text::{Choice, Post};

/// How long a message waits for an adapter that is not connected, before it is tried again later.
const PATIENCE: Duration = Duration::from_secs(30);

/// For how long readers may press: what is older than a week is looked at anew.
const LASTS: Duration = Duration::from_secs(7 * 24 * 3600);

/// The rooms of connected adapters, for one delivery.
pub(super) struct Rooms<'a> {
    pub(super) outbox: &'a Outbox,
    pub(super) choices: &'a Choices,
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
            let slot = slot(&place, format!("notice/{}", self.lane));
            self.offer(&mut post, &slot, &place, earlier);
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

impl Rooms<'_> {
    /// What readers may do: a button each, or what to type.
    fn offer(&self, post: &mut Post, slot: &Slot, place: &Place, earlier: Option<&Handle>) {
        if self.choices.have_buttons(place) {
            let way = |choice: Choice| Way::new(choice.label, choice.typed, Ends::Itself);
            let ways: Vec<Way> = std::mem::take(&mut post.choices).into_iter().map(way).collect();
            if ways.is_empty() && earlier.is_some() {
                self.choices.withdraw(slot);
            }
            self.choices.offer(
                post,
                slot,
                place,
                Terms { may: None, lasts: LASTS, ways, after: After::Tells },
            );
        } else if !place.is_direct() {
            for choice in &mut post.choices {
                choice.typed.insert_str(0, self.prefix);
            }
        }
    }
}

/// A place as it is written: `irc:#ops`, `irc:alice`.
pub fn read(text: &str) -> Result<Place, String> {
    let (adapter, room) = text.split_once(':').ok_or_else(|| format!("`{text}` is no place"))?;
    let adapter = AdapterName::new(adapter).map_err(|error| error.to_string())?;
    let channel = room.starts_with(['#', '&', '+', '!']) || !adapter.as_str().starts_with("irc");
    let shared = channel && !room.starts_with('@');
    Ok(if shared { Place::room(adapter, room) } else { Place::direct(adapter, room) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_channel_or_a_person() {
        assert!(!read("irc:#ops").unwrap().is_direct());
        assert!(read("irc-libera:alice").unwrap().is_direct());
        assert!(read("slack:@U0ALICE").unwrap().is_direct() && !read("slack:C0OPS").unwrap().is_direct());
        assert!(read("ops").is_err() && read("Bad Name:#x").is_err());
    }
}
