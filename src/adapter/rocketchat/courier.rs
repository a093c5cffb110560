//! Sends parcels over REST. Each message has an id of our own, and what became of each step is remembered over
//! sessions: what a broken connection leaves unsure is looked up before it is sent again.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use super::known::{Known, Me, Underway, lock};
use super::post::{self, Letter, Look, Outgoing};
use super::rooms::Target;
use crate::adapter::options::Manner;
use crate::adapter::{Parcel, Sign, Ticket};
use crate::model::{Handle, Receipt, SendError};
use crate::net::World;
use crate::text::Limit;
use crate::wire::rocketchat::{Failure, Rest};

/// Letters and digits that cannot be taken for each other, as the server's own ids have them.
const LETTERS: &[u8; 55] = b"23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz";
/// The length of the server's own ids.
const ID: usize = 17;
/// Not seen: the server leaves out an edit that does not change the text, though the box has changed.
const UNSEEN: char = '\u{200b}';
const EYES: &str = ":eyes:";

/// What sends in one session.
pub(super) struct Courier<'a> {
    pub(super) rest: &'a Rest,
    pub(super) known: &'a Mutex<Known>,
    pub(super) manner: Manner,
    pub(super) me: &'a Me,
    pub(super) world: &'a World,
    pub(super) limit: Limit,
    /// Why the server says that the bot is logged out, once it does.
    pub(super) out: Mutex<Option<String>>,
}

/// A message that was posted: room, id, and how its box stands.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Posted {
    room: String,
    id: String,
    /// `None` without a box; else whether its text ends unseen.
    boxed: Option<bool>,
}

impl Posted {
    fn handle(&self) -> Handle {
        let boxed = match self.boxed {
            None => "",
            Some(false) => "/0",
            Some(true) => "/1",
        };
        Handle(format!("{}/{}{boxed}", self.room, self.id))
    }

    fn read(handle: &Handle) -> Option<Self> {
        let mut parts = handle.0.split('/');
        let (room, id) = (parts.next()?.to_owned(), parts.next()?.to_owned());
        Some(Self { room, id, boxed: parts.next().map(|boxed| boxed == "1") })
    }
}

/// What a failed call means for a parcel.
fn told(failure: &Failure) -> SendError {
    let why = failure.to_string();
    match failure {
        closed if closed.is_closed_room() => SendError::NoRoom { why },
        Failure::Refused { .. } => SendError::Refused { why },
        Failure::Busy { after, .. } => SendError::Retry { why, after: *after },
        Failure::Unreachable(_) | Failure::Down(_) | Failure::LoggedOut(_) => {
            SendError::Retry { why, after: None }
        }
    }
}

