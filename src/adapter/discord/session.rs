//! One session: events in, parcels out, and the heart that tells whether anybody is still there.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{SinkExt, StreamExt};
use tracing::{debug, warn};

use super::Discord;
use super::gateway::{self, Opened};
use super::interaction::Interaction;
use super::sending::{Sender, Trouble};
use super::telling::{Event, Telling};
use crate::adapter::{Boxed, Ended, Link, Ticket};
use crate::model::Timestamp;
use crate::net::ws::{CloseFrame, Frame, Socket};
use crate::wire::discord::{self, Beat, Closing, Heart, REVOKED, Received, Rest};

/// The gateway has this long to accept us.
const WELCOME: Duration = Duration::from_secs(30);
/// Writing one frame may take this long.
const WRITE: Duration = Duration::from_secs(10);
/// What is on the way when a session ends has this long to arrive.
const FAREWELL: Duration = Duration::from_secs(2);
/// Parcels on the way at once, over all places.
const SENDS: usize = 32;
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
pub(super) enum Done {
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

/// A session under way.
pub(super) struct Session<'a> {
    pub(super) discord: &'a Discord,
    pub(super) link: &'a Link,
    pub(super) rest: Arc<Rest>,
    socket: Socket,
    heart: Heart,
    began: Timestamp,
    pub(super) up: bool,
    pub(super) work: FuturesUnordered<Boxed<'a, Done>>,
    sends: usize,
    pub(super) parked: HashMap<u64, Vec<Event>>,
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

    pub(super) fn lose(&mut self, why: impl Into<String>) {
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

    pub(super) fn telling(&self) -> Telling<'a> {
        Telling { discord: self.discord, link: self.link }
    }

    pub(super) fn sender(&self) -> Sender<'a> {
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
