//! Parcels to Discord: where each goes, in place of what, and what its answer means.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};
use tracing::warn;

use super::Discord;
use super::channels::id;
use super::drafts::{Draft, whole};
use super::memory::Partial;
use super::post::{Kind, Posted, body};
use super::target::{Hook, Target};
use crate::adapter::{Link, Parcel, Sign};
use crate::model::{MessageKey, Receipt, SendError};
use crate::wire::discord::{Body, Failure, Rest};

/// The message to edit is no more.
const UNKNOWN_MESSAGE: u64 = 10_008;
/// Rooms that are gone, hidden, or closed to the bot: unknown channel, missing access, missing permissions, archived
/// thread, locked thread.
const NO_ROOM: [u64; 5] = [10_003, 50_001, 50_013, 50_083, 160_005];

/// Why a parcel did not arrive.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Trouble {
    /// This parcel has a problem.
    Send(SendError),
    /// The token is refused: nothing works any more.
    Revoked,
}

impl From<SendError> for Trouble {
    fn from(error: SendError) -> Self {
        Self::Send(error)
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        if failure.is_revoked() {
            return Self::Revoked;
        }
        let why = failure.why.clone();
        Self::Send(if failure.is_passing() {
            SendError::Retry { why, after: failure.after }
        } else if failure.code == UNKNOWN_MESSAGE {
            SendError::Gone { why }
        } else if NO_ROOM.contains(&failure.code) || failure.status == 404 {
            SendError::NoRoom { why }
        } else {
            SendError::Refused { why }
        })
    }
}

/// Sends parcels.
#[derive(Clone)]
pub(super) struct Sender<'a> {
    pub(super) discord: &'a Discord,
    pub(super) link: &'a Link,
    pub(super) rest: Arc<Rest>,
}