impl Courier<'_> {
    /// Why the server says that the bot is logged out, if it did.
    pub(super) fn logged_out(&self) -> Option<String> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What a failed call means for a parcel; a logout is noted for the session.
    pub(super) fn fails(&self, failure: &Failure) -> SendError {
        if let Failure::LoggedOut(why) = failure {
            *self.out.lock().unwrap_or_else(PoisonError::into_inner) = Some(why.clone());
        }
        told(failure)
    }

    /// Sends a parcel and settles it.
    pub(super) async fn carry(&self, ticket: Ticket) {
        let outcome = self.send(ticket.parcel()).await;
        if matches!(outcome, Err(SendError::NoRoom { .. })) {
            self.forget_room(ticket.parcel());
        }
        ticket.settle(outcome);
    }

    async fn send(&self, parcel: &Parcel) -> Result<Receipt, SendError> {
        if let Some(sign) = parcel.sign {
            return self.react(parcel, sign).await;
        }
        let target = self.target(parcel).await?;
        let post = post::named(&parcel.post, |id| lock(self.known).people.get(id).cloned());
        let address = if target.direct { String::new() } else { format!("@{} ", self.me.username) };
        let letter = post::letter(&post, Look { limit: self.limit, address: &address });
        // A whisper edits nothing that others see.
        let earlier = parcel.earlier.as_ref().and_then(Posted::read).filter(|it| it.room == target.room);
        let first = self.steps(parcel, &target, &letter, earlier).await?;
        Ok(Receipt { handle: first.map(|first| first.handle()), answer: "taken".to_owned() })
    }

    /// Every message and file in order, from where an earlier try came to. Gives the first message.
    async fn steps(
        &self,
        parcel: &Parcel,
        target: &Target,
        letter: &Letter,
        earlier: Option<Posted>,
    ) -> Result<Option<Posted>, SendError> {
        let key = key(parcel, target, letter);
        let count = letter.messages.len();
        let fresh = || Underway { ids: (0..count).map(|_| self.new_id()).collect(), done: 0, unsure: false };
        let mut underway = lock(self.known).underway.get(&key).cloned().unwrap_or_else(fresh);
        let first =
            letter.messages.first().map(|message| self.first(message, target, earlier.as_ref(), &underway));
        while underway.done < count + letter.files.len() {
            let again = std::mem::replace(&mut underway.unsure, true);
            lock(self.known).underway.insert(key.clone(), underway.clone());
            let outcome = match (letter.messages.get(underway.done), &first, &earlier) {
                (Some(message), Some(first), Some(earlier)) if underway.done == 0 => {
                    self.edit(message, first, earlier).await
                }
                (Some(message), ..) => {
                    let id = underway.ids.get(underway.done).map_or("", String::as_str);
                    self.post(message, target, id, again)
                        .await
                        .map_err(|failure| (self.fails(&failure), failure.is_unsure()))
                }
                (None, ..) => {
                    let sent = match letter.files.get(underway.done - count) {
                        Some(file) => self.upload(target, file).await,
                        None => Ok(()),
                    };
                    sent.map_err(|failure| (self.fails(&failure), failure.is_unsure()))
                }
            };
            match outcome {
                Ok(()) => underway.done += 1,
                Err((error, unsure)) => {
                    underway.unsure = unsure;
                    match error {
                        SendError::Retry { .. } => {
                            drop(lock(self.known).underway.insert(key.clone(), underway));
                        }
                        _ => drop(lock(self.known).underway.remove(&key)),
                    }
                    return Err(error);
                }
            }
            underway.unsure = false;
        }
        lock(self.known).underway.remove(&key);
        Ok(first)
    }

    /// How the first message will stand.
    fn first(
        &self,
        message: &Outgoing,
        target: &Target,
        earlier: Option<&Posted>,
        underway: &Underway,
    ) -> Posted {
        let id = earlier.map(|earlier| &earlier.id).or(underway.ids.first());
        let boxed = !message.attachments.is_empty() || earlier.is_some_and(|earlier| earlier.boxed.is_some());
        let unseen = earlier.and_then(|earlier| earlier.boxed).is_some_and(|unseen| !unseen);
        Posted {
            room: target.room.clone(),
            id: id.cloned().unwrap_or_default(),
            boxed: boxed.then_some(unseen),
        }
    }

    async fn post(&self, message: &Outgoing, target: &Target, id: &str, again: bool) -> Result<(), Failure> {
        if again && self.is_there(id).await? {
            return Ok(());
        }
        let mut body = json!({"_id": id, "rid": target.room, "msg": message.text});
        if let Some(thread) = &target.thread {
            body["tmid"] = json!(thread);
        }
        if !message.attachments.is_empty() {
            body["attachments"] = json!(message.attachments);
        }
        for (key, value) in &message.more {
            body[key] = value.clone();
        }
        self.rest.post("chat.sendMessage", &json!({"message": body})).await.map(drop)
    }

    async fn is_there(&self, id: &str) -> Result<bool, Failure> {
        match self.rest.get("chat.getMessage", &[("msgId", id)]).await {
            Ok(found) => Ok(found["message"]["_id"] == id),
            Err(Failure::Refused { .. }) => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// Edits: text by `chat.update`; a box only the method behind it can change, which stays silent where the message
    /// is gone.
    async fn edit(
        &self,
        message: &Outgoing,
        now: &Posted,
        earlier: &Posted,
    ) -> Result<(), (SendError, bool)> {
        let edited = match now.boxed {
            None => {
                let body = json!({"roomId": now.room, "msgId": now.id, "text": message.text});
                self.rest.post("chat.update", &body).await.map(drop)
            }
            Some(unseen) => self.edit_box(message, earlier, unseen).await,
        };
        edited.map_err(|failure| match failure {
            // Gone, or too old to be edited: what there is to say is said anew.
            Failure::Refused { why, .. } => (SendError::Gone { why }, false),
            other => (self.fails(&other), other.is_unsure()),
        })
    }

    async fn edit_box(&self, message: &Outgoing, earlier: &Posted, unseen: bool) -> Result<(), Failure> {
        if !self.is_there(&earlier.id).await? {
            let kind = "error-message-not-found".to_owned();
            return Err(Failure::Refused { kind, why: "the message to edit is gone".to_owned() });
        }
        let mut text = message.text.clone();
        if unseen {
            text.push(UNSEEN);
        }
        let message =
            json!({"_id": earlier.id, "rid": earlier.room, "msg": text, "attachments": message.attachments});
        let call = json!({"msg": "method", "method": "updateMessage", "id": "1", "params": [message]});
        let answer =
            self.rest.post("method.call/updateMessage", &json!({"message": call.to_string()})).await?;
        let inner: Value =
            serde_json::from_str(answer["message"].as_str().unwrap_or_default()).unwrap_or_default();
        match inner["error"]["error"].as_str() {
            _ if inner["error"].is_null() => Ok(()),
            kind => Err(Failure::Refused {
                kind: kind.unwrap_or_default().to_owned(),
                why: format!("updateMessage: {}", inner["error"]["message"].as_str().unwrap_or("refused")),
            }),
        }
    }

    async fn react(&self, parcel: &Parcel, sign: Sign) -> Result<Receipt, SendError> {
        let Some(answer) = &parcel.answer else {
            return Err(SendError::Refused { why: "a reaction needs a message".to_owned() });
        };
        let id = &*answer.key.id;
        let emoji = match sign {
            Sign::Working => EYES,
            Sign::Good => ":white_check_mark:",
            Sign::Bad => ":x:",
        };
        let body = |emoji: &str, set: bool| json!({"emoji": emoji, "messageId": id, "shouldReact": set});
        self.rest.post("chat.react", &body(emoji, true)).await.map_err(|failure| self.fails(&failure))?;
        if sign != Sign::Working {
            // It may never have been set.
            drop(self.rest.post("chat.react", &body(EYES, false)).await);
        }
        Ok(Receipt { handle: None, answer: "taken".to_owned() })
    }

    fn new_id(&self) -> String {
        let letter = |byte: u8| char::from(LETTERS[usize::from(byte) % LETTERS.len()]);
        self.world.random::<ID>().into_iter().map(letter).collect()
    }
}

/// Names one try to show these words in this slot; other words are another try.
fn key(parcel: &Parcel, target: &Target, letter: &Letter) -> String {
    let mut hasher = DefaultHasher::new();
    format!("{letter:?} {target:?} {:?}", parcel.earlier).hash(&mut hasher);
    format!("{} {:016x}", parcel.slot, hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_reads_back() {
        for boxed in [None, Some(false), Some(true)] {
            let posted = Posted { room: "r".into(), id: "m".into(), boxed };
            assert_eq!(Posted::read(&posted.handle()), Some(posted));
        }
        assert_eq!(Posted::read(&Handle("x".into())), None);
    }

    #[test]
    fn failures_become_what_the_queue_understands() {
        let closed = Failure::Refused { kind: "error-not-allowed".into(), why: "no".into() };
        assert!(matches!(told(&closed), SendError::NoRoom { .. }));
        let busy = Failure::Busy { why: "slow".into(), after: None };
        assert!(matches!(told(&busy), SendError::Retry { .. }));
        assert!(matches!(told(&Failure::Down("503".into())), SendError::Retry { .. }));
    }
}
