//! Where a parcel goes: rooms by name, people by id or name, both looked up once.

use serde_json::json;

use super::courier::Courier;
use super::known::lock;
use crate::adapter::Parcel;
use crate::model::SendError;
use crate::wire::rocketchat::Failure;

/// A room and perhaps a thread in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) room: String,
    pub(super) thread: Option<String>,
    /// Whether only one person reads it.
    pub(super) direct: bool,
}

impl Courier<'_> {
    /// Where a parcel goes. Private words go to the asker directly where whispering is wanted.
    pub(super) async fn target(&self, parcel: &Parcel) -> Result<Target, SendError> {
        let place = &parcel.place;
        let asker = (parcel.post.private && self.manner.whisper && !place.is_direct())
            .then(|| self.asker(parcel))
            .flatten();
        if let Some(asker) = asker {
            return Ok(Target { room: self.direct(&asker).await?, thread: None, direct: true });
        }
        let thread = place.thread.as_deref().map(str::to_owned);
        let room = match (place.is_direct(), place.room.strip_prefix('@'), place.room.strip_prefix('#')) {
            (true, Some(who), _) => self.direct(who).await?,
            (false, _, Some(name)) => self.room(name).await?,
            _ => place.room.to_string(),
        };
        Ok(Target { room, thread, direct: place.is_direct() })
    }

    fn asker(&self, parcel: &Parcel) -> Option<String> {
        let answer = parcel.answer.as_ref()?;
        lock(self.known).askers.get(&*answer.key.id).cloned()
    }

    /// The room of that name.
    async fn room(&self, name: &str) -> Result<String, SendError> {
        if let Some(room) = lock(self.known).rooms.get(name).cloned() {
            return Ok(room);
        }
        let found = self.rest.get("rooms.info", &[("roomName", name)]).await;
        let found = found.map_err(|failure| match self.fails(&failure) {
            SendError::Refused { why } => SendError::NoRoom { why },
            other => other,
        })?;
        let id = found["room"]["_id"].as_str().unwrap_or_default();
        if id.is_empty() {
            return Err(SendError::NoRoom { why: format!("rooms.info: the server knows no room `#{name}`") });
        }
        lock(self.known).rooms.insert(name.to_owned(), id.to_owned());
        Ok(id.to_owned())
    }

    /// The direct conversation with somebody, by id or name. Opening one is limited hard, so it is done once.
    pub(super) async fn direct(&self, who: &str) -> Result<String, SendError> {
        if let Some(room) = lock(self.known).directs.get(who).cloned() {
            return Ok(room);
        }
        let username = self.username(who).await?;
        let opened = self.rest.post("im.create", &json!({"username": username})).await;
        let opened = opened.map_err(|failure| match self.fails(&failure) {
            SendError::NoRoom { why } => SendError::Refused { why },
            other => other,
        })?;
        let id = ["_id", "rid"].into_iter().find_map(|key| opened["room"][key].as_str()).unwrap_or_default();
        if id.is_empty() {
            return Err(SendError::Refused { why: format!("im.create: no conversation with `{who}`") });
        }
        let mut known = lock(self.known);
        known.directs.insert(who.to_owned(), id.to_owned());
        known.members.insert(id.to_owned(), 2);
        Ok(id.to_owned())
    }

    async fn username(&self, who: &str) -> Result<String, SendError> {
        if let Some(name) = lock(self.known).people.get(who).cloned() {
            return Ok(name);
        }
        match self.rest.get("users.info", &[("userId", who)]).await {
            Ok(found) => {
                let name = found["user"]["username"].as_str().unwrap_or(who).to_owned();
                lock(self.known).people.insert(who.to_owned(), name.clone());
                Ok(name)
            }
            // No such id: it is a name that an admin wrote.
            Err(Failure::Refused { .. }) => Ok(who.to_owned()),
            Err(failure) => Err(self.fails(&failure)),
        }
    }

    /// A closed room may be another one by the same name tomorrow.
    pub(super) fn forget_room(&self, parcel: &Parcel) {
        if let Some(name) = parcel.place.room.strip_prefix('#') {
            lock(self.known).rooms.remove(name);
        }
        if let Some(who) = parcel.place.room.strip_prefix('@') {
            lock(self.known).directs.remove(who);
        }
    }
}