impl Sender<'_> {
    pub(super) async fn ask(&self, method: Method, path: &str, body: Body) -> Result<Value, Failure> {
        self.rest.ask(&self.link.world, method, path, body).await
    }

    /// Sends one parcel. Safe to drop and to send again: what arrived is not said twice.
    pub(super) async fn parcel(&self, parcel: &Parcel) -> Result<Receipt, Trouble> {
        if let Some(sign) = parcel.sign {
            return self.react(parcel, sign).await.map(|()| Receipt::default());
        }
        let drafts = whole(&parcel.post);
        if drafts.is_empty() {
            return Ok(Receipt::default());
        }
        let posted = self.all(parcel, &drafts).await?;
        self.discord.memory().partial.remove(&parcel.slot);
        let answer = format!("message {}", posted.ids.first().map_or("", |id| id.trim_start_matches('~')));
        Ok(Receipt { handle: Some(posted.handle()), answer })
    }

    /// Edits the messages that are there, posts those that are not, deletes those that are too many.
    async fn all(&self, parcel: &Parcel, drafts: &[Draft]) -> Result<Posted, Trouble> {
        let earlier = parcel.earlier.as_ref().and_then(Posted::read).unwrap_or_default();
        let hook = self.hook(parcel);
        let partial = self.begin(parcel);
        let mut posted = Posted { channel: earlier.channel.clone(), ids: Vec::new() };
        for (draft, id) in drafts.iter().zip(&earlier.ids) {
            self.edit(&earlier.channel, id, draft, hook.as_ref()).await?;
            posted.ids.push(id.clone());
        }
        for id in earlier.ids.iter().skip(drafts.len()) {
            self.delete(&earlier.channel, id).await?;
        }
        let mut target = None;
        for (index, draft) in drafts.iter().enumerate().skip(earlier.ids.len()) {
            let known = partial.said.get(index - earlier.ids.len());
            let said = match known {
                Some(said) => said.clone(),
                None => {
                    let target = match &mut target {
                        Some(target) => target,
                        empty => empty.insert(self.target(parcel, hook.as_ref()).await?),
                    };
                    self.say(parcel, target, draft, &format!("{}{index:02}", partial.salt)).await?
                }
            };
            if let Some((channel, id)) = said.split_once('/') {
                posted.ids.push(id.to_owned());
                if posted.channel.is_empty() {
                    channel.clone_into(&mut posted.channel);
                }
            }
        }
        Ok(posted)
    }

    /// What is known of an earlier try of this very letter.
    fn begin(&self, parcel: &Parcel) -> Partial {
        let mut hasher = DefaultHasher::new();
        let text = serde_json::to_string(&*parcel.post).unwrap_or_default();
        (&parcel.slot, text, parcel.earlier.as_ref().map(|handle| &handle.0), parcel.delivery)
            .hash(&mut hasher);
        let hash = hasher.finish();
        let mut memory = self.discord.memory();
        if let Some((known, partial)) = memory.partial.get(&parcel.slot)
            && *known == hash
        {
            return partial.clone();
        }
        // A stored letter keeps its salt over a restart; the chance of the machine tells other letters apart.
        let number = match parcel.delivery {
            Some(_) => hash,
            None => u64::from_le_bytes(self.link.world.random()),
        };
        let partial = Partial { salt: format!("{number:016x}"), said: Vec::new() };
        memory.partial.insert(parcel.slot.clone(), (hash, partial.clone()));
        partial
    }

    /// Posts a draft; gives `channel/id`. An interaction that is over is left: its answer goes where others go.
    async fn say(
        &self,
        parcel: &Parcel,
        target: &mut Target,
        draft: &Draft,
        nonce: &str,
    ) -> Result<String, Trouble> {
        let said = match self.say_at(target, draft, nonce).await {
            Err(failure) if target.hook().is_some() && !failure.is_passing() => {
                if let Some(hook) = target.hook() {
                    self.discord.memory().interactions.remove(&hook.id);
                }
                *target = self.target(parcel, None).await?;
                self.say_at(target, draft, nonce).await?
            }
            said => said?,
        };
        if let Target::Original(hook) = target {
            self.answered(&hook.id);
            *target = Target::FollowUp { hook: hook.clone(), whispered: false };
        }
        if let Some((_, partial)) = self.discord.memory().partial.get_mut(&parcel.slot) {
            partial.said.push(said.clone());
        }
        Ok(said)
    }

    async fn say_at(&self, target: &Target, draft: &Draft, nonce: &str) -> Result<String, Failure> {
        let (method, path, kind) = match target {
            Target::Channel(channel) => {
                (Method::POST, format!("channels/{channel}/messages"), Kind::New { nonce })
            }
            Target::Original(hook) => {
                (Method::PATCH, format!("{}/messages/@original", hook.path), Kind::Edit)
            }
            Target::FollowUp { hook, whispered } => {
                (Method::POST, hook.path.clone(), Kind::FollowUp { whispered: *whispered })
            }
        };
        let answer = self.ask(method, &path, body(draft, kind)).await?;
        let id = text_of(&answer, "id");
        Ok(match target {
            Target::Channel(channel) => format!("{channel}/{id}"),
            Target::Original(_) | Target::FollowUp { .. } => {
                format!("{}/~{id}", text_of(&answer, "channel_id"))
            }
        })
    }

    /// The first answer of an interaction is given.
    pub(super) fn answered(&self, interaction: &str) {
        if let Some(open) = self.discord.memory().interactions.get_mut(interaction) {
            open.unanswered = false;
        }
    }

    async fn edit(&self, channel: &str, id: &str, draft: &Draft, hook: Option<&Hook>) -> Result<(), Trouble> {
        let plain = id.trim_start_matches('~');
        if let (Some(hook), true) = (hook, id.starts_with('~')) {
            let path = format!("{}/messages/{plain}", hook.path);
            match self.ask(Method::PATCH, &path, body(draft, Kind::Edit)).await {
                Ok(_) => return Ok(()),
                Err(failure) if failure.is_passing() => return Err(failure.into()),
                // The bot itself may edit it when the interaction is over.
                Err(_) => {}
            }
        }
        let path = format!("channels/{channel}/messages/{plain}");
        let asked = self.ask(Method::PATCH, &path, body(draft, Kind::Edit)).await;
        asked.map(drop).map_err(|failure| match failure.code {
            // The room may be gone with the message: posting anew finds out.
            10_003 => SendError::Gone { why: failure.why }.into(),
            _ => failure.into(),
        })
    }

    async fn delete(&self, channel: &str, id: &str) -> Result<(), Trouble> {
        let path = format!("channels/{channel}/messages/{}", id.trim_start_matches('~'));
        match self.ask(Method::DELETE, &path, Body::None).await {
            Err(failure) if failure.is_passing() || failure.is_revoked() => Err(failure.into()),
            // What cannot be deleted stays; what the answer says is in the others.
            _ => Ok(()),
        }
    }

    async fn react(&self, parcel: &Parcel, sign: Sign) -> Result<(), Trouble> {
        let Some(answer) = &parcel.answer else { return Ok(()) };
        // An interaction shows by itself that it was heard.
        if self.discord.memory().interactions.get(&*answer.key.id).is_some() {
            return Ok(());
        }
        let path = reactions(parcel, &answer.key);
        if sign != Sign::Working {
            let working = format!("{path}/{}/@me", emoji(Sign::Working));
            match self.ask(Method::DELETE, &working, Body::None).await {
                Err(failure) if failure.is_passing() || failure.is_revoked() => return Err(failure.into()),
                _ => {}
            }
        }
        match self.ask(Method::PUT, &format!("{path}/{}/@me", emoji(sign)), Body::None).await {
            Err(failure) if failure.code == UNKNOWN_MESSAGE => Ok(()),
            Err(failure) if failure.is_passing() || failure.is_revoked() => Err(failure.into()),
            Err(failure) => {
                warn!(adapter = %self.link.name, why = failure.why, "a reaction was refused");
                Ok(())
            }
            Ok(_) => Ok(()),
        }
    }
}

