//! One session: events in, parcels out, and the heart that tells whether anybody is still there.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tracing::{debug, warn};

use super::gateway::{self, Opened};
use super::hearing::{self, Heard};
use super::interaction::{self, Deed, Interaction};
use super::memory::Open;
use super::sending::{REVOKED, Sender, Trouble};
use super::telling::{Event, Telling};
use super::{Discord, command};
use crate::adapter::{Boxed, Ended, Link, Ticket};
use crate::model::Timestamp;
use crate::net::ws::{CloseFrame, Frame, Socket};
use crate::wire::discord::{self, Beat, Closing, Heart, Received, Rest};

/// The gateway has this long to accept us.
const WELCOME: Duration = Duration::from_secs(30);
/// Writing one frame may take this long.
const WRITE: Duration = Duration::from_secs(10);
/// What is on the way when a session ends has this long to arrive.
const FAREWELL: Duration = Duration::from_secs(2);
/// Parcels on the way at once, over all places.
const SENDS: usize = 32;
/// Events that wait for the name of one channel.
const PARKED: usize = 1000;
/// Another session is to begin after this much, and as much again by chance.
const AFTER_INVALID: Duration = Duration::from_secs(1);
const AFTER_INVALID_CHANCE: Duration = Duration::from_secs(4);
/// The session ends; a number other than 1000 and 1001 lets us resume it.
const RESUMES: u16 = 4000;
const GOODBYE: u16 = 1000;

/// Runs a session to its end.
pub(super) async fn run(discord: &Discord, link: &Link) -> Ended {
    let rest = match discord.rest() {
        Ok(rest) => rest,
        Err(why) => return Ended::Refused(why),
    };
    let opened = tokio::select! {
        () = link.stop.cancelled() => return Ended::Stopped,
        opened = gateway::open(discord, link, &rest) => opened,
    };
    match opened {
        Ok(opened) => Session::new(discord, link, rest, opened).run().await,
        Err(ended) => ended,
    }
}

/// What came of something on the way.
enum Done {
    /// A parcel is settled.
    Sent,
    /// The token is refused.
    Revoked,
    /// As much is known of a channel as there is to know.
    LookedUp(u64),
    /// An interaction was acknowledged, or not: why.
    Acknowledged(Interaction, Result<(), String>),
    /// The slash command is there, or not.
    Registered(bool),
}

struct Session<'a> {
    discord: &'a Discord,
    link: &'a Link,
    rest: Arc<Rest>,
    socket: Socket,
    heart: Heart,
    began: Timestamp,
    up: bool,
    work: FuturesUnordered<Boxed<'a, Done>>,
    sends: usize,
    parked: HashMap<u64, Vec<Event>>,
    output: Vec<String>,
    ended: Option<Ended>,
}

impl<'a> Session<'a> {
    fn new(discord: &'a Discord, link: &'a Link, rest: Arc<Rest>, opened: Opened) -> Self {
        Self {
            discord,
            link,
            rest,
            socket: opened.socket,
            heart: opened.heart,
            began: link.world.now(),
            up: false,
            work: FuturesUnordered::new(),
            sends: 0,
            parked: HashMap::new(),
            output: Vec::new(),
            ended: None,
        }
    }

    async fn run(mut self) -> Ended {
        let ended = self.serve().await;
        let world = self.link.world.clone();
        // What was acknowledged is heard; a parcel that does not arrive in time goes back to its queue.
        let _ = world.timeout(FAREWELL, self.settle()).await;
        let waiting = std::mem::take(&mut self.parked).into_values().flatten();
        waiting.for_each(|event| self.telling().tell(event));
        let code = if ended == Ended::Stopped { GOODBYE } else { RESUMES };
        let goodbye = CloseFrame { code: code.into(), reason: "".into() };
        let _ = world.timeout(FAREWELL / 2, self.socket.close(Some(goodbye))).await;
        if matches!(ended, Ended::Stopped | Ended::Refused(_)) {
            self.discord.memory().resume = None;
        }
        ended
    }

    async fn settle(&mut self) {
        while let Some(done) = self.work.next().await {
            self.done(done);
        }
    }

    async fn serve(&mut self) -> Ended {
        let link = self.link;
        let mut stopped = Box::pin(link.stop.cancelled());
        loop {
            if let Some(ended) = self.ended.take() {
                return ended;
            }
            if let Err(ended) = self.write().await {
                return ended;
            }
            let takes = self.up && self.sends < SENDS;
            let rest = self.heart.rest(link.world.now()).min(WELCOME);
            tokio::select! {
                () = &mut stopped => return Ended::Stopped,
                frame = self.socket.next() => self.frame(frame),
                Some(done) = self.work.next(), if !self.work.is_empty() => self.done(done),
                ticket = link.next(), if takes => self.send(ticket),
                () = link.world.sleep(rest) => self.tick(),
            }
        }
    }

