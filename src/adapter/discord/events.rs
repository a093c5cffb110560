//! What the gateway tells of: who we are, what persons said and did, rooms that come and go.

use serde_json::Value;
use tracing::{debug, warn};

use super::hearing::{self, Heard};
use super::interaction::{self, Deed, Interaction};
use super::memory::Open;
use super::session::{Done, Session};
use super::telling::Event;
use super::{command, gateway};

/// Events that wait for the name of one channel.
const PARKED: usize = 1000;

impl Session<'_> {
    pub(super) fn dispatch(&mut self, seq: u64, kind: &str, data: &Value) {
        if let Some(resume) = &mut self.discord.memory().resume {
            resume.seq = seq;
        }
        match kind {
            "READY" => self.ready(seq, data),
            "RESUMED" => self.welcome(),
            "MESSAGE_CREATE" => self.hear(data),
            "INTERACTION_CREATE" => self.interact(data),
            _ => {
                let mut memory = self.discord.memory();
                let me = memory.me.as_ref().map_or(0, |me| me.id);
                memory.channels.learn(kind, data, me);
            }
        }
    }

    fn ready(&mut self, seq: u64, data: &Value) {
        let Some((resume, me)) = gateway::ready(data, seq) else {
            return self.lose("the gateway's welcome cannot be read");
        };
        let application = me.application;
        let registered = {
            let mut memory = self.discord.memory();
            memory.resume = Some(resume);
            memory.me = Some(me);
            memory.registered
        };
        if !registered {
            self.register(application);
        }
        self.welcome();
    }

    fn welcome(&mut self) {
        self.up = true;
        let names = {
            let mut memory = self.discord.memory();
            if let Some(resume) = &mut memory.resume {
                resume.failures = 0;
            }
            memory.me.as_ref().map(|me| me.names.clone()).unwrap_or_default()
        };
        self.link.ears.up(self.discord.abilities(), names);
    }

    fn register(&mut self, application: u64) {
        let (rest, link, guild) = (self.rest.clone(), self.link, self.discord.guild);
        self.work.push(Box::pin(async move {
            let registered = command::register(&rest, &link.world, application, guild).await;
            if let Err(failure) = &registered {
                warn!(adapter = %link.name, why = failure.why,
                    "/chatops could not be registered: invite the bot again with the scope applications.commands, and check GUILD");
            }
            Done::Registered(registered.is_ok())
        }));
    }

    fn hear(&mut self, data: &Value) {
        let heard = {
            let memory = self.discord.memory();
            hearing::read(data, memory.me.as_ref().map_or(0, |me| me.id), &memory.channels)
        };
        match heard {
            Ok(Heard::Said(said)) => self.event(Event::Said(said)),
            Ok(Heard::Withheld) => self.tell_withheld(),
            Ok(Heard::Nothing) => {}
            Err(why) => warn!(adapter = %self.link.name, why, "a message is not heard"),
        }
    }

    fn tell_withheld(&self) {
        let told = std::mem::replace(&mut self.discord.memory().told_empty, true);
        if !told {
            warn!(adapter = %self.link.name,
                "messages come without their text, so only mentions, direct messages and /chatops work: Developer Portal > your application > Bot > Privileged Gateway Intents > Message Content Intent");
        }
    }

    fn interact(&mut self, data: &Value) {
        let interaction = match interaction::read(data) {
            Ok(Some(interaction)) => interaction,
            Ok(None) => return,
            Err(why) => return warn!(adapter = %self.link.name, why, "an interaction is not heard"),
        };
        if !self.discord.memory().first_time(interaction.id) {
            return;
        }
        let (rest, link) = (self.rest.clone(), self.link);
        self.work.push(Box::pin(async move {
            let outcome = interaction::acknowledge(&rest, &link.world, &interaction).await;
            Done::Acknowledged(interaction, outcome)
        }));
    }

    pub(super) fn acknowledged(&mut self, interaction: Interaction) {
        let open = Open {
            token: interaction.token.clone(),
            at: self.link.world.now(),
            unanswered: matches!(interaction.deed, Deed::Command(_)),
        };
        self.discord.memory().interactions.insert(interaction.id.to_string(), open);
        self.event(Event::Did(interaction));
    }

    /// Tells of an event once, as soon as it is known where that is.
    fn event(&mut self, event: Event) {
        if let Event::Said(said) = &event
            && !self.discord.memory().first_time(said.id)
        {
            return;
        }
        let channel = event.channel();
        if let Some(waiting) = self.parked.get_mut(&channel)
            && waiting.len() < PARKED
        {
            return waiting.push(event);
        }
        let known = !event.on_server() || self.discord.memory().channels.get(channel).is_some();
        if known || self.parked.contains_key(&channel) {
            return self.telling().tell(event);
        }
        self.parked.insert(channel, vec![event]);
        let sender = self.sender();
        self.work.push(Box::pin(async move {
            if let Err(why) = sender.look_up(channel).await {
                debug!(channel, why, "nothing is known of a channel");
            }
            Done::LookedUp(channel)
        }));
    }
}