/// A field of an answer that is an id.
fn text_of(answer: &Value, key: &str) -> String {
    id(&answer[key]).map(|id| id.to_string()).unwrap_or_default()
}

/// The message that asked stands in the room where its own thread hangs.
fn reactions(parcel: &Parcel, key: &MessageKey) -> String {
    let thread = parcel.place.thread.as_ref().filter(|thread| **thread != key.id);
    format!("channels/{}/messages/{}/reactions", thread.unwrap_or(&parcel.place.room), key.id)
}

/// A sign in the form of an address: an hourglass, a check mark, a cross.
const fn emoji(sign: Sign) -> &'static str {
    match sign {
        Sign::Working => "%E2%8F%B3",
        Sign::Good => "%E2%9C%85",
        Sign::Bad => "%E2%9D%8C",
    }
}

/// Asks for the direct conversation with a person.
pub(super) fn direct_body(person: u64) -> Body {
    Body::Json(json!({"recipient_id": person.to_string()}))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(status: u16, code: u64) -> Trouble {
        Failure { status, code, why: "why".to_owned(), after: None, global: false }.into()
    }

    #[test]
    fn what_a_refusal_means_for_a_parcel() {
        use SendError::{Gone, NoRoom, Refused, Retry};
        for (status, code) in [(429, 0), (503, 0), (0, 0), (403, 0)] {
            assert!(matches!(failure(status, code), Trouble::Send(Retry { .. })), "{status} {code}");
        }
        for (status, code) in [(403, 50_001), (403, 50_013), (404, 10_003)] {
            assert!(matches!(failure(status, code), Trouble::Send(NoRoom { .. })), "{status} {code}");
        }
        assert!(matches!(failure(404, 10_008), Trouble::Send(Gone { .. })));
        assert!(matches!(failure(400, 50_035), Trouble::Send(Refused { .. })));
        assert_eq!(failure(401, 0), Trouble::Revoked);
    }
}
