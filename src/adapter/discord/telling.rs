//! Tells the bot what persons said and did, with the place as the bot knows places.

use super::Discord;
use super::channels::Channels;
use super::hearing::Said;
use super::interaction::{Deed, Interaction};
use super::post::Posted;
use crate::adapter::{Link, Press};
use crate::model::{Message, MessageKey, Person, Place};
use crate::wire::discord::made_at;

/// The longest name of a thread, in characters; Discord takes 100.
const TITLE: usize = 80;

/// Something that a person said or did.
pub(super) enum Event {
    /// Said.
    Said(Said),
    /// Did with a button or the slash command, and Discord has our acknowledgement.
    Did(Interaction),
}

impl Event {
    /// The channel or thread.
    pub(super) fn channel(&self) -> u64 {
        match self {
            Self::Said(said) => said.channel,
            Self::Did(interaction) => interaction.channel,
        }
    }

    /// Whether that is on a server.
    pub(super) fn on_server(&self) -> bool {
        match self {
            Self::Said(said) => said.on_server,
            Self::Did(interaction) => interaction.on_server,
        }
    }
}

/// Tells the bot.
pub(super) struct Telling<'a> {
    pub(super) discord: &'a Discord,
    pub(super) link: &'a Link,
}

impl Telling<'_> {
    /// Tells of one event.
    pub(super) fn tell(&self, event: Event) {
        match event {
            Event::Said(said) => self.said(said),
            Event::Did(interaction) => self.did(interaction),
        }
    }

    fn place(&self, channel: u64, on_server: bool, channels: &Channels) -> (Place, Option<String>) {
        let adapter = &self.link.name;
        if !on_server {
            return (Place::direct(adapter.clone(), &channel.to_string()), None);
        }
        let known = channels.place(adapter, channel);
        known.unwrap_or_else(|| (Place::room(adapter.clone(), &channel.to_string()), None))
    }

    fn person(&self, id: u64) -> Person {
        Person::proven(self.link.name.clone(), &id.to_string())
    }

    fn key(&self, place: &Place, id: u64) -> MessageKey {
        MessageKey { adapter: self.link.name.clone(), room: place.room.clone(), id: id.to_string().into() }
    }

    fn said(&self, said: Said) {
        let (mut place, room_name) = {
            let mut memory = self.discord.memory();
            if !said.on_server {
                memory.direct.insert(said.person, said.channel);
            }
            self.place(said.channel, said.on_server, &memory.channels)
        };
        if self.discord.manner.thread && said.on_server && place.thread.is_none() {
            place.thread = Some(said.id.to_string().into());
            self.discord.memory().titles.insert(said.id, title(&said.text));
        }
        self.link.ears.heard(Message {
            key: self.key(&place, said.id),
            person: self.person(said.person),
            name: said.name,
            place,
            room_name,
            text: said.text,
            raw: said.raw,
            mentioned: said.mentioned,
            at: made_at(said.id),
            position: None,
        });
    }

    fn did(&self, interaction: Interaction) {
        let (place, room_name) = {
            let memory = self.discord.memory();
            self.place(interaction.channel, interaction.on_server, &memory.channels)
        };
        let (key, person) = (self.key(&place, interaction.id), self.person(interaction.person));
        match interaction.deed {
            Deed::Command(text) => self.link.ears.heard(Message {
                key,
                person,
                name: interaction.name,
                place,
                room_name,
                raw: format!("/{} {text}", super::command::NAME),
                text,
                mentioned: true,
                at: made_at(interaction.id),
                position: None,
            }),
            Deed::Button { nonce, message, whispered } => {
                // What one person sees can be edited by the token of an interaction alone.
                let id = if whispered { format!("~{message}") } else { message.to_string() };
                let on = Posted { channel: interaction.channel.to_string(), ids: vec![id] };
                self.link.ears.pressed(Press {
                    key,
                    person,
                    name: interaction.name,
                    place,
                    room_name,
                    nonce,
                    on: Some(on.handle()),
                });
            }
        }
    }
}

/// The name of the thread that answers a message.
fn title(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    let title: String = line.chars().filter(|c| *c != '`').take(TITLE).collect();
    if title.trim().is_empty() { "answer".to_owned() } else { title }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_called_by_the_first_words() {
        assert_eq!(title("!run `date` on web1\nand more"), "!run date on web1");
        assert_eq!(title(&"x".repeat(500)).len(), TITLE);
        assert_eq!(title("``"), "answer");
    }
}