    async fn write(&mut self) -> Result<(), Ended> {
        for words in std::mem::take(&mut self.output) {
            let sent = self.link.world.timeout(WRITE, self.socket.send(Frame::text(words))).await;
            match sent {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return Err(Ended::Lost(format!("cannot write to the gateway: {error}"))),
                Err(elapsed) => return Err(Ended::Lost(elapsed.to_string())),
            }
        }
        Ok(())
    }

    /// The first reason counts.
    fn end(&mut self, ended: Ended) {
        self.ended.get_or_insert(ended);
    }

    fn lose(&mut self, why: impl Into<String>) {
        self.end(Ended::Lost(why.into()));
    }

    fn tick(&mut self) {
        let now = self.link.world.now();
        if !self.up && now.since(self.began) >= WELCOME {
            self.lose("the gateway did not accept the bot within 30 s");
        }
        match self.heart.beat(now) {
            Beat::Wait => {}
            Beat::Send => self.beat(),
            Beat::Dead(why) => self.lose(why),
        }
    }

    fn beat(&mut self) {
        let seq = self.discord.memory().resume.as_ref().map(|resume| resume.seq);
        self.output.push(discord::heartbeat(seq));
    }

    fn frame(&mut self, frame: Option<Result<Frame, impl std::fmt::Display>>) {
        self.heart.heard(self.link.world.now());
        match frame {
            Some(Ok(Frame::Text(text))) => match discord::read(&text) {
                Ok(received) => self.received(received),
                Err(why) => warn!(adapter = %self.link.name, why, "the gateway said what nobody understands"),
            },
            Some(Ok(Frame::Close(frame))) => self.closed(frame.as_ref()),
            Some(Ok(_)) => {}
            Some(Err(error)) => self.lose(format!("cannot read from the gateway: {error}")),
            None => self.lose("the gateway closed the connection"),
        }
    }

    fn closed(&mut self, frame: Option<&CloseFrame>) {
        let Some(frame) = frame else { return self.lose("the gateway closed the connection") };
        let code = u16::from(frame.code);
        let lost = Ended::Lost(format!("the gateway closed the connection: {code} {}", frame.reason));
        match discord::closing(code) {
            Closing::Resume => self.end(lost),
            Closing::Anew => {
                self.discord.memory().resume = None;
                self.end(lost);
            }
            Closing::Refused(what) => self.end(Ended::Refused(what.to_owned())),
        }
    }

    fn received(&mut self, received: Received) {
        match received {
            Received::Dispatch { seq, kind, data } => self.dispatch(seq, &kind, &data),
            Received::Asked => self.beat(),
            Received::Reconnect => self.lose("the gateway asks for a new connection"),
            Received::Invalid { resumable } => {
                let world = &self.link.world;
                let pause = AFTER_INVALID + world.jitter(AFTER_INVALID_CHANCE);
                let mut memory = self.discord.memory();
                memory.not_before = world.now().plus(pause);
                if !resumable {
                    memory.resume = None;
                }
                drop(memory);
                self.lose("the gateway does not know the session any more");
            }
            Received::Acknowledged => self.heart.answered(),
            Received::Hello { .. } => {}
            Received::Unknown { op } => debug!(op, "the gateway said something new"),
        }
    }

    fn dispatch(&mut self, seq: u64, kind: &str, data: &Value) {
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

    fn acknowledged(&mut self, interaction: Interaction) {
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

    fn telling(&self) -> Telling<'a> {
        Telling { discord: self.discord, link: self.link }
    }

    fn sender(&self) -> Sender<'a> {
        Sender { discord: self.discord, link: self.link, rest: self.rest.clone() }
    }

    fn send(&mut self, ticket: Ticket) {
        self.sends += 1;
        let sender = self.sender();
        self.work.push(Box::pin(async move {
            match sender.parcel(ticket.parcel()).await {
                Ok(receipt) => ticket.settle(Ok(receipt)),
                Err(Trouble::Send(error)) => ticket.settle(Err(error)),
                Err(Trouble::Revoked) => return Done::Revoked,
            }
            Done::Sent
        }));
    }

    fn done(&mut self, done: Done) {
        match done {
            Done::Sent => self.sends -= 1,
            Done::Revoked => {
                self.sends -= 1;
                self.end(Ended::Refused(REVOKED.to_owned()));
            }
            Done::LookedUp(channel) => {
                let waiting = self.parked.remove(&channel).unwrap_or_default();
                waiting.into_iter().for_each(|event| self.telling().tell(event));
            }
            Done::Acknowledged(interaction, Ok(())) => self.acknowledged(interaction),
            Done::Acknowledged(_, Err(why)) => {
                warn!(adapter = %self.link.name, why, "an interaction could not be acknowledged and is not carried out");
            }
            Done::Registered(there) => self.discord.memory().registered |= there,
        }
    }
}
