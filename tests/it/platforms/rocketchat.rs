//! Rocket.Chat as the scenario suite uses it.

use std::sync::Mutex;

use serde_json::json;

use super::{Fault, Platform, Shown, Where, Who};
use crate::support::rocketchat::{ALICE, BOB, BOT, MALLORY, Message, OPS, OTHER_BOT, Rocketchat, TOKEN};

super::list::passes!("rocketchat");

/// Starts one.
#[allow(clippy::unnecessary_wraps, reason = "all platforms start alike, and some are not installed")]
pub(super) fn start() -> Option<Box<dyn Platform>> {
    Some(Box::new(OnRocketchat::start()))
}

/// The stand-in, and the thread that a person began in `#ops`.
pub(crate) struct OnRocketchat {
    server: Rocketchat,
    thread: Mutex<Option<String>>,
}

impl OnRocketchat {
    /// A server that listens.
    pub(crate) fn start() -> Self {
        Self { server: Rocketchat::start(), thread: Mutex::new(None) }
    }

    fn id(who: Who) -> &'static str {
        match who {
            Who::Alice => ALICE,
            Who::Bob => BOB,
            Who::Mallory => MALLORY,
            Who::OtherBot => OTHER_BOT,
            Who::Myself => BOT,
        }
    }

    /// A person's thread; one message begins it.
    fn thread(&self) -> String {
        let mut thread = self.thread.lock().unwrap();
        thread.get_or_insert_with(|| self.server.says(BOB, OPS, "about the release")).clone()
    }

    fn shown(message: &Message) -> Shown {
        Shown {
            id: message.id.clone(),
            room: message.room.clone(),
            thread: message.thread.clone(),
            text: message.shown(),
            edits: message.edits,
            // What a button says is typed by the one who presses: there is nothing to send back.
            buttons: Vec::new(),
            files: message.file.iter().cloned().collect(),
            whispered: false,
            reaction_to: None,
        }
    }
}

impl Platform for OnRocketchat {
    fn kind(&self) -> &'static str {
        "rocketchat"
    }

    fn settings(&self) -> Vec<(String, String)> {
        let pairs = [
            ("CHATOPS_ROCKETCHAT_URL", self.server.url()),
            ("CHATOPS_ROCKETCHAT_USER_ID", BOT.to_owned()),
            ("CHATOPS_ROCKETCHAT_TOKEN", TOKEN.to_owned()),
            ("CHATOPS_ADMINS", format!("rocketchat:{ALICE}")),
        ];
        pairs.map(|(name, value)| (name.to_owned(), value)).into()
    }

    fn id_of(&self, who: Who) -> String {
        Self::id(who).to_owned()
    }

    fn say(&self, who: Who, place: Where, text: &str) -> String {
        let id = Self::id(who);
        let (room, thread) = match place {
            Where::Ops => (OPS.to_owned(), None),
            Where::Direct if who == Who::Myself => (self.server.direct(ALICE), None),
            Where::Direct => (self.server.direct(id), None),
            Where::Thread => (OPS.to_owned(), Some(self.thread())),
        };
        self.server.world(|world| match who {
            // Integrations say so.
            Who::OtherBot => world.say_as(
                id,
                &room,
                text,
                thread.as_deref(),
                json!({"bot": {"i": "hook"}, "alias": "Hook"}),
            ),
            _ => world.say(id, &room, text, thread.as_deref()),
        })
    }

    fn mention(&self, who: Who, place: Where, text: &str) -> String {
        self.say(who, place, &format!("@chatbot {text}"))
    }

    /// A reaction of somebody else makes the server send the message again.
    fn again(&self, id: &str) -> bool {
        self.server.world(|world| {
            let message = world.find(id).unwrap();
            message.reactions.entry(":eyes:".to_owned()).or_default().insert(BOB.to_owned());
            world.emit(id);
        });
        true
    }

    fn edit(&self, id: &str, text: &str) -> bool {
        self.server.world(|world| {
            let message = world.find(id).unwrap();
            message.text = text.to_owned();
            message.edits += 1;
            world.emit(id);
        });
        true
    }

    /// Buttons type for the one who presses: the scenario types.
    fn press(&self, _who: Who, _message: &str, _value: &str) -> bool {
        false
    }

    fn renames(&self, who: Who, name: &'static str) -> bool {
        self.server
            .world(|world| world.users.get_mut(Self::id(who)).map(|user| user.1 = name.to_owned()))
            .is_some()
    }

    fn fault(&self, fault: Fault) -> bool {
        match fault {
            Fault::Abort => self.server.abort(),
            Fault::Close => self.server.close(),
            Fault::Refresh => return false,
            Fault::Freeze => self.server.freeze(),
            Fault::Html503 => self.server.html503(),
            Fault::Down => self.server.down(),
            Fault::Limited(count, wait) => self.server.world(|world| world.limited = Some((count, wait))),
            Fault::Revoked => self.server.revoke(),
            Fault::Removed => self.server.world(|world| {
                world.rooms.get_mut(OPS).unwrap().members.remove(BOT);
            }),
            Fault::Archived => self.server.world(|world| world.rooms.get_mut(OPS).unwrap().archived = true),
            Fault::Renamed => self.server.world(|world| world.rename("ops-two")),
        }
        true
    }

    fn mend(&self) {
        self.server.mend();
        self.server.world(|world| world.rename("ops"));
    }

    fn shown(&self) -> Vec<Shown> {
        let mut shown: Vec<Shown> = self.server.of_bot().iter().map(Self::shown).collect();
        let reactions = self.server.world(|world| {
            let all = world.messages.iter().flat_map(|message| {
                let ours = message.reactions.iter().filter(|(_, people)| people.contains(BOT));
                ours.map(|(emoji, _)| Shown {
                    id: format!("{}{emoji}", message.id),
                    room: message.room.clone(),
                    thread: message.thread.clone(),
                    text: emoji.clone(),
                    edits: 0,
                    buttons: Vec::new(),
                    files: Vec::new(),
                    whispered: false,
                    reaction_to: Some(message.id.clone()),
                })
            });
            all.collect::<Vec<_>>()
        });
        shown.extend(reactions);
        shown
    }

    fn sessions(&self) -> usize {
        self.server.world(|world| world.sessions)
    }

    fn breaches(&self) -> Vec<String> {
        self.server.breaches()
    }

    fn crowd(&self, rooms: usize) -> bool {
        self.server.world(|world| {
            let known = world.rooms.len();
            for number in known..known.max(rooms) {
                world.add_room("c", Some(&format!("crowd-{number}")), &[BOT, ALICE, BOB]);
            }
        });
        true
    }

    fn garble(&self) -> bool {
        let strange =
            r#"{"msg": "changed", "collection": "the-weather", "id": "id", "fields": {"args": [7]}}"#;
        let broken = r#"{"msg": "changed", "collection": "stream-room-messages", "id": "id", "fields": {"args": [7]}}"#;
        for frame in ["this is no JSON {", "[1, 2]", r#"{"msg": 7}"#, strange, broken] {
            self.server.frame(frame);
        }
        true
    }
}
